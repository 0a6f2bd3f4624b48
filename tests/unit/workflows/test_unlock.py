"""The lock of a dead drill goes, the lock of one that lives stays, whatever the wall clocks say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alb_dr.errors import Conflict, Refused, Unreachable
from alb_dr.model.drill import DrillRecord
from alb_dr.model.manifest import DEPLOYMENT, LEASE, Manifest, ResourceId
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.records.drill_record import fire_patch, hold_patch
from alb_dr.workflows.records.lease import DURATION_S, DrillLock, lease_id
from alb_dr.workflows.recover.unlock import check_unlock, forget_lock, remove_lock
from tests.builders import a_topology, a_weight_record
from tests.fakes.argo import a_namespace
from tests.fakes.fleet import a_fleet, the_members
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale

TOPOLOGY = a_topology()
ID = lease_id(TOPOLOGY)
WORKLOAD = ResourceId(kind=DEPLOYMENT, name="web-demo", namespace="gateway-demo")


@pytest.fixture
def fleet() -> FakeKube:
    """A Fleet on which drill 7f3a of ann holds the lock."""
    kube = FakeKube()
    kube.create(a_namespace("gateway-demo"))
    lock(kube).acquire(holder="ann", drill="7f3a")
    return kube


def lock(fleet: FakeKube, clock: StillClock | None = None) -> DrillLock:
    return DrillLock(ID, fleet=fleet, clock=clock or StillClock(), narrator=TellTale())


def test_a_fleet_that_fails_is_worth_a_word_only(fleet: FakeKube) -> None:
    fleet.fail = lambda _: Unreachable("cut")
    said = TellTale()
    forget_lock(TOPOLOGY, "7f3a", fleet=fleet, narrator=said)
    assert "the lock of 7f3a stays until it expires: cut" in said.warnings


def check(fleet: FakeKube, drill: str, clock: StillClock) -> Manifest | None:
    return check_unlock(TOPOLOGY, drill, fleet=fleet, members=the_members(), clock=clock)


def marked(drill: str) -> dict[str, FakeKube]:
    """The members, the second of which carries the record of a drill."""
    members = the_members()
    live = members["c2"].get(WORKLOAD)
    assert live is not None
    record = DrillRecord(drill=drill, replicas=2, deadline="x", reason="", by="ann")
    members["c2"].patch(WORKLOAD, fire_patch(live, record))
    return members


def later() -> StillClock:
    return StillClock(StillClock().now() + timedelta(hours=1))


def test_unlock_takes_away_only_what_is_dead_and_named(fleet: FakeKube) -> None:
    with pytest.raises(Conflict, match="not of drill 9c1d"):
        check(fleet, "9c1d", later())
    with pytest.raises(Refused, match="its holder may live"):
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


def test_a_lock_whose_drill_is_still_marked_somewhere_stays(fleet: FakeKube) -> None:
    members = marked("7f3a")
    with pytest.raises(Refused, match="still carries the record of drill 7f3a"):
        check_unlock(TOPOLOGY, "7f3a", fleet=fleet, members=members, clock=later())
    forget_lock(TOPOLOGY, "9c1d", fleet=fleet, narrator=TellTale())
    assert fleet.get(ID) is not None


def test_a_lock_whose_drill_still_holds_the_weights_stays() -> None:
    fleet = a_fleet()
    lock(fleet).acquire(holder="ann", drill="7f3a")
    live = live_ingress(TOPOLOGY, fleet=fleet)
    fleet.patch(live.id, hold_patch(live, a_weight_record("7f3a")))
    with pytest.raises(Refused, match="web-demo still carries the record of drill 7f3a"):
        check(fleet, "7f3a", later())


def test_what_carries_the_record_of_another_drill_keeps_no_lock(fleet: FakeKube) -> None:
    members = marked("9c1d")
    found = check_unlock(TOPOLOGY, "7f3a", fleet=fleet, members=members, clock=later())
    assert found is not None
