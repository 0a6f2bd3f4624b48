"""What must hold before traffic is shifted, while it is, and before it is shifted back."""

from __future__ import annotations

from collections.abc import Mapping

from alb_dr.errors import AlbDrError, BadInput, Conflict, Refused, Unreachable
from alb_dr.model.manifest import Manifest
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights, parse_weight
from alb_dr.ports import KubeReader, Narrator
from alb_dr.render.annotations import weights_of
from alb_dr.stats.capacity import busiest, growth
from alb_dr.workflows.delivery.distribute import workload_id
from alb_dr.workflows.live.readiness import workload_waits_for
from alb_dr.workflows.members.capacity import ready_pods, refuse_overload
from alb_dr.workflows.members.control_side import ready_endpoints
from alb_dr.workflows.records.drill_record import ANNOTATION, WAIT_OR_RECOVER
from alb_dr.workflows.recover.marks import open_drills

MUCH_MORE = 1.5
"""Factor by which a pod's share may grow before it is said."""


def starting_weights(topology: Topology, ingress: Manifest) -> Weights:
    """The live weights; Conflict when they are no whole split over exactly the members."""
    live = weights_of(ingress.annotations)
    strangers = [member for member in live if topology.weights.get(member) is None]
    if strangers:
        raise Conflict(
            f"{ingress.id} also gives weight to {', '.join(strangers)}, no member of the file",
            hint="add the member to the project file, or remove its annotation",
            code="ADR-STALE-WEIGHT",
        )
    try:
        return Weights.of(
            {m.id: parse_weight(live.get(m.id, "0"), of=m.name) for m in topology.members}
        )
    except BadInput as error:
        raise Conflict(
            f"the weights of {ingress.id} cannot be right: {error.message}",
            hint="mend them first: alb-dr ingress set-weights",
        ) from error


def refuse_open_weights(ingress: Manifest) -> None:
    """Refused while a drill holds the weights: it would put them back over ours."""
    if ANNOTATION in ingress.annotations:
        raise Refused(
            f"a drill is open on {ingress.id}",
            hint=WAIT_OR_RECOVER,
            code="ADR-DRILL-OPEN",
        )


def check_before(
    topology: Topology,
    start: Weights,
    target: Weights,
    *,
    members: Mapping[str, KubeReader],
    narrator: Narrator,
    headroom: float | None,
) -> None:
    """Refused unless every member that is to get traffic can carry it and no drill is open."""
    pods: dict[str, int] = {}
    for member in topology.members:
        try:
            pods[member.id] = _able_pods(
                topology, member, members[member.id], needed=bool(target[member.id])
            )
        except Unreachable as error:
            if start[member.id] or target[member.id]:
                raise
            pods[member.id] = 0
            narrator.warn(f"{member.name} has no part in this and was not asked: {error.message}")
    if headroom is None:
        _warn_of_load(topology, start, target, pods, narrator)
    else:
        refuse_overload(
            topology, start, target, members=members, headroom=headroom, narrator=narrator
        )
    idle = [topology.member(m).name for m, weight in target if not weight]
    if idle:
        narrator.note(
            f"{', '.join(idle)} will have weight 0: it is not health-checked then and takes "
            "nothing over by itself"
        )


def _able_pods(topology: Topology, member: MemberCluster, api: KubeReader, *, needed: bool) -> int:
    """Its ready pods; Refused in a drill, and when it is needed but not ready to serve."""
    for drill in open_drills(api):
        raise Refused(
            f"{member.name}: {drill.words}",
            hint=WAIT_OR_RECOVER,
            code="ADR-DRILL-OPEN",
        )
    live = api.get(workload_id(topology))
    pods = ready_pods(live)
    if needed and ((lacking := workload_waits_for(live)) or not pods):
        raise Refused(
            f"{member.name} cannot carry traffic: {lacking or 'it has no pods'}",
            hint="alb-dr distribute status shows every member",
            code="ADR-CAPACITY",
        )
    return pods


def _warn_of_load(
    topology: Topology,
    start: Weights,
    target: Weights,
    pods: Mapping[str, int],
    narrator: Narrator,
) -> None:
    """Weight belongs to the member, not to its pods: few pods may get much (safety §1.6)."""
    today = busiest((w, pods[m]) for m, w in start if pods[m])
    for member, weight in target:
        factor = growth(weight, pods[member], today) if today and pods[member] else 0.0
        if factor > MUCH_MORE:
            name = topology.member(member).name
            narrator.warn(
                f"each pod of {name} will carry {factor:.1f} times what the busiest pod carries now"
            )


def dead_members(
    topology: Topology, weights: Weights, *, members: Mapping[str, KubeReader]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Members with weight but without a ready endpoint; and those that could not be asked."""
    dead: list[str] = []
    silent: list[str] = []
    for member in topology.members:
        if not weights[member.id]:
            continue
        try:
            if not ready_endpoints(topology, members[member.id]):
                dead.append(member.name)
        except AlbDrError:
            # A member whose API is gone may still answer requests: the traffic decides.
            silent.append(member.name)
    return tuple(dead), tuple(silent)


def unsafe_to_return(
    topology: Topology,
    current: Weights,
    start: Weights,
    *,
    members: Mapping[str, KubeReader],
) -> str | None:
    """Why going back would hurt more than staying: who gets more traffic must be able to serve."""
    gaining = {m: (w if w > (current.get(m) or 0) else 0) for m, w in start}
    for member in topology.members:
        if not gaining[member.id]:
            continue
        try:
            if not ready_endpoints(topology, members[member.id]):
                return f"{member.name} has no ready endpoint to go back to"
        except AlbDrError as error:
            return f"{member.name} could not be asked whether it can serve: {error.message}"
    return None
