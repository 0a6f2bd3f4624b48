"""Guard rails: what must hold before a drill may harm anything. Reads only."""

from __future__ import annotations

from collections.abc import Mapping

from alb_dr.errors import BadInput, Forbidden, NotFound, Refused
from alb_dr.model.manifest import (
    DEPLOYMENT,
    HORIZONTAL_POD_AUTOSCALER,
    SCALED_OBJECT,
    Kind,
    Manifest,
)
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator
from alb_dr.render.annotations import weights_of
from alb_dr.workflows.distribute import workload_id
from alb_dr.workflows.drill_record import ANNOTATION, replicas_of
from alb_dr.workflows.identities import check_identities
from alb_dr.workflows.policy import by_policy
from alb_dr.workflows.readiness import workload_waits_for
from alb_dr.workflows.recover import open_drills
from alb_dr.workflows.shift_record import read_record, refuse_open_shift
from alb_dr.workflows.weights import live_ingress


def check_guardrails(
    topology: Topology,
    victim: MemberCluster,
    *,
    fleet: KubeApi,
    members: Mapping[str, KubeApi],
    clock: Clock,
    narrator: Narrator,
) -> Manifest:
    """The victim's workload when everything holds; Refused, Forbidden or BadInput otherwise."""
    check_identities((fleet, *members.values()), clock=clock, narrator=narrator)
    refuse_open_shift(read_record(topology, fleet))
    for member in topology.members:
        _refuse_open(members[member.id])
    workload = _victim_workload(topology, victim, members[victim.id])
    for member in topology.members:
        if member.id != victim.id:
            _check_survivor(topology, member, members[member.id])
    _check_weights(topology, victim, fleet)
    _check_access(topology, victim, members[victim.id])
    _check_autoscalers(topology, victim, members[victim.id], narrator)
    if by_policy(topology):
        # Documented nowhere: a scheduler that reverts copies would end the outage before its time.
        narrator.warn("the workload is placed by policy: the Fleet may scale it back by itself")
    return workload


def _refuse_open(api: KubeReader) -> None:
    for drill in open_drills(api):
        raise Refused(
            f"{api.label}: a drill is still open on {drill.workload.id}",
            hint="finish it first: alb-dr failover recover --execute",
            code="ADR-DRILL-OPEN",
        )


def _victim_workload(topology: Topology, victim: MemberCluster, api: KubeReader) -> Manifest:
    id_ = workload_id(topology)
    live = api.get(id_)
    if live is None:
        names = ", ".join(w.id.name for w in api.list(DEPLOYMENT, namespace=id_.namespace))
        raise BadInput(
            f"{victim.name}: {id_} does not exist",
            hint=f"Deployments in that namespace: {names or 'none'}",
        )
    if replicas_of(live) == 0:
        raise Refused(
            f"{victim.name}: {id_} is at 0 already; there is nothing to rehearse",
            hint="scale it up, or drill another member",
            code="ADR-AT-ZERO",
        )
    if (live.document.get("spec") or {}).get("paused"):
        raise Refused(f"{victim.name}: {id_} is paused", hint="resume it: kubectl rollout resume")
    waiting = workload_waits_for(live)
    if waiting is not None:
        raise Refused(
            f"{victim.name}: {id_} is not steady: {waiting}", hint="wait until it is, then drill"
        )
    if ANNOTATION in live.annotations:
        raise Refused(
            f"{victim.name}: {id_} carries the record of an unfinished drill",
            hint="alb-dr failover recover --execute",
            code="ADR-DRILL-OPEN",
        )
    return live


def _check_survivor(topology: Topology, member: MemberCluster, api: KubeReader) -> None:
    id_ = workload_id(topology)
    waiting = workload_waits_for(api.get(id_))
    live = api.get(id_)
    if waiting is not None or live is None or replicas_of(live) == 0:
        raise Refused(
            f"{member.name} cannot carry the traffic: {waiting or 'it has no pods'}",
            hint="bring it up first; this refusal cannot be overridden",
            code="ADR-SURVIVOR",
        )


def _check_weights(topology: Topology, victim: MemberCluster, fleet: KubeReader) -> None:
    weights = weights_of(live_ingress(topology, fleet=fleet).annotations)
    try:
        total = sum(int(weight) for weight in weights.values())
        others = sum(int(weight) for member, weight in weights.items() if member != victim.id)
    except ValueError:
        raise Refused("a live weight is no number", hint="alb-dr ingress set-weights") from None
    if total != 100:
        raise Refused(f"the live weights sum to {total}", hint="alb-dr ingress set-weights")
    if others == 0:
        raise Refused(
            f"only {victim.name} has weight: a member of weight 0 does not take over by itself",
            hint="give the others some weight first, for example 1",
            code="ADR-SURVIVOR-ZERO",
        )


def _check_access(topology: Topology, victim: MemberCluster, api: KubeApi) -> None:
    """The right to restore is asked for before anything is harmed (safety F37)."""
    id_ = workload_id(topology)
    for verb in ("get", "patch"):
        if not api.review(verb, id_.kind, namespace=id_.namespace, name=id_.name):
            raise Forbidden(
                f"{victim.name}: we may not {verb} {id_}; the restore would fail",
                hint=f"grant {verb} on deployments in {id_.namespace}",
            )


def _check_autoscalers(
    topology: Topology, victim: MemberCluster, api: KubeReader, narrator: Narrator
) -> None:
    id_ = workload_id(topology)
    for kind in (SCALED_OBJECT, HORIZONTAL_POD_AUTOSCALER):
        for scaler in _listed(api, kind, id_.namespace):
            target = (scaler.document.get("spec") or {}).get("scaleTargetRef") or {}
            if target.get("name") != id_.name:
                continue
            if kind == SCALED_OBJECT:
                raise Refused(
                    f"{victim.name}: KEDA ({scaler.id}) scales {id_} and would undo the drill",
                    hint="pause it by hand, or drill a workload it does not scale",
                    code="ADR-KEDA",
                )
            narrator.note(f"{victim.name}: {scaler.id} is passive while its target is at 0")


def _listed(api: KubeReader, kind: Kind, namespace: str | None) -> tuple[Manifest, ...]:
    try:
        return api.list(kind, namespace=namespace)
    except NotFound:
        return ()
