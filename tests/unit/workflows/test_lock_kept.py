"""F5: who waits for long while he holds the lock keeps it, or others would take him for dead.

The clock is the test's. At every pause it is looked how long ago the lock was renewed.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alb_dr.errors import AlbDrError, Unreachable
from alb_dr.model.drill_report import DrillOutcome
from alb_dr.model.manifest import LEASE
from alb_dr.workflows.drill.ramp import DrillRamp
from alb_dr.workflows.records.lease import DRILL, DURATION_S, renewed_at
from tests.fakes.drilling import WORKLOAD, Estate

SLOW_S = 90.0
"""Three durations of the lock."""
LONGEST_S = DURATION_S * 2 / 3


class Watched(Estate):
    """An estate where the age of the lock is noted at every pause."""

    def __init__(self) -> None:
        super().__init__()
        self.ages: list[float] = []
        sleep = self.clock.sleep

        def pause(seconds: float) -> None:
            sleep(seconds)
            for held in self.fleet.list(LEASE):
                renewed = renewed_at(held)
                if DRILL in held.annotations and renewed is not None:
                    self.ages.append((self.clock.now() - renewed).total_seconds())

        self.clock.sleep = pause  # type: ignore[method-assign]  # to look on while it waits

    @property
    def is_restoring(self) -> bool:
        """Whether the harm is being taken back, or was."""
        return any(event == "restoring" for event, _ in self.book.events)

    def slowly(self, refused: Callable[[str], bool]) -> Callable[[str], AlbDrError | None]:
        """Calls that are lost for a while, from the restore on."""
        until: list[float] = []

        def fail(call: str) -> AlbDrError | None:
            if not self.is_restoring or not refused(call):
                return None
            until[:] = until or [self.clock.elapsed_s + SLOW_S]
            return Unreachable("no route") if self.clock.elapsed_s < until[0] else None

        return fail


@pytest.fixture
def estate() -> Watched:
    return Watched()


def pods_come_late(estate: Watched) -> None:
    until: list[float] = []

    def ready(wanted: int) -> int:
        if wanted and estate.is_restoring:
            until[:] = until or [estate.clock.elapsed_s + SLOW_S]
            return 0 if estate.clock.elapsed_s < until[0] else wanted
        return wanted

    estate.pods["c2"].ready = ready


def member_does_not_take_it(estate: Watched) -> None:
    estate.members["c2"].fail = estate.slowly(lambda call: call == f"patch {WORKLOAD}")


def member_is_silent(estate: Watched) -> None:
    estate.members["c2"].fail = estate.slowly(lambda _call: True)


def pods_cannot_be_seen(estate: Watched) -> None:
    estate.members["c2"].fail = estate.slowly(lambda call: call == "list deployments")


@pytest.mark.parametrize(
    "slow", [pods_come_late, member_does_not_take_it, member_is_silent, pods_cannot_be_seen]
)
def test_F5_the_lock_is_kept_while_a_restore_takes_its_time(
    estate: Watched, slow: Callable[[Watched], None]
) -> None:
    slow(estate)
    report = estate.drill(restore_timeout_s=300.0)
    assert report.outcome is DrillOutcome.SUCCEEDED, report.why
    assert report.run.marks.recovered_s is not None
    assert len(estate.ages) > SLOW_S / DURATION_S
    assert max(estate.ages) <= LONGEST_S
    assert estate.is_clean


def test_F5_the_lock_is_kept_while_the_sandbox_is_silent(estate: Watched) -> None:
    until: list[float] = []
    clear = estate.box.clear

    def late(member: str, *, drill: str) -> bool:
        until[:] = until or [estate.clock.elapsed_s + SLOW_S]
        if estate.clock.elapsed_s < until[0]:
            raise Unreachable("no daemon")
        return clear(member, drill=drill)

    estate.box.clear = late  # type: ignore[method-assign]  # a sandbox that is silent for a while
    report = estate.drill(fault="sandbox:api-down", restore_timeout_s=300.0)
    assert report.outcome is DrillOutcome.SUCCEEDED, report.why
    assert max(estate.ages) <= LONGEST_S


def test_F5_the_lock_is_kept_while_held_weights_do_not_come_back(
    estate: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stuck(_ramp: DrillRamp, _traffic: object) -> None:
        raise Unreachable("the steps do not go on")

    monkeypatch.setattr(DrillRamp, "raise_weight", stuck)
    estate.fleet.fail = estate.slowly(lambda call: call.startswith("patch Ingress"))
    report = estate.drill(ramp=True, restore_timeout_s=300.0)
    assert "the weight came back at once" in report.why
    assert max(estate.ages) <= LONGEST_S
    assert estate.is_clean
