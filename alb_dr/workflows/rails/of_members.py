"""Guard rails about the members: the victim, those who must take over, the guard."""

from __future__ import annotations

from datetime import timedelta

from alb_dr.errors import Forbidden, Refused
from alb_dr.model.manifest import Manifest
from alb_dr.model.member import MemberCluster
from alb_dr.workflows.faults.by_name import DRAIN, SCALE
from alb_dr.workflows.guard.state import guard_obstacles
from alb_dr.workflows.guard.sweeper import is_alive
from alb_dr.workflows.members.budgets import budget_obstacles
from alb_dr.workflows.members.capacity import refuse_overload
from alb_dr.workflows.members.drill_target import drill_target
from alb_dr.workflows.members.survivor_state import SurvivorState, survivor_state
from alb_dr.workflows.rails.scene import RailScene
from alb_dr.workflows.records.drill_record import ANNOTATION
from alb_dr.workflows.scalers.argo_sync import Span, ingress_obstacles, sync_obstacles
from alb_dr.workflows.scalers.autoscalers import Scalers, scaler_obstacles, scalers_of
from alb_dr.workflows.scalers.obstacles import refuse
from alb_dr.workflows.shift.checks import starting_weights


def victim_workload(scene: RailScene) -> Manifest:
    """The victim's workload when it is whole and can be drilled (F15, F16)."""
    live = drill_target(scene.topology, scene.api)
    if ANNOTATION in live.annotations:
        raise Refused(
            f"{scene.victim.name}: {live.id} carries the record of an unfinished drill",
            hint="alb-dr failover recover --execute",
            code="ADR-DRILL-OPEN",
        )
    return live


def whole_survivor(scene: RailScene, member: MemberCluster) -> SurvivorState:
    """A survivor's state; Refused when it cannot carry the traffic (G5, F11). No override."""
    seen = survivor_state(scene.topology, scene.members[member.id])
    if seen.lacking is not None or not seen.ready:
        raise Refused(
            f"{member.name} cannot carry the traffic: {seen.lacking or 'it has no pods'}",
            hint="bring it up first; this refusal cannot be overridden",
            code="ADR-SURVIVOR",
        )
    return seen


def old_survivor(scene: RailScene, member: MemberCluster, seen: SurvivorState) -> None:
    """Refused for a survivor that has not been steady for a while (G5)."""
    now, steady = scene.clock.now(), timedelta(seconds=scene.rules.steady_s)
    if seen.since is not None and now - seen.since < steady:
        age = (now - seen.since).total_seconds()
        raise Refused(
            f"{member.name} has been available for {age:.0f} s only",
            hint=f"wait until it has been for {scene.rules.steady_s:g} s",
            code="ADR-SURVIVOR-YOUNG",
        )
    if seen.restarted is not None and now - seen.restarted < 2 * steady:
        age = (now - seen.restarted).total_seconds()
        raise Refused(
            f"a container of {member.name} ended {age:.0f} s ago and was started again",
            hint="find out why: kubectl logs --previous",
            code="ADR-SURVIVOR-YOUNG",
        )


def capacity(scene: RailScene, ingress: Manifest) -> None:
    """Refused when the survivors' pods would carry far more than any pod does now (G6)."""
    start = starting_weights(scene.topology, ingress)
    refuse_overload(
        scene.topology,
        start,
        start.drained(scene.victim.id),
        members=scene.members,
        headroom=scene.rules.headroom,
        narrator=scene.narrator,
    )


def scalers_and_guard(scene: RailScene, workload: Manifest) -> Scalers:
    """What scales or syncs the victim by itself, and whether its guard works (G9, G10, G13)."""
    name, api, now = scene.victim.name, scene.api, scene.clock.now()
    namespace = scene.topology.ingress.namespace
    scalers = scalers_of(api, workload)
    span = Span(begin=now, end=now + timedelta(seconds=scene.rules.lasts_s))
    scaling = (
        *scaler_obstacles(name, workload, scalers),
        *sync_obstacles(scene.topology, scene.victim, scene.fleet, span=span),
        *budget_obstacles(name, workload, api),
    )
    weighing = ingress_obstacles(scene.topology, scene.fleet, span=span)
    refuse(
        (
            *(scaling if scene.fault == SCALE else ()),
            *(weighing if scene.fault == DRAIN or scene.rules.ramp else ()),
            *guard_obstacles(name, api, namespace=namespace, clock=scene.clock),
        ),
        overrides=scene.rules.options,
        narrator=scene.narrator,
    )
    if scene.fault == SCALE:
        _may_pause(scene, scalers)
    if scene.rules.strict and not is_alive(api, namespace=namespace, clock=scene.clock):
        raise Refused(
            f"{name}: no guard has looked into {namespace} lately, and --strict wants one",
            hint="install it: alb-dr failover install-guard",
            code="ADR-GUARD",
        )
    return scalers


def _may_pause(scene: RailScene, scalers: Scalers) -> None:
    """The right to end a pause is asked for before anything is paused (safety F37)."""
    for id_ in scalers.to_pause:
        for verb in ("get", "patch"):
            if not scene.api.review(verb, id_.kind, namespace=id_.namespace, name=id_.name):
                raise Forbidden(
                    f"{scene.victim.name}: we may not {verb} {id_}; its pause could not be ended",
                    hint=f"grant {verb} on scaledobjects {id_.name} in {id_.namespace}",
                )
