"""Rights: for each command the verbs it uses, asked of each API before anything needs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.manifest import (
    ALB_CONFIG,
    APP_PROJECT,
    APPLICATION,
    APPLICATION_SET,
    CONFIG_MAP,
    CRON_JOB,
    DAEMON_SET,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    EVENT,
    HORIZONTAL_POD_AUTOSCALER,
    INGRESS,
    INGRESS_CLASS,
    LEASE,
    MANAGED_CLUSTER,
    NAMESPACE,
    NODE,
    POD,
    POD_DISRUPTION_BUDGET,
    POLICY_GROUPS,
    PROPAGATION_POLICY,
    REPLICA_SET,
    ROLLOUT,
    SCALED_OBJECT,
    SERVICE,
    STATEFUL_SET,
    Kind,
)
from alb_dr.model.topology import Topology
from alb_dr.render.variables import pin_name
from alb_dr.workflows.delivery.policy import by_policy, policy_ids
from alb_dr.workflows.guard.sweeper import HEARTBEAT
from alb_dr.workflows.preflight.read_once import ReadOnce
from alb_dr.workflows.preflight.scene import Question, Scene
from alb_dr.workflows.records.kill_switch import CONTROL
from alb_dr.workflows.records.lease import lease_id
from alb_dr.workflows.records.zone_record import zone_record_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a command does to a kind. ``name`` is set where one object is enough; ``create`` and
    the verbs on lists cannot be narrowed to it (Kubernetes rule).

    ``needed`` is False for what only a check or a deletion uses: its lack is a warning.
    """

    command: str
    kind: Kind
    verbs: tuple[str, ...]
    namespace: str | None = None
    name: str | None = None
    needed: bool = True


NARROWED = frozenset({"get", "patch", "update", "delete"})
"""Verbs that RBAC can grant for one named object."""


def narrowed(need: Need, verb: str) -> str | None:
    """The name a verb of this need is about; None where it is about all of them."""
    return need.name if verb in NARROWED else None


def fleet_needs(topology: Topology) -> tuple[Need, ...]:
    """Every verb alb-dr uses on the Fleet, by command."""
    return (
        Need(command="check", kind=NAMESPACE, verbs=("get",), name="kube-system"),
        Need(command="check", kind=MANAGED_CLUSTER, verbs=("list",), needed=False),
        Need(command="check", kind=INGRESS_CLASS, verbs=("list",), needed=False),
        Need(command="check", kind=PROPAGATION_POLICY, verbs=("list",), needed=False),
        Need(
            command="check",
            kind=NAMESPACE,
            verbs=("get",),
            name=topology.application.argocd_namespace,
            needed=False,
        ),
        *_distribution(topology),
        *_gateway(topology),
        *_ingress(topology),
        *_records(topology),
    )


def _distribution(topology: Topology) -> tuple[Need, ...]:
    return tuple(_by_policy(topology)) if by_policy(topology) else _by_gitops(topology)


def _by_policy(topology: Topology) -> Iterator[Need]:
    """Both groups are asked for the policies as long as the file does not say which it is."""
    apply, delete = "distribute apply", "distribute delete"
    for id_ in policy_ids(topology):
        # Down watches until each is gone, so that the next is not deleted under its feet.
        gone = ("list", "watch", "delete")
        for command, verbs in ((apply, ("get", "create", "patch")), (delete, gone)):
            yield Need(
                command=command,
                kind=id_.kind,
                verbs=verbs,
                namespace=id_.namespace,
                name=id_.name,
                needed=command == apply,
            )
    space = topology.application.namespace
    policy = topology.application.policy
    groups = (policy.group,) if policy is not None and policy.group else POLICY_GROUPS
    for group in groups:
        kind = PROPAGATION_POLICY.in_group(group)
        yield Need(command=apply, kind=kind, verbs=("list",), namespace=space)


def _by_gitops(topology: Topology) -> tuple[Need, ...]:
    argo = topology.application.argocd_namespace
    apply, read = ("get", "list", "create", "patch"), ("get", "list", "watch")
    name = f"appset-{topology.application.name}"
    return (
        Need(
            command="distribute apply",
            kind=APPLICATION_SET,
            verbs=apply,
            namespace=argo,
            name=name,
        ),
        Need(command="distribute apply", kind=APPLICATION, verbs=read, namespace=argo),
        Need(
            command="distribute delete",
            kind=APPLICATION_SET,
            verbs=("delete",),
            namespace=argo,
            name=name,
            needed=False,
        ),
    )


