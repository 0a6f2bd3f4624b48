"""Resilience: what makes a failure or a drill cost more than it must, or undoes a drill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from alb_dr.errors import NotFound
from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.manifest import APPLICATION, Manifest
from alb_dr.model.member import MemberCluster
from alb_dr.model.weights import TOTAL
from alb_dr.stats.capacity import HEADROOM, busiest, growth
from alb_dr.workflows.delivery.distribute import workload_id
from alb_dr.workflows.guard.state import guard_obstacles
from alb_dr.workflows.members.budgets import budget_obstacles
from alb_dr.workflows.members.capacity import most_pods, ready_pods
from alb_dr.workflows.preflight.read_once import NotAskedError, ReadOnce
from alb_dr.workflows.preflight.scene import Question, Scene
from alb_dr.workflows.scalers.argo_sync import Span, sync_obstacles
from alb_dr.workflows.scalers.autoscalers import scaler_obstacles, scalers_of
from alb_dr.workflows.scalers.obstacles import Obstacle

DRILL = timedelta(minutes=10)
"""How long a drill may stay open unless --expires-in says otherwise."""
READINESS_GATE = "target-health.alb.k8s.alibabacloud"
"""Prefix of the gate that keeps a pod unready until ALB sends to it."""


def _workloads(scene: Scene) -> Iterator[tuple[MemberCluster, ReadOnce, Manifest]]:
    """The live workloads; NotAskedError while no member has one."""
    found = [
        (member, api, live)
        for member, api in scene.answering()
        if (live := api.get(workload_id(scene.topology))) is not None
    ]
    if not found:
        raise NotAskedError("no member runs the workload yet")
    yield from found


def _pod_spec(workload: Manifest) -> Mapping[str, Any]:
    template = (workload.document.get("spec") or {}).get("template") or {}
    return template.get("spec") or {}


def _replicas(workload: Manifest) -> int:
    return int((workload.document.get("spec") or {}).get("replicas", 1))


def _single(scene: Scene) -> Iterator[Trouble]:
    for member, _, workload in _workloads(scene):
        if _replicas(workload) == 1:
            yield Trouble(seen=f"{member.name}: {workload.id} has a single replica")


def _readiness(scene: Scene) -> Iterator[Trouble]:
    for member, _, workload in _workloads(scene):
        pod = _pod_spec(workload)
        gates = [str(g.get("conditionType", "")) for g in pod.get("readinessGates") or []]
        gated = any(gate.startswith(READINESS_GATE) for gate in gates)
        probed = all(c.get("readinessProbe") for c in pod.get("containers") or [])
        if not (gated or probed):
            yield Trouble(
                seen=f"{member.name}: {workload.id} has neither readiness probe nor readiness gate"
            )


def _graceful(scene: Scene) -> Iterator[Trouble]:
    for member, _, workload in _workloads(scene):
        hooks = [c.get("lifecycle") or {} for c in _pod_spec(workload).get("containers") or []]
        if not any(hook.get("preStop") for hook in hooks):
            yield Trouble(seen=f"{member.name}: {workload.id} has no preStop hook")


def _autoscalers(scene: Scene) -> Iterator[Trouble]:
    for member, api, workload in _workloads(scene):
        found = scaler_obstacles(member.name, workload, scalers_of(api, workload))
        yield from map(_trouble, found)


def _self_heal(scene: Scene) -> Iterator[Trouble]:
    now = scene.clock.now()
    span = Span(begin=now, end=now + DRILL)
    try:
        scene.fleet.list(APPLICATION, namespace=scene.topology.application.argocd_namespace)
    except NotFound:
        raise NotAskedError("the Fleet does not serve Application") from None
    for member in scene.topology.members:
        found = sync_obstacles(scene.topology, member, scene.fleet, span=span)
        yield from (_trouble(o) for o in found if o.code == "ADR-SELF-HEAL")


def _budgets(scene: Scene) -> Iterator[Trouble]:
    for member, api, workload in _workloads(scene):
        yield from map(_trouble, budget_obstacles(member.name, workload, api))


def _guard(scene: Scene) -> Iterator[Trouble]:
    namespace = scene.topology.ingress.namespace
    for member, api in scene.answering():
        found = guard_obstacles(member.name, api, namespace=namespace, clock=scene.clock)
        yield from map(_trouble, found)


def _trouble(obstacle: Obstacle) -> Trouble:
    """What a drill refuses is a warning here: without a drill it harms nobody."""
    gravity = Gravity.WARNING if obstacle.refuses else Gravity.INFO
    fix = f"{obstacle.hint}; or {obstacle.override}" if obstacle.override else obstacle.hint
    return Trouble(seen=obstacle.text, fix=fix, gravity=gravity)


def _capacity(scene: Scene) -> Iterator[Trouble]:
    found = list(_workloads(scene))
    if len(found) < len(scene.topology.members):
        raise NotAskedError("not every member's workload is known")
    today = busiest((_share(scene, m), ready_pods(w)) for m, _, w in found)
    for victim in scene.topology.members:
        left = sum(most_pods(api, w) for m, api, w in found if m.id != victim.id)
        if not left:
            yield Trouble(seen=f"without {victim.name} there is no pod left", gravity=Gravity.ERROR)
            continue
        factor = growth(TOTAL, left, today)
        if factor > HEADROOM:
            yield Trouble(
                seen=f"without {victim.name} each pod has to carry {factor:.1f} times what the "
                "busiest carries today"
            )


def _share(scene: Scene, member: MemberCluster) -> int:
    return scene.topology.weights.get(member.id) or 0


QUESTIONS = (
    Question(
        check=Check(
            code="ADR-SINGLE-REPLICA",
            category=Category.RESILIENCE,
            gravity=Gravity.WARNING,
            title="every member has more than one replica",
            fix="run at least two replicas in every member",
            why="With one replica each restart of a pod is an outage of that member's share, and "
            "a drill cannot tell the loss of a cluster from the restart of a pod.",
        ),
        ask=_single,
    ),
    Question(
        check=Check(
            code="ADR-NO-READINESS",
            category=Category.RESILIENCE,
            gravity=Gravity.WARNING,
            title="pods say when they are ready",
            fix="add a readinessProbe, or the readiness gate target-health.alb.k8s.alibabacloud",
            why="Without a readiness probe or the ALB readiness gate a starting pod gets requests "
            "before it can answer: after a failback the first pod may get a whole member's share.",
        ),
        ask=_readiness,
    ),
    Question(
        check=Check(
            code="ADR-NO-PRESTOP",
            category=Category.RESILIENCE,
            gravity=Gravity.WARNING,
            title="pods finish their requests before they stop",
            fix="add a preStop sleep of 10 s and terminationGracePeriodSeconds: 45",
            why="A pod that stops at once cuts requests that ALB still sends to it: they are "
            "answered 502. The vendor recommends a preStop sleep of about 10 s.",
        ),
        ask=_graceful,
    ),
    Question(
        check=Check(
            code="ADR-AUTOSCALER",
            category=Category.RESILIENCE,
            gravity=Gravity.INFO,
            title="no autoscaler interferes with a drill",
            fix="pause it for the drill, or drill a workload it does not scale",
            why="A plain HPA goes passive when its target is at 0. KEDA does not: it scales up "
            "again and ends a drill before it has shown anything, so drills refuse it.",
        ),
        ask=_autoscalers,
    ),
    Question(
        check=Check(
            code="ADR-SELF-HEAL",
            category=Category.RESILIENCE,
            gravity=Gravity.WARNING,
            title="Argo CD leaves a drill's scaling alone",
            fix="turn selfHeal off for the drilled Applications",
            why="With automated.selfHeal Argo CD scales the workload back within seconds: the "
            "drill ends before it has shown anything. A deny sync window of the AppProject that "
            "lasts as long as the drill is as good. Without selfHeal a commit during the drill "
            "has the same effect once.",
        ),
        ask=_self_heal,
    ),
    Question(
        check=Check(
            code="ADR-BUDGET",
            category=Category.RESILIENCE,
            gravity=Gravity.INFO,
            title="nobody relies on a disruption budget in a drill",
            fix="nothing: it is only worth knowing",
            why="A PodDisruptionBudget limits evictions. Scaling a Deployment to 0 evicts nothing, "
            "so a budget neither protects the workload from a drill nor keeps one from ending.",
        ),
        ask=_budgets,
    ),
    Question(
        check=Check(
            code="ADR-GUARD",
            category=Category.RESILIENCE,
            gravity=Gravity.INFO,
            title="the guard in every member looks once a minute",
            fix="alb-dr failover install-guard",
            why="The guard puts a drill back when the operator's machine is lost. One that is "
            "installed and silent, because its image cannot be pulled or it may not do its work, "
            "is worse than none: drills refuse it unless --no-guard names the member.",
        ),
        ask=_guard,
    ),
    Question(
        check=Check(
            code="ADR-CAPACITY",
            category=Category.RESILIENCE,
            gravity=Gravity.WARNING,
            title="the other members can carry a lost member's traffic",
            fix="run more replicas, or let an autoscaler add them (its maximum counts)",
            why="When a member is lost the others carry everything. What the busiest pod carries "
            "today is known to work; more than 1.3 times that is a guess. The project file's "
            "weights, the ready pods and the maximum of autoscalers go into it.",
        ),
        ask=_capacity,
    ),
)
"""What makes failures cheap and drills possible."""
