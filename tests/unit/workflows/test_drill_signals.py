"""A signal that meets a drill where it must not be heard at once."""

from __future__ import annotations

import signal

import pytest

from alb_dr.cli.signals import Signals
from alb_dr.errors import Interruption, RestoreIncomplete
from alb_dr.model.drill_report import DrillOutcome
from tests.fakes.drilling import Estate


def test_F3_F25_a_signal_does_not_hide_that_a_restore_is_not_proven() -> None:
    estate, signals = Estate(), Signals()
    estate.shield = signals.shield

    def never_ready(wanted: int) -> int:
        if wanted and not signals.count:
            assert signals._shields, "it is being put back"
            signals._caught(signal.SIGTERM, None)
        return 0

    estate.during(4.0, lambda: setattr(estate.pods["c2"], "ready", never_ready))
    drill = estate.make()
    with pytest.raises(RestoreIncomplete, match="pods are not ready"):
        drill.run()
    assert signals.count == 1
    ended = drill.progress.described.ended
    assert ended is not None
    assert ended.outcome is DrillOutcome.RESTORE_INCOMPLETE
    assert [r.is_open for r in estate.records] == [True]


def test_F3_a_signal_while_a_finished_drill_closes_is_heard_when_all_is_closed() -> None:
    estate, signals = Estate(), Signals()
    estate.shield = signals.shield
    drill = estate.make()

    def at_the_lock(call: str) -> None:
        if call.startswith("delete Lease"):
            assert signals._shields, "it is being closed"
            signals._caught(signal.SIGINT, None)

    estate.fleet.fail = at_the_lock
    with pytest.raises(Interruption):
        drill.run()
    assert signals.count == 1
    assert drill.progress.last.outcome is DrillOutcome.SUCCEEDED, "as its record says"
    assert estate.is_clean
