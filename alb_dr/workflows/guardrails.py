"""Guard rails: what must hold before a drill may harm anything. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from alb_dr.errors import Forbidden, Refused
from alb_dr.model.manifest import Manifest
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator
from alb_dr.render.annotations import weights_of
from alb_dr.workflows.argo_sync import Span, sync_obstacles
from alb_dr.workflows.autoscalers import scaler_obstacles, scalers_of
from alb_dr.workflows.budgets import budget_obstacles
from alb_dr.workflows.distribute import workload_id
from alb_dr.workflows.drill_record import ANNOTATION, replicas_of
from alb_dr.workflows.drill_target import drill_target
from alb_dr.workflows.guard_state import guard_obstacles
from alb_dr.workflows.identities import check_identities
from alb_dr.workflows.obstacles import refuse
from alb_dr.workflows.policy import by_policy
from alb_dr.workflows.readiness import workload_waits_for
from alb_dr.workflows.recover import open_drills
from alb_dr.workflows.shift_record import read_record, refuse_open_shift
from alb_dr.workflows.weights import live_ingress


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillChoices:
    """How long a drill may stay open, seconds, and the options that let single refusals pass."""

    lasts_s: float = 600.0
    overrides: frozenset[str] = frozenset()


def check_guardrails(
    topology: Topology,
    victim: MemberCluster,
    *,
    fleet: KubeApi,
    members: Mapping[str, KubeApi],
    clock: Clock,
    narrator: Narrator,
    choices: DrillChoices | None = None,
) -> Manifest:
    """The victim's workload when everything holds; Refused, Forbidden or BadInput otherwise."""
    choices = choices or DrillChoices()
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
    span = Span(begin=clock.now(), end=clock.now() + timedelta(seconds=choices.lasts_s))
    api = members[victim.id]
    refuse(
        (
            *scaler_obstacles(victim.name, workload, scalers_of(api, workload)),
            *sync_obstacles(topology, victim, fleet, span=span),
            *budget_obstacles(victim.name, workload, api),
            *guard_obstacles(victim.name, api, namespace=topology.ingress.namespace, clock=clock),
        ),
        overrides=choices.overrides,
        narrator=narrator,
    )
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
    live = drill_target(topology, api)
    if ANNOTATION in live.annotations:
        raise Refused(
            f"{victim.name}: {live.id} carries the record of an unfinished drill",
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
