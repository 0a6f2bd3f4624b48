"""Distribution by policy: its dialect, its objects, what a member's copy still lacks.

The API is shaped like Karmada's. What a Fleet writes into the status of these objects is
documented nowhere, so readiness is read from the copies in the members and from nothing else.
"""

from __future__ import annotations

from dataclasses import replace

from alb_dr.errors import BadInput, Forbidden, NotFound, Refused
from alb_dr.model.application import DistributionMethod
from alb_dr.model.manifest import (
    CLUSTER_PROPAGATION_POLICY,
    DEPLOYMENT,
    OVERRIDE_POLICY,
    POLICY_GROUPS,
    PROPAGATION_POLICY,
    SERVICE,
    Manifest,
    ResourceId,
)
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeReader
from alb_dr.render.variables import policy_group, policy_names


def by_policy(topology: Topology) -> bool:
    """Whether the project distributes by policy."""
    return topology.application.method is DistributionMethod.POLICY


def with_method(topology: Topology, method: DistributionMethod) -> Topology:
    """The topology with this method instead of the file's; BadInput when it is not described."""
    application = topology.application
    if method is DistributionMethod.POLICY and application.policy is None:
        raise BadInput(
            "the project file does not say what distribution by policy places",
            hint="say application.policy: {image: ...}",
        )
    return replace(topology, application=replace(application, method=method))


def with_dialect(topology: Topology, fleet: KubeReader) -> Topology:
    """The topology with the policies' API group: the file's, else the one the Fleet serves.

    The newer group is preferred. Raises NotFound when the Fleet serves neither, or not the one
    the file says; Forbidden when that cannot be known. Asks nobody for another method.
    """
    policy = topology.application.policy
    if not by_policy(topology) or policy is None:
        return topology
    asked = (policy.group,) if policy.group is not None else POLICY_GROUPS
    served = next((group for group in asked if _serves(fleet, topology, group)), None)
    if served is None:
        raise NotFound(
            f"the Fleet serves no PropagationPolicy (asked for: {', '.join(asked)})",
            hint="turn application distribution on, correct application.policy.group, or "
            "distribute --via gitops",
            code="ADR-POLICY-DIALECT",
        )
    application = replace(topology.application, policy=replace(policy, group=served))
    return replace(topology, application=application)


def _serves(fleet: KubeReader, topology: Topology, group: str) -> bool:
    kind = PROPAGATION_POLICY.in_group(group)
    try:
        fleet.list(kind, namespace=topology.application.namespace)
    except NotFound:
        return False
    except Forbidden as error:
        # An API refuses an unserved kind in the same words as one we may not read.
        raise Forbidden(
            f"whether the Fleet serves {group} cannot be known: {error.message}",
            hint="say application.policy.group, or ask for the right to list propagationpolicies",
        ) from error
    return True


def propagation_id(topology: Topology) -> ResourceId:
    """The PropagationPolicy of the project."""
    return ResourceId(
        kind=PROPAGATION_POLICY.in_group(policy_group(topology)),
        name=policy_names(topology)[0],
        namespace=topology.application.namespace,
    )


def policy_ids(topology: Topology) -> tuple[ResourceId, ...]:
    """What distribution by policy keeps on the Fleet, in the order of deletion.

    What is placed goes before the policies: without its OverridePolicy every copy would lose the
    name of its member while it still answers. The Namespace is not among them.
    """
    application, group = topology.application, policy_group(topology)
    space = application.namespace
    _, override, of_namespace = policy_names(topology)
    return (
        ResourceId(kind=DEPLOYMENT, name=application.workload.name, namespace=space),
        ResourceId(kind=SERVICE, name=topology.ingress.backend.service, namespace=space),
        ResourceId(kind=OVERRIDE_POLICY.in_group(group), name=override, namespace=space),
        propagation_id(topology),
        ResourceId(kind=CLUSTER_PROPAGATION_POLICY.in_group(group), name=of_namespace),
    )


def takes_copies(propagation: Manifest | None) -> bool:
    """Whether deleting what is placed deletes the members' copies, too.

    Without the policy nobody knows, so they are taken to go.
    """
    spec = (propagation.document.get("spec") or {}) if propagation is not None else {}
    return spec.get("preserveResourcesOnDeletion") is not True


def refuse_taking_copies(topology: Topology, fleet: KubeReader) -> None:
    """Raise Refused when deleting what is placed would delete the members' copies (F61)."""
    placed = [id_ for id_ in policy_ids(topology) if id_.kind in {DEPLOYMENT, SERVICE}]
    if not any(fleet.get(id_) is not None for id_ in placed):
        return
    id_ = propagation_id(topology)
    if takes_copies(fleet.get(id_)):
        raise Refused(
            f"{id_} does not preserve the workloads: deleting it would delete them in "
            f"{len(topology.members)} members",
            hint=f"if you mean it, add --with-applications --confirm {id_.name}",
            code="ADR-TAKES-WORKLOADS",
        )


def copy_waits_for(topology: Topology, member: MemberCluster, copy: Manifest | None) -> str | None:
    """What a member's copy of the Deployment still lacks of the policies; None when it is whole."""
    if copy is None:
        return "the PropagationPolicy has not placed it yet"
    policy = topology.application.policy
    variable = policy.member_variable if policy is not None else ""
    template = ((copy.document.get("spec") or {}).get("template") or {}).get("spec") or {}
    values = [
        entry.get("value")
        for container in template.get("containers") or []
        for entry in container.get("env") or []
        if entry.get("name") == variable
    ]
    if member.name in values:
        return None
    found = f"is {values[0]}" if values else "is missing"
    return f"{variable} {found}, not {member.name}: the OverridePolicy has not reached it"
