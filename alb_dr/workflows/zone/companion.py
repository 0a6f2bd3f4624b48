"""Zones beside weights: what a switchover does with ``--zone``, and what a failback undoes first.

The zone leaves DNS before the first weight moves, while every member still serves: the other zone's
address reaches all of them. When the weights go back to where they began, the zone does, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alb_dr.errors import AlbDrError, BadInput, RestoreIncomplete
from alb_dr.model.member import MemberCluster
from alb_dr.model.shift import ShiftPhase
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.model.zone_shift import ZonePlan, ZoneRecord
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator
from alb_dr.workflows.deadline import Alive, nothing
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.records.lease import DrillLock, lease_id
from alb_dr.workflows.shift.checks import starting_weights
from alb_dr.workflows.zone.shift import BACK, ZoneShift


def leaving(topology: Topology, start: Weights, target: Weights) -> tuple[MemberCluster, ...]:
    """The members that lose all their traffic; BadInput when there is none.

    A member that keeps even one per cent is still in use, and so is its zone.
    """
    found = tuple(m for m in topology.members if start[m.id] and not target[m.id])
    if not found:
        raise BadInput(
            "no member loses all its traffic, so no zone can leave DNS", hint="leave out --zone"
        )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneCompanion:
    """The zones of one switchover. ``home`` are the weights it begins with."""

    topology: Topology
    fleet: KubeReader
    narrator: Narrator
    zones: ZoneShift
    plan: ZonePlan
    home: Weights
    shift_id: str
    reason: str

    def begin(self, alive: Alive) -> None:
        """Take them out of DNS, before the first step."""
        self.zones.start(self.plan, shift_id=self.shift_id, reason=self.reason, alive=alive)

    def end(self, phase: ShiftPhase, alive: Alive = nothing) -> None:
        """Bring them back when the weights are those it began with; RestoreIncomplete if not."""
        if phase is ShiftPhase.DONE:
            return
        try:
            live = starting_weights(self.topology, live_ingress(self.topology, fleet=self.fleet))
        except AlbDrError as error:
            self.narrator.warn(f"zones may still be out of DNS ({error.message}); {BACK}")
            return
        if live.as_dict() != self.home.as_dict():
            self.narrator.warn(f"the zones stay as they are, like the weights; {BACK} returns both")
            return
        try:
            self.zones.cancel(alive)
        except RestoreIncomplete:
            raise
        except AlbDrError as error:
            raise RestoreIncomplete(
                f"the weights are back, a zone is not: {error.message}",
                hint=f"do this now: {BACK}",
            ) from error


def zones_home(
    topology: Topology,
    zones: ZoneShift,
    *,
    fleet: KubeApi,
    clock: Clock,
    narrator: Narrator,
    holder: str,
    operation: str,
) -> ZoneRecord | None:
    """Bring all zones back under the Ingress's lock; None when there was nothing to bring back.

    Raises what ``cancel`` raises, and Conflict when somebody holds the lock.
    """
    lock = DrillLock(lease_id(topology), fleet=fleet, clock=clock, narrator=narrator)
    lock.acquire(holder=holder, drill=operation)
    try:
        return zones.cancel(lambda: _renewed(lock, narrator))
    finally:
        lock.release()


def _renewed(lock: DrillLock, narrator: Narrator) -> None:
    """A lost lock does not stop a way back; it is said."""
    lost = lock.renew()
    if lost is not None:
        narrator.warn(lost)


def zone_names(found: Sequence[str]) -> str:
    """Zones in a sentence."""
    return f"zone{'s' if len(found) > 1 else ''} {', '.join(found)}"
