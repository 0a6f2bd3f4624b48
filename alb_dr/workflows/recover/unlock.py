"""Unlock: take away the lock of a drill whose machine is lost, and of nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from alb_dr.errors import AlbDrError, Conflict, Refused
from alb_dr.model.manifest import Manifest
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator
from alb_dr.workflows.records.lease import DRILL, DURATION_S, lease_id, renewed_at, words
from alb_dr.workflows.recover.marks import open_drills, open_weights

SECOND_LOOK_S = 2.0
"""A holder whose clock is wrong but who lives is given away by a change between two looks."""


def live_lock(topology: Topology, *, fleet: KubeReader) -> Manifest | None:
    """The Lease of the project's Ingress, if there is one."""
    return fleet.get(lease_id(topology))


def check_unlock(
    topology: Topology,
    drill: str,
    *,
    fleet: KubeReader,
    members: Mapping[str, KubeReader],
    clock: Clock,
) -> Manifest | None:
    """The Lease that may go, or None when there is none.

    Raises Conflict when it belongs to another drill, Refused while its holder lives or a workload
    or the Ingress still carries the drill's record.
    """
    lock = live_lock(topology, fleet=fleet)
    if lock is None:
        return None
    said = words(lock, clock.now())
    if lock.annotations.get(DRILL) != drill:
        raise Conflict(f"the lock is not of drill {drill}: {said}", code="ADR-LOCKED")
    renewed = renewed_at(lock)
    if renewed is not None and clock.now() - renewed < timedelta(seconds=DURATION_S):
        raise Refused(
            f"its holder may live: {said}",
            hint=f"end that command, or wait: a lock that nobody renews for {DURATION_S} s may go",
        )
    clock.sleep(SECOND_LOOK_S)
    again = live_lock(topology, fleet=fleet)
    if again is None:
        return None
    if again.resource_version != lock.resource_version:
        raise Refused(f"its holder lives: {words(again, clock.now())}", hint="wait for it")
    held = open_weights(fleet, namespace=topology.ingress.namespace)
    for found in (*held, *(d for api in members.values() for d in open_drills(api))):
        if found.record is not None and found.record.drill == drill:
            raise Refused(
                f"{found.member}: {found.target.id} still carries the record of drill {drill}",
                hint="put it back first: alb-dr failover recover --execute",
                code="ADR-DRILL-OPEN",
            )
    return again


def forget_lock(topology: Topology, drill: str, *, fleet: KubeApi, narrator: Narrator) -> None:
    """Remove what an interrupted drill or shift locked. It expires anyhow, so this may fail."""
    try:
        lock = live_lock(topology, fleet=fleet)
        if lock is not None and lock.annotations.get(DRILL) == drill:
            remove_lock(lock, fleet=fleet)
    except AlbDrError as error:
        narrator.warn(f"the lock of {drill} stays until it expires: {error.message}")


def remove_lock(lock: Manifest, *, fleet: KubeApi) -> None:
    """Delete this very Lease."""
    fleet.delete(lock.id, uid=lock.uid)
