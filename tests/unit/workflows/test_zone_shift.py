"""Zones of the ALB out of DNS and back: asked first, looked at before and after, always undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from alb_dr.errors import (
    AlbDrError,
    BadInput,
    Conflict,
    DeadlineExceeded,
    ExitCode,
    Forbidden,
    Interruption,
    NotFound,
    Refused,
    Rejected,
    RestoreIncomplete,
    Unreachable,
)
from alb_dr.model.manifest import Manifest
from alb_dr.model.shift import ShiftPhase
from alb_dr.model.weights import Weights
from alb_dr.model.zone_shift import ZonePhase, ZoneRecord
from alb_dr.workflows.delivery.gateway import albconfig_id
from alb_dr.workflows.delivery.weights import set_weights
from alb_dr.workflows.records.lease import DrillLock, lease_id
from alb_dr.workflows.records.zone_record import RECORD, read_zones, zone_record_id, zone_words
from alb_dr.workflows.zone.companion import ZoneCompanion, leaving, zones_home
from alb_dr.workflows.zone.shift import ZonePorts, ZoneShift
from tests.builders import PROJECT, a_topology
from tests.fakes.argo import a_namespace
from tests.fakes.fleet import a_fleet, writes
from tests.fakes.gateway import FakeJournal, MovingClock, no_shield
from tests.fakes.kube import FakeKube
from tests.fakes.voice import TellTale
from tests.fakes.zones import FakeAlb, an_alb, once

ZONED = PROJECT.replace("poc-ack-1, k", "poc-ack-1, zone: zone-b, k").replace(
    "poc-ack-2, k", "poc-ack-2, zone: zone-c, k"
)
THREE = ZONED.replace(
    "weights: {poc-ack-1: 20, poc-ack-2: 80}",
    "  - {id: c3, name: poc-ack-3, zone: zone-d, kubeconfig: three.yaml}\n"
    "weights: {poc-ack-1: 20, poc-ack-2: 40, poc-ack-3: 40}",
)


class Killed(BaseException):
    """SIGKILL: nothing of the process goes on, not even its ``except``."""


class Signal:
    """A shield that lets a signal in only outside of it, as ``cli/signals.py`` does."""

    def __init__(self) -> None:
        self.depth = 0
        self.held = False

    @contextmanager
    def shield(self) -> Iterator[None]:
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
        if self.held and not self.depth:
            self.held = False
            raise Interruption(2)

    def strike(self) -> Interruption | None:
        """What the interrupted call raises now; held back inside the shield."""
        if not self.depth:
            return Interruption(2)
        self.held = True
        return None


class World:
    """A Fleet with an ALB of two zones, one for each member."""

    def __init__(self, text: str = ZONED, **alb: Any) -> None:
        self.topology = a_topology(text)
        self.fleet = FakeKube()
        self.fleet.create(a_namespace("gateway-demo"))
        self.show_alb("alb-1")
        self.clock = MovingClock()
        self.alb = FakeAlb(self.clock, an_alb(**alb) if alb else None)
        self.book, self.voice = FakeJournal(), TellTale()
        self.shield: Callable[[], Any] = no_shield

    def show_alb(self, alb_id: str) -> None:
        """What the AlbConfig's status says."""
        fleet, id_ = self.fleet, albconfig_id(self.topology)
        status = {"loadBalancer": {"id": alb_id, "dnsname": "alb-1.test"}}

        def get(wanted: Any) -> Manifest | None:
            if wanted == id_:
                return Manifest(id=wanted, document={"metadata": {}, "status": status})
            return FakeKube.get(fleet, wanted)

        fleet.get = get  # type: ignore[method-assign]  # as the docstring says

    def zones(self, operator: str = "ann@bastion") -> ZoneShift:
        """The workflow, as a new process would make it."""
        ports = ZonePorts(
            fleet=self.fleet,
            cloud=self.alb,  # type: ignore[arg-type]  # only the ALB is read
            switch=self.alb,
            clock=self.clock,
            narrator=self.voice,
            journal=self.book,
            shield=self.shield,
            operator=operator,
            timeout_s=30.0,
        )
        return ZoneShift(self.topology, ports)

    def away(self, *names: str) -> list[Any]:
        """Members by name."""
        return [self.topology.member(name) for name in names or ("poc-ack-2",)]

    def out(self, *names: str) -> ZoneRecord:
        """Plan and start."""
        zones = self.zones()
        return zones.start(zones.plan(self.away(*names)), shift_id="x1", reason="rehearsal")

    def phase(self) -> ZonePhase | None:
        """What the record says; None without one."""
        found = read_zones(self.topology, self.fleet)
        return found.record.phase if found is not None and found.record is not None else None


