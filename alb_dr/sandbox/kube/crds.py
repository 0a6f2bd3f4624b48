"""The CustomResourceDefinitions of a Fleet and of its members, as data."""

from __future__ import annotations

from typing import Any

from alb_dr.sandbox.kube.status import Json

_OPEN: Json = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _crd(
    group_version: str,
    kind: str,
    plural: str,
    *,
    namespaced: bool = True,
    short: tuple[str, ...] = (),
    categories: tuple[str, ...] = (),
    columns: tuple[tuple[str, str], ...] = (),
) -> Json:
    group, _, version = group_version.rpartition("/")
    names: Json = {
        "kind": kind,
        "plural": plural,
        "singular": kind.lower(),
        "listKind": kind + "List",
    }
    if short:
        names["shortNames"] = list(short)
    if categories:
        names["categories"] = list(categories)
    served: dict[str, Any] = {
        "name": version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": _OPEN},
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": name, "type": "date" if name == "AGE" else "string", "jsonPath": path}
            for name, path in columns
        ],
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": names,
            "scope": "Namespaced" if namespaced else "Cluster",
            "versions": [served],
        },
    }


_CONDITION = '.status.conditions[?(@.type=="{}")].status'
_AGE = ("AGE", ".metadata.creationTimestamp")

ALB_CONFIG = _crd(
    "alibabacloud.com/v1",
    "AlbConfig",
    "albconfigs",
    namespaced=False,
    categories=("all", "kooper"),
    columns=(
        ("ALBID", ".status.loadBalancer.id"),
        ("DNSNAME", ".status.loadBalancer.dnsname"),
        ("PORT&PROTOCOL", ".status.loadBalancer.listeners[*].portAndProtocol"),
        ("CERTID", ".status.loadBalancer.listeners[*].certificates[*].certificateId"),
        _AGE,
    ),
)
"""With the printer columns of the open-source ALB controller."""


def _policies(group: str) -> tuple[Json, ...]:
    """Application distribution under one of the groups Fleets serve it by."""
    version = f"{group}/v1alpha1"
    return (
        _crd(version, "PropagationPolicy", "propagationpolicies"),
        _crd(version, "OverridePolicy", "overridepolicies"),
        _crd(version, "ClusterPropagationPolicy", "clusterpropagationpolicies", namespaced=False),
    )


FLEET_CRDS: tuple[Json, ...] = (
    ALB_CONFIG,
    _crd(
        "argoproj.io/v1alpha1",
        "ApplicationSet",
        "applicationsets",
        short=("appset", "appsets"),
    ),
    _crd(
        "argoproj.io/v1alpha1",
        "Application",
        "applications",
        short=("app", "apps"),
        columns=(
            ("Sync Status", ".status.sync.status"),
            ("Health Status", ".status.health.status"),
        ),
    ),
    _crd("argoproj.io/v1alpha1", "AppProject", "appprojects", short=("appproj", "appprojs")),
    *_policies("policy.one.alibabacloud.com"),
    _crd(
        "cluster.open-cluster-management.io/v1",
        "ManagedCluster",
        "managedclusters",
        namespaced=False,
        short=("mcl",),
        columns=(
            ("Joined", '.status.conditions[?(@.type=="ManagedClusterJoined")].status'),
            (
                "Available",
                '.status.conditions[?(@.type=="ManagedClusterConditionAvailable")].status',
            ),
            _AGE,
        ),
    ),
)
"""What a Fleet of today serves besides Kubernetes' own kinds."""


def fleet_crds(policy_group: str) -> tuple[Json, ...]:
    """The same with the policies under another group; without them for an empty one."""
    newer = {crd["metadata"]["name"] for crd in _policies("policy.one.alibabacloud.com")}
    others = tuple(crd for crd in FLEET_CRDS if crd["metadata"]["name"] not in newer)
    return (*others, *(_policies(policy_group) if policy_group else ()))


MEMBER_CRDS: tuple[Json, ...] = (
    _crd("keda.sh/v1alpha1", "ScaledObject", "scaledobjects", short=("so",)),
)
"""What a member serves besides Kubernetes' own kinds."""
