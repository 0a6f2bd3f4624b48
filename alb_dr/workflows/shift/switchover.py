"""Switchover: planned, every side healthy. The traffic goes over in the steps of a shift.

What is particular to it: whose health is asked for, whether the others can carry everything, and
the record of where to return to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from alb_dr.errors import Refused
from alb_dr.model.away import Away, moved_away
from alb_dr.model.shift import ShiftRequest
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.ports import KubeReader
from alb_dr.workflows.delivery.distribute import workload_id
from alb_dr.workflows.live.readiness import workload_waits_for
from alb_dr.workflows.members.control_side import ready_endpoints
from alb_dr.workflows.shift.ports import Remember


def check_switchover(
    topology: Topology,
    start: Weights,
    target: Weights,
    *,
    members: Mapping[str, KubeReader],
) -> None:
    """Refused unless all members that carry traffic, before or after, are whole.

    An API that does not answer raises Unreachable: without it nothing can be planned.
    """
    for member in topology.members:
        if not (start[member.id] or target[member.id]):
            continue
        api = members[member.id]
        lacking = workload_waits_for(api.get(workload_id(topology)))
        if lacking is None and not ready_endpoints(topology, api):
            lacking = "it has no ready endpoint"
        if lacking is not None:
            raise Refused(
                f"{member.name} is not healthy: {lacking}; a switchover is for healthy members",
                hint=f"in an emergency: alb-dr failover start --away-from {member.name} "
                "--reason TEXT",
                code="ADR-NOT-HEALTHY",
            )


def remembering(request: ShiftRequest, *, by: str, since: datetime) -> Remember:
    """The record that a switchover leaves beside its weights."""

    def remember(start: Weights, earlier: Away | None) -> Away | None:
        return moved_away(
            start,
            request.target,
            earlier,
            operation=request.shift_id,
            verb=request.verb,
            by=by,
            reason=request.reason,
            since=since,
        )

    return remember