@pytest.fixture
def world() -> World:
    """The usual one."""
    return World()


def test_the_plan_asks_for_a_dry_run_and_changes_nothing(world: World) -> None:
    before = writes(world.fleet)
    plan = world.zones().plan(world.away())
    assert plan.words == "zone-c (10.0.0.2) of alb-1 out of DNS; zone-b stays"
    assert world.alb.calls == ["read alb-1", "dry start zone-c"]
    assert world.alb.states == {"zone-b": "Active", "zone-c": "Active"}
    assert writes(world.fleet) == before
    assert world.book.events == []


def test_a_zone_goes_out_of_DNS_and_comes_back(world: World) -> None:
    record = world.out()
    assert (record.phase, record.zone_ids) == (ZonePhase.OUT, ("zone-c",))
    assert world.alb.states == {"zone-b": "Active", "zone-c": "Shifted"}
    assert [event for event, _ in world.book.events] == ["zones out", "zone seen"]
    found = read_zones(world.topology, world.fleet)
    assert found is not None
    assert found.is_open
    assert zone_words(found) == (
        "zone zone-c of alb-1 out of DNS, by ann@bastion since 2026-03-01T12:00:00+00:00: rehearsal"
    )
    assert world.zones().plan_back() == found.record
    assert "dry cancel zone-c" in world.alb.calls
    back = world.zones("bob@elsewhere").cancel()
    assert back is not None
    assert back.phase is ZonePhase.BACK
    assert world.alb.states == {"zone-b": "Active", "zone-c": "Active"}
    assert world.zones().cancel() is None
    assert world.zones().plan_back() is None


def test_the_intent_is_in_the_journal_and_on_the_Fleet_before_the_cloud_is_asked(
    world: World,
) -> None:
    seen: list[tuple[int, ZonePhase | None]] = []

    def look(call: str) -> None:
        if call == "start zone-c":
            seen.append((len(world.book.events), world.phase()))

    world.alb.fail = look
    world.out()
    assert seen == [(1, ZonePhase.LEAVING)]


def test_a_second_start_asks_for_nothing_that_is_there(world: World) -> None:
    world.out()
    asked = world.alb.calls.count("start zone-c")
    assert world.out().phase is ZonePhase.OUT
    assert world.alb.calls.count("start zone-c") == asked == 1


def test_three_members_leave_one_zone_and_each_goes_by_a_call_of_its_own() -> None:
    world = World(THREE, zones=("zone-b", "zone-c", "zone-d"))
    record = world.out("poc-ack-2", "poc-ack-3")
    assert record.zone_ids == ("zone-c", "zone-d")
    assert world.alb.states == {"zone-b": "Active", "zone-c": "Shifted", "zone-d": "Shifted"}
    assert [c for c in world.alb.calls if c.startswith("start")] == ["start zone-c", "start zone-d"]
    world.zones().cancel()
    assert set(world.alb.states.values()) == {"Active"}


def managed() -> Rejected:
    return Rejected("OperationDenied.ServiceManagedResource", code="ADR-CLOUD-MANAGED")


