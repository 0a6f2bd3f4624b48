"""`report` of a run that has nothing to judge again."""

from __future__ import annotations

from pathlib import Path

import pytest

from alb_dr.cli.main import run

NAME = "20260727T101112.131Z-rehearse-7f3a7f3a"


def test_a_rehearsal_names_where_its_report_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALB_DR_STATE_DIR", str(tmp_path))
    folder = tmp_path / "runs" / NAME
    folder.mkdir(parents=True)
    (folder / "report.md").write_text("# Rehearsal")
    assert run(["report", NAME]) == 2
    said = capsys.readouterr().err
    assert "a rehearsal" in said
    assert str(folder / "report.md") in said
    assert "cut short" not in said
