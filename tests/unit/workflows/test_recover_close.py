"""After a recovery: records are closed and locks go, but those of a drill that lives stay."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from alb_dr.errors import Unreachable
from alb_dr.model.manifest import CONFIG_MAP, Manifest
from alb_dr.workflows.records.fleet_record import create_record, read_records
from alb_dr.workflows.records.lease import DURATION_S, DrillLock, lease_id
from alb_dr.workflows.records.shift_record import RECORD, record_id
from alb_dr.workflows.recover.close import Closing
from tests.builders import a_drill_on_record, a_topology
from tests.fakes.argo import a_namespace
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale

TOPOLOGY = a_topology()
ID = lease_id(TOPOLOGY)


@pytest.fixture
def fleet() -> FakeKube:
    """A Fleet on which drill 7f3a of ann holds the lock."""
    kube = FakeKube()
    kube.create(a_namespace("gateway-demo"))
    lock = DrillLock(ID, fleet=kube, clock=StillClock(), narrator=TellTale())
    lock.acquire(holder="ann", drill="7f3a")
    return kube


class Renewed(StillClock):
    """While we wait, the holder renews."""

    def __init__(self, fleet: FakeKube) -> None:
        super().__init__()
        self._fleet = fleet

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        live = self._fleet.get(ID)
        assert live is not None
        spec = {**live.document["spec"], "renewTime": "2026-03-01T12:00:09.000000Z"}
        self._fleet.replace(Manifest(id=ID, document={**live.document, "spec": spec}))


def remove(
    fleet: FakeKube,
    clock: StillClock | None = None,
    *,
    ended: Collection[str] = (),
    on_record: Collection[str] = (),
) -> TellTale:
    """What follows a recovery; what it said."""
    said = TellTale()
    closing(fleet, clock or StillClock(), said).found(ended, on_record)
    return said


def closing(fleet: FakeKube, clock: StillClock, said: TellTale) -> Closing:
    return Closing(
        topology=TOPOLOGY,
        fleet=fleet,
        namespace="gateway-demo",
        clock=clock,
        narrator=said,
        why="somebody said so",
        before=lambda _drills: None,
    )


def test_F1_the_lock_of_a_drill_that_died_at_once_goes_after_one_duration(fleet: FakeKube) -> None:
    clock = StillClock()
    began = clock.monotonic()
    remove(fleet, clock)
    assert fleet.get(ID) is None
    assert clock.monotonic() - began >= DURATION_S


def test_F9_a_holder_that_renews_keeps_its_lock(fleet: FakeKube) -> None:
    said = remove(fleet, Renewed(fleet))
    assert fleet.get(ID) is not None
    assert "drill 7f3a lives, and keeps its record and its lock" in said.notes


def test_F8_a_drill_that_lives_keeps_its_record_and_another_s_is_closed(fleet: FakeKube) -> None:
    for drill in ("7f3a", "9c1d"):
        create_record(fleet, "gateway-demo", a_drill_on_record(drill))
    remove(fleet, Renewed(fleet), on_record=["7f3a", "9c1d"])
    found = {r.drill: r.is_open for r in read_records(fleet, "gateway-demo")}
    assert found == {"7f3a": True, "9c1d": False}


def test_F1_a_drill_that_died_has_its_record_closed_once_that_is_seen(fleet: FakeKube) -> None:
    create_record(fleet, "gateway-demo", a_drill_on_record("7f3a"))
    remove(fleet, on_record=["7f3a"])
    assert [r.is_open for r in read_records(fleet, "gateway-demo")] == [False]
    assert fleet.get(ID) is None


@pytest.mark.parametrize("named", [False, True])
def test_what_was_put_back_or_named_is_closed_without_waiting(fleet: FakeKube, named: bool) -> None:
    create_record(fleet, "gateway-demo", a_drill_on_record("7f3a"))
    clock, said = StillClock(), TellTale()
    began = clock.monotonic()
    if named:
        closing(fleet, clock, said).named("7f3a")
    else:
        remove(fleet, clock, ended=["7f3a"])
    assert clock.monotonic() - began < DURATION_S / 2
    (found,) = read_records(fleet, "gateway-demo")
    assert found.record is not None
    assert (found.record.outcome, found.record.why) == ("RECOVERED", "somebody said so")
    assert fleet.get(ID) is None


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
    said = remove(fleet, ended=["7f3a"])
    assert "the record of 7f3a stays open: cut" in said.warnings
