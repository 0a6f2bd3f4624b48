"""Pinning under the lock: proven or taken away, written down, and never beside another operator."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import timedelta

import pytest

from alb_dr.errors import (
    AlbDrError,
    Conflict,
    DeadlineExceeded,
    Interruption,
    PartlyApplied,
    Refused,
    Unreachable,
)
from alb_dr.model.load import Load, Target
from alb_dr.model.manifest import ALB_CONFIG, LEASE, Manifest, ResourceId
from alb_dr.model.pin import Pin
from alb_dr.model.sample import SampleColumns
from alb_dr.render.library import template_library
from alb_dr.render.manifests import render_pin
from alb_dr.workflows.delivery.pin_proof import PinPorts
from alb_dr.workflows.delivery.pinning import BRIEF_S, Pinning, foresee_pin, unpin_locked
from alb_dr.workflows.delivery.pins import LivePin, live_pins
from alb_dr.workflows.records.lease import DRILL, DrillLock, lease_id
from tests.builders import a_topology
from tests.fakes.fleet import a_fleet, writes
from tests.fakes.gateway import FakeJournal, no_shield
from tests.fakes.kube import FakeKube
from tests.fakes.prober import FakeProber
from tests.fakes.samples import answers
from tests.fakes.voice import StillClock, TellTale
from tests.unit.workflows.test_pins import NOW, a_pin

GATEWAY = ResourceId(kind=ALB_CONFIG, name="ackone-gateway-demo")
PROOF_S = 30.0


def nothing() -> None:
    """Nobody is told."""


class World:
    """A Fleet whose gateway has an address, and one operator's ports."""

    def __init__(self, fleet: FakeKube | None = None) -> None:
        self.fleet = fleet or with_address(a_fleet())
        self.clock = StillClock(NOW)
        self.book = FakeJournal()
        self.voice = TellTale()
        self.asked: list[Target] = []
        self.during: Callable[[], None] = nothing
        self.right, self.wrong = 50, 0

    def ports(self) -> PinPorts:
        return PinPorts(
            fleet=self.fleet,
            prober=FakeProber(script=self._answers),
            clock=self.clock,
            narrator=self.voice,
            journal=self.book,
            shield=no_shield,
            operator="ann",
        )

    def _answers(self, target: Target, _load: Load) -> list[SampleColumns]:
        self.asked.append(target)
        self.during()
        return [answers(self.wrong, self.right)]

    def pinning(self, pin: Pin | None = None, *, operation: str = "p1") -> Pinning:
        wanted = pin or a_pin()
        manifests = render_pin(a_topology(), template_library(), wanted)
        return Pinning(a_topology(), wanted, manifests, self.ports(), operation=operation)

    def pin(self, pin: Pin | None = None, *, operation: str = "p1") -> str:
        return self.pinning(pin, operation=operation).make(proof_s=PROOF_S, written=nothing)

    def unpin(self, patience_s: float = 0.0) -> list[str]:
        removed = unpin_locked(
            a_topology(),
            self.pins,
            self.ports(),
            operation="u1",
            reason="done with it",
            patience_s=patience_s,
        )
        return [id_.name for id_ in removed]

    def pins(self) -> tuple[LivePin, ...]:
        return live_pins(a_topology(), self.fleet)

    @property
    def held_for(self) -> list[str]:
        return [lease.annotations[DRILL] for lease in self.fleet.list(LEASE)]

    def somebody_shifts(self, clock: StillClock | None = None) -> DrillLock:
        lock = DrillLock(
            lease_id(a_topology()),
            fleet=self.fleet,
            clock=clock or self.clock,
            narrator=TellTale(),
        )
        lock.acquire(holder="bob", drill="s1")
        return lock

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.book.events]


def with_address(api: FakeKube) -> FakeKube:
    """The gateway has its name, as its controller would write it."""
    read = api.get
    status = {"loadBalancer": {"id": "alb-1", "dnsname": "alb-1.x", "subClusters": ["c1", "c2"]}}

    def get(id_: ResourceId) -> Manifest | None:
        found = read(id_)
        if found is None or id_ != GATEWAY:
            return found
        return Manifest(id=id_, document={**found.document, "status": status})

    api.get = get  # type: ignore[method-assign]  # as the docstring says
    return api


def failing(words: str) -> Callable[[str], AlbDrError | None]:
    return lambda call: Unreachable("no answer") if words in call else None


def test_a_pin_is_written_down_and_proven_with_the_lock_held() -> None:
    world, held = World(), []
    world.during = lambda: held.append((world.held_for, world.events))
    assert "poc-ack-2 100%" in world.pin()
    assert held == [(["p1"], ["intent"])] * 2
    assert world.asked[0].headers == {"X-Cluster": "green"}
    assert world.held_for == [], "the hours a pin stays are not locked"
    assert world.events == ["intent", "pinned"]
    assert world.book.events[0][1]["pin"] == "Ingress gateway-demo/web-demo-pin-poc-ack-2"


def test_a_dry_run_takes_no_lock_and_stores_nothing() -> None:
    world = World()
    manifests = render_pin(a_topology(), template_library(), a_pin())
    world.fleet.calls.clear()
    foresee_pin(a_topology(), a_pin(), manifests, fleet=world.fleet, narrator=world.voice)
    assert writes(world.fleet) == []
    assert world.book.events == []


def test_nothing_is_pinned_while_somebody_moves_traffic() -> None:
    world = World()
    world.somebody_shifts()
    with pytest.raises(Conflict, match="s1 of bob") as refusal:
        world.pin()
    assert refusal.value.code == "ADR-LOCKED"
    assert (world.pins(), world.events, world.held_for) == ((), [], ["s1"])


