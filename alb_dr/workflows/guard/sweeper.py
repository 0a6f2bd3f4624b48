"""The guard: puts back what a drill left behind after its deadline, from inside the cluster.

It needs one API, one namespace and the record on the object: no Fleet, no project file, nobody.
Pointed at a Fleet it puts held weights back in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alb_dr.errors import AlbDrError, Forbidden, NotFound, RestoreIncomplete
from alb_dr.model.manifest import DEPLOYMENT, EVENT, LEASE, Manifest, ResourceId
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.live.expiry import expires_at
from alb_dr.workflows.records.lease import micro_time, renewed_at
from alb_dr.workflows.recover.marks import (
    BUSY_S,
    OpenDrill,
    Remedy,
    open_drills,
    open_weights,
    remedy,
)
from alb_dr.workflows.scalers.keda_pause import end_pauses, unheld

HEARTBEAT = "alb-dr-guard"
"""The Lease whose renewal says that the guard lives."""
ALIVE_S = 180.0
"""A CronJob runs every minute and may start late; three minutes of silence are too many."""
AGAIN = "it looks again at its next run; or: alb-dr failover recover --execute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """One drill the guard saw: what it did, or why it did nothing."""

    workload: ResourceId
    drill: str | None
    done: str


def sweep(api: KubeApi, *, namespace: str, clock: Clock, narrator: Narrator) -> tuple[Swept, ...]:
    """Look once at every open drill of a namespace; restore those whose deadline has passed.

    Raises RestoreIncomplete after the last one when any could not be put back, and NotFound when
    nothing was found in a namespace that does not exist.
    """
    unheard = beat(api, namespace=namespace, clock=clock, narrator=narrator)
    found: list[Swept] = []
    failed: list[AlbDrError] = []
    for drill in (*open_drills(api, namespace=namespace), *_weights(api, namespace)):
        try:
            done = _one(drill, api=api, clock=clock)
        except AlbDrError as error:
            failed.append(error)
            narrator.warn(error.message)
            done = "failed"
        if done in set(Remedy):
            _say(api, drill, clock.now(), narrator)
        known = drill.record.drill if drill.record is not None else None
        found.append(Swept(workload=drill.target.id, drill=known, done=done))
    try:
        found += _pauses(api, namespace, clock.now())
    except AlbDrError as error:
        failed.append(error)
        narrator.warn(error.message)
    if failed:
        first = failed[0]
        known = first.hint if isinstance(first, RestoreIncomplete) else None
        raise RestoreIncomplete(first.message, hint=known or AGAIN)
    if isinstance(unheard, NotFound) and not found:
        # An API lists nothing where there is nothing: that is no proof that no drill is open.
        raise NotFound(
            f"no drill was found, nor its namespace: {unheard.message}",
            hint="--namespace is the one of the drilled workload: kubectl get deployments -A",
        )
    return tuple(found)


def _weights(api: KubeApi, namespace: str) -> tuple[OpenDrill, ...]:
    """Held weights; the guard in a member has no right to Ingresses and no use for one."""
    try:
        return open_weights(api, namespace=namespace)
    except (Forbidden, NotFound):
        return ()


def _one(drill: OpenDrill, *, api: KubeApi, clock: Clock) -> str:
    if drill.record is None:
        return "unreadable, left alone"
    deadline = _due(drill)
    if deadline is None:
        return "without a deadline, left alone"
    if clock.now() < deadline:
        return f"under way until {drill.record.deadline}"
    if drill.target.id.kind != DEPLOYMENT:
        return _put_back(drill, api, clock)
    with unheld(api, namespace=drill.target.id.namespace, drill=drill.record.drill):
        return _put_back(drill, api, clock)


def _put_back(drill: OpenDrill, api: KubeApi, clock: Clock) -> str:
    """Put it back; a drill that moved its deadline on at the same instant lives and is left."""

    def still(found: OpenDrill) -> bool:
        until = _due(found)
        return until is None or clock.now() >= until

    done = remedy(drill, api=api, deadline=Deadline(clock, BUSY_S), still=still)
    return "under way again" if done is Remedy.LEAVE else str(done)


def _pauses(api: KubeApi, namespace: str, now: datetime) -> list[Swept]:
    """Pauses of KEDA whose drill is over and whose time has passed are ended."""
    records = (found.record for found in open_drills(api, namespace=namespace))
    left = {record.drill for record in records if record is not None}
    ended = end_pauses(api, open_drills=left, namespace=namespace, now=now)
    return [Swept(workload=p.live.id, drill=p.drill, done="pause ended") for p in ended]


def _due(drill: OpenDrill) -> datetime | None:
    """When a drill may be put back; None when its record does not say."""
    return expires_at(drill.target, drill.record.deadline) if drill.record is not None else None


def beat(api: KubeApi, *, namespace: str, clock: Clock, narrator: Narrator) -> AlbDrError | None:
    """Say that the guard lives. What failed is told and returned: it must keep nobody from
    restoring."""
    id_ = ResourceId(kind=LEASE, name=HEARTBEAT, namespace=namespace)
    spec = {"holderIdentity": HEARTBEAT, "renewTime": micro_time(clock.now())}
    document = {
        "apiVersion": LEASE.api_version,
        "kind": LEASE.name,
        "metadata": {"name": HEARTBEAT, "namespace": namespace},
        "spec": spec,
    }
    live = None
    try:
        live = api.get(id_)
        if live is None:
            api.create(Manifest(id=id_, document=document))
        else:
            api.replace(Manifest(id=id_, document={**live.document, "spec": spec}))
    except AlbDrError as error:
        narrator.warn(f"the heartbeat could not be written: {error.message}")
        # A Lease that went between two calls says nothing about its namespace.
        return error if live is None else None
    return None


def is_alive(api: KubeReader, *, namespace: str, clock: Clock) -> bool:
    """Whether a guard of this namespace has looked lately."""
    live = api.get(ResourceId(kind=LEASE, name=HEARTBEAT, namespace=namespace))
    renewed = renewed_at(live) if live is not None else None
    return renewed is not None and (clock.now() - renewed).total_seconds() < ALIVE_S


def _say(api: KubeApi, found: OpenDrill, now: datetime, narrator: Narrator) -> None:
    """Leave an Event on the object; without the right to, only a word."""
    drill = found.record.drill if found.record is not None else "unknown"
    live = found.target
    name = f"{live.id.name}.alb-dr-{drill}"
    instant = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    document = {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.name,
        "metadata": {"name": name, "namespace": live.id.namespace},
        "involvedObject": {
            "apiVersion": live.id.kind.api_version,
            "kind": live.id.kind.name,
            "name": live.id.name,
            "namespace": live.id.namespace,
            "uid": live.uid,
        },
        "reason": "DrillRestored",
        "message": f"the deadline of drill {drill} had passed; the guard put it back: {found.was}",
        "type": "Warning",
        "source": {"component": HEARTBEAT},
        "firstTimestamp": instant,
        "lastTimestamp": instant,
        "count": 1,
    }
    id_ = ResourceId(kind=EVENT, name=name, namespace=live.id.namespace)
    try:
        api.create(Manifest(id=id_, document=document))
    except AlbDrError as error:
        narrator.note(f"no event was left on {live.id}: {error.message}")
