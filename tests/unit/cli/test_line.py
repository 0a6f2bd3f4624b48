"""The command line: global options anywhere, one envelope, one exit code per cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alb_dr.cli.main import run
from alb_dr.cli.options import hoist


@pytest.mark.parametrize(
    ("words", "hoisted"),
    [
        (["gateway", "status", "-o", "json"], ["-o", "json", "gateway", "status"]),
        (["gateway", "-ojson", "status"], ["-ojson", "gateway", "status"]),
        (["a", "--output=json", "b"], ["--output=json", "a", "b"]),
        (["a", "-q", "b", "--config", "x"], ["-q", "--config", "x", "a", "b"]),
        (["a", "--", "-o", "json"], ["a", "--", "-o", "json"]),
        (["a", "--config"], ["--config", "a"]),
        ([], []),
    ],
)
def test_global_options_may_stand_anywhere(words: list[str], hoisted: list[str]) -> None:
    assert hoist(words) == hoisted


def test_a_failure_is_one_envelope_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["gateway", "status", "--config", "nowhere.yaml", "-o", "json"])
    captured = capsys.readouterr()
    envelope = json.loads(captured.out)
    assert code == envelope["exit_code"] == 2
    assert envelope["command"] == ["gateway", "status"]
    assert envelope["errors"][0]["hint"].startswith("make one: alb-dr init")
    assert "nowhere.yaml: no such file" in captured.err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["gatewy"], "Did you mean 'gateway'?"),
        (["ingress", "set-weights"], "Missing argument"),
        (["version", "-o", "yaml"], "version has no output format 'yaml'"),
        (["failover", "drill", "x", "-o", "yaml"], "]: failover drill has no output format"),
        (["status", "-o", "junit"], "status has no output format 'junit'"),
        (["gateway", "create", "--nonsense"], "--nonsense"),
        (["sandbox", "up", "--replicas", "many"], "valid integer"),
        (["sandbox", "fault", "errors", "poc-ack-2", "--value", "0"], "from 1 to 100, not 0"),
        (["sandbox", "fault", "errors", "poc-ack-2", "--value", "101"], "from 1 to 100, not 101"),
    ],
)
def test_bad_words_are_one_line_and_code_2(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    said = capsys.readouterr().err
    assert reason in said
    assert said.startswith("error[ADR-INPUT]: ")
    assert "Traceback" not in said


def test_a_missing_project_file_is_said_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("ALB_DR_CONFIG", str(tmp_path / "gone.yaml"))
    assert run(["status"]) == 2
    assert capsys.readouterr().err.count("no such file") == 1