def _gateway(topology: Topology) -> tuple[Need, ...]:
    gateway = topology.gateway
    create, delete = "gateway create", "gateway delete"
    gone = ("delete",)
    return (
        Need(
            command=create,
            kind=ALB_CONFIG,
            verbs=("get", "list", "watch", "create", "patch"),
            name=gateway.name,
        ),
        Need(
            command=create,
            kind=INGRESS_CLASS,
            verbs=("get", "create", "patch"),
            name=gateway.ingress_class,
        ),
        Need(command=create, kind=EVENT, verbs=("list",), namespace="default"),
        Need(command=delete, kind=ALB_CONFIG, verbs=gone, name=gateway.name, needed=False),
        Need(
            command=delete,
            kind=INGRESS_CLASS,
            verbs=gone,
            name=gateway.ingress_class,
            needed=False,
        ),
        # All namespaces: a neighbour on the same ALB may be anywhere.
        Need(command=delete, kind=INGRESS, verbs=("list",), needed=False),
        Need(command="check", kind=EVENT, verbs=("list",), needed=False),
    )


def _ingress(topology: Topology) -> tuple[Need, ...]:
    space, name = topology.ingress.namespace, topology.ingress.name
    apply = ("get", "create", "patch")
    return (
        Need(command="ingress apply", kind=NAMESPACE, verbs=apply, name=space),
        Need(command="ingress apply", kind=INGRESS, verbs=apply, namespace=space, name=name),
        Need(command="ingress apply", kind=EVENT, verbs=("list",), namespace=space),
        Need(
            command="ingress pin",
            kind=INGRESS,
            verbs=("list",),
            namespace=space,
            needed=False,
        ),
        *(
            Need(
                command="ingress pin",
                kind=INGRESS,
                verbs=("patch", "delete"),
                namespace=space,
                name=pin_name(topology, member.id),
                needed=False,
            )
            for member in topology.members
        ),
        Need(
            command="ingress delete",
            kind=INGRESS,
            verbs=("delete",),
            namespace=space,
            name=name,
            needed=False,
        ),
    )


def _records(topology: Topology) -> tuple[Need, ...]:
    """What stands on the Fleet while something is under way: locks and records."""
    space, name = topology.ingress.namespace, topology.ingress.name
    argo = topology.application.argocd_namespace
    return (
        Need(
            command="ingress shift",
            kind=CONFIG_MAP,
            verbs=("get", "create", "update", "patch"),
            namespace=space,
            name=f"alb-dr-shift-{name}",
        ),
        Need(
            command="failover watch",
            kind=CONFIG_MAP,
            verbs=("get",),
            namespace=space,
            name=CONTROL,
            needed=False,
        ),
        Need(
            command="failover switchover --zone",
            kind=CONFIG_MAP,
            verbs=("get", "create", "update"),
            namespace=space,
            name=zone_record_id(topology).name,
            needed=False,
        ),
        Need(
            command="failover drill",
            kind=LEASE,
            verbs=("get", "create", "update"),
            namespace=space,
            name=lease_id(topology).name,
        ),
        # A record of its own for each drill: its name is not known beforehand.
        Need(
            command="failover drill",
            kind=CONFIG_MAP,
            verbs=("get", "list", "create", "update"),
            namespace=space,
        ),
        Need(command="failover drill", kind=INGRESS, verbs=("list",), namespace=space),
        # What of Argo CD undoes a drill, or a shift, which goes on without this right.
        Need(command="failover drill", kind=APPLICATION, verbs=("list",), namespace=argo),
        Need(
            command="failover drill",
            kind=APP_PROJECT,
            verbs=("get",),
            namespace=argo,
            needed=False,
        ),
        Need(
            command="failover drill",
            kind=LEASE,
            verbs=("delete",),
            namespace=space,
            name=lease_id(topology).name,
            needed=False,
        ),
    )


