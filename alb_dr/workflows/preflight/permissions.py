"""Least privilege as documents: RBAC for the Fleet and the members, a RAM policy for the cloud."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alb_dr.model.cloud import RAM_ACTIONS
from alb_dr.model.manifest import Document
from alb_dr.model.topology import Topology
from alb_dr.workflows.preflight.access import Need, fleet_needs, member_needs, narrowed

RBAC = "rbac.authorization.k8s.io/v1"
ROLE_NAME = "alb-dr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What to grant where: documents for the Fleet, for every member, and a RAM policy."""

    fleet: Sequence[Document]
    member: Sequence[Document]
    ram: Document


def permissions(topology: Topology) -> Permissions:
    """The rights every command of the project needs, and no others.

    Reviews of one's own rights need none: Kubernetes grants them to every authenticated user.
    """
    return Permissions(
        fleet=_roles(fleet_needs(topology)),
        member=_roles(member_needs(topology)),
        ram=_ram(topology),
    )


def _roles(needs: Iterable[Need]) -> tuple[Document, ...]:
    """One ClusterRole for what has no namespace, one Role for each namespace."""
    rules: dict[str | None, dict[tuple[str, str, str | None], set[str]]] = {}
    for need in needs:
        place = rules.setdefault(need.namespace if need.kind.namespaced else None, {})
        for verb in need.verbs:
            key = (need.kind.group, need.kind.plural, narrowed(need, verb))
            place.setdefault(key, set()).add(verb)
    ordered = sorted(rules.items(), key=lambda item: item[0] or "")
    return tuple(_role(namespace, found) for namespace, found in ordered)


def _role(
    namespace: str | None, found: Mapping[tuple[str, str, str | None], set[str]]
) -> dict[str, Any]:
    metadata = {"name": ROLE_NAME} if namespace is None else {
        "name": ROLE_NAME,
        "namespace": namespace,
    }  # fmt: skip
    return {
        "apiVersion": RBAC,
        "kind": "ClusterRole" if namespace is None else "Role",
        "metadata": metadata,
        "rules": [_rule(key, verbs) for key, verbs in found.items()],
    }


def _rule(key: tuple[str, str, str | None], verbs: set[str]) -> dict[str, Any]:
    group, plural, name = key
    rule: dict[str, Any] = {"apiGroups": [group], "resources": [plural]}
    if name is not None:
        rule["resourceNames"] = [name]
    return {**rule, "verbs": sorted(verbs)}


def _ram(topology: Topology) -> dict[str, Any]:
    """Reading everything the checks read; kubeconfigs only of the project's own clusters; moving
    zones, the only writes, in a statement of their own that may be left out."""
    read = [a.action for a in RAM_ACTIONS if a.command == "check"]
    zones = [a.action for a in RAM_ACTIONS if a.command.startswith("failover")]
    kubeconfigs = [a.action for a in RAM_ACTIONS if a.command.startswith("init")]
    clusters = [f"acs:cs:*:*:cluster/{member.id}" for member in topology.members]
    return {
        "Version": "1",
        "Statement": [
            {"Effect": "Allow", "Action": read, "Resource": "*"},
            {
                "Effect": "Allow",
                "Action": [a for a in kubeconfigs if a.startswith("cs:")],
                "Resource": clusters,
            },
            {
                "Effect": "Allow",
                "Action": [a for a in kubeconfigs if not a.startswith("cs:")],
                "Resource": "*",
            },
            # The API authorizes these for all resources or none.
            {"Effect": "Allow", "Action": zones, "Resource": "*"},
        ],
    }
