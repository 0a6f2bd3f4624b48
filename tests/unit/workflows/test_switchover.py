"""Switching over and back: whole members only, remembered and returned, whatever cuts it short."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from alb_dr.errors import AlbDrError, DeadlineExceeded, Interruption, Refused, Unreachable
from alb_dr.model.away import Away
from alb_dr.model.manifest import DEPLOYMENT
from alb_dr.model.shift import OnFailure, ShiftPhase, ShiftReport, ShiftRequest, Wish
from alb_dr.model.weights import Weights
from alb_dr.render.annotations import AWAY
from alb_dr.workflows.delivery.weights import live_ingress, set_weights
from alb_dr.workflows.records.away import away_of, away_words, escaped
from alb_dr.workflows.records.drill_record import LABEL
from alb_dr.workflows.records.shift_record import read_record, record_words
from alb_dr.workflows.shift.checks import check_before
from alb_dr.workflows.shift.control import end_shift
from alb_dr.workflows.shift.failback import (
    await_stable,
    close_record,
    gaining,
    member_lost,
    returning,
    traffic_away,
    unhealthy,
    way_back,
)
from alb_dr.workflows.shift.shift import Shift
from alb_dr.workflows.shift.switchover import check_switchover, remembering
from tests.builders import a_topology
from tests.fakes.kube import FakeKube
from tests.unit.model.test_moves import THREE
from tests.unit.workflows.test_shift import World, a_request

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOME, OVER = Weights.of({"c1": 20, "c2": 80}), Weights.of({"c1": 100, "c2": 0})
MEMBERS = a_topology().members


def a_world(start: Weights = HOME) -> World:
    world = World()
    set_weights(a_topology(), start, fleet=world.fleet, dry_run=False)
    return world


def a_move(target: Weights = OVER, **changes: object) -> ShiftRequest:
    return a_request(
        target=target, percents=(50, 100), hold_s=1.0, verb="switchover", shift_id="5w", **changes
    )


def switch(world: World, request: ShiftRequest | None = None, **how: object) -> ShiftReport:
    request = request or a_move()
    remember = remembering(request, by="ann", since=NOON)
    shift = Shift(request, a_topology(), world.ports(), remember=remember, **how)  # type: ignore[arg-type]
    return shift.run()


def go_back(world: World, target: Weights = HOME, **changes: object) -> ShiftReport:
    request = dataclasses.replace(a_move(target, **changes), verb="back", shift_id="6b")
    shift = Shift(request, a_topology(), world.ports(), remember=returning(target))
    return shift.run()


def away(world: World) -> Away | None:
    return away_of(live_ingress(a_topology(), fleet=world.fleet))


def annotation(world: World) -> str | None:
    return live_ingress(a_topology(), fleet=world.fleet).annotations.get(AWAY)


def checked(world: World, target: Weights = OVER, headroom: float = 1.3) -> None:
    """Everything that is asked before a switchover."""
    check_switchover(a_topology(), HOME, target, members=world.members)
    check_before(
        a_topology(),
        HOME,
        target,
        members=world.members,
        headroom=headroom,
        narrator=world.voice,
    )


# there and back -----------------------------------------------------------------------------


def test_there_and_back_again() -> None:
    world = a_world()
    assert switch(world).phase is ShiftPhase.DONE
    assert world.weights == {"c1": "100", "c2": "0"}
    left = away(world)
    assert left is not None
    assert (left.members, left.former) == (("c2",), {"c1": 20, "c2": 80})
    assert "traffic is away from poc-ack-2" in away_words(a_topology(), left)
    assert "before: poc-ack-1 20, poc-ack-2 80" in away_words(a_topology(), left)
    assert go_back(world).phase is ShiftPhase.DONE
    assert world.weights == {"c1": "20", "c2": "80"}
    assert annotation(world) is None


def test_the_record_is_written_with_the_first_weights_and_goes_with_the_last() -> None:
    """F56: no patch leaves weights without the record, or a record without a reason."""
    world = a_world()
    seen: list[tuple[dict[str, str], bool]] = []
    write = world.fleet.patch

    def patch(id_, operations, **how):  # type: ignore[no-untyped-def]
        done = write(id_, operations, **how)
        if id_.kind.name == "Ingress":
            seen.append((world.weights, annotation(world) is not None))
        return done

    world.fleet.patch = patch  # type: ignore[method-assign]  # looks after every write
    switch(world)
    go_back(world)
    assert [(w["c1"], there) for w, there in seen] == [
        ("60", True),
        ("100", True),
        ("60", True),
        ("20", False),
    ]


def test_a_switchover_that_is_rolled_back_leaves_no_record() -> None:
    world = a_world()
    world.gateway.lose = lambda member, n: member == "c1" and n > 2000
    assert switch(world).phase is ShiftPhase.ROLLED_BACK
    assert world.weights == {"c1": "20", "c2": "80"}
    assert annotation(world) is None


def test_a_return_that_fails_goes_to_where_it_began_and_keeps_the_record() -> None:
    world = a_world()
    switch(world)
    before = annotation(world)
    world.once(12, lambda: world.endpoints.update(c2=0))
    assert go_back(world).phase is ShiftPhase.ROLLED_BACK
    assert world.weights == {"c1": "100", "c2": "0"}
    assert annotation(world) == before
    world.endpoints["c2"] = 2
    assert go_back(world).phase is ShiftPhase.DONE


def test_a_frozen_return_can_be_continued() -> None:
    world = a_world()
    switch(world)
    world.once(12, lambda: world.endpoints.update(c2=0))
    assert go_back(world, on_failure=OnFailure.FREEZE).phase is ShiftPhase.FROZEN
    assert away(world) is not None
    world.endpoints["c2"] = 2
    assert go_back(world).phase is ShiftPhase.DONE
    assert annotation(world) is None


def test_a_return_to_other_weights_ends_the_record_too() -> None:
    world = a_world()
    switch(world)
    half = Weights.of({"c1": 50, "c2": 50})
    assert go_back(world, half).phase is ShiftPhase.DONE
    assert annotation(world) is None


def test_a_second_switchover_keeps_the_first_home() -> None:
    world = a_world()
    switch(world)
    there = Weights.of({"c1": 0, "c2": 100})
    assert switch(world, a_move(there)).phase is ShiftPhase.DONE
    left = away(world)
    assert left is not None
    assert (left.members, left.former) == (("c1",), {"c1": 20, "c2": 80})


def test_a_plain_edit_that_ends_it_takes_the_record_along() -> None:
    world = a_world()
    switch(world)
    set_weights(a_topology(), Weights.of({"c1": 50, "c2": 50}), fleet=world.fleet, dry_run=False)
    assert away(world) is not None, "half of its share is still away"
    set_weights(a_topology(), Weights.of({"c1": 10, "c2": 90}), fleet=world.fleet, dry_run=False)
    assert annotation(world) is None


def test_a_record_that_a_foreign_edit_ended_does_not_come_true_again() -> None:
    world = a_world()
    switch(world)
    kubectl = world.fleet.as_manager("kubectl-edit")
    live = live_ingress(a_topology(), fleet=kubectl)
    key = "/metadata/annotations/alb.ingress.kubernetes.io~1cluster-weight."
    kubectl.patch(
        live.id,
        [{"op": "add", "path": f"{key}{m}", "value": w} for m, w in (("c1", "20"), ("c2", "80"))],
    )
    assert away(world) is None
    live = live_ingress(a_topology(), fleet=world.fleet)
    assert close_record(live, HOME, fleet=world.fleet, dry_run=True)
    assert annotation(world) is not None
    set_weights(a_topology(), Weights.of({"c1": 60, "c2": 40}), fleet=world.fleet, dry_run=False)
    assert annotation(world) is None


def test_nothing_to_return_is_refused() -> None:
    world = a_world()
    with pytest.raises(Refused, match="nothing was moved away") as refusal:
        traffic_away(live_ingress(a_topology(), fleet=world.fleet))
    assert refusal.value.code == "ADR-NOT-AWAY"
    live = live_ingress(a_topology(), fleet=world.fleet)
    note = {"op": "add", "path": "/metadata/annotations/alb-dr.io~1away", "value": '{"schema": 9}'}
    world.fleet.patch(live.id, [note])
    with pytest.raises(Refused, match="this version cannot read"):
        traffic_away(live_ingress(a_topology(), fleet=world.fleet))
    set_weights(a_topology(), OVER, fleet=world.fleet, dry_run=False)
    assert annotation(world) == '{"schema": 9}', "what a newer version wrote is left alone"


# kills ----------------------------------------------------------------------------------------


class Killed(BaseException):
    """A process that is gone runs nothing any more."""


def calls_of(world: World, run: Callable[[World], object]) -> int:
    world.fleet.calls.clear()
    run(world)
    return len(world.fleet.calls)


def killed_at(world: World, last: int, run: Callable[[World], object]) -> None:
    world.fleet.calls.clear()

    def kill(_call: str) -> None:
        if len(world.fleet.calls) > last:
            raise Killed

    world.fleet.fail = kill  # type: ignore[assignment]  # it never returns an error
    with pytest.raises(Killed):
        run(world)
    world.fleet.fail = lambda _: None


def end_dead(world: World, wish: Wish = Wish.ABORT) -> None:
    found = read_record(a_topology(), world.fleet)
    if found is None or not found.is_open:
        return
    assert "switchover" in record_words(found) or found.record is not None
    end_shift(
        a_topology(),
        wish,
        fleet=world.fleet,
        clock=world.clock,
        narrator=world.voice,
        timeout_s=60,
    )


def writes_of(world: World, run: Callable[[World], object]) -> list[int]:
    """The places of writes among the calls, and the calls right after them."""
    total = calls_of(world, run)
    found = [
        n for n, call in enumerate(world.fleet.calls) if call.split()[0] in {"patch", "create"}
    ]
    return sorted({k for n in found for k in (n - 1, n, n + 1) if 0 <= k < total})


def test_F1_a_switchover_killed_at_any_call_is_ended_from_elsewhere() -> None:
    for last in writes_of(a_world(), switch):
        world = a_world()
        killed_at(world, last, switch)
        assert (away(world) is not None) == (world.weights != {"c1": "20", "c2": "80"})
        found = read_record(a_topology(), world.fleet)
        done = found is not None and not found.is_open
        end_dead(world)
        if done:
            continue
        assert world.weights == {"c1": "20", "c2": "80"}
        assert annotation(world) is None


def test_F1_a_return_killed_at_any_call_is_ended_and_begun_anew() -> None:
    ready = a_world()
    switch(ready)
    for last in writes_of(ready, go_back):
        world = a_world()
        switch(world)
        killed_at(world, last, go_back)
        there = world.weights != {"c1": "20", "c2": "80"}
        assert (annotation(world) is not None) == there
        found = read_record(a_topology(), world.fleet)
        assert found is not None
        if not found.is_open:
            continue
        end_dead(world)
        assert world.weights == {"c1": "100", "c2": "0"}
        left = away(world)
        assert left is not None, "the way home is remembered"
        assert left.home.as_dict() == HOME.as_dict()
        world.clock.elapsed_s += 100
        assert go_back(world).phase is ShiftPhase.DONE
        assert annotation(world) is None


def test_an_interrupted_switchover_forgets_and_an_interrupted_return_remembers() -> None:
    def interrupt() -> None:
        raise Interruption(2)

    world = a_world()
    world.once(12, interrupt)
    with pytest.raises(Interruption):
        switch(world)
    assert annotation(world) is None
    switch(world)
    world.once(12, interrupt)
    with pytest.raises(Interruption):
        go_back(world)
    assert world.weights == {"c1": "100", "c2": "0"}
    assert away(world) is not None


# beside the weights -----------------------------------------------------------------------------


class Zone:
    """Something that is done beside the weights."""

    def __init__(self, fails: AlbDrError | None = None) -> None:
        self.done: list[str] = []
        self.fails = fails

    def begin(self, alive: Callable[[], None]) -> None:
        alive()
        self.done.append("begin")
        if self.fails is not None:
            raise self.fails

    def end(self, phase: ShiftPhase, alive: Callable[[], None]) -> None:
        self.done.append(str(phase))


def test_what_goes_along_begins_before_the_first_step_and_is_settled_after_the_last() -> None:
    one, two = Zone(), Zone()
    assert switch(a_world(), companions=[one, two]).phase is ShiftPhase.DONE
    assert one.done == two.done == ["begin", "done"]
    world, zone = a_world(), Zone()
    world.gateway.lose = lambda member, n: member == "c1" and n > 2000
    switch(world, companions=[zone])
    assert zone.done == ["begin", "rolled back"]


def test_what_cannot_begin_moves_no_weight_and_is_settled() -> None:
    world, zone, never = a_world(), Zone(Unreachable("the cloud is away")), Zone()
    report = switch(world, companions=[zone, never])
    assert report.phase is ShiftPhase.FROZEN
    assert "the cloud is away" in report.why
    assert world.weights == {"c1": "20", "c2": "80"}
    assert zone.done == ["begin", "frozen"]
    assert never.done == []


def test_what_goes_along_is_settled_after_an_interruption() -> None:
    def interrupt() -> None:
        raise Interruption(15)

    world, zone = a_world(), Zone()
    world.once(12, interrupt)
    with pytest.raises(Interruption):
        switch(world, companions=[zone])
    assert zone.done == ["begin", "rolled back"]


# gates ------------------------------------------------------------------------------------------


def test_F11_every_side_must_be_whole_for_a_switchover() -> None:
    world = a_world()
    checked(world)
    world.endpoints["c2"] = 0
    with pytest.raises(Refused, match="poc-ack-2 is not healthy: it has no ready endpoint") as no:
        checked(world)
    assert no.value.code == "ADR-NOT-HEALTHY"
    assert no.value.hint is not None
    assert "failover start --away-from poc-ack-2" in no.value.hint


def test_F41_a_member_that_does_not_answer_is_no_side_of_a_switchover() -> None:
    world = a_world()
    world.members["c2"].fail = lambda _: Unreachable("no route")
    with pytest.raises(Unreachable):
        checked(world)


def test_a_survivor_below_capacity_is_refused_with_the_number() -> None:
    world = a_world()
    with pytest.raises(Refused, match=r"would carry 1\.2 times") as refusal:
        checked(world, headroom=1.2)
    assert refusal.value.code == "ADR-CAPACITY"
    assert refusal.value.hint is not None
    assert "--headroom 1.3" in refusal.value.hint
    checked(world, headroom=1.3)
    assert any("would carry 1.2 times" in note for note in world.voice.notes)


def test_the_members_must_be_healthy_without_a_break() -> None:
    world = a_world(OVER)
    wanted = gaining(a_topology(), OVER, HOME)
    assert [m.name for m in wanted] == ["poc-ack-2"]
    looks: list[float] = []
    sleep = world.clock.sleep

    def passing(seconds: float) -> None:
        looks.append(world.clock.elapsed_s)
        world.endpoints["c2"] = 0 if 5 <= len(looks) < 8 else 2
        sleep(seconds)

    world.clock.sleep = passing  # type: ignore[method-assign]  # the world changes as time goes by
    began = world.clock.elapsed_s
    await_stable(
        a_topology(),
        wanted,
        members=world.members,
        clock=world.clock,
        narrator=world.voice,
        window_s=10,
        timeout_s=60,
    )
    assert world.clock.elapsed_s - began == pytest.approx(18, abs=1.5)
    assert world.voice.warnings == ["not stable yet: poc-ack-2: it has no ready endpoint"]


def test_members_that_do_not_become_healthy_are_not_waited_for_for_ever() -> None:
    world = a_world(OVER)
    world.members["c2"].fail = lambda _: Unreachable("no route")
    with pytest.raises(DeadlineExceeded, match="poc-ack-2 could not be asked: no route") as lost:
        await_stable(
            a_topology(),
            MEMBERS[1:],
            members=world.members,
            clock=world.clock,
            narrator=world.voice,
            window_s=5,
            timeout_s=30,
        )
    assert "poc-ack-2 still away, the traffic stays with poc-ack-1" in str(lost.value.hint)


def test_who_did_not_come_back_is_told_from_a_fleet_in_trouble() -> None:
    lost = member_lost(Unreachable("poc-ack-2: no answer"), a_topology(), MEMBERS[1:])
    assert lost.message == "the traffic cannot return yet: poc-ack-2: no answer"
    assert "no failover start is needed" in str(lost.hint)
    fleet = Unreachable("Fleet: no answer", hint="look there")
    assert member_lost(fleet, a_topology(), MEMBERS[1:]) is fleet


def three_with(world: World, error: AlbDrError) -> dict[str, FakeKube]:
    """The world's members and a third that does not answer."""
    third = FakeKube("poc-ack-3")
    third.fail = lambda _: error
    return {**world.members, "c3": third}