REFUSED: dict[str, tuple[Callable[[], World], type[AlbDrError], str, ExitCode]] = {
    "a member's zone is unknown": (
        lambda: World(PROJECT), BadInput, "ADR-ZONE-UNKNOWN", ExitCode.BAD_INPUT,
    ),
    "a member that stays is in the zone": (
        lambda: World(ZONED.replace("zone-b", "zone-c")), Refused, "ADR-ZONE-SHARED",
        ExitCode.REFUSED,
    ),
    "the ALB has no address there": (
        lambda: World(zones=("zone-b", "zone-x")), Refused, "ADR-ZONE-UNKNOWN", ExitCode.REFUSED,
    ),
    "the addresses are dynamic": (
        lambda: World(address_mode="Dynamic"), Refused, "ADR-ZONE-DYNAMIC", ExitCode.REFUSED,
    ),
    "the cloud does not say how they are": (
        lambda: World(address_mode=""), Refused, "ADR-ZONE-DYNAMIC", ExitCode.REFUSED,
    ),
    "it is the last zone": (
        lambda: with_state("zone-b", "Shifted"), Refused, "ADR-ZONE-LAST", ExitCode.REFUSED,
    ),
    "the other zone is stopped": (
        lambda: with_state("zone-b", "Stopped"), Refused, "ADR-ZONE-LAST", ExitCode.REFUSED,
    ),
    "somebody else shifted it": (
        lambda: with_state("zone-c", "Shifted"), Conflict, "ADR-ZONE-STATE", ExitCode.CONFLICT,
    ),
    "its state is a word nobody knows": (
        lambda: with_state("zone-c", "Dreaming"), Conflict, "ADR-ZONE-STATE", ExitCode.CONFLICT,
    ),
    "a service manages the ALB": (
        lambda: failing(managed(), "dry start"), Rejected, "ADR-CLOUD-MANAGED", ExitCode.REJECTED,
    ),
    "RAM says no": (
        lambda: failing(Forbidden("no"), "dry start"), Forbidden, "ADR-FORBIDDEN",
        ExitCode.FORBIDDEN,
    ),
}  # fmt: skip


def with_state(zone: str, state: str) -> World:
    world = World(zones=("zone-b", "zone-c"))
    world.alb.put(zone, state)
    return world


def failing(error: AlbDrError, call: str) -> World:
    world = World()
    world.alb.fail = once(error, call)
    return world


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_before_anything_is_written_when(name: str) -> None:
    make, kind, code, exit_code = REFUSED[name]
    world = make()
    before = writes(world.fleet)
    with pytest.raises(kind) as caught:
        world.out()
    assert (caught.value.code, caught.value.exit_code) == (code, exit_code)
    assert writes(world.fleet) == before
    assert not [c for c in world.alb.calls if c.startswith("start")]


def test_without_an_ALB_it_says_which_command_makes_one(world: World) -> None:
    world.show_alb("")
    with pytest.raises(NotFound, match="the gateway has no ALB yet"):
        world.zones().plan(world.away())


def test_other_zones_that_are_out_must_come_back_first() -> None:
    world = World(THREE, zones=("zone-b", "zone-c", "zone-d"))
    world.out("poc-ack-2")
    with pytest.raises(Refused) as caught:
        world.zones().plan(world.away("poc-ack-3"))
    assert caught.value.code == "ADR-ZONES-OUT"


def test_what_changed_between_the_plan_and_the_write_is_seen(world: World) -> None:
    zones = world.zones()
    plan = zones.plan(world.away())
    world.alb.put("zone-b", "Stopped")
    with pytest.raises(Refused):
        zones.start(plan, shift_id="x1", reason="")
    assert world.phase() is None
    assert not [c for c in world.alb.calls if c.startswith("start")]


def test_a_vSwitch_that_differs_from_the_file_is_said(world: World) -> None:
    text = ZONED.replace("{vSwitchId: vsw-2}", "{vSwitchId: vsw-9, zoneId: zone-c}")
    world = World(text)
    world.out()
    assert world.voice.warnings == ["zone zone-c of alb-1 is on vsw-2, the project file says vsw-9"]


def test_F32_an_answer_that_was_lost_is_looked_for(world: World) -> None:
    world.alb.lose = once(Unreachable("no answer in time"), "start")
    assert world.out().phase is ZonePhase.OUT
    world.alb.lose = once(Unreachable("no answer in time"), "cancel")
    back = world.zones().cancel()
    assert back is not None
    assert back.phase is ZonePhase.BACK
    assert len(world.voice.warnings) == 2


