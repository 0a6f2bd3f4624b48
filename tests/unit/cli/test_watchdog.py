"""The watchdog of a killed drill: it tries again, but not for ever."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from alb_dr.cli import watchdog

SUCCESS = (sys.executable, "-c", "raise SystemExit(0)")
FAILURE = (sys.executable, "-c", "raise SystemExit(11)")
HANG = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.fixture
def dead_drill(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Standard input of a watchdog whose drill is gone without its last word."""
    ours, theirs = os.pipe()
    os.close(theirs)
    with os.fdopen(ours) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "alb-dr.yaml"
    path.write_text("schema: 1\n")
    return path


@pytest.mark.usefixtures("dead_drill")
def test_F1_it_restores_once_the_drill_is_dead(project: Path) -> None:
    assert watchdog.watch(str(project), SUCCESS) == 0


@pytest.mark.usefixtures("dead_drill")
def test_it_gives_up_after_its_patience(project: Path) -> None:
    assert watchdog.watch(str(project), FAILURE, patience_s=0.2) == watchdog.GAVE_UP


@pytest.mark.usefixtures("dead_drill")
def test_a_recover_that_hangs_is_ended_with_its_patience(project: Path) -> None:
    began = time.monotonic()
    assert watchdog.watch(str(project), HANG, patience_s=0.5) == watchdog.GAVE_UP
    assert time.monotonic() - began < 60


@pytest.mark.usefixtures("dead_drill")
def test_it_leaves_at_once_when_the_sandbox_is_gone(project: Path) -> None:
    project.unlink()
    began = time.monotonic()
    assert watchdog.watch(str(project), FAILURE) == watchdog.GAVE_UP
    assert time.monotonic() - began < 60
