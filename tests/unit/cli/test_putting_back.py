"""``failover recover --execute`` beside a drill that lives and does not know that it is over."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from alb_dr.cli.putting_back import Done, PuttingBack
from alb_dr.errors import RestoreIncomplete, Unreachable
from alb_dr.model.drill import DrillRecord
from alb_dr.model.weight_record import WeightRecord
from alb_dr.workflows.records.drill_record import ANNOTATION, fire_patch, hold_patch
from alb_dr.workflows.records.fleet_record import create_record
from alb_dr.workflows.records.lease import DrillLock, lease_id
from alb_dr.workflows.recover.recovery import Recovery
from tests.builders import a_drill_on_record
from tests.fakes.drilling import ID, SPACE, WORKLOAD, Estate
from tests.fakes.gateway import ROUTE

DEADLINE = "2026-03-01T13:00:00+00:00"


@pytest.fixture
def estate() -> Estate:
    """A drill is under way: its record is on the Fleet, its victim at 0."""
    estate = Estate()
    create_record(estate.fleet, SPACE, a_drill_on_record(ID))
    harm(estate)
    return estate


def harm(estate: Estate) -> None:
    """What the drill does to its victim."""
    record = DrillRecord(drill=ID, replicas=2, deadline=DEADLINE, reason="test", by="ann")
    estate.members["c2"].patch(WORKLOAD, fire_patch(estate.workload(), record))


def put_back(estate: Estate, **changes: Any) -> Done:
    """Everything that is found."""
    ports = estate.recovery_ports()
    context: Any = SimpleNamespace(
        narrator=estate.voice,
        clock=estate.clock,
        topology=estate.topology,
        fleet=estate.fleet,
        prober=estate.gateway,
    )
    values = {"accepted": (), "timeout_s": 20.0, "only": None, "why": "bob did"}
    work = PuttingBack(context=context, ports=ports, **(values | changes))
    seen = Recovery(ports)
    done, _ = work.do(seen, seen.cases())
    return done


def hold_meanwhile(estate: Estate) -> None:
    """The drill holds the weights for its ramp while its pods are put back."""
    held: list[str] = []

    def hold(call: str) -> None:
        if call.startswith("patch") and not held:
            held.append(call)
            record = WeightRecord(
                drill=ID,
                former=estate.weights,
                held={"c1": "92", "c2": "8"},
                deadline=DEADLINE,
                reason="test",
                by="ann",
            )
            estate.fleet.patch(ROUTE, hold_patch(estate.ingress, record))

    estate.members["c2"].fail = hold


@pytest.mark.parametrize("only", [None, ID])
def test_F9_what_a_living_drill_did_after_the_look_is_put_back_too(
    estate: Estate, only: str | None
) -> None:
    hold_meanwhile(estate)
    done = put_back(estate, only=only)
    assert [(d["member"], d["done"]) for d in done] == [
        ("poc-ack-2", "restore"),
        ("Fleet", "restore"),
    ]
    assert estate.is_clean
    assert [r.record.why for r in estate.records if r.record is not None] == ["bob did"]


def test_F1_a_drill_that_did_its_harm_while_its_lock_was_watched_is_put_back() -> None:
    estate = Estate()
    create_record(estate.fleet, SPACE, a_drill_on_record(ID))
    lock = DrillLock(
        lease_id(estate.topology), fleet=estate.fleet, clock=estate.clock, narrator=estate.voice
    )
    lock.acquire(holder="ann", drill=ID)

    def fire(call: str) -> None:
        if call.startswith("get Lease"):
            estate.fleet.fail = lambda _call: None
            harm(estate)

    estate.fleet.fail = fire
    done = put_back(estate)
    assert [(d["member"], d["done"]) for d in done] == [("poc-ack-2", "restore")]
    assert estate.is_clean


def test_F41_a_record_stays_open_when_nobody_can_look_again(estate: Estate) -> None:
    looks: list[str] = []

    def silent_at_the_end(call: str) -> Unreachable | None:
        looks.append(call)
        again = sum(c.startswith("list ingresses") for c in looks) > 1
        return Unreachable("no answer") if again else None

    estate.fleet.fail = silent_at_the_end
    with pytest.raises(RestoreIncomplete, match="could not be looked at"):
        put_back(estate)
    estate.fleet.fail = lambda _call: None
    assert ANNOTATION not in estate.workload().annotations
    assert [r.is_open for r in estate.records] == [True]
    assert put_back(estate) == []
    assert [r.is_open for r in estate.records] == [False]
