"""``failover recover --execute`` beside a drill that lives and does not know that it is over."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from alb_dr.cli.putting_back import Done, PuttingBack
from alb_dr.errors import Forbidden, RestoreIncomplete, Unreachable
from alb_dr.model.drill import DrillRecord
from alb_dr.model.fleet_record import FleetTarget
from alb_dr.model.manifest import DEPLOYMENT, SCALED_OBJECT, Manifest, ResourceId
from alb_dr.model.weight_record import WeightRecord
from alb_dr.workflows.records.drill_record import (
    ANNOTATION,
    fire_patch,
    hold_patch,
    record_of,
    restore_patch,
)
from alb_dr.workflows.records.fleet_record import create_record
from alb_dr.workflows.records.lease import DURATION_S, DrillLock, lease_id
from alb_dr.workflows.recover.case import SANDBOX
from alb_dr.workflows.recover.recovery import Recovery
from tests.builders import a_drill_on_record
from tests.fakes.drilling import ID, SPACE, WORKLOAD, Estate
from tests.fakes.gateway import ROUTE

DEADLINE = "2026-03-01T13:00:00+00:00"


@pytest.fixture
def estate() -> Estate:
    """A drill is under way: its record is on the Fleet, its victim at 0."""
    estate = Estate()
    target = FleetTarget(
        cluster="poc-ack-2",
        kind=DEPLOYMENT.name,
        namespace=SPACE,
        name=WORKLOAD.name,
        uid=estate.workload().uid,
        replicas=2,
    )
    create_record(estate.fleet, SPACE, replace(a_drill_on_record(ID), targets=(target,)))
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
    values = {"accepted": (), "timeout_s": 20.0, "only": None, "reason": "bob"}
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
    assert [r.record.why for r in estate.records if r.record is not None] == ["put back: bob"]


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


def scaled_by_keda(estate: Estate, paused: str) -> None:
    """A ScaledObject that nothing pauses, and what KEDA says of it."""
    metadata = {"name": "web-demo", "namespace": SPACE}
    document = {
        "apiVersion": SCALED_OBJECT.api_version,
        "kind": SCALED_OBJECT.name,
        "metadata": metadata,
        "spec": {"scaleTargetRef": {"name": "web-demo"}},
    }
    id_ = ResourceId(kind=SCALED_OBJECT, name="web-demo", namespace=SPACE)
    live = estate.members["c2"].create(Manifest(id=id_, document=document))
    status = {"conditions": [{"type": "Paused", "status": paused}]}
    store = estate.members["c2"].cluster.client("keda")
    store.merge(
        "scaledobjects.keda.sh", live.id.name, {"status": status}, SPACE, subresource="status"
    )


def test_F19_a_keda_that_still_says_paused_is_no_recovery(estate: Estate) -> None:
    scaled_by_keda(estate, "True")
    with pytest.raises(RestoreIncomplete, match="nobody scales it further"):
        put_back(estate, timeout_s=2.0)
    assert [r.is_open for r in estate.records] == [True]
    assert any("poc-ack-2: Deployment" in words for words in estate.voice.notes), "what was done"
    with pytest.raises(RestoreIncomplete, match="nobody scales it further"):
        put_back(estate, timeout_s=2.0)


def test_F19_a_keda_that_scales_again_or_hides_is_waited_for_no_longer(estate: Estate) -> None:
    scaled_by_keda(estate, "False")
    member = estate.members["c2"]
    member.fail = lambda call: Forbidden("no") if call == "list scaledobjects" else None
    assert put_back(estate)
    assert estate.is_clean


def test_a_fault_of_the_sandbox_is_cleared_before_a_silent_member_is_looked_at() -> None:
    estate = Estate()
    target = FleetTarget(
        cluster="poc-ack-2", kind=SANDBOX, namespace="", name="zone-down", uid="zone-down"
    )
    record = replace(a_drill_on_record(ID, fault="sandbox:zone-down"), targets=(target,))
    create_record(estate.fleet, SPACE, record)
    estate.box.inject("zone-down", "poc-ack-2", drill=ID, value=0)
    estate.members["c2"].fail = lambda _call: Unreachable("refused") if estate.box.open() else None
    began = estate.clock.elapsed_s
    (done,) = put_back(estate)
    assert (done["member"], done["done"]) == ("poc-ack-2", "restore")
    assert [r.is_open for r in estate.records] == [False]
    assert estate.clock.elapsed_s - began < DURATION_S / 2, "its lock is not watched"


def test_who_closes_a_record_does_not_claim_to_have_put_back(estate: Estate) -> None:
    record = record_of(estate.workload())
    assert record is not None
    estate.members["c2"].patch(WORKLOAD, restore_patch(estate.workload(), record))
    put_back(estate)
    assert [r.record.why for r in estate.records if r.record] == ["was put back already: bob"]


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
    assert [each["done"] for each in put_back(estate)] == ["already put back"]
    assert [r.is_open for r in estate.records] == [False]
