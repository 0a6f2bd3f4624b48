"""Failback: the traffic returns in steps, once the members have been healthy for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from alb_dr.errors import AlbDrError, Refused, Unreachable
from alb_dr.model.away import Away
from alb_dr.model.manifest import Manifest
from alb_dr.model.member import MemberCluster
from alb_dr.model.shift import ShiftRequest
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator
from alb_dr.render.annotations import AWAY
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.distribute import workload_id
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.live.readiness import workload_waits_for
from alb_dr.workflows.members.control_side import ready_endpoints
from alb_dr.workflows.records.away import away_of, away_operations
from alb_dr.workflows.records.drill_record import WAIT_OR_RECOVER
from alb_dr.workflows.records.shift_record import read_record, refuse_open_shift
from alb_dr.workflows.recover.marks import open_drills
from alb_dr.workflows.shift.checks import starting_weights
from alb_dr.workflows.shift.ports import Remember
from alb_dr.workflows.shift.way import way_of

LOOK_S = 1.0
"""Between two looks at the members while they are to prove stable."""


def traffic_away(live: Manifest) -> Away:
    """The record of traffic moved away; Refused when nothing was."""
    away = away_of(live)
    if away is not None:
        return away
    if AWAY in live.annotations and Away.parse(live.annotations[AWAY]) is None:
        raise Refused(
            f"{live.id} carries a record this version cannot read: {AWAY}",
            hint="a person must look; alb-dr ingress shift moves traffic without it",
            code="ADR-NOT-AWAY",
        )
    raise Refused(
        "nothing was moved away: there is nowhere to return to",
        hint="alb-dr ingress shift --to WEIGHTS moves traffic without a record",
        code="ADR-NOT-AWAY",
    )


def close_record(live: Manifest, weights: Weights, *, fleet: KubeApi, dry_run: bool) -> bool:
    """Remove a record that the live weights have ended; whether there was one."""
    operations = away_operations(live, weights, None)
    if operations:
        fleet.patch(live.id, operations, dry_run=dry_run)
    return bool(operations)


def returning(target: Weights) -> Remember:
    """The record that stays until the traffic is at ``target``.

    Another target than the remembered one takes its place: a return that has to be given up is
    tried again to the same weights.
    """

    def remember(_start: Weights, earlier: Away | None) -> Away | None:
        return replace(earlier, former=target.as_dict()) if earlier is not None else None

    return remember


def way_back(
    topology: Topology,
    request: ShiftRequest,
    *,
    fleet: KubeReader,
    members: Mapping[str, KubeReader],
    narrator: Narrator,
) -> tuple[Weights, ...]:
    """All weights on the way, the present ones first. Reads only.

    Refused while a shift or a drill is open. Whether the members can serve is not asked yet:
    that is waited for.
    """
    refuse_open_shift(read_record(topology, fleet))
    for member in topology.members:
        with suppress(Unreachable):
            for drill in open_drills(members[member.id]):
                raise Refused(
                    f"{member.name}: {drill.words}",
                    hint=WAIT_OR_RECOVER,
                    code="ADR-DRILL-OPEN",
                )
    start = starting_weights(topology, live_ingress(topology, fleet=fleet))
    return way_of(start, request, narrator)


def gaining(topology: Topology, start: Weights, target: Weights) -> tuple[MemberCluster, ...]:
    """The members that get more traffic than now."""
    return tuple(m for m in topology.members if target[m.id] > start[m.id])


def unhealthy(
    topology: Topology, wanted: Sequence[MemberCluster], members: Mapping[str, KubeReader]
) -> str | None:
    """Why traffic cannot return to these members now, in words; None when it can."""
    for member in wanted:
        api = members[member.id]
        try:
            if open_drills(api):
                return f"{member.name}: a drill is open"
            lacking = workload_waits_for(api.get(workload_id(topology)))
            if lacking is None and not ready_endpoints(topology, api):
                lacking = "it has no ready endpoint"
        except AlbDrError as error:
            return f"{member.name} could not be asked: {error.message}"
        if lacking is not None:
            return f"{member.name}: {lacking}"
    return None


def still_away(topology: Topology, wanted: Sequence[MemberCluster]) -> str:
    """What to do when the members that are to get traffic back do not come back."""
    names = ", ".join(m.name for m in wanted)
    others = ", ".join(m.name for m in topology.members if m not in wanted) or "the members"
    return (
        f"nothing was moved: {names} still away, the traffic stays with {others}, no failover "
        "start is needed; when alb-dr distribute status shows it whole: alb-dr failover back"
    )


def member_lost(
    error: Unreachable, topology: Topology, wanted: Sequence[MemberCluster]
) -> Unreachable:
    """The error with what to do, when it is a member's that is to get traffic back."""
    if not any(error.message.startswith(f"{m.name}:") for m in wanted):
        return error
    words = f"the traffic cannot return yet: {error.message}"
    return Unreachable(words, hint=still_away(topology, wanted))


def await_stable(
    topology: Topology,
    wanted: Sequence[MemberCluster],
    *,
    members: Mapping[str, KubeReader],
    clock: Clock,
    narrator: Narrator,
    window_s: float,
    timeout_s: float,
) -> None:
    """Look until the members were healthy at every look for ``window_s``.

    One bad look, an API without an answer included, starts the window anew. Raises
    DeadlineExceeded with the last reason.
    """
    deadline = Deadline(clock, timeout_s)
    window = Deadline(clock, window_s)
    last = ""
    while True:
        why = unhealthy(topology, wanted, members)
        if why is not None:
            if why != last:
                narrator.warn(f"not stable yet: {why}")
            last, window = why, Deadline(clock, window_s)
        elif window.passed:
            return
        if deadline.passed:
            raise deadline.exceeded(
                f"the members were not healthy for {window_s:g} s at a stretch",
                last or "healthy, but not for long enough",
                hint=still_away(topology, wanted),
            )
        narrator.progress(window_s - window.left_s, window_s, last)
        clock.sleep(LOOK_S)
