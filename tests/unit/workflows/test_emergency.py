"""The emergency: one patch, at once, whatever else does not answer."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from alb_dr.clock import RealClock
from alb_dr.errors import (
    AlbDrError,
    BadInput,
    Conflict,
    Forbidden,
    OutcomeUnknown,
    Refused,
    Unreachable,
)
from alb_dr.model.manifest import ENDPOINT_SLICE, LEASE, Manifest, ResourceId
from alb_dr.model.shift import ShiftPhase
from alb_dr.model.weights import Weights
from alb_dr.ports import KubeReader
from alb_dr.render.annotations import weights_of
from alb_dr.workflows.delivery.weights import live_ingress, set_weights
from alb_dr.workflows.records.away import away_of
from alb_dr.workflows.records.book import Book
from alb_dr.workflows.records.lease import DRILL, DrillLock, lease_id
from alb_dr.workflows.records.shift_record import read_record
from alb_dr.workflows.shift.emergency import (
    Emergency,
    EmergencyPorts,
    MovedAway,
    foresee_away,
    move_away,
)
from tests.builders import PROJECT, a_topology
from tests.fakes.argo import with_argo
from tests.fakes.fleet import a_fleet
from tests.fakes.gateway import ROUTE, FakeJournal, no_shield
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale
from tests.unit.model.test_moves import THREE
from tests.unit.workflows.test_shift import World, a_request


class Member(FakeKube):
    """A member that only knows how many endpoints are ready, or what keeps it from answering."""

    def __init__(self, name: str, endpoints: int) -> None:
        super().__init__(name)
        self.endpoints = endpoints
        self.trouble: Callable[[], None] = lambda: None

    def list(self, kind, **words):  # type: ignore[no-untyped-def]
        assert kind == ENDPOINT_SLICE
        self.trouble()
        ready = [{"conditions": {"ready": True}}] * self.endpoints
        id_ = ResourceId(kind=kind, name="s", namespace="gateway-demo")
        return (Manifest(id=id_, document={"endpoints": ready, "metadata": {}}),)


class Scene:
    """A Fleet with an Ingress, members that can be asked, and a journal."""

    def __init__(self, text: str = PROJECT) -> None:
        self.topology = a_topology(text)
        self.fleet = a_fleet(text=text)
        self.members = {m.id: Member(m.name, 2) for m in self.topology.members}
        self.voice, self.book = TellTale(), FakeJournal()
        self.clock: StillClock | RealClock = StillClock()
        self.asked: list[str] = []

    def ports(self) -> EmergencyPorts:
        def member(id_: str) -> KubeReader:
            self.asked.append(id_)
            return self.members[id_]

        return EmergencyPorts(
            fleet=self.fleet,
            members=member,
            clock=self.clock,
            narrator=self.voice,
            book=Book(self.book, self.voice),
            shield=no_shield,
            operator="ann@bastion",
        )

    def start(self, *gone: str, **changes: object) -> MovedAway:
        return move_away(an_emergency(*gone, **changes), self.topology, self.ports())

    @property
    def weights(self) -> list[str]:
        live = self.fleet.get(ROUTE)
        assert live is not None
        found = weights_of(live.annotations)
        return [found[m.id] for m in self.topology.members]

    def locked_by(self, drill: str, *, ago_s: float = 0.0) -> None:
        clock = StillClock()
        lock = DrillLock(
            lease_id(self.topology), fleet=self.fleet, clock=clock, narrator=self.voice
        )
        lock.acquire(holder="bob@bastion", drill=drill)
        self.clock.sleep(ago_s)

    @property
    def holders(self) -> list[str]:
        return [lease.annotations[DRILL] for lease in self.fleet.list(LEASE)]


def an_emergency(*gone: str, **changes: object) -> Emergency:
    made = Emergency(operation="e1", away_from=gone or ("poc-ack-2",), reason="zone c burns")
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


def test_one_patch_moves_everything_and_remembers() -> None:
    scene = Scene()
    done = scene.start()
    assert scene.weights == ["100", "0"]
    assert scene.fleet.calls.count(f"patch {ROUTE}") == 1
    assert scene.asked == ["c1"], "the lost member is not asked"
    away = away_of(live_ingress(scene.topology, fleet=scene.fleet))
    assert away is not None
    assert (away.verb, away.reason, away.former) == ("start", "zone c burns", {"c1": 20, "c2": 80})
    assert done.survivors.endpoints == {"poc-ack-1": 2}
    assert scene.holders == []
    assert [event for event, _ in scene.book.events] == ["intent", "moved"]


def test_few_calls_go_before_the_patch() -> None:
    """Each is a round trip to a Fleet that may be far away."""
    scene = Scene()
    scene.fleet.calls.clear()
    scene.start()
    before = scene.fleet.calls[: scene.fleet.calls.index(f"patch {ROUTE}")]
    assert [call.split()[0] for call in before] == ["get", "create"]


def test_F20_argo_cd_that_will_undo_it_is_named_behind_the_patch() -> None:
    scene = Scene()
    with_argo(scene.fleet)
    assert scene.start("poc-ack-1").written
    assert any("this may not last" in warning for warning in scene.voice.warnings)


def test_doing_it_again_changes_nothing() -> None:
    scene = Scene()
    scene.start()
    scene.fleet.calls.clear()
    assert not scene.start().written
    assert [c for c in scene.fleet.calls if c.split()[0] != "get"] == []


def test_with_three_members_the_others_keep_their_proportions() -> None:
    scene = Scene(THREE)
    scene.start("poc-ack-1")
    assert scene.weights == ["0", "75", "25"]
    scene.start("poc-ack-1", "poc-ack-2", operation="e2")
    assert scene.weights == ["0", "0", "100"]
    away = away_of(live_ingress(scene.topology, fleet=scene.fleet))
    assert away is not None
    assert away.former == {"c1": 20, "c2": 60, "c3": 20}, "home is where it was before the first"


def test_who_was_left_as_lost_is_not_gone_back_to_unseen() -> None:
    """Two emergencies, or one typing error, must not end in a member that is gone."""
    scene = Scene()
    scene.start("poc-ack-2")

    def gone() -> None:
        raise Unreachable("no route")

    scene.members["c2"].trouble = gone
    with pytest.raises(Refused, match="away from poc-ack-2 already") as refusal:
        scene.start("poc-ack-1", operation="e2")
    assert refusal.value.code == "ADR-SURVIVOR"
    assert scene.weights == ["100", "0"]
    away = away_of(live_ingress(scene.topology, fleet=scene.fleet))
    assert away is not None
    assert away.members == ("c2",), "it is still known who was left"


def test_who_was_left_and_is_seen_to_serve_again_may_carry_everything() -> None:
    scene = Scene()
    scene.start("poc-ack-2")
    assert scene.start("poc-ack-1", operation="e2").written
    assert scene.weights == ["0", "100"]
    assert any("it has ready endpoints again" in warning for warning in scene.voice.warnings)


def test_a_survivor_known_to_be_dead_is_refused() -> None:
    scene = Scene(THREE)
    scene.members["c3"].endpoints = 0
    with pytest.raises(Refused, match="poc-ack-3 has no ready endpoint") as refusal:
        scene.start("poc-ack-1")
    assert refusal.value.code == "ADR-SURVIVOR"
    assert refusal.value.hint is not None
    assert "--away-from poc-ack-1 --away-from poc-ack-3" in refusal.value.hint
    assert scene.weights == ["20", "60", "20"]
    assert scene.start("poc-ack-1", "poc-ack-3").written


@pytest.mark.parametrize("error", [Unreachable("no route"), Forbidden("no")])
def test_F41_a_survivor_that_cannot_be_asked_is_told_and_gone_to(error: AlbDrError) -> None:
    scene = Scene()

    def fail() -> None:
        raise error

    scene.members["c1"].trouble = fail
    assert scene.start().written
    assert "whether poc-ack-1 can serve is not known" in scene.voice.warnings[0]


def test_F31_a_survivor_that_hangs_costs_a_moment_only() -> None:
    scene, ends = Scene(), threading.Event()
    scene.clock = RealClock()
    scene.members["c1"].trouble = lambda: ends.wait(20) and None
    began = time.monotonic()
    done = scene.start()
    ends.set()
    assert done.written
    assert time.monotonic() - began < 5, "it waited for the survivor"
    assert done.survivors.unknown == {"poc-ack-1": "no answer within 0.7 s"}


def test_F6_a_full_disk_is_told_and_does_not_keep_it_from_writing() -> None:
    scene = Scene()
    scene.book.full = OSError(28, "No space left on device")
    assert scene.start().written
    assert scene.weights == ["100", "0"]
    assert "the journal could not be written" in scene.voice.warnings[0]


def test_F8_whoever_holds_the_lock_is_named_and_gives_way_only_by_name() -> None:
    scene = Scene()
    scene.locked_by("d1")
    with pytest.raises(Conflict, match="d1 of bob@bastion") as refusal:
        scene.start()
    assert refusal.value.code == "ADR-LOCKED"
    assert refusal.value.hint is not None
    assert "--take-over d1" in refusal.value.hint
    assert scene.weights == ["20", "80"]
    assert scene.holders == ["d1"]
    with pytest.raises(Conflict, match="d1"):
        scene.start(take_over="d2")
    done = scene.start(take_over="d1")
    assert done.took_over is not None
    assert "d1 of bob" in done.took_over
    assert scene.weights == ["100", "0"]
    assert scene.holders == []


def test_a_lock_that_was_left_behind_gives_way_without_a_wait() -> None:
    scene = Scene()
    scene.locked_by("d1", ago_s=120)
    before = scene.clock.monotonic()
    assert scene.start().took_over is not None
    assert scene.clock.monotonic() - before < 30
    assert "the lock was taken over: d1 of bob" in scene.voice.warnings[0]


def test_a_lock_that_may_not_be_written_is_told_and_gone_without() -> None:
    scene = Scene()
    scene.fleet.fail = lambda call: Forbidden("no leases") if "Lease" in call else None
    assert scene.start().written
    assert "no lock could be taken: no leases" in scene.voice.warnings[0]


def test_F38_weights_that_change_in_between_are_read_and_decided_anew() -> None:
    scene = Scene(THREE)
    others = [(30, 40, 30), (10, 45, 45)]

    def interfere(call: str) -> None:
        if call == f"patch {ROUTE}" and others:
            weights = dict(zip(("c1", "c2", "c3"), others.pop(0), strict=True))
            calm = scene.fleet.fail
            scene.fleet.fail = lambda _: None
            set_weights(scene.topology, Weights.of(weights), fleet=scene.fleet, dry_run=False)
            scene.fleet.fail = calm

    scene.fleet.fail = interfere  # type: ignore[assignment]  # it returns no error
    assert scene.start("poc-ack-1").written
    assert scene.weights == ["0", "50", "50"]


def test_F32_a_lost_answer_is_settled_by_looking() -> None:
    scene, lost = Scene(), [OutcomeUnknown("the answer was lost")]
    patch = scene.fleet.patch

    def commits_and_drops(id_, operations, **how):  # type: ignore[no-untyped-def]
        done = patch(id_, operations, **how)
        if lost:
            raise lost.pop()
        return done

    scene.fleet.patch = commits_and_drops  # type: ignore[method-assign]  # the wire loses answers
    assert scene.start().written
    assert scene.weights == ["100", "0"]


def test_without_the_fleet_nothing_is_moved_and_it_is_said() -> None:
    scene = Scene()
    scene.fleet.fail = lambda _: Unreachable("the Fleet does not answer")
    with pytest.raises(Unreachable):
        scene.start()


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        (("nobody",), "'nobody' is not a member"),
        (("poc-ack-1", "poc-ack-2"), "cannot all be 0"),
        (("poc-ack-1", "c2"), "cannot all be 0"),
    ],
)
def test_F54_what_cannot_be_meant_is_refused_before_anything_is_asked(
    gone: tuple[str, ...], words: str
) -> None:
    scene = Scene()
    scene.fleet.calls.clear()
    with pytest.raises(BadInput, match=words):
        scene.start(*gone)
    assert scene.fleet.calls == []


def test_F55_a_strangers_weight_is_refused() -> None:
    scene = Scene()
    live = live_ingress(scene.topology, fleet=scene.fleet)
    key = "/metadata/annotations/alb.ingress.kubernetes.io~1cluster-weight.c9"
    scene.fleet.patch(live.id, [{"op": "add", "path": key, "value": "5"}])
    with pytest.raises(Conflict) as refusal:
        scene.start()
    assert refusal.value.code == "ADR-STALE-WEIGHT"


def test_weights_that_are_no_split_are_replaced_by_the_files() -> None:
    scene = Scene()
    live = live_ingress(scene.topology, fleet=scene.fleet)
    key = "/metadata/annotations/alb.ingress.kubernetes.io~1cluster-weight.c2"
    scene.fleet.patch(live.id, [{"op": "add", "path": key, "value": "70"}])
    assert scene.start().written
    assert scene.weights == ["100", "0"]
    assert "going on from the file's weights" in scene.voice.warnings[0]


def test_a_dry_run_asks_the_server_and_stores_nothing() -> None:
    scene = Scene()
    done = foresee_away(an_emergency(), scene.topology, scene.ports())
    assert not done.written
    assert done.after.as_dict() == {"c1": 100, "c2": 0}
    assert scene.weights == ["20", "80"]
    assert scene.holders == []
    assert scene.book.events == []


def test_F8_a_dry_run_says_who_holds_the_lock_as_the_real_one_would() -> None:
    scene = Scene()
    scene.locked_by("d1")
    with pytest.raises(Conflict, match="d1 of bob@bastion") as refusal:
        foresee_away(an_emergency(), scene.topology, scene.ports())
    assert refusal.value.code == "ADR-LOCKED"
    assert scene.holders == ["d1"]
    assert foresee_away(an_emergency(take_over="d1"), scene.topology, scene.ports()).away


def test_a_dry_run_goes_on_where_the_lock_cannot_be_read() -> None:
    scene = Scene()
    scene.fleet.fail = lambda call: Forbidden("no leases") if "Lease" in call else None
    assert not foresee_away(an_emergency(), scene.topology, scene.ports()).written
    assert "the lock cannot be read: no leases" in scene.voice.warnings[0]


def test_a_shift_that_is_taken_over_stops_and_writes_nothing_more() -> None:
    """The emergency takes the lock of a living shift; the shift sees it at its next look."""
    world = World()
    done: list[MovedAway] = []

    def emergency() -> None:
        ports = EmergencyPorts(
            fleet=world.fleet,
            members=world.members.__getitem__,
            clock=world.clock,
            narrator=world.voice,
            book=Book(FakeJournal(), world.voice),
            shield=no_shield,
            operator="ann",
        )
        asked = an_emergency("poc-ack-1", take_over="7f3a")
        done.append(move_away(asked, a_topology(), ports))

    world.once(20, emergency)
    report = world.shift(hold_s=30.0)
    assert done[0].written
    assert report.phase is ShiftPhase.STOPPED
    assert world.weights == {"c1": "0", "c2": "100"}
    assert world.record.phase is ShiftPhase.STOPPED


def test_a_dead_shift_does_not_stay_open_after_an_emergency(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()

    class Killed(BaseException):
        """Gone."""

    def die() -> None:
        raise Killed

    world.once(20, die)
    monkeypatch.setattr(DrillLock, "release", lambda _: None)
    with pytest.raises(Killed):
        world.shift(hold_s=60.0)
    monkeypatch.undo()
    world.clock.elapsed_s += 100
    ports = dataclasses.replace(
        Scene().ports(), fleet=world.fleet, members=world.members.__getitem__, clock=world.clock
    )
    assert move_away(an_emergency("poc-ack-1"), a_topology(), ports).written
    found = read_record(a_topology(), world.fleet)
    assert found is not None
    assert not found.is_open
    assert found.record is not None
    assert "failover start e1 moved the traffic" in found.record.why


def test_signals_wait_until_the_weights_are_written() -> None:
    scene, shielded = Scene(), []

    @contextmanager
    def shield() -> Iterator[None]:
        shielded.append("in")
        yield
        shielded.append(scene.weights[0])

    ports = dataclasses.replace(scene.ports(), shield=shield)
    move_away(an_emergency(), scene.topology, ports)
    assert shielded == ["in", "100"]


def test_what_was_asked_for_is_remembered_by_a_request() -> None:
    """A shift after an emergency keeps the record until it ends it."""
    world = World()
    set_weights(a_topology(), Weights.of({"c1": 20, "c2": 80}), fleet=world.fleet, dry_run=False)
    scene = Scene()
    ports = dataclasses.replace(
        scene.ports(), fleet=world.fleet, members=world.members.__getitem__, clock=world.clock
    )
    move_away(an_emergency(), a_topology(), ports)
    from alb_dr.workflows.shift.shift import Shift

    half = Weights.of({"c1": 60, "c2": 40})
    request = a_request(target=half, percents=(100,), hold_s=1.0)
    assert Shift(request, a_topology(), world.ports()).run().phase is ShiftPhase.DONE
    left = away_of(live_ingress(a_topology(), fleet=world.fleet))
    assert left is not None
    assert left.verb == "start"
