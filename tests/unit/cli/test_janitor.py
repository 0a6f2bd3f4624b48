"""The janitor of a pin: waits, removes, tries again, and leaves when there is nothing to do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from alb_dr.cli import janitor
from alb_dr.errors import ExitCode


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time passes only when somebody sleeps; how long each time."""
    slept: list[float] = []
    monkeypatch.setattr(janitor.time, "monotonic", lambda: sum(slept))
    monkeypatch.setattr(janitor.time, "sleep", slept.append)
    return slept


def answering(monkeypatch: pytest.MonkeyPatch, *codes: int) -> list[list[str]]:
    """Commands that leave with these codes, the last one for ever; what was run."""
    ran: list[list[str]] = []

    def run(words: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        ran.append(words)
        return subprocess.CompletedProcess(words, codes[min(len(ran), len(codes)) - 1])

    monkeypatch.setattr(janitor.subprocess, "run", run)
    return ran


def test_it_waits_for_the_time_and_tries_until_it_succeeds(
    hours: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = answering(monkeypatch, 12, 12, 0)
    assert janitor.sweep(60.0, tmp_path, ["unpin", "--expired"]) == 0
    assert ran == [["unpin", "--expired"]] * 3
    assert sum(hours) == pytest.approx(61 + 3 * janitor.LOOK_S), "the second pause is longer"


def test_it_gives_up_after_a_while(
    hours: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answering(monkeypatch, 12)
    assert janitor.sweep(1.0, tmp_path, ["unpin"]) == 12
    assert janitor.PATIENCE_S < sum(hours) < janitor.PATIENCE_S + 2 * janitor.PAUSE_S


def test_it_outlasts_whoever_holds_the_lock(
    hours: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert int(ExitCode.CONFLICT) == janitor.LOCKED
    ran = answering(monkeypatch, *[janitor.LOCKED] * 200, 0)
    assert janitor.sweep(1.0, tmp_path, ["unpin"]) == 0
    assert len(ran) == 201
    assert sum(hours) > 5 * janitor.PATIENCE_S


def test_it_leaves_when_the_project_is_gone(
    hours: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran = answering(monkeypatch, 0)
    assert janitor.sweep(3600.0, tmp_path / "gone.yaml", ["unpin"]) == 0
    assert ran == []
    assert len(hours) == 1