def test_a_refusal_by_the_cloud_closes_the_record(world: World) -> None:
    world.alb.fail = once(managed(), "start")
    with pytest.raises(Rejected):
        world.out()
    assert world.phase() is ZonePhase.BACK
    assert world.zones().cancel() is None


def test_a_zone_that_does_not_move_is_a_timeout_and_can_be_brought_back(world: World) -> None:
    world.alb.stuck = True
    with pytest.raises(DeadlineExceeded, match="last seen: it is Stopping") as caught:
        world.out()
    assert caught.value.hint == "alb-dr failover back undoes it"
    assert world.phase() is ZonePhase.LEAVING
    assert "a zone may be out of DNS; alb-dr failover back brings it back" in world.voice.warnings
    world.alb.stuck = False
    world.zones().cancel()
    assert world.phase() is ZonePhase.BACK
    assert set(world.alb.states.values()) == {"Active"}


def test_the_second_of_two_zones_failing_leaves_the_record_of_the_first() -> None:
    world = World(THREE, zones=("zone-b", "zone-c", "zone-d"))
    world.alb.fail = once(Rejected("quota"), "start zone-d")
    with pytest.raises(Rejected):
        world.out("poc-ack-2", "poc-ack-3")
    assert world.phase() is ZonePhase.LEAVING
    world.zones().cancel()
    assert set(world.alb.states.values()) == {"Active"}
    assert world.phase() is ZonePhase.BACK


def test_a_zone_that_does_not_come_back_is_RESTORE_INCOMPLETE(world: World) -> None:
    world.out()
    world.alb.stuck = True
    with pytest.raises(RestoreIncomplete, match="it is Starting") as caught:
        world.zones().cancel()
    assert caught.value.hint == "do this now: alb-dr failover back"
    assert world.phase() is ZonePhase.RETURNING
    world.alb.stuck = False
    world.zones().cancel()
    assert world.phase() is ZonePhase.BACK


def test_a_zone_that_somebody_stopped_is_theirs(world: World) -> None:
    world.out()
    world.alb.put("zone-c", "Stopped")
    with pytest.raises(RestoreIncomplete, match="which alb-dr never asked for"):
        world.zones().cancel()
    assert not [c for c in world.alb.calls if c.startswith("cancel")]


def test_a_zone_that_somebody_brought_back_is_left_alone(world: World) -> None:
    world.out()
    world.alb.put("zone-c", "Active")
    world.zones().cancel()
    assert world.phase() is ZonePhase.BACK
    assert not [c for c in world.alb.calls if c.startswith("cancel")]


def test_an_ALB_that_is_gone_has_nothing_to_bring_back(world: World) -> None:
    world.out()
    world.alb.alb = None
    world.zones().cancel()
    assert world.phase() is ZonePhase.BACK
    assert "alb-1 is gone; there is nothing to bring back" in world.voice.notes


def test_a_record_nobody_can_read_is_not_touched(world: World) -> None:
    world.out()
    live = world.fleet.get(zone_record_id(world.topology))
    assert live is not None
    change = [{"op": "replace", "path": f"/data/{RECORD}", "value": '{"schema": 2}'}]
    world.fleet.patch(live.id, change)
    calls = list(world.alb.calls)
    for action in (world.zones().cancel, world.zones().plan_back):
        with pytest.raises(Conflict, match="cannot be read by this version"):
            action()
    with pytest.raises(Refused):
        world.zones().plan(world.away())
    assert world.alb.calls == calls


def test_F6_a_full_disk_stops_it_before_and_does_not_stop_the_way_back(world: World) -> None:
    world.book.full = Refused("the journal cannot be written", code="ADR-JOURNAL")
    with pytest.raises(Refused):
        world.out()
    assert world.phase() is None
    world.book.full = None
    world.out()
    world.book.full = Refused("the journal cannot be written", code="ADR-JOURNAL")
    world.zones().cancel()
    assert world.phase() is ZonePhase.BACK


