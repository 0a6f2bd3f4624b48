"""Resilience: what makes a failure or a drill cost more than it must, or undoes a drill."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alb_dr.errors import NotFound
from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.manifest import (
    APPLICATION,
    HORIZONTAL_POD_AUTOSCALER,
    SCALED_OBJECT,
    Kind,
    Manifest,
)
from alb_dr.model.member import MemberCluster
from alb_dr.workflows.distribute import workload_id
from alb_dr.workflows.preflight.read_once import NotAskedError, ReadOnce
from alb_dr.workflows.preflight.scene import Question, Scene

HEADROOM = 1.3
"""How much more than today a pod may have to carry (safety G6)."""
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
        for scaler in _scalers(api, SCALED_OBJECT, workload):
            yield Trouble(
                seen=f"{member.name}: KEDA ({scaler.id}) scales {workload.id} and undoes a drill",
                gravity=Gravity.WARNING,
            )
        for scaler in _scalers(api, HORIZONTAL_POD_AUTOSCALER, workload):
            yield Trouble(
                seen=f"{member.name}: {scaler.id} scales {workload.id}; it is passive at 0",
                fix="nothing: a drill scales to 0 and back to the number that was there",
            )


def _scalers(api: ReadOnce, kind: Kind, workload: Manifest) -> list[Manifest]:
    """The autoscalers of a kind that aim at the workload; none where the kind is not served."""
    try:
        listed = api.list(kind, namespace=workload.id.namespace)
    except NotFound:
        return []
    return [s for s in listed if _aim(s) == workload.id.name]


def _aim(scaler: Manifest) -> str:
    target = (scaler.document.get("spec") or {}).get("scaleTargetRef") or {}
    return str(target.get("name", ""))


def _self_heal(scene: Scene) -> Iterator[Trouble]:
    application = scene.topology.application
    names = {f"{member.id}-{application.name}" for member in scene.topology.members}
    try:
        listed = scene.fleet.list(APPLICATION, namespace=application.argocd_namespace)
    except NotFound:
        raise NotAskedError("the Fleet does not serve Application") from None
    for live in (a for a in listed if a.id.name in names):
        policy = (live.document.get("spec") or {}).get("syncPolicy") or {}
        if (policy.get("automated") or {}).get("selfHeal"):
            yield Trouble(seen=f"{live.id} has selfHeal on and undoes a drill")


def _capacity(scene: Scene) -> Iterator[Trouble]:
    found = list(_workloads(scene))
    if len(found) < len(scene.topology.members):
        raise NotAskedError("not every member's workload is known")
    today = max(_share(scene, m) / max(1, _ready(w)) for m, _, w in found)
    for victim in scene.topology.members:
        left = sum(_most_pods(api, w) for m, api, w in found if m.id != victim.id)
        if not left:
            yield Trouble(seen=f"without {victim.name} there is no pod left", gravity=Gravity.ERROR)
            continue
        factor = 100 / left / today
        if factor > HEADROOM:
            yield Trouble(
                seen=f"without {victim.name} each pod has to carry {factor:.1f} times what the "
                "busiest carries today"
            )


def _share(scene: Scene, member: MemberCluster) -> int:
    return scene.topology.weights.get(member.id) or 0


def _ready(workload: Manifest) -> int:
    return int((workload.document.get("status") or {}).get("readyReplicas") or 0)


def _most_pods(api: ReadOnce, workload: Manifest) -> int:
    """How many pods it may have: what an autoscaler allows, else what is ready."""
    allowed = [
        int((s.document.get("spec") or {}).get("maxReplicas") or 0)
        for s in _scalers(api, HORIZONTAL_POD_AUTOSCALER, workload)
    ]
    return max([_ready(workload), *allowed])


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
            "drill ends before it has shown anything.",
        ),
        ask=_self_heal,
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
