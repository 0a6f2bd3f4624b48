"""Shifting: every step proven by measured shares, and a known way out of every failure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from alb_dr.errors import (
    BadInput,
    Conflict,
    Forbidden,
    Interruption,
    NotFound,
    Refused,
    RestoreIncomplete,
    Unreachable,
)
from alb_dr.model.manifest import ALB_CONFIG, DEPLOYMENT, Manifest, ResourceId
from alb_dr.model.shift import (
    Answer,
    OnFailure,
    ShiftPhase,
    ShiftRecord,
    ShiftReport,
    ShiftRequest,
    Wish,
)
from alb_dr.model.weights import Weights
from alb_dr.render.annotations import weights_of
from alb_dr.report.shift_data import shift_data, shift_lines
from alb_dr.workflows.delivery.weights import live_ingress, set_weights
from alb_dr.workflows.records.drill_record import ANNOTATION
from alb_dr.workflows.records.shift_record import (
    make_wish,
    read_record,
    record_words,
    update_record,
)
from alb_dr.workflows.shift.control import end_shift, steer
from alb_dr.workflows.shift.hand import ShiftHand
from alb_dr.workflows.shift.ports import ShiftPorts
from alb_dr.workflows.shift.shift import Shift, foresee
from alb_dr.workflows.shift.watch import Foreign
from tests.builders import a_topology
from tests.fakes.argo import with_argo
from tests.fakes.fleet import a_fleet, the_members
from tests.fakes.gateway import ROUTE, FakeGateway, FakeJournal, MovingClock, no_shield
from tests.fakes.kube import FakeKube
from tests.fakes.prober import MemoryLog
from tests.fakes.voice import TellTale

GATEWAY = ResourceId(kind=ALB_CONFIG, name="ackone-gateway-demo")
START, TARGET = Weights.of({"c1": 100, "c2": 0}), Weights.of({"c1": 0, "c2": 100})


class World:
    """A Fleet at 100:0 with ready members, and a gateway that follows its weights."""

    def __init__(self) -> None:
        self.fleet = a_fleet()
        set_weights(a_topology(), START, fleet=self.fleet, dry_run=False)
        self._show_status(self.fleet, GATEWAY, _ALB)
        self.members = the_members()
        self.endpoints = {"c1": 2, "c2": 2}
        for id_, member in self.members.items():
            workload = member.list(DEPLOYMENT)[0].id
            self._show_status(member, workload, _READY)
            self._show_endpoints(id_, member)
        self.clock = MovingClock()
        self.gateway = FakeGateway(self.fleet, self.clock, ["c1", "c2"])
        self.book, self.voice, self.log = FakeJournal(), TellTale(), MemoryLog()
        self.answers: list[Answer] = []
        self.asked: list[str] = []

    @staticmethod
    def _show_status(api: FakeKube, id_: ResourceId, status: dict[str, object]) -> None:
        """Reads show what a controller would have written."""
        read = api.get

        def get(wanted: ResourceId) -> Manifest | None:
            found = read(wanted)
            if found is None or wanted != id_:
                return found
            return Manifest(id=wanted, document={**found.document, "status": status})

        api.get = get  # type: ignore[method-assign]  # as the docstring says

    def _show_endpoints(self, id_: str, api: FakeKube) -> None:
        read = api.list

        def listed(kind, **words):  # type: ignore[no-untyped-def]
            if kind.name != "EndpointSlice":
                return read(kind, **words)
            refused = api.fail("list endpointslices")
            if refused is not None:
                raise refused
            slice_id = ResourceId(kind=kind, name="s", namespace="gateway-demo")
            ready = [{"conditions": {"ready": True}}] * self.endpoints[id_]
            return (Manifest(id=slice_id, document={"endpoints": ready, "metadata": {}}),)

        api.list = listed  # type: ignore[method-assign]  # as above

    def ports(self) -> ShiftPorts:
        def ask(failure: str, alive: Callable[[], None]) -> Answer:
            for _ in range(60):
                self.clock.sleep(1)
                alive()
            self.asked.append(failure)
            return self.answers.pop(0)

        return ShiftPorts(
            fleet=self.fleet,
            members=self.members,
            prober=self.gateway,
            clock=self.clock,
            narrator=self.voice,
            remarks=self.voice,
            journal=self.book,
            log=self.log,
            shield=no_shield,
            ask=ask,
            operator="ann@bastion",
        )

    def shift(self, **changes: object) -> ShiftReport:
        return Shift(a_request(**changes), a_topology(), self.ports()).run()

    @property
    def weights(self) -> dict[str, str]:
        live = self.fleet.get(ROUTE)
        assert live is not None
        return weights_of(live.annotations)

    @property
    def record(self) -> ShiftRecord:
        found = read_record(a_topology(), self.fleet)
        assert found is not None
        assert found.record is not None
        return found.record

    def once(self, at_s: float, what: Callable[[], object]) -> None:
        """Let something happen when the clock has moved so far."""
        due = self.clock.elapsed_s + at_s
        before = self.gateway.each
        done: list[bool] = []

        def each() -> None:
            before()
            if not done and self.clock.elapsed_s >= due:
                done.append(True)
                what()

        self.gateway.each = each


_ALB = {"loadBalancer": {"id": "alb-1", "dnsname": "alb-1.x", "subClusters": ["c1", "c2"]}}
_READY: dict[str, object] = {"observedGeneration": 9, "readyReplicas": 2, "updatedReplicas": 2}


def a_request(**changes: object) -> ShiftRequest:
    """100:0 to 0:100 in three steps."""
    request = ShiftRequest(
        shift_id="7f3a",
        target=TARGET,
        percents=(10, 50, 100),
        hold_s=5.0,
        on_failure=OnFailure.ROLLBACK,
        reason="maintenance",
    )
    return dataclasses.replace(request, **changes)  # type: ignore[arg-type]


def test_every_step_is_one_patch_and_proven_before_the_next() -> None:
    world = World()
    world.fleet.calls.clear()
    report = world.shift()
    assert report.phase is ShiftPhase.DONE
    assert [s.proven for s in report.steps] == [True, True, True]
    assert [list(s.weights.values()) for s in report.steps] == [[90, 10], [50, 50], [0, 100]]
    assert world.fleet.calls.count(f"patch {ROUTE}") == 3
    assert world.weights == {"c1": "0", "c2": "100"}
    assert world.record.phase is ShiftPhase.DONE
    assert report.lost == 0
    assert shift_lines(report)[0] == "DONE: the traffic is where it was to go"
    assert shift_data(report)["end"] == {"poc-ack-1": "0", "poc-ack-2": "100"}
    assert [event for event, _ in world.book.events] == ["intent", "step", "step", "step"]


def test_the_hold_is_kept_at_every_step() -> None:
    world = World()
    assert all(step.seconds >= 30 for step in world.shift(hold_s=30.0).steps)


@pytest.mark.parametrize(
    "lie",
    [
        lambda _: {"c1": 100, "c2": 0},
        lambda w: {"c1": min(100, w["c1"] + 6), "c2": max(0, w["c2"] - 6)},
        lambda w: {"c1": w["c2"], "c2": w["c1"]} if w["c1"] < 90 else w,
    ],
    ids=["it does nothing", "it is six points off", "it does the opposite"],
)
def test_a_lying_gateway_does_not_pass_the_gate(lie) -> None:  # type: ignore[no-untyped-def]
    world = World()
    world.gateway.lie = lie
    report = world.shift()
    assert report.phase is ShiftPhase.ROLLED_BACK
    assert not report.steps[-1].proven
    assert re.search("does not follow|not proven that the traffic follows", report.why)
    assert world.weights == {"c1": "100", "c2": "0"}


def test_a_slow_data_plane_is_waited_for() -> None:
    world = World()
    seen: list[tuple[float, dict[str, int]]] = []

    def late(weights):  # type: ignore[no-untyped-def]
        seen.append((world.clock.elapsed_s, dict(weights)))
        return next(
            w for t, w in reversed(seen) if t <= world.clock.elapsed_s - 20 or t == seen[0][0]
        )

    world.gateway.lie = late
    report = world.shift()
    assert report.phase is ShiftPhase.DONE
    assert all(step.seconds > 20 for step in report.steps)


def test_errors_of_the_new_member_roll_the_shift_back() -> None:
    world = World()
    world.gateway.lose = lambda member, _: member == "c2"
    report = world.shift()
    assert report.phase is ShiftPhase.ROLLED_BACK
    assert "requests were lost" in report.why
    assert world.weights == {"c1": "100", "c2": "0"}
    assert world.record.phase is ShiftPhase.ROLLED_BACK
    assert report.phase.exit_code == 9


def test_the_new_member_dying_half_way_leaves_the_traffic_whole() -> None:
    """Its endpoints go, the gateway hands its share over: no error tells, the APIs do."""
    world = World()

    def die() -> None:
        world.endpoints["c2"] = 0
        world.gateway.lie = lambda _: {"c1": 100, "c2": 0}

    world.once(20, die)
    report = world.shift()
    assert report.phase is ShiftPhase.ROLLED_BACK
    assert "poc-ack-2 has weight but no ready endpoint" in report.why
    assert world.weights == {"c1": "100", "c2": "0"}
    assert report.lost == 0


def test_nothing_is_rolled_back_to_a_member_that_is_dead() -> None:
    """The old member dies half-way: going back would send everything to nobody."""
    world = World()
    world.once(20, lambda: world.endpoints.update(c1=0))
    report = world.shift()
    assert report.phase is ShiftPhase.FROZEN
    assert "poc-ack-1 has no ready endpoint to go back to" in report.why
    assert world.weights in ({"c1": "50", "c2": "50"}, {"c1": "90", "c2": "10"})


def test_slow_answers_hold_a_step_and_very_slow_ones_end_it() -> None:
    world = World()
    slow_until = world.clock.elapsed_s + 60
    world.gateway.latency_s = lambda _: 0.12 if 6 < world.clock.elapsed_s - 1000 < 60 else 0.06
    report = world.shift(baseline_s=5.0)
    assert report.phase is ShiftPhase.DONE
    assert world.clock.elapsed_s > slow_until, "the slow spell was waited out"
    world = World()
    world.gateway.latency_s = lambda m: 0.4 if m == "c2" else 0.02
    report = world.shift()
    assert report.phase is ShiftPhase.ROLLED_BACK
    assert "95th percentile" in report.why


def test_traffic_that_loses_requests_already_is_not_moved() -> None:
    world = World()
    world.gateway.lose = lambda _, n: n % 10 == 0
    with pytest.raises(Refused, match="not steady"):
        world.shift()
    assert read_record(a_topology(), world.fleet) is None


def test_a_baseline_of_few_requests_is_measured_for_longer() -> None:
    world = World()
    report = world.shift(rate=20.0, baseline_s=0.5, percents=(100,))
    assert int(report.baseline.split()[0]) >= 50
    world = World()
    world.once(5, world.gateway.stop)
    assert "the prober ended" in world.shift().why


def test_freeze_leaves_the_weights_where_they_are() -> None:
    world = World()
    world.once(15, lambda: setattr(world.gateway, "lose", lambda member, _: member == "c2"))
    report = world.shift(on_failure=OnFailure.FREEZE)
    assert report.phase is ShiftPhase.FROZEN
    assert world.weights in ({"c1": "90", "c2": "10"}, {"c1": "50", "c2": "50"})
    assert {str(v) for v in report.end.values()} == set(world.weights.values())


def test_F14_a_prober_that_ends_proves_nothing() -> None:
    world = World()
    world.once(15, world.gateway.stop)
    report = world.shift()
    assert report.phase is ShiftPhase.ROLLED_BACK
    assert "the prober ended" in report.why
    assert "not proven to be back" in report.why


def test_a_person_who_is_asked_may_go_on_or_back() -> None:
    world = World()
    world.once(15, lambda: setattr(world.gateway, "lose", lambda _, n: n < 4000))
    world.answers = [Answer.CONTINUE] * 50
    assert world.shift(on_failure=OnFailure.ASK).phase is ShiftPhase.DONE
    assert "lost" in world.asked[0]
    world = World()
    world.gateway.lose = lambda member, _: member == "c2"
    world.answers = [Answer.ROLLBACK]
    assert world.shift(on_failure=OnFailure.ASK).phase is ShiftPhase.ROLLED_BACK
    assert world.weights == {"c1": "100", "c2": "0"}


def test_weights_somebody_else_sets_are_not_written_over() -> None:
    """As Argo CD with self-heal on the Ingress does, or a second operator."""
    world = World()
    other = Weights.of({"c1": 33, "c2": 67})
    world.once(15, lambda: set_weights(a_topology(), other, fleet=world.fleet, dry_run=False))
    report = world.shift()
    assert report.phase is ShiftPhase.STOPPED
    assert report.phase.exit_code == 5
    assert world.weights == {"c1": "33", "c2": "67"}
    assert "somebody else set the weights" in report.why


def test_pause_resume_and_abort_come_through_the_record() -> None:
    world = World()
    said = world.voice.notes
    world.once(10, lambda: make_wish(a_topology(), Wish.PAUSE, fleet=world.fleet))
    world.once(100, lambda: make_wish(a_topology(), Wish.RESUME, fleet=world.fleet))
    report = world.shift()
    assert report.phase is ShiftPhase.DONE
    assert "paused" in said
    assert "resumed" in said
    assert world.clock.elapsed_s > 1100
    world = World()
    world.once(15, lambda: make_wish(a_topology(), Wish.ABORT, fleet=world.fleet))
    report = world.shift()
    assert report.phase is ShiftPhase.ABORTED
    assert report.phase.exit_code == 10
    assert world.weights == {"c1": "100", "c2": "0"}
    world = World()
    world.once(15, lambda: make_wish(a_topology(), Wish.FREEZE, fleet=world.fleet))
    assert world.shift().phase is ShiftPhase.FROZEN


@pytest.mark.parametrize("at_s", [7, 20], ids=["before the proof", "while it is held"])
def test_a_pause_may_last_longer_than_any_step(at_s: float) -> None:
    world = World()
    world.once(at_s, lambda: make_wish(a_topology(), Wish.PAUSE, fleet=world.fleet))
    world.once(900, lambda: make_wish(a_topology(), Wish.RESUME, fleet=world.fleet))
    assert world.shift().phase is ShiftPhase.DONE
    assert world.clock.elapsed_s > 1900


def test_F5_a_shift_that_was_taken_for_dead_and_ended_goes_on_no_more() -> None:
    """Its machine slept; the other terminal froze it where it was."""
    world = World()

    def end() -> None:
        ended = dataclasses.replace(world.record, phase=ShiftPhase.FROZEN, why="ended from here")
        update_record(a_topology(), ended, fleet=world.fleet)

    world.once(20, end)
    report = world.shift()
    assert report.phase is ShiftPhase.STOPPED
    assert "it was ended from elsewhere (frozen)" in report.why
    assert world.weights in ({"c1": "90", "c2": "10"}, {"c1": "50", "c2": "50"})


def test_an_interrupted_shift_puts_the_weights_back_first() -> None:
    world = World()

    def interrupt() -> None:
        raise Interruption(2)

    world.once(15, interrupt)
    with pytest.raises(Interruption):
        world.shift()
    assert world.weights == {"c1": "100", "c2": "0"}
    assert world.record.phase is ShiftPhase.ROLLED_BACK


def test_killed_at_any_call_it_leaves_a_listed_vector() -> None:
    """Whatever write is the last one, the weights are on the list and the record says where."""
    undisturbed = World()
    undisturbed.fleet.calls.clear()
    undisturbed.shift(hold_s=1.0)
    writes = [
        n for n, call in enumerate(undisturbed.fleet.calls) if call.startswith(("patch", "create"))
    ]
    total = len(undisturbed.fleet.calls)
    for last in [n + after for n in writes for after in (0, 1) if n + after < total]:
        world = World()
        world.fleet.calls.clear()

        class Killed(BaseException):
            """A process that is gone runs nothing any more."""

        def kill(_call: str, world: World = world, last: int = last) -> None:
            if len(world.fleet.calls) > last:
                raise Killed

        world.fleet.fail = kill  # type: ignore[assignment]  # it never returns an error
        with pytest.raises(Killed):
            world.shift(hold_s=1.0)
        world.fleet.fail = lambda _: None
        found = read_record(a_topology(), world.fleet)
        if found is None:
            assert world.weights == {"c1": "100", "c2": "0"}
            continue
        assert found.record is not None
        listed = [{m: str(w) for m, w in v.items()} for v in found.record.vectors]
        at = listed.index(world.weights)
        assert at in {found.record.step, found.record.step - 1}
        if found.is_open:
            assert "step" in record_words(found)
            with pytest.raises(Refused, match="a shift is open"):
                world.shift()
            ended = end_shift(
                a_topology(),
                Wish.ABORT,
                fleet=world.fleet,
                clock=world.clock,
                narrator=world.voice,
                timeout_s=60,
            )
            assert ended.phase is ShiftPhase.ABORTED
            assert world.weights == {"c1": "100", "c2": "0"}


def test_a_dead_shift_whose_weights_were_changed_is_only_closed() -> None:
    world = World()

    class Killed(BaseException):
        """Gone."""

    def kill() -> None:
        raise Killed

    world.once(15, kill)
    with pytest.raises(Killed):
        world.shift()
    other = Weights.of({"c1": 33, "c2": 67})
    set_weights(a_topology(), other, fleet=world.fleet, dry_run=False)

    def end(wish: Wish) -> ShiftRecord:
        return end_shift(
            a_topology(),
            wish,
            fleet=world.fleet,
            clock=world.clock,
            narrator=world.voice,
            timeout_s=60,
        )

    with pytest.raises(Conflict, match="none of the shift's"):
        end(Wish.ABORT)
    assert end(Wish.FREEZE).phase is ShiftPhase.STOPPED
    assert world.weights == {"c1": "33", "c2": "67"}
    assert world.shift(percents=(50, 100)).phase is ShiftPhase.DONE, "the next one may begin"


def test_F32_a_fleet_in_trouble_is_waited_for_on_the_way_back() -> None:
    world = World()
    trouble = Unreachable("the connection was refused")

    def fall() -> None:
        until = world.clock.elapsed_s + 30
        world.gateway.lose = lambda member, _: member == "c2"
        world.fleet.fail = lambda _: trouble if world.clock.elapsed_s < until else None

    world.once(15, fall)
    report = world.shift()
    assert report.phase is ShiftPhase.ROLLED_BACK
    assert world.weights == {"c1": "100", "c2": "0"}
    assert sum("trying again" in warning for warning in world.voice.warnings) == 1


def test_a_fleet_that_stays_away_is_the_loudest_failure() -> None:
    world = World()

    def fall() -> None:
        world.gateway.lose = lambda member, _: member == "c2"
        world.fleet.fail = lambda _: Unreachable("the connection was refused")

    world.once(15, fall)
    with pytest.raises(RestoreIncomplete) as caught:
        world.shift()
    assert "set-weights poc-ack-1=100 poc-ack-2=0" in (caught.value.hint or "")


def test_F6_a_full_disk_stops_a_shift_but_not_its_way_back() -> None:
    world = World()
    world.book.full = Refused("no space left on device")
    with pytest.raises(Refused, match="no space"):
        world.shift()
    assert read_record(a_topology(), world.fleet) is None
    world = World()
    world.once(15, lambda: setattr(world.book, "full", Refused("no space left on device")))
    report = world.shift()
    assert report.phase is ShiftPhase.ROLLED_BACK
    assert world.weights == {"c1": "100", "c2": "0"}


def test_a_member_that_cannot_carry_the_traffic_is_refused() -> None:
    world = World()
    lacking = {**_READY, "readyReplicas": 1}
    world._show_status(world.members["c2"], world.members["c2"].list(DEPLOYMENT)[0].id, lacking)
    with pytest.raises(Refused, match="poc-ack-2 cannot carry traffic: 1 of 2 pods ready"):
        world.shift()


def test_nothing_is_shifted_while_a_drill_is_open() -> None:
    world = World()
    (workload,) = world.members["c1"].list(DEPLOYMENT)
    path = "/metadata/labels/alb-dr.io~1drill-open"
    world.members["c1"].patch(workload.id, [{"op": "add", "path": path, "value": "true"}])
    with pytest.raises(Refused, match="a drill is open"):
        world.shift()


def test_F55_live_weights_that_are_no_split_are_refused() -> None:
    world = World()
    path = "/metadata/annotations/alb.ingress.kubernetes.io~1cluster-weight."
    world.fleet.patch(ROUTE, [{"op": "replace", "path": f"{path}c1", "value": "90"}])
    with pytest.raises(Conflict, match="sum to 90"):
        world.shift()
    world.fleet.patch(ROUTE, [{"op": "add", "path": f"{path}gone", "value": "10"}])
    with pytest.raises(Conflict, match="gone"):
        world.shift()


def test_steering_without_a_shift_says_so() -> None:
    world = World()
    with pytest.raises(NotFound, match="no shift is under way"):
        steer(a_topology(), Wish.PAUSE, fleet=world.fleet, clock=world.clock, timeout_s=5)


def test_foreseeing_reads_only() -> None:
    world = World()
    world.fleet.calls.clear()
    way = foresee(
        a_request(),
        a_topology(),
        fleet=world.fleet,
        members=world.members,
        now=world.clock.now(),
        narrator=world.voice,
    )
    assert [w.as_dict()["c2"] for w in way] == [0, 10, 50, 100]
    assert {c.split()[0] for c in world.fleet.calls} == {"get", "list"}


def test_F20_a_shift_that_Argo_CD_would_undo_is_refused_before_anything_is_written() -> None:
    world = World()
    with_argo(world.fleet)
    with pytest.raises(Refused, match="selfHeal") as caught:
        world.shift()
    assert caught.value.code == "ADR-SELF-HEAL"
    assert world.weights == {"c1": "100", "c2": "0"}
    assert read_record(a_topology(), world.fleet) is None


def test_F37_who_may_not_ask_Argo_CD_is_warned_and_shifts() -> None:
    world = World()
    forbidden = Forbidden("no")
    world.fleet.fail = lambda call: forbidden if call == "list applications" else None
    assert world.shift().phase is ShiftPhase.DONE
    assert any("whether Argo CD puts the weights back" in w for w in world.voice.warnings)


def test_F10_weights_that_a_drill_holds_are_not_shifted() -> None:
    world = World()
    live = live_ingress(a_topology(), fleet=world.fleet)
    annotations = {**live.annotations, ANNOTATION: "{}"}
    metadata = {**live.metadata, "annotations": annotations}
    world.fleet.replace(Manifest(id=live.id, document={**live.document, "metadata": metadata}))
    with pytest.raises(Refused, match="a drill is open on Ingress"):
        world.shift()


def test_a_step_that_could_not_be_held_is_said_to_be_proven_but_not_held() -> None:
    """And the report says what became of the requests that were lost."""
    world = World()
    world.once(20, lambda: setattr(world.gateway, "lose", lambda member, _: member == "c2"))
    report = world.shift(hold_s=30.0)
    step = report.steps[-1]
    assert (step.proven, step.held) == (True, False)
    assert step.classes == {"server_error": step.lost}
    assert report.classes == {"server_error": report.lost}
    lines = "\n".join(shift_lines(report))
    assert "proven, NOT held, in" in lines
    assert f"{report.lost} of {report.requests} requests lost ({report.lost} server error" in lines
    assert lines.lower().count("rolled back") == 1


def test_a_signal_that_comes_when_all_is_done_does_not_hide_how_it_ended() -> None:
    """The prober is stopped behind the last step: nothing can be taken back any more."""
    world = World()
    held: list[str] = []

    @contextmanager
    def shield() -> Iterator[None]:
        held.append("in")
        yield
        if held.pop() and not held:
            raise Interruption(15)

    shift = Shift(a_request(), a_topology(), dataclasses.replace(world.ports(), shield=shield))
    with pytest.raises(Interruption):
        shift.run()
    assert shift.over is not None
    assert shift.over.phase is ShiftPhase.DONE
    assert world.weights == {"c1": "0", "c2": "100"}


def test_two_shifts_at_once_are_one_shift() -> None:
    world = World()
    caught: list[str] = []

    def second() -> None:
        try:
            Shift(a_request(shift_id="other"), a_topology(), world.ports()).run()
        except Refused as refused:
            caught.append(refused.message)

    world.once(15, second)
    assert world.shift().phase is ShiftPhase.DONE
    assert "7f3a of ann@bastion" in caught[0]


@pytest.mark.parametrize("percents", [(100, 50), (50,), (0, 100), (50, 50, 100)])
def test_steps_that_do_not_rise_to_100_are_refused(percents: tuple[int, ...]) -> None:
    from alb_dr.model.shift import parse_percents

    with pytest.raises(BadInput):
        parse_percents(",".join(map(str, percents)))


def test_a_record_keeps_the_members_in_the_order_of_the_file() -> None:
    """People read it: 20/80 must not turn into 80/20 because of the ids."""
    vectors = [{"c9": 100, "c1": 0}, {"c9": 20, "c1": 80}]
    record = ShiftRecord(
        shift="x", vectors=vectors, step=1, phase=ShiftPhase.RUNNING, by="", reason="", started=""
    )
    again = ShiftRecord.parse(record.dump())
    assert again is not None
    assert list(again.vectors[1].values()) == [20, 80]


def test_I4_weights_that_somebody_sets_between_our_look_and_our_write_stay() -> None:
    fleet = a_fleet()
    set_weights(a_topology(), START, fleet=fleet, dry_run=False)
    other, theirs = fleet.as_manager("argocd-controller"), Weights.of({"c1": 33, "c2": 67})
    looked: list[str] = []

    def meddle(call: str) -> None:
        if looked == [f"get {ROUTE}"]:
            looked.append("meddled")
            set_weights(a_topology(), theirs, fleet=other, dry_run=False)
        looked.append(call)

    fleet.fail = meddle  # type: ignore[assignment]  # it refuses nothing
    hand = ShiftHand(a_topology(), fleet=fleet, narrator=TellTale(), journal=FakeJournal())
    with pytest.raises(Foreign):
        hand.write(START, TARGET)
    live = fleet.get(ROUTE)
    assert live is not None
    assert weights_of(live.annotations) == {"c1": "33", "c2": "67"}


def _closing_fails(world: World, times: int) -> None:
    """The Fleet refuses so many writes of the record that say the shift is over."""
    patch = world.fleet.patch
    left = [times]

    def refused(id_, operations, **words):  # type: ignore[no-untyped-def]
        if id_.kind.name == "ConfigMap" and '"done"' in str(operations) and left[0]:
            left[0] -= 1
            raise Unreachable("the Fleet answers 503")
        return patch(id_, operations, **words)

    world.fleet.patch = refused  # type: ignore[method-assign]


def test_F34_the_end_of_a_shift_is_written_down_in_spite_of_a_burst_of_errors() -> None:
    world = World()
    _closing_fails(world, 2)
    assert world.shift().phase is ShiftPhase.DONE
    assert world.record.phase is ShiftPhase.DONE


def test_a_shift_whose_record_stays_open_does_not_end_well() -> None:
    world = World()
    _closing_fails(world, 99)
    with pytest.raises(RestoreIncomplete) as caught:
        world.shift()
    assert "stays open" in caught.value.message
    assert "abort --freeze" in (caught.value.hint or "")
    assert world.weights == {"c1": "0", "c2": "100"}, "the traffic stays where it was moved"
