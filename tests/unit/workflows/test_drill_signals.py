"""A signal that meets a drill where it must not be heard at once."""

from __future__ import annotations

import signal

import pytest

from alb_dr.cli.signals import Signals
from alb_dr.errors import RestoreIncomplete
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
