"""Distribution: wait until every member runs the workload; say how far each one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from alb_dr.errors import NotFound
from alb_dr.model.manifest import (
    APPLICATION,
    APPLICATION_SET,
    DEPLOYMENT,
    Manifest,
    ResourceId,
)
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeReader, Narrator
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.policy import by_policy, copy_waits_for, policy_ids, propagation_id
from alb_dr.workflows.live.readiness import (
    application_set_problem,
    application_waits_for,
    workload_waits_for,
)

LOOK_EVERY_S = 5.0
"""How long one look at a member may last before the ApplicationSet is asked for problems again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberWorkload:
    """One member's part: what the application and the workload still lack; None when ready.

    The application is Argo CD's, or what the policies make of the workload.
    """

    member: MemberCluster
    application: str | None
    workload: str | None
    ready_pods: int
    wanted_pods: int
    delivered: str = "Synced, Healthy"
    """What to call an application that lacks nothing."""

    @property
    def is_ready(self) -> bool:
        """Whether this member runs the workload."""
        return self.application is None and self.workload is None


def application_set_id(topology: Topology) -> ResourceId:
    """The ApplicationSet of the project."""
    application = topology.application
    return ResourceId(
        kind=APPLICATION_SET,
        name=f"appset-{application.name}",
        namespace=application.argocd_namespace,
    )


def distribution_ids(topology: Topology) -> tuple[ResourceId, ...]:
    """What the project's method keeps on the Fleet, in the order of deletion."""
    return policy_ids(topology) if by_policy(topology) else (application_set_id(topology),)


def workload_id(topology: Topology) -> ResourceId:
    """The workload a drill scales, in any member."""
    application = topology.application
    return ResourceId(
        kind=DEPLOYMENT, name=application.workload.name, namespace=application.namespace
    )


def distribution_status(
    topology: Topology, *, fleet: KubeReader, members: Mapping[str, KubeReader]
) -> tuple[MemberWorkload, ...]:
    """How far every member is, by one look at the Fleet and one at each member."""
    applications = applications_of(topology, fleet)
    return tuple(
        member_status(topology, member, applications, members[member.id])
        for member in topology.members
    )


def applications_of(topology: Topology, fleet: KubeReader) -> Sequence[Manifest]:
    """Every Application in Argo CD's namespace; none without Argo CD or by another method."""
    if by_policy(topology):
        return ()
    try:
        return fleet.list(APPLICATION, namespace=topology.application.argocd_namespace)
    except NotFound:
        return ()


def member_status(
    topology: Topology,
    member: MemberCluster,
    applications: Sequence[Manifest],
    api: KubeReader,
) -> MemberWorkload:
    """How far one member is, by one look at its workload."""
    live = api.get(workload_id(topology))
    if by_policy(topology):
        lacking = copy_waits_for(topology, member, live)
        return replace(_seen(member, lacking, live), delivered="placed, overridden")
    name = f"{member.id}-{topology.application.name}"
    application = next((a for a in applications if a.id.name == name), None)
    return _seen(member, application_waits_for(application), live)


def _seen(member: MemberCluster, application: str | None, live: Manifest | None) -> MemberWorkload:
    spec = (live.document.get("spec") or {}) if live else {}
    status = (live.document.get("status") or {}) if live else {}
    return MemberWorkload(
        member=member,
        application=application,
        workload=workload_waits_for(live),
        ready_pods=int(status.get("readyReplicas") or 0),
        wanted_pods=int(spec.get("replicas", 1)) if live else 0,
    )


def await_distribution(
    topology: Topology,
    *,
    fleet: KubeReader,
    members: Mapping[str, KubeReader],
    clock: Clock,
    narrator: Narrator,
    timeout_s: float,
) -> tuple[MemberWorkload, ...]:
    """Watch each member's Deployment until its pods are ready, then the Applications.

    Raises DeadlineExceeded naming the member and what it lacks, with the ApplicationSet's own
    complaint when it has one, or with the lack of the PropagationPolicy.
    """
    deadline = Deadline(clock, timeout_s)
    while True:
        seen = distribution_status(topology, fleet=fleet, members=members)
        lagging = [m for m in seen if not m.is_ready]
        if not lagging:
            return seen
        first = lagging[0]
        words = f"{first.member.name}: {_lacking(topology, first)}"
        narrator.progress(len(seen) - len(lagging), len(seen), words)
        if deadline.passed:
            raise _late(topology, deadline, words, fleet)
        _await_change(topology, first, fleet, members, min(LOOK_EVERY_S, deadline.left_s))


def _lacking(topology: Topology, lagging: MemberWorkload) -> str:
    """What the member lacks, and why its workload does not come where Argo CD knows."""
    if lagging.workload is None or lagging.application is None or by_policy(topology):
        return str(lagging.workload or lagging.application)
    return f"{lagging.workload}; its Application: {lagging.application}"


def _await_change(
    topology: Topology,
    lagging: MemberWorkload,
    fleet: KubeReader,
    members: Mapping[str, KubeReader],
    timeout_s: float,
) -> None:
    """Return when what the member lacks changes: its workload first, else its Application."""
    if lagging.workload is not None or by_policy(topology):
        id_, api = workload_id(topology), members[lagging.member.id]
    else:
        name = f"{lagging.member.id}-{topology.application.name}"
        namespace = topology.application.argocd_namespace
        id_, api = ResourceId(kind=APPLICATION, name=name, namespace=namespace), fleet
    for snapshot in api.watch(
        id_.kind, namespace=id_.namespace, name=id_.name, timeout_s=timeout_s
    ):
        live = snapshot[0] if snapshot else None
        if id_.kind == DEPLOYMENT:
            placed = by_policy(topology) and (
                copy_waits_for(topology, lagging.member, live) != lagging.application
            )
            if placed or workload_waits_for(live) != lagging.workload:
                return
        if id_.kind == APPLICATION and application_waits_for(live) != lagging.application:
            return


def _late(topology: Topology, deadline: Deadline, last_seen: str, fleet: KubeReader) -> Exception:
    if by_policy(topology):
        there = fleet.get(propagation_id(topology)) is not None
        words = last_seen if there else f"{last_seen}; the PropagationPolicy does not exist"
        return deadline.exceeded(
            "the application does not run in every member",
            words,
            hint=f"kubectl describe propagationpolicies -n {topology.application.namespace}",
        )
    live = fleet.get(application_set_id(topology))
    problem = application_set_problem(live) if live else "the ApplicationSet does not exist"
    words = f"{last_seen}; ApplicationSet: {problem}" if problem else last_seen
    return deadline.exceeded(
        "the application does not run in every member",
        words,
        hint="alb-dr distribute status",
    )