def test_F8_of_two_operators_one_writes_the_record(world: World) -> None:
    """Without any lock: the record alone lets one of them ask the cloud."""
    ann, bob = world.zones("ann"), world.zones("bob")
    plans = ann.plan(world.away()), bob.plan(world.away())
    ann.start(plans[0], shift_id="a", reason="")
    asked = list(world.alb.calls)
    with pytest.raises((Conflict, Refused)):
        bob.start(plans[1], shift_id="b", reason="")
    assert not [c for c in world.alb.calls[len(asked) :] if c.startswith("start")]
    found = read_zones(world.topology, world.fleet)
    assert found is not None
    assert found.record is not None
    assert found.record.by == "ann"


# beside weights ----------------------------------------------------------------------------------

HOME, MOVED = Weights.of({"c1": 20, "c2": 80}), Weights.of({"c1": 100, "c2": 0})


def companion(world: World) -> ZoneCompanion:
    """The zones of a switchover away from the second member, on a Fleet with its Ingress."""
    world.fleet = a_fleet()
    world.show_alb("alb-1")
    zones = world.zones()
    return ZoneCompanion(
        topology=world.topology,
        fleet=world.fleet,
        narrator=world.voice,
        zones=zones,
        plan=zones.plan(leaving(world.topology, HOME, MOVED)),
        home=HOME,
        shift_id="s1",
        reason="upgrade",
    )


def test_it_keeps_its_companion_alive_while_it_waits(world: World) -> None:
    beats: list[int] = []
    companion(world).begin(lambda: beats.append(1))
    assert world.phase() is ZonePhase.OUT
    assert len(beats) >= 2, "a zone takes 2.5 seconds, and each look is a second after the last"


@pytest.mark.parametrize("phase", [ShiftPhase.ROLLED_BACK, ShiftPhase.ABORTED, ShiftPhase.FROZEN])
def test_when_the_weights_are_home_the_zone_comes_back(world: World, phase: ShiftPhase) -> None:
    zones = companion(world)
    zones.begin(lambda: None)
    zones.end(phase)
    assert world.phase() is ZonePhase.BACK
    assert set(world.alb.states.values()) == {"Active"}


@pytest.mark.parametrize("phase", [ShiftPhase.DONE, ShiftPhase.FROZEN, ShiftPhase.STOPPED])
def test_when_the_weights_are_elsewhere_the_zone_stays_and_back_knows_it(
    world: World, phase: ShiftPhase
) -> None:
    zones = companion(world)
    zones.begin(lambda: None)
    set_weights(world.topology, MOVED, fleet=world.fleet, dry_run=False)
    zones.end(phase)
    assert world.phase() is ZonePhase.OUT
    assert bool(world.voice.warnings) is (phase is not ShiftPhase.DONE)
    home(world)
    assert world.phase() is ZonePhase.BACK


def home(world: World) -> ZoneRecord | None:
    """What ``failover back`` does first."""
    return zones_home(
        world.topology,
        world.zones("bob"),
        fleet=world.fleet,
        clock=world.clock,
        narrator=world.voice,
        holder="bob",
        operation="b1",
    )


def test_a_way_back_holds_the_lock_and_gives_it_back(world: World) -> None:
    companion(world).begin(lambda: None)
    lock = DrillLock(
        lease_id(world.topology), fleet=world.fleet, clock=world.clock, narrator=world.voice
    )
    lock.acquire(holder="ann", drill="other")
    with pytest.raises(Conflict) as caught:
        home(world)
    assert caught.value.code == "ADR-LOCKED"
    assert world.phase() is ZonePhase.OUT
    lock.release()
    home(world)
    assert world.fleet.get(lease_id(world.topology)) is None
    assert home(world) is None


def test_a_zone_that_stays_out_after_a_rollback_is_RESTORE_INCOMPLETE(world: World) -> None:
    zones = companion(world)
    zones.begin(lambda: None)
    world.alb.fail = lambda call: Unreachable("no answer") if call.startswith("read") else None
    with pytest.raises(RestoreIncomplete, match="the weights are back, a zone is not: no answer"):
        zones.end(ShiftPhase.ROLLED_BACK)
    assert world.phase() is ZonePhase.OUT