def test_F41_a_lost_member_without_any_part_in_a_move_is_not_needed_for_it() -> None:
    world = a_world()
    members = three_with(world, Unreachable("no route"))
    one, two = Weights.of({"c1": 100, "c2": 0, "c3": 0}), Weights.of({"c1": 0, "c2": 100, "c3": 0})
    topology = a_topology(THREE)
    check_before(topology, one, two, members=members, narrator=world.voice, headroom=1.3)
    assert world.voice.warnings[0].startswith("poc-ack-3 has no part in this")
    check_switchover(topology, one, two, members=members)
    half = Weights.of({"c1": 50, "c2": 0, "c3": 50})
    for start, target in ((half, one), (one, half)):
        with pytest.raises(Unreachable):
            check_before(
                topology, start, target, members=members, narrator=world.voice, headroom=None
            )


def test_F10_the_way_back_is_barred_by_an_open_drill_but_not_by_a_member_still_away() -> None:
    world = a_world(OVER)
    way = way_back(
        a_topology(), a_move(HOME), fleet=world.fleet, members=world.members, narrator=world.voice
    )
    assert [list(w.as_dict().values()) for w in way] == [[100, 0], [60, 40], [20, 80]]
    world.members["c2"].fail = lambda _: Unreachable("no route")
    way_back(
        a_topology(), a_move(HOME), fleet=world.fleet, members=world.members, narrator=world.voice
    )
    world.members["c2"].fail = lambda _: None
    member = world.members["c2"]
    mark = {"op": "add", "path": f"/metadata/labels/{escaped(LABEL)}", "value": "true"}
    member.patch(member.list(DEPLOYMENT)[0].id, [mark])
    with pytest.raises(Refused, match="a drill is open") as refusal:
        way_back(
            a_topology(),
            a_move(HOME),
            fleet=world.fleet,
            members=world.members,
            narrator=world.voice,
        )
    assert refusal.value.code == "ADR-DRILL-OPEN"


def test_F10_no_traffic_returns_to_a_member_in_a_drill() -> None:
    world = a_world(OVER)
    member = world.members["c2"]
    workload = member.list(DEPLOYMENT)[0]
    mark = {"op": "add", "path": f"/metadata/labels/{escaped(LABEL)}", "value": "true"}
    member.patch(workload.id, [mark])
    assert unhealthy(a_topology(), MEMBERS[1:], world.members) == "poc-ack-2: a drill is open"
    with pytest.raises(Refused, match="a drill is open"):
        go_back(world)
