"""What must be there for some commands to find work, made by hand behind the proxies."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from alb_dr.errors import AlbDrError
from alb_dr.model.drill import DrillRecord
from alb_dr.model.manifest import (
    CONFIG_MAP,
    CRON_JOB,
    DEPLOYMENT,
    INGRESS,
    LEASE,
    ROLE,
    ROLE_BINDING,
    SERVICE_ACCOUNT,
    Manifest,
    ResourceId,
)
from alb_dr.model.shift import ShiftRecord
from alb_dr.render.annotations import weights_of
from alb_dr.workflows.guard.sweeper import HEARTBEAT
from alb_dr.workflows.records.drill_record import ANNOTATION, fire_patch, record_of, replicas_of
from alb_dr.workflows.records.lease import DRILL, micro_time

if TYPE_CHECKING:
    from tests.faults.bench import Bench

MEMBERS = VICTIM, OTHER = "poc-ack-1", "poc-ack-2"
NAMESPACE = "gateway-demo"
WORKLOAD = ResourceId(kind=DEPLOYMENT, name="web-demo", namespace=NAMESPACE)
LOCK = ResourceId(kind=LEASE, name="alb-dr-web-demo", namespace=NAMESPACE)
BEAT = ResourceId(kind=LEASE, name=HEARTBEAT, namespace=NAMESPACE)
ROUTE = ResourceId(kind=INGRESS, name="web-demo", namespace=NAMESPACE)
SHIFT = ResourceId(kind=CONFIG_MAP, name="alb-dr-shift-web-demo", namespace=NAMESPACE)
FORMER = ("ingress", "set-weights", "20", "80", "--no-wait", "--yes")
"""What sets the tutorial's weights."""
LOST = "10570000"
"""The id of the drill whose machine is lost."""
STEPS = (
    *("--steps", "100", "--hold", "100ms", "--baseline", "500ms", "--rate", "200"),
    *("--tolerance", "20", "--step-timeout", "4s"),
    # Faults of the APIs are meant here, not the latencies of a busy machine.
    *("--slow-latency", "500", "--abort-latency", "1000", "--yes"),
)
"""A shift in one step, as short as can be."""
TRIES = 4
"""Of a way back whose measurement a busy machine may spoil."""
BEGIN_S = 15.0
"""Longest a shift may take to stand on the Fleet."""


def lost_drill(found: Bench) -> None:
    """A drill whose process is gone and whose deadline has passed: at 0, with its record."""
    api = found.api(VICTIM)
    live = api.get(WORKLOAD)
    assert live is not None
    if record_of(live) is not None:
        return
    record = DrillRecord(
        drill=LOST,
        replicas=replicas_of(live),
        deadline=(datetime.now(UTC) - timedelta(minutes=5)).isoformat(timespec="seconds"),
        reason="test",
        by="lost",
    )
    api.patch(WORKLOAD, fire_patch(live, record))


def no_drill(found: Bench) -> None:
    """No drill is open, and nobody holds the lock."""
    fleet = found.api("fleet")
    held = fleet.get(LOCK) is not None
    if held or any(is_marked(found, api) for api in MEMBERS) or is_marked(found, "fleet"):
        found.run(("failover", "recover", "--execute"), direct=True)
    unlocked(found)


def unlocked(found: Bench) -> None:
    """Nobody holds the lock: one that could not be given back would give way by itself, later."""
    with suppress(AlbDrError):
        found.api("fleet").delete(LOCK)


def is_marked(found: Bench, api: str) -> bool:
    """Whether a drill's record is on what it harms there."""
    live = found.api(api).get(ROUTE if api == "fleet" else WORKLOAD)
    return live is not None and ANNOTATION in live.annotations


def former_weights(found: Bench) -> None:
    """The weights the tutorial leaves; with others a survivor may not have the capacity."""
    if weights(found) != found.weights:
        found.run(FORMER, direct=True)


def weights(found: Bench) -> list[str]:
    """The live weights of the demo's Ingress, in the order of the members' ids."""
    live = found.api("fleet").get(ROUTE)
    return [w for _, w in sorted(weights_of(live.annotations).items())] if live is not None else []


def no_zone(found: Bench) -> None:
    """Every zone is in DNS, and nothing is away."""
    said = ""
    for _ in range(TRIES):
        done = found.run(("failover", "status", "-o", "json"), direct=True)
        if not json.loads(done.stdout)["data"]["zones"]:
            return
        back = ("failover", "back", "--stabilise", "100ms", *STEPS)
        said = found.run(back, direct=True).stderr
    raise AssertionError(f"a zone stays out of DNS: {said}")


def lost_lock(found: Bench) -> None:
    """The lock of a drill whose machine is lost; nothing is at 0."""
    long_ago = micro_time(datetime.now(UTC) - timedelta(minutes=5))
    fleet = found.api("fleet")
    if fleet.get(LOCK) is not None:
        return
    document = {
        "apiVersion": LEASE.api_version,
        "kind": LEASE.name,
        "metadata": {
            "name": LOCK.name,
            "namespace": LOCK.namespace,
            "annotations": {DRILL: LOST},
        },
        "spec": {
            "holderIdentity": "lost",
            "leaseDurationSeconds": 30,
            "acquireTime": long_ago,
            "renewTime": long_ago,
        },
    }
    fleet.create(Manifest(id=LOCK, document=document))


def heartbeat(found: Bench) -> None:
    """The guard has looked before."""
    api = found.api(VICTIM)
    if api.get(BEAT) is None:
        metadata = {"name": BEAT.name, "namespace": BEAT.namespace}
        document = {"apiVersion": LEASE.api_version, "kind": LEASE.name, "metadata": metadata}
        api.create(Manifest(id=BEAT, document={**document, "spec": {"holderIdentity": BEAT.name}}))


def no_heartbeat(found: Bench) -> None:
    """The guard has never looked."""
    found.api(VICTIM).delete(BEAT)


def shift_record(found: Bench) -> ShiftRecord | None:
    """The record of the shift on the Fleet."""
    live = found.api("fleet").get(SHIFT)
    return ShiftRecord.parse((live.document.get("data") or {})["record"]) if live else None


def no_shift(found: Bench) -> None:
    """No record of an earlier shift."""
    found.api("fleet").delete(SHIFT)


def open_shift(found: Bench) -> None:
    """Wait until the shift beside has begun; it must be running, not paused."""
    end = time.monotonic() + BEGIN_S
    while time.monotonic() < end:
        # The one that was aborted may end only now.
        found.keep_company()
        record = shift_record(found)
        if record is not None and record.phase == "running":
            return
        if record is not None and record.phase == "paused":
            found.run(("ingress", "resume"), direct=True)
        time.sleep(0.1)
    raise AssertionError(f"no shift began: {shift_record(found)}")


def paused_shift(found: Bench) -> None:
    """The same, paused."""
    open_shift(found)
    done = found.run(("ingress", "pause"), direct=True)
    assert done.code == 0, done.stderr


def no_guard(found: Bench) -> None:
    """The guard is installed nowhere."""
    for api in (VICTIM, OTHER):
        for kind in (CRON_JOB, ROLE_BINDING, ROLE, SERVICE_ACCOUNT):
            id_ = ResourceId(kind=kind, name="alb-dr-guard", namespace=NAMESPACE)
            found.api(api).delete(id_)
