"""The lock of a dead drill goes, the lock of one that lives stays, whatever the wall clocks say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from alb_dr.errors import Conflict, Refused, Unreachable
from alb_dr.model.manifest import CONFIG_MAP, LEASE, Manifest, ResourceId
from alb_dr.workflows.lease import DURATION_S, DrillLock, lease_id
from alb_dr.workflows.shift_record import RECORD, record_id
from alb_dr.workflows.unlock import check_unlock, forget_lock, remove_dead_lock, remove_lock
from tests.builders import a_topology
from tests.fakes.argo import a_namespace
from tests.fakes.fleet import the_members
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale

TOPOLOGY = a_topology()
ID = lease_id(TOPOLOGY)


@pytest.fixture
def fleet() -> FakeKube:
    """A Fleet on which drill 7f3a of ann holds the lock."""
    kube = FakeKube()
    kube.create(a_namespace("gateway-demo"))
    lock(kube).acquire(holder="ann", drill="7f3a")
    return kube


def lock(fleet: FakeKube, clock: StillClock | None = None) -> DrillLock:
    return DrillLock(ID, fleet=fleet, clock=clock or StillClock(), narrator=TellTale())


def remove(fleet: FakeKube, clock: StillClock | None = None) -> TellTale:
    """Recover has nothing else to do; what it said."""
    said = TellTale()
    remove_dead_lock(TOPOLOGY, fleet=fleet, clock=clock or StillClock(), narrator=said)
    return said


def test_F1_the_lock_of_a_drill_that_died_at_once_goes_after_one_duration(fleet: FakeKube) -> None:
    clock = StillClock()
    began = clock.monotonic()
    remove(fleet, clock)
    assert fleet.get(ID) is None
    assert clock.monotonic() - began >= DURATION_S


def test_F9_a_holder_that_renews_keeps_its_lock(fleet: FakeKube) -> None:
    class Waiting(StillClock):
        """While we wait, the holder renews."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            live = fleet.get(ID)
            assert live is not None
            spec = {**live.document["spec"], "renewTime": "2026-03-01T12:00:09.000000Z"}
            fleet.replace(Manifest(id=ID, document={**live.document, "spec": spec}))

    said = remove(fleet, Waiting())
    assert fleet.get(ID) is not None
    assert "it lives, and keeps the lock" in said.notes


def test_a_lock_given_back_while_we_look_is_nothing_to_remove(fleet: FakeKube) -> None:
    class Waiting(StillClock):
        """While we wait, the holder gives it back."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            fleet.delete(ID)

    assert remove(fleet, Waiting()).warnings == []


def test_without_a_lock_nobody_waits(fleet: FakeKube) -> None:
    fleet.delete(ID)
    clock = StillClock()
    began = clock.monotonic()
    remove(fleet, clock)
    assert clock.monotonic() - began < DURATION_S


def test_the_lock_of_an_open_shift_is_not_ours_to_remove(fleet: FakeKube) -> None:
    id_ = record_id(TOPOLOGY)
    document: dict[str, Any] = {
        "apiVersion": CONFIG_MAP.api_version,
        "kind": CONFIG_MAP.name,
        "metadata": {"name": id_.name, "namespace": id_.namespace},
        "data": {RECORD: "of a newer version, so it counts as open"},
    }
    fleet.create(Manifest(id=id_, document=document))
    remove(fleet)
    assert fleet.get(ID) is not None


def test_a_fleet_that_fails_is_worth_a_word_only(fleet: FakeKube) -> None:
    fleet.fail = lambda call: Unreachable("cut") if call.startswith("delete") else None
    assert "the lock stays until it expires: cut" in remove(fleet).warnings
    fleet.fail = lambda _: Unreachable("cut")
    said = TellTale()
    forget_lock(TOPOLOGY, "7f3a", fleet=fleet, narrator=said)
    assert "the lock of 7f3a stays until it expires: cut" in said.warnings


def check(fleet: FakeKube, drill: str, clock: StillClock) -> Manifest | None:
    return check_unlock(TOPOLOGY, drill, fleet=fleet, members=the_members(), clock=clock)


def later() -> StillClock:
    return StillClock(StillClock().now() + timedelta(hours=1))


def test_unlock_takes_away_only_what_is_dead_and_named(fleet: FakeKube) -> None:
    with pytest.raises(Conflict, match="not of drill 9c1d"):
        check(fleet, "9c1d", later())
    with pytest.raises(Refused, match="its holder lives"):
        check(fleet, "7f3a", StillClock())
    found = check(fleet, "7f3a", later())
    assert found is not None
    remove_lock(found, fleet=fleet)
    assert check(fleet, "7f3a", later()) is None


def test_F46_a_holder_with_a_wrong_clock_is_given_away_by_a_second_look(fleet: FakeKube) -> None:
    class Looking(StillClock):
        """Between the two looks the holder renews, at the same wrong time."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            live = fleet.get(ID)
            assert live is not None
            spec = {**live.document["spec"], "leaseTransitions": 1}
            fleet.replace(Manifest(id=ID, document={**live.document, "spec": spec}))

    with pytest.raises(Refused, match="its holder lives"):
        check(fleet, "7f3a", Looking(later().now()))


def test_a_lock_that_goes_between_the_looks_is_gone(fleet: FakeKube) -> None:
    class Looking(StillClock):
        """Between the two looks it is given back."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            fleet.delete(ID)

    assert check(fleet, "7f3a", Looking(later().now())) is None


def test_a_lock_somebody_deleted_is_lost_at_the_next_renewal() -> None:
    kube = FakeKube()
    kube.create(a_namespace("gateway-demo"))
    clock = StillClock()
    held = lock(kube, clock)
    held.acquire(holder="ann", drill="7f3a")
    kube.delete(ResourceId(kind=LEASE, name=ID.name, namespace=ID.namespace))
    clock.sleep(DURATION_S / 2)
    assert held.renew() == "somebody else took the lock of this drill"
    assert not held.is_held
