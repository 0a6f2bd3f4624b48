"""The Fleet: it answers, it is a Fleet, its features are on, its members are associated."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from alb_dr.errors import NotFound
from alb_dr.model.application import DistributionMethod
from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.manifest import (
    ALB_CONFIG,
    APPLICATION_SET,
    MANAGED_CLUSTER,
    NAMESPACE,
    OLDER_PROPAGATION_POLICY,
    PROPAGATION_POLICY,
    Kind,
    Manifest,
    ResourceId,
)
from alb_dr.workflows.delivery.policy import by_policy
from alb_dr.workflows.preflight.read_once import NotAskedError, ReadOnce
from alb_dr.workflows.preflight.scene import Question, Scene

SKEW = timedelta(seconds=30)
"""How far this machine's clock may be from an API server's (safety G17)."""
CONDITIONS = (
    "HubAcceptedManagedCluster",
    "ManagedClusterJoined",
    "ManagedClusterConditionAvailable",
)
"""What a healthy associated cluster says of itself (Open Cluster Management)."""


def _answers(scene: Scene) -> Iterator[Trouble]:
    if not scene.fleet.answers():
        scene.fleet.identity()
    yield from ()


def _clock(scene: Scene) -> Iterator[Trouble]:
    if not scene.fleet.answers():
        raise NotAskedError(f"{scene.fleet.label} does not answer")
    server = scene.fleet.identity().server_time
    if server is None:
        raise NotAskedError("the Fleet's answers carry no date")
    skew = (scene.clock.now() - server).total_seconds()
    if abs(skew) > SKEW.total_seconds():
        word = "ahead of" if skew > 0 else "behind"
        yield Trouble(seen=f"this machine's clock is {abs(skew):.0f} s {word} the Fleet's")


def _is_fleet(scene: Scene) -> Iterator[Trouble]:
    if not is_served(scene.fleet, MANAGED_CLUSTER):
        yield Trouble(seen=f"{scene.fleet.label} serves no ManagedCluster: it is no Fleet")


def _distinct(scene: Scene) -> Iterator[Trouble]:
    if not scene.fleet.answers():
        raise NotAskedError(f"{scene.fleet.label} does not answer")
    seen = {scene.fleet.identity().cluster_uid: scene.fleet.label}
    for member, api in scene.answering():
        uid = api.identity().cluster_uid
        if uid in seen:
            yield Trouble(
                seen=f"the kubeconfigs of {seen[uid]} and {member.name} lead to the same cluster"
            )
        seen.setdefault(uid, member.name)


def is_served(api: ReadOnce, kind: Kind) -> bool:
    """Whether the API knows the kind at all."""
    try:
        api.list(kind)
    except NotFound:
        return False
    return True


def _gateway_served(scene: Scene) -> Iterator[Trouble]:
    if not is_served(scene.fleet, ALB_CONFIG):
        yield Trouble(seen="the Fleet does not serve AlbConfig")


def _gitops(scene: Scene) -> Iterator[Trouble]:
    if scene.topology.application.method is not DistributionMethod.GITOPS:
        raise NotAskedError("the project does not distribute by GitOps")
    namespace = scene.topology.application.argocd_namespace
    try:
        scene.fleet.list(APPLICATION_SET, namespace=namespace)
    except NotFound:
        yield Trouble(seen="the Fleet does not serve ApplicationSet")
        return
    if scene.fleet.get(ResourceId(kind=NAMESPACE, name=namespace)) is None:
        yield Trouble(
            seen=f"namespace {namespace} does not exist on the Fleet",
            fix="turn GitOps on, or correct application.argocdNamespace",
        )


def _policy_dialect(scene: Scene) -> Iterator[Trouble]:
    policy = scene.topology.application.policy
    said = policy.group if policy is not None else None
    newer = is_served(scene.fleet, PROPAGATION_POLICY)
    if newer and said != OLDER_PROPAGATION_POLICY.group:
        return
    older = is_served(scene.fleet, OLDER_PROPAGATION_POLICY)
    seen = "the Fleet does not serve application distribution"
    if older:
        seen = f"the Fleet serves the older {OLDER_PROPAGATION_POLICY.api_version}"
    elif newer:
        seen = f"the Fleet serves {PROPAGATION_POLICY.group}, not {said}"
    spoken = older and said != PROPAGATION_POLICY.group
    if by_policy(scene.topology) and not spoken:
        yield Trouble(seen=seen, fix="say application.method: gitops", gravity=Gravity.ERROR)
    else:
        yield Trouble(seen=seen)


def _associated(scene: Scene) -> Iterator[Trouble]:
    try:
        live = {m.id.name: m for m in scene.fleet.list(MANAGED_CLUSTER)}
    except NotFound:
        raise NotAskedError("the Fleet serves no ManagedCluster") from None
    for member in scene.topology.members:
        if member.id not in live:
            known = ", ".join(sorted(live)) or "none"
            yield Trouble(
                seen=f"{member.name} ({member.id}) is not associated with the Fleet",
                fix=f"correct members[].id, or associate the cluster; associated are: {known}",
            )
            continue
        bad = [c for c in CONDITIONS if not _holds(live[member.id], c)]
        if bad:
            yield Trouble(seen=f"{member.name} is associated, but not {', not '.join(bad)}")


def _holds(cluster: Manifest, condition: str) -> bool:
    found = (cluster.document.get("status") or {}).get("conditions") or []
    return any(c.get("type") == condition and c.get("status") == "True" for c in found)


QUESTIONS = (
    Question(
        check=Check(
            code="ADR-FLEET-API",
            category=Category.FLEET,
            gravity=Gravity.FATAL,
            title="the Fleet's API answers and knows us",
            fix="fetch the Fleet's kubeconfig again, and make sure its server can be reached",
            why="Everything is done through the Fleet's Kubernetes API. Its kubeconfig may be "
            "missing, expired, or name an address that cannot be reached from this machine "
            "(the private one, from outside the VPC).",
            pre=True,
            retry_s=300,
        ),
        ask=_answers,
    ),
    Question(
        check=Check(
            code="ADR-CLOCK",
            category=Category.FLEET,
            gravity=Gravity.WARNING,
            title="this machine's clock agrees with the Fleet's",
            fix="set the clock: timedatectl set-ntp true",
            why="Certificates, signatures and events carry instants. A clock that is off by "
            "more than 30 s makes signatures invalid and fresh warnings look old.",
            pre=True,
        ),
        ask=_clock,
    ),
    Question(
        check=Check(
            code="ADR-NOT-A-FLEET",
            category=Category.FLEET,
            gravity=Gravity.ERROR,
            title="the Fleet's kubeconfig leads to a Fleet",
            fix="name the Fleet instance's kubeconfig in fleet.kubeconfig, not a member's",
            why="AlbConfig, Ingress and ApplicationSet belong on the Fleet instance. Only a Fleet "
            "serves ManagedCluster; a member's kubeconfig in its place is the usual mistake.",
            pre=True,
        ),
        ask=_is_fleet,
    ),
    Question(
        check=Check(
            code="ADR-SAME-CLUSTER",
            category=Category.FLEET,
            gravity=Gravity.ERROR,
            title="Fleet and members are different clusters",
            fix="give every member its own kubeconfig, and the Fleet its own",
            why="A kubeconfig used twice makes a drill scale down the wrong cluster: the one that "
            "was to survive. Clusters are told apart by the uid of their kube-system namespace.",
            pre=True,
        ),
        ask=_distinct,
    ),
    Question(
        check=Check(
            code="ADR-NO-GATEWAY",
            category=Category.FLEET,
            gravity=Gravity.ERROR,
            title="the Fleet serves AlbConfig",
            fix="enable the ALB multi-cluster gateway on the Fleet",
            why="The multi-cluster gateway is a feature of the Fleet that must be enabled; it "
            "brings the AlbConfig kind and the hosted controller.",
            pre=True,
            retry_s=300,
        ),
        ask=_gateway_served,
    ),
    Question(
        check=Check(
            code="ADR-NO-GITOPS",
            category=Category.FLEET,
            gravity=Gravity.ERROR,
            title="the Fleet has GitOps on",
            fix="enable GitOps on the Fleet",
            why="The application is delivered by an Argo CD ApplicationSet on the Fleet, in Argo "
            "CD's namespace. Both come with the Fleet's GitOps feature.",
            pre=True,
            retry_s=300,
        ),
        ask=_gitops,
    ),
    Question(
        check=Check(
            code="ADR-POLICY-DIALECT",
            category=Category.FLEET,
            gravity=Gravity.INFO,
            title="application distribution is served as policy.one.alibabacloud.com/v1alpha1",
            fix="nothing: the project's distribution goes by GitOps",
            why="PropagationPolicy exists under two API groups, depending on the Fleet's age. It "
            "matters only to those who distribute by policy instead of GitOps.",
            pre=True,
        ),
        ask=_policy_dialect,
    ),
    Question(
        check=Check(
            code="ADR-NOT-ASSOCIATED",
            category=Category.FLEET,
            gravity=Gravity.ERROR,
            title="every member is associated with the Fleet and available",
            fix="look at the association in the ACK One console; it takes a few minutes",
            why="The gateway connects only clusters that are associated with the Fleet. A member "
            "is healthy when its ManagedCluster is accepted, joined and available.",
            pre=True,
            retry_s=300,
        ),
        ask=_associated,
    ),
)
"""What must be true of the Fleet."""
