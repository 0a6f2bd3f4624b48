"""What surrounds a drill: the watchdog that stays when nobody knows, and the evidence."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from alb_dr.cli import drilling
from alb_dr.cli.signals import Signals
from alb_dr.errors import Interruption, Refused, RestoreIncomplete, Unreachable
from alb_dr.model.drill_report import DrillOutcome


class Dog:
    """A watchdog that remembers whether it was told that all is closed."""

    def __init__(self) -> None:
        self.told = b""

    def communicate(self, words: bytes, timeout: float) -> None:
        """Remember."""
        self.told = words


def a_drill(error: BaseException | None) -> Any:
    def run() -> str:
        if error is not None:
            raise error
        return "report"

    return SimpleNamespace(run=run)


@pytest.mark.parametrize("error", [None, Unreachable("cut"), Interruption(15)])
def test_after_a_proven_restore_the_watchdog_leaves(error: BaseException | None) -> None:
    dog: Any = Dog()
    if error is None:
        assert drilling._run(a_drill(None), dog) == "report"
    else:
        with pytest.raises(type(error)):
            drilling._run(a_drill(error), dog)
    assert dog.told == b"closed"


@pytest.mark.parametrize("error", [RestoreIncomplete("open"), ZeroDivisionError()])
def test_F1_when_nobody_knows_whether_all_is_back_the_watchdog_goes_on(error: Exception) -> None:
    dog: Any = Dog()
    with pytest.raises(type(error)):
        drilling._run(a_drill(error), dog)
    assert dog.told == b""


def a_report(outcome: DrillOutcome) -> Any:
    return SimpleNamespace(outcome=outcome)


def test_F3_a_signal_that_comes_when_the_drill_is_over_does_not_cost_its_result() -> None:
    over = drilling.Drilled(report=a_report(DrillOutcome.SUCCEEDED))
    assert over.ending(None) == (0, None)
    assert over.ending(Interruption(signal.SIGINT)) == (130, None)


def test_an_error_that_ended_a_drill_outranks_a_late_signal() -> None:
    error = RestoreIncomplete("open")
    ended = drilling.Drilled(report=a_report(DrillOutcome.RESTORE_INCOMPLETE), ended=error)
    assert ended.ending(Interruption(signal.SIGTERM)) == (11, error)


def test_a_drill_that_met_the_deadline_says_so_and_no_signal() -> None:
    alarm = Interruption(signal.SIGALRM)
    ended = drilling.Drilled(report=a_report(DrillOutcome.INTERRUPTED), ended=alarm)
    code, error = ended.ending(None)
    assert code == 7
    assert error is not None
    assert error.code == "ADR-DEADLINE"
    assert str(alarm) == "the command's deadline passed", "as the Fleet's record says"


def test_F3_a_settled_signal_is_remembered_and_raised_only_where_more_is_to_be_done() -> None:
    signals = Signals()
    assert signals.late is None
    signals.settle()
    signals._caught(signal.SIGTERM, None)
    assert signals.late is not None
    assert signals.late.exit_code == 143
    with pytest.raises(Interruption, match="SIGTERM"):
        signals.resume()


def test_without_a_watchdog_nobody_is_told() -> None:
    assert drilling._run(a_drill(None), None) == "report"


def a_context() -> Any:
    return SimpleNamespace(config=SimpleNamespace(path=Path("alb-dr.yaml")))


def test_F6_a_watchdog_that_cannot_start_is_refused_before_any_harm(tmp_path: Path) -> None:
    plan: Any = SimpleNamespace(drill_id="7f3a")
    run: Any = SimpleNamespace(path=tmp_path / "missing")
    with pytest.raises(Refused) as caught:
        drilling.start_watchdog(a_context(), plan, run)
    assert caught.value.code == "ADR-WATCHDOG"


def test_a_watchdog_waits_for_the_last_word(tmp_path: Path) -> None:
    plan: Any = SimpleNamespace(drill_id="7f3a")
    run: Any = SimpleNamespace(path=tmp_path)
    dog = drilling.start_watchdog(a_context(), plan, run)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            dog.wait(0.3)
    finally:
        drilling.dismiss(dog)
    assert dog.returncode == 0


def test_F6_evidence_that_cannot_be_written_is_only_worth_a_word() -> None:
    said: list[str] = []
    context: Any = SimpleNamespace(narrator=SimpleNamespace(warn=said.append))
    with drilling._as_far_as_possible(context):
        raise OSError(28, "No space left on device")
    assert "could not be recorded whole" in said[0]


def test_the_operator_is_named_also_without_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError

    assert "@" in drilling.operator()
    monkeypatch.setattr("getpass.getuser", nobody)
    assert drilling.operator().startswith("uid ")
