"""What is on a Fleet before anybody does anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from alb_dr.sandbox.clients import KubeClient

HOST = "127.0.0.1"


class Associated(Protocol):
    """A member cluster as the Fleet knows it."""

    id: str
    name: str
    port: int


def furnish(fleet: KubeClient, members: Iterable[Associated]) -> None:
    """Argo CD's namespace and project, and what associating each member leaves behind."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}}
    fleet.create("namespaces", namespace)
    project = {"namespace": "argocd", "name": "default"}
    fleet.create(
        "appprojects.argoproj.io",
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": project,
            "spec": {"sourceRepos": ["*"], "destinations": [{"name": "*", "namespace": "*"}]},
        },
    )
    for member in members:
        _associate(fleet, member)


def _associate(fleet: KubeClient, member: Associated) -> None:
    """What associating a cluster leaves on a Fleet: Argo CD's secret, a ManagedCluster."""
    argo_name = f"{member.id}-{member.name}"
    fleet.create(
        "secrets",
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": f"cluster-{member.id}",
                "namespace": "argocd",
                "labels": {"argocd.argoproj.io/secret-type": "cluster", "name": argo_name},
                "annotations": {"cluster_id": member.id, "cluster_name": member.name},
            },
            "stringData": {"name": argo_name, "server": f"https://{HOST}:{member.port}"},
            "type": "Opaque",
        },
    )
    kinds = (
        "HubAcceptedManagedCluster",
        "ManagedClusterJoined",
        "ManagedClusterConditionAvailable",
    )
    name = "managedclusters.cluster.open-cluster-management.io"
    fleet.create(
        name,
        {
            "apiVersion": "cluster.open-cluster-management.io/v1",
            "kind": "ManagedCluster",
            "metadata": {"name": member.id, "labels": {"name": member.name}},
            "spec": {"hubAcceptsClient": True},
        },
    )
    conditions = [{"type": kind, "status": "True", "reason": "Sandbox"} for kind in kinds]
    patch = {"status": {"conditions": conditions}}
    fleet.merge(name, member.id, patch, subresource="status")
