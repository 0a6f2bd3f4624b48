"""Golden files: what the examples render to, what init writes, what a bad file is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from alb_dr.cli.main import run
from alb_dr.config.advice import advice
from alb_dr.config.loader import Overrides, load

HERE = Path(__file__).parent
EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples").glob("*/alb-dr.yaml"))
Golden = Callable[[Path, str], None]


def test_there_are_examples() -> None:
    names = [path.parent.name for path in EXAMPLES]
    assert names == ["active-active", "primary-secondary", "three-members"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_renders_as_expected(
    example: Path, golden: Golden, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["render", "--config", str(example)]) == 0
    text = capsys.readouterr().out
    golden(example.parent / "expected" / "manifests.yaml", text)
    assert len(list(yaml.safe_load_all(text))) == 5


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_earns_no_warning(example: Path) -> None:
    topology = load(example, environ={}, overrides=Overrides()).topology
    codes = [finding.code for finding in advice(topology)]
    worth_knowing = {
        "active-active": ["ADR-MOVING-REVISION"],
        "primary-secondary": ["ADR-STANDBY-SERVES"],
    }
    assert codes == worth_knowing.get(example.parent.name, [])


def test_a_bad_file_is_told_everything_at_once(
    golden: Golden, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(HERE / "complaints")
    assert run(["render"]) == 2
    captured = capsys.readouterr()
    golden(HERE / "complaints" / "expected.txt", captured.err)
    assert captured.out == ""
    assert "password@" not in captured.err


def test_what_init_writes(
    golden: Golden, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "alb-dr.yaml"
    words = [
        *("--region", "cn-hongkong", "--fleet-kubeconfig", "fleet.kubeconfig"),
        *("--member", "id=c1aaaa,name=poc-ack-1,zone=cn-hongkong-b,kubeconfig=one.kubeconfig"),
        *("--member", "id=c2bbbb,name=poc-ack-2,zone=cn-hongkong-c"),
        *("--vswitch", "vsw-aaaa=cn-hongkong-b", "--vswitch", "vsw-bbbb", "--weights", "20,80"),
    ]
    assert run(["init", "--file", str(file), *words]) == 0
    assert "next: alb-dr render" in capsys.readouterr().out
    golden(HERE / "starter" / "alb-dr.yaml", file.read_text())
    assert run(["render", "--config", str(file)]) == 0


def test_the_explanations(golden: Golden, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["render", "--explain"]) == 0
    golden(HERE / "explanations.txt", capsys.readouterr().out)
