"""A shift holds the lock of drills: nobody else moves traffic meanwhile; it is given back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alb_dr.errors import Conflict, Interruption, Unreachable
from alb_dr.model.manifest import LEASE
from alb_dr.model.shift import ShiftPhase, Wish
from alb_dr.workflows.records.lease import DRILL, DURATION_S, DrillLock, lease_id, renewed_at
from alb_dr.workflows.shift.control import end_shift
from tests.builders import a_topology
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale
from tests.unit.workflows.test_shift import World

HERE = lease_id(a_topology())


def a_lock(fleet: FakeKube, clock: StillClock | None = None) -> DrillLock:
    return DrillLock(HERE, fleet=fleet, clock=clock or StillClock(), narrator=TellTale())


def holders(world: World) -> list[str]:
    """For which drill or shift the lock is held now."""
    return [lease.annotations[DRILL] for lease in world.fleet.list(LEASE)]


def test_F8_a_shift_is_refused_while_a_drill_holds_the_lock() -> None:
    world = World()
    lease = a_lock(world.fleet, StillClock(world.clock.now()))
    lease.acquire(holder="bob", drill="d1")
    with pytest.raises(Conflict, match="another drill, shift or pin holds") as refusal:
        world.shift()
    assert refusal.value.code == "ADR-LOCKED"
    assert world.weights == {"c1": "100", "c2": "0"}
    assert holders(world) == ["d1"]


def test_the_lock_is_held_all_the_way_and_given_back() -> None:
    world = World()
    held: list[list[str]] = []
    for at_s in (1, 20, 40):
        world.once(at_s, lambda: held.append(holders(world)))
    assert world.shift(hold_s=30.0).phase is ShiftPhase.DONE
    assert held == [["7f3a"]] * 3
    assert holders(world) == []


def test_F9_a_shift_that_lost_the_lock_writes_nothing_more() -> None:
    world = World()

    def steal() -> None:
        later = StillClock(world.clock.now() + timedelta(hours=1))
        a_lock(world.fleet, later).acquire(holder="bob", drill="d2")

    world.once(12, steal)
    report = world.shift(hold_s=60.0)
    assert report.phase is ShiftPhase.STOPPED
    assert "took the lock" in report.why
    assert report.phase.exit_code == 5
    assert world.weights == {"c1": "90", "c2": "10"}, "the step it was at, not rolled back"
    assert holders(world) == ["d2"], "what is another's is not given back"


def test_a_fleet_that_cannot_be_asked_for_a_while_does_not_end_the_shift() -> None:
    world = World()

    def trouble() -> None:
        world.fleet.fail = lambda call: Unreachable("no") if "Lease" in call else None

    def peace() -> None:
        world.fleet.fail = lambda _: None

    world.once(8, trouble)
    world.once(45, peace)
    assert world.shift(hold_s=60.0).phase is ShiftPhase.DONE
    assert holders(world) == []


def test_an_interrupted_shift_gives_the_lock_back() -> None:
    world = World()

    def interrupt() -> None:
        raise Interruption(2)

    world.once(12, interrupt)
    with pytest.raises(Interruption):
        world.shift(hold_s=60.0)
    assert holders(world) == []


def test_the_lock_of_a_killed_shift_goes_when_another_terminal_ends_it() -> None:
    world = World()

    def killed() -> None:
        raise KeyboardInterrupt

    release = DrillLock.release
    world.once(12, killed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DrillLock, "release", lambda _: None)
        with pytest.raises(KeyboardInterrupt):
            world.shift(hold_s=60.0)
    assert DrillLock.release is release
    assert holders(world) == ["7f3a"]
    ended = end_shift(
        a_topology(),
        Wish.ABORT,
        fleet=world.fleet,
        clock=world.clock,
        narrator=TellTale(),
        timeout_s=60,
    )
    assert ended.phase is ShiftPhase.ABORTED
    assert holders(world) == []


def test_F5_the_lock_is_kept_while_weights_do_not_go_back() -> None:
    world = World()
    ages: list[float] = []
    sleep = world.clock.sleep

    def pause(seconds: float) -> None:
        sleep(seconds)
        for lease in world.fleet.list(LEASE):
            renewed = renewed_at(lease)
            ages.append((world.clock.now() - renewed).total_seconds() if renewed else 0.0)

    def trouble() -> None:
        until = world.clock.elapsed_s + 90.0

        def lost(call: str) -> Unreachable | None:
            out = call.startswith("patch Ingress") and world.clock.elapsed_s < until
            return Unreachable("no") if out else None

        world.fleet.fail = lost
        world.gateway.lose = lambda _member, n: n % 5 == 0

    world.clock.sleep = pause  # type: ignore[method-assign]  # to look on while it waits
    world.once(12, trouble)
    assert world.shift(hold_s=60.0, step_timeout_s=300.0).phase is ShiftPhase.ROLLED_BACK
    assert world.weights == {"c1": "100", "c2": "0"}
    assert len(ages) > 90
    assert max(ages) <= DURATION_S * 2 / 3