def member_needs(topology: Topology) -> tuple[Need, ...]:
    """Every verb alb-dr uses on a member, by command."""
    space, workload = topology.application.namespace, topology.application.workload.name
    return (
        Need(command="check", kind=NAMESPACE, verbs=("get",), name="kube-system"),
        Need(command="check", kind=NAMESPACE, verbs=("get",), name=space, needed=False),
        Need(command="check", kind=NODE, verbs=("list",), needed=False),
        Need(command="check", kind=SERVICE, verbs=("get",), namespace=space, needed=False),
        Need(
            command="distribute apply",
            kind=DEPLOYMENT,
            verbs=("get", "list", "watch"),
            namespace=space,
        ),
        Need(command="verify", kind=ENDPOINT_SLICE, verbs=("list",), namespace=space),
        Need(command="failover drill", kind=DEPLOYMENT, verbs=("list",)),
        Need(
            command="failover drill",
            kind=DEPLOYMENT,
            verbs=("patch",),
            namespace=space,
            name=workload,
        ),
        Need(command="failover drill", kind=POD, verbs=("list",), namespace=space),
        Need(
            command="failover drill",
            kind=HORIZONTAL_POD_AUTOSCALER,
            verbs=("list",),
            namespace=space,
        ),
        Need(command="failover drill", kind=SCALED_OBJECT, verbs=("list",), namespace=space),
        Need(
            command="failover drill --pause-keda",
            kind=SCALED_OBJECT,
            verbs=("get", "patch"),
            namespace=space,
            # The project file does not name it; most carry the name of what they scale.
            name=workload,
            needed=False,
        ),
        *_obstacles(space),
    )


def _obstacles(space: str) -> Iterator[Need]:
    """What is looked at before a drill and when a restore stalls; a drill works without."""
    drill = "failover drill"
    kinds = (STATEFUL_SET, DAEMON_SET, REPLICA_SET, ROLLOUT, POD_DISRUPTION_BUDGET, EVENT)
    for kind in kinds:
        yield Need(command=drill, kind=kind, verbs=("list",), namespace=space, needed=False)
    for kind in (LEASE, CRON_JOB):
        yield Need(
            command=drill,
            kind=kind,
            verbs=("get",),
            namespace=space,
            name=HEARTBEAT,
            needed=False,
        )


def _lacking(api: ReadOnce, needs: Iterable[Need]) -> Iterator[Trouble]:
    for need in needs:
        verbs = [
            verb
            for verb in need.verbs
            if not api.review(verb, need.kind, namespace=need.namespace, name=narrowed(need, verb))
        ]
        if verbs:
            where = f" in {need.namespace}" if need.namespace else ""
            yield Trouble(
                seen=f"{api.label}: we may not {', '.join(verbs)} {need.kind.plural}{where}, "
                f"which `{need.command}` needs",
                gravity=None if need.needed else Gravity.WARNING,
            )


def _fleet(scene: Scene) -> Iterator[Trouble]:
    yield from _lacking(scene.fleet, fleet_needs(scene.topology))


def _members(scene: Scene) -> Iterator[Trouble]:
    for _, api in scene.answering():
        yield from _lacking(api, member_needs(scene.topology))


_FIX = "ask for the role that `alb-dr check --print-permissions` prints"

QUESTIONS = (
    Question(
        check=Check(
            code="ADR-FLEET-ACCESS",
            category=Category.FLEET,
            gravity=Gravity.ERROR,
            title="we may do on the Fleet what every command does",
            fix=_FIX,
            why="A missing right found half-way leaves things half done. Each verb of each "
            "command is asked of the API (SelfSubjectAccessReview) beforehand. On ACK One the "
            "RBAC role admin is granted on the Fleet apart from RAM permissions. What only a "
            "deletion or a check uses is a warning.",
            pre=True,
        ),
        ask=_fleet,
    ),
    Question(
        check=Check(
            code="ADR-MEMBER-ACCESS",
            category=Category.MEMBERS,
            gravity=Gravity.ERROR,
            title="we may do on every member what every command does",
            fix=_FIX,
            why="A drill scales a Deployment of a member and must be able to scale it back. The "
            "right to restore is asked for before anything is harmed.",
            pre=True,
        ),
        ask=_members,
    ),
)
"""Who may do what."""
