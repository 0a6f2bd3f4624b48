"""F42: every API is cut off from this machine for half an hour in the middle of a drill.

The guard has an API of its own, inside the member: it looks every minute, and restores at its
deadline. The clock is the test's.
"""

from __future__ import annotations

import pytest

from alb_dr.errors import AlbDrError, RestoreIncomplete, Unreachable
from alb_dr.model.drill_report import DrillOutcome
from alb_dr.workflows.guard.sweeper import sweep
from alb_dr.workflows.recover.recovery import Recovery
from alb_dr.workflows.recover.table import Decision
from tests.fakes.drilling import SPACE, Estate
from tests.fakes.voice import TellTale

HALF_AN_HOUR_S, MINUTE_S = 1800.0, 60.0
DEADLINE_S = 120.0


class CutOff:
    """An estate nobody here reaches from the fifth second on, with a guard in the victim."""

    def __init__(self) -> None:
        self.estate = Estate()
        self.restored_at: list[float] = []
        self._began = self._looked = self.estate.clock.elapsed_s
        self._guarded = self.estate.members["c2"].as_manager("alb-dr-guard")
        for api in (self.estate.fleet, *self.estate.members.values()):
            api.fail = self._refusal
        self._sleep = self.estate.clock.sleep
        self.estate.clock.sleep = self.sleep  # type: ignore[method-assign]  # the guard's time, too

    @property
    def now(self) -> float:
        """Seconds since everything began."""
        return self.estate.clock.elapsed_s - self._began

    def _refusal(self, _call: str) -> AlbDrError | None:
        return Unreachable("no route") if 5 < self.now < 5 + HALF_AN_HOUR_S else None

    def sleep(self, seconds: float) -> None:
        """Let time pass, and the guard look at every full minute."""
        self._sleep(seconds)
        while self.estate.clock.elapsed_s - self._looked >= MINUTE_S:
            self._looked += MINUTE_S
            clock, voice = self.estate.clock, TellTale()
            for seen in sweep(self._guarded, namespace=SPACE, clock=clock, narrator=voice):
                if seen.done == "restore":
                    self.restored_at.append(self.now)

    def wait_for_the_end(self) -> None:
        """Until the cut is over."""
        while self.now < 5 + HALF_AN_HOUR_S:
            self.sleep(1.0)


@pytest.fixture
def cut() -> CutOff:
    return CutOff()


def test_F42_the_guard_restores_at_its_deadline_and_the_drill_says_so_on_return(
    cut: CutOff,
) -> None:
    report = cut.estate.drill(observe_s=900.0, expires_s=DEADLINE_S, restore_timeout_s=3600.0)
    (restored,) = cut.restored_at
    assert DEADLINE_S < restored <= DEADLINE_S + 2 * MINUTE_S
    assert cut.now > HALF_AN_HOUR_S, "it waited for the APIs"
    assert report.outcome is DrillOutcome.ABORTED
    assert report.outcome.exit_code == 10
    assert any("already put back, by the guard" in step.what for step in report.run.timeline)
    assert cut.estate.is_clean


def test_F42_who_does_not_wait_so_long_says_that_it_is_open_and_recover_finds_it_done(
    cut: CutOff,
) -> None:
    with pytest.raises(RestoreIncomplete) as left:
        cut.estate.drill(observe_s=900.0, expires_s=DEADLINE_S, restore_timeout_s=30.0)
    assert "alb-dr failover recover" in str(left.value.hint)
    cut.wait_for_the_end()
    assert len(cut.restored_at) == 1
    assert cut.estate.replicas == 2
    (case,) = Recovery(cut.estate.recovery_ports()).cases()
    assert case.decision is Decision.CLOSE