def test_without_the_Fleet_it_says_that_zones_may_be_out(world: World) -> None:
    zones = companion(world)
    zones.begin(lambda: None)
    world.fleet.fail = lambda call: (
        Unreachable("the Fleet is away") if "ingress" in call.lower() else None
    )
    zones.end(ShiftPhase.ROLLED_BACK)
    assert "zones may still be out of DNS (the Fleet is away)" in world.voice.warnings[-1]


def test_only_members_that_lose_everything_leave_their_zone(world: World) -> None:
    assert [m.name for m in leaving(world.topology, HOME, MOVED)] == ["poc-ack-2"]
    with pytest.raises(BadInput, match="no member loses all its traffic"):
        leaving(world.topology, HOME, Weights.of({"c1": 99, "c2": 1}))


# every instant ---------------------------------------------------------------------------------


class Strike:
    """Counts the operations on the Fleet, the cloud and the disk, and strikes at one of them."""

    def __init__(self, world: World, at: int, when: str, blow: Callable[[], Any]) -> None:
        self.names: list[str] = []
        self._at, self._when, self._blow = at, when, blow
        self._wrap(world)

    def _wrap(self, world: World) -> None:
        for owner, methods in (
            (world.fleet, ("get", "create", "replace")),
            (world.alb, ("load_balancer", "start_shift", "cancel_shift")),
            (world.book, ("write",)),
        ):
            for name in methods:
                setattr(owner, name, self._struck(name, getattr(owner, name)))

    def _struck(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **words: Any) -> Any:
            self.names.append(name)
            due = len(self.names) - 1 == self._at
            if due and self._when == "before" and (blow := self._blow()) is not None:
                raise blow
            answer = method(*args, **words)
            if due and self._when == "after" and (blow := self._blow()) is not None:
                raise blow
            return answer

        return call


def operations() -> list[str]:
    """Every operation of taking a zone out and bringing it back, from a recorded run."""
    world = World()
    strike = Strike(world, -1, "before", lambda: None)
    world.out()
    world.zones().cancel()
    return strike.names


ALL = operations()
INSTANTS = [(n, when) for n in range(len(ALL)) for when in ("before", "after")]


def both_ways(world: World) -> None:
    world.out()
    world.zones().cancel()


@pytest.mark.parametrize(("at", "when"), INSTANTS)
def test_F1_killed_at_any_instant_another_machine_brings_everything_back(
    at: int, when: str
) -> None:
    world = World()
    Strike(world, at, when, Killed)
    with pytest.raises(Killed):
        both_ways(world)
    world.zones("bob@elsewhere").cancel()
    assert world.alb.states == {"zone-b": "Active", "zone-c": "Active"}
    assert world.phase() in {None, ZonePhase.BACK}


@pytest.mark.parametrize(("at", "when"), INSTANTS)
def test_F3_interrupted_at_any_instant_nothing_is_left_half_way(at: int, when: str) -> None:
    world, signal = World(), Signal()
    world.shield = signal.shield
    Strike(world, at, when, signal.strike)
    came_out = False
    try:
        world.out()
        came_out = True
        world.zones().cancel()
    except Interruption:
        pass
    else:
        pytest.fail("the signal was lost")
    if came_out and world.phase() is ZonePhase.OUT:
        assert not [c for c in world.alb.calls if c.startswith("cancel")], "it had not begun"
    else:
        assert world.phase() in {None, ZonePhase.BACK}
    world.zones().cancel()
    assert world.alb.states == {"zone-b": "Active", "zone-c": "Active"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"zones": [["a", "b"]]}',
        '{"zones": 5}',
        "\x00",
        '{"phase": "out of DNS"}',
    ],
)
def test_F7_a_text_that_is_no_record_is_not_taken_for_one(text: str) -> None:
    assert ZoneRecord.parse(text) is None


def test_a_record_survives_its_text() -> None:
    record = ZoneRecord(
        shift="x", alb_id="alb-1", zones=(("z", "vsw"),), phase=ZonePhase.OUT, by="ann",
        reason="a\nb", started="now", why="w", beat=3,
    )  # fmt: skip
    assert ZoneRecord.parse(record.dump()) == record