def test_of_two_who_pin_one_header_at_once_exactly_one_wins() -> None:
    first = World()
    second, said = World(first.fleet), []

    def meanwhile() -> None:
        with pytest.raises(Conflict) as refusal:
            second.pin(a_pin(member="c1"), operation="p2")
        said.append(refusal.value.code)

    first.during = meanwhile
    first.pin()
    assert said == ["ADR-LOCKED"] * 2
    with pytest.raises(Conflict, match="is pinned to poc-ack-2"):
        second.pin(a_pin(member="c1"), operation="p2")
    assert [one.pin for one in first.pins()] == [a_pin()]
    assert first.held_for == []


def test_a_pin_that_does_not_work_is_withdrawn() -> None:
    world = World()
    world.wrong = 1
    with pytest.raises(DeadlineExceeded, match=r"reach the member alone.*the pin was removed"):
        world.pin()
    assert world.pins() == ()
    assert world.events == ["intent", "removed"]


def test_a_pin_whose_proof_is_cut_short_is_withdrawn() -> None:
    world = World()

    def ctrl_c() -> None:
        raise Interruption(2)

    world.during = ctrl_c
    with pytest.raises(Interruption):
        world.pin()
    assert (world.pins(), world.held_for) == ((), [])


def test_F9_a_pin_whose_lock_is_lost_is_withdrawn() -> None:
    world = World()
    theirs: list[DrillLock] = []

    def steal() -> None:
        if not theirs:
            theirs.append(world.somebody_shifts(StillClock(NOW + timedelta(hours=1))))
            world.clock.sleep(11)

    world.during = steal
    with pytest.raises(Conflict, match="lock"):
        world.pin()
    assert world.pins() == ()
    assert world.held_for == ["s1"], "what is another's is not given back"


def test_a_pin_that_cannot_be_withdrawn_is_told() -> None:
    world = World()
    world.wrong = 1
    world.fleet.fail = failing("delete Ingress")
    with pytest.raises(PartlyApplied, match="could not be removed: no answer") as left:
        world.pin()
    assert left.value.applied == ("Ingress gateway-demo/web-demo-pin-poc-ack-2",)
    assert "alb-dr ingress unpin" in str(left.value.hint)


def test_what_was_there_before_is_not_withdrawn_when_nothing_was_written() -> None:
    world = World()
    world.pin()
    world.fleet.fail = failing("apply Ingress")
    with pytest.raises(Unreachable):
        world.pin(a_pin(value="blue"))
    assert [one.pin for one in world.pins()] == [a_pin()]


def test_without_a_journal_nothing_is_pinned() -> None:
    world = World()
    world.book.full = Refused("full", code="ADR-JOURNAL")
    with pytest.raises(Refused):
        world.pin()
    assert (world.pins(), world.held_for) == ((), [])


@pytest.mark.parametrize("locked", [False, True])
def test_a_pin_that_stays_is_taken_back_whoever_holds_the_lock(locked: bool) -> None:
    world = World()
    one = world.pinning()
    one.make(proof_s=None, written=nothing)
    if locked:
        world.somebody_shifts()
    one.take_back()
    assert world.pins() == ()
    assert world.held_for == (["s1"] if locked else [])
    assert any("without the lock" in warning for warning in world.voice.warnings) is locked


def test_a_pin_that_somebody_made_anew_meanwhile_is_not_taken_back() -> None:
    world = World()
    one = world.pinning()
    one.make(proof_s=None, written=nothing)
    longer = a_pin(expires=NOW + timedelta(hours=3))
    world.pin(longer, operation="p2")
    one.take_back()
    assert [each.pin for each in world.pins()] == [longer]


def test_a_pin_that_cannot_be_taken_back_is_told() -> None:
    world = World()
    one = world.pinning()
    one.make(proof_s=None, written=nothing)
    world.fleet.fail = failing("Ingress")
    with pytest.raises(PartlyApplied, match="could not be removed"):
        one.take_back()


def test_unpinning_holds_the_lock_and_is_written_down() -> None:
    world = World()
    world.pin()
    world.book.events.clear()
    assert world.unpin() == ["web-demo-pin-poc-ack-2"]
    assert world.held_for == []
    assert world.events == ["intent", "unpinned"]
    assert world.book.events[0][1]["reason"] == "done with it"


def test_unpinning_is_refused_while_somebody_moves_traffic() -> None:
    world = World()
    world.pin()
    world.somebody_shifts()
    with pytest.raises(Conflict, match="s1 of bob"):
        world.unpin()
    assert len(world.pins()) == 1


def test_what_has_expired_waits_a_moment_for_the_lock() -> None:
    world = World()
    world.pin()
    theirs = world.somebody_shifts()
    slept: list[float] = []
    sleep = world.clock.sleep

    def given_back_later(seconds: float) -> None:
        sleep(seconds)
        slept.append(seconds)
        if len(slept) == 2:
            theirs.release()

    world.clock.sleep = given_back_later  # type: ignore[method-assign]  # time passes for others
    assert world.unpin(BRIEF_S) == ["web-demo-pin-poc-ack-2"]
    assert len(slept) == 2


def test_a_full_disk_keeps_no_pin_alive() -> None:
    world = World()
    world.pin()
    world.book.full = Refused("full", code="ADR-JOURNAL")
    assert world.unpin() == ["web-demo-pin-poc-ack-2"]
    assert any("journal" in warning for warning in world.voice.warnings)


def test_the_lock_belongs_to_its_ingress() -> None:
    """A pin of another project's Ingress is no business of this lock."""
    world = World()
    other = dataclasses.replace(lease_id(a_topology()), name="alb-dr-other")
    lock = DrillLock(other, fleet=world.fleet, clock=world.clock, narrator=TellTale())
    lock.acquire(holder="bob", drill="s9")
    assert world.pin()
