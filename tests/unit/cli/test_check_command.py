"""`alb-dr check` on the command line: what it refuses, and the rights it prints."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml

from alb_dr.cli.main import run

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "active-active" / "alb-dr.yaml"
CONFIG = ("--config", str(EXAMPLE))


@pytest.fixture(autouse=True)
def no_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have credentials; they are not for us."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("ALIBABA_CLOUD_")]:
        monkeypatch.delenv(name)


def test_the_rights_are_yaml_documents_with_the_ram_policy_behind_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["check", "--print-permissions", *CONFIG]) == 0
    text = capsys.readouterr().out
    documents = [document for document in yaml.safe_load_all(text) if document]
    assert {d["kind"] for d in documents} == {"Role", "ClusterRole"}
    behind = text.rpartition("---\n")[2]
    policy = [line[2:] for line in behind.splitlines() if line.startswith("#")][3:]
    assert json.loads("\n".join(policy))["Version"] == "1"


def test_the_rights_are_data_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--print-permissions", "-o", "json", *CONFIG]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert data.keys() == {"fleet", "member", "ram"}


def test_an_unusable_kubeconfig_is_a_fatal_line_and_the_rest_is_not_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "alb-dr.yaml"
    file.write_text(EXAMPLE.read_text())
    assert run(["check", "-o", "json", "-q", "--config", str(file)]) == 3
    envelope = json.loads(capsys.readouterr().out)
    assert (envelope["verdict"], envelope["exit_code"]) == ("fail", 3)
    failed = {c["code"]: c for c in envelope["data"]["checks"] if c["outcome"] == "failed"}
    assert {"ADR-FLEET-API", "ADR-MEMBER-API"} <= failed.keys()
    (seen,) = failed["ADR-FLEET-API"]["seen"]
    assert seen["text"].endswith("no such file")
    skipped = [c for c in envelope["data"]["checks"] if c["outcome"] == "skipped"]
    assert {c["reason"] for c in skipped if c["category"] == "gateway"} == {"Fleet does not answer"}


def test_a_mistake_in_the_project_file_is_said_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "alb-dr.yaml"
    file.write_text("schema: 1\n")
    assert run(["check", "--config", str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "region" in captured.err
