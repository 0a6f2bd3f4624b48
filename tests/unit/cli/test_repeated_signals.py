"""Signal after signal: each is answered, the third with who restores if the drill is killed."""

from __future__ import annotations

import pytest

from alb_dr.cli.repeated_signals import told, words
from alb_dr.cli.signals import Signals


def test_F3_each_further_signal_says_how_long_the_restore_may_take() -> None:
    assert words(2, 41.7, drill="7f3a", watched=True) == "restoring, 42 s left\n"
    assert words(2, -3.0, drill="7f3a", watched=True) == "restoring, 0 s left\n"
    assert words(2, None, drill="7f3a", watched=True).startswith("stopping: putting things back")


def test_F3_the_third_one_offers_to_leave_it_to_the_watchdog_or_the_guard() -> None:
    said = words(3, 40.0, drill="7f3a", watched=True).splitlines()
    assert said[0] == "restoring, 40 s left"
    assert "watchdog restores at once" in said[1]
    assert "alb-dr failover status" in said[1]
    alone = words(3, 40.0, drill="7f3a", watched=False).splitlines()[1]
    assert "a guard installed in the member" in alone
    assert "failover recover --execute --drill 7f3a" in alone
    assert len(words(4, 40.0, drill="7f3a", watched=True).splitlines()) == 1, "once is enough"


def test_F3_signals_are_answered_while_it_lasts_and_not_afterwards(
    capfd: pytest.CaptureFixture[str],
) -> None:
    signals = Signals()
    with told(signals, lambda: 12.0, drill="7f3a", watched=True):
        signals.count = 1
        signals._caught(2, None)
    assert capfd.readouterr().err == "restoring, 12 s left\n"
    assert signals.on_repeat is None
