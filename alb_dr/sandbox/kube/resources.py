"""The kinds an API serves: names, scope, subresources, how their fields merge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.status import Json, qualified

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")

CUSTOM_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One served kind. ``typed`` kinds have a schema, which decides how fields merge."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    singular: str = ""
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    typed: bool = True
    columns: tuple[Json, ...] = field(default=(), hash=False)
    schema: Json = field(default_factory=dict, hash=False)

    @property
    def group_version(self) -> str:
        """``apps/v1``, or ``v1`` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def name(self) -> str:
        """``deployments.apps``, or ``pods`` for the core group."""
        return qualified(self.plural, self.group)


def _kind(
    group_version: str,
    plural: str,
    kind: str,
    short: str = "",
    subs: str = "",
    cats: str = "",
    *,
    namespaced: bool = True,
) -> Resource:
    group, _, version = group_version.rpartition("/")
    return Resource(
        group=group,
        version=version,
        plural=plural,
        kind=kind,
        namespaced=namespaced,
        singular=kind.lower(),
        short_names=tuple(short.split()),
        subresources=tuple(subs.split()),
        categories=tuple(cats.split()),
    )


BUILTINS: tuple[Resource, ...] = (
    _kind("v1", "namespaces", "Namespace", "ns", "finalize status", namespaced=False),
    _kind("v1", "nodes", "Node", "no", "status", namespaced=False),
    _kind("v1", "pods", "Pod", "po", "binding status", "all"),
    _kind("v1", "services", "Service", "svc", "status", "all"),
    _kind("v1", "configmaps", "ConfigMap", "cm"),
    _kind("v1", "secrets", "Secret"),
    _kind("v1", "serviceaccounts", "ServiceAccount", "sa", "token"),
    _kind("v1", "events", "Event", "ev"),
    _kind("v1", "endpoints", "Endpoints", "ep"),
    _kind("apps/v1", "controllerrevisions", "ControllerRevision"),
    _kind("apps/v1", "deployments", "Deployment", "deploy", "scale status", "all"),
    _kind("apps/v1", "replicasets", "ReplicaSet", "rs", "scale status", "all"),
    _kind("apps/v1", "statefulsets", "StatefulSet", "sts", "scale status", "all"),
    _kind("apps/v1", "daemonsets", "DaemonSet", "ds", "status", "all"),
    _kind("batch/v1", "jobs", "Job", "", "status", "all"),
    _kind("batch/v1", "cronjobs", "CronJob", "cj", "status", "all"),
    _kind(
        "autoscaling/v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        "hpa",
        "status",
        "all",
    ),
    _kind("policy/v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb", "status"),
    _kind("discovery.k8s.io/v1", "endpointslices", "EndpointSlice"),
    _kind("networking.k8s.io/v1", "ingressclasses", "IngressClass", namespaced=False),
    _kind("networking.k8s.io/v1", "ingresses", "Ingress", "ing", "status"),
    _kind("networking.k8s.io/v1", "ipaddresses", "IPAddress", "ip", namespaced=False),
    _kind("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", "netpol"),
    _kind("networking.k8s.io/v1", "servicecidrs", "ServiceCIDR", "", "status", namespaced=False),
    _kind("coordination.k8s.io/v1", "leases", "Lease"),
    _kind("rbac.authorization.k8s.io/v1", "roles", "Role"),
    _kind("rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding"),
    _kind("rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole", namespaced=False),
    _kind(
        "rbac.authorization.k8s.io/v1",
        "clusterrolebindings",
        "ClusterRoleBinding",
        namespaced=False,
    ),
    _kind(
        "apiextensions.k8s.io/v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        "crd crds",
        "status",
        namespaced=False,
    ),
)
"""What every embedded API serves from the start."""

_AUTHORIZATION = "authorization.k8s.io/v1"

REVIEWS: tuple[Resource, ...] = (
    _kind(_AUTHORIZATION, "localsubjectaccessreviews", "LocalSubjectAccessReview"),
    *(
        _kind(_AUTHORIZATION, f"{kind.lower()}s", kind, namespaced=False)
        for kind in ("SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview")
    ),
    _kind("authentication.k8s.io/v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False),
)
"""Kinds that are only created, answered and forgotten."""


class Registry:
    """The kinds of one API, by group, version and plural."""

    def __init__(self) -> None:
        self._by_path: dict[tuple[str, str, str], Resource] = {}
        for resource in (*BUILTINS, *REVIEWS):
            self.add(resource)

    def add(self, resource: Resource) -> None:
        """Serve a kind from now on."""
        self._by_path[resource.group, resource.version, resource.plural] = resource

    def remove(self, group: str, plural: str) -> None:
        """Serve a kind no longer."""
        for key in [k for k in self._by_path if (k[0], k[2]) == (group, plural)]:
            del self._by_path[key]

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """The kind behind a path."""
        return self._by_path.get((group, version, plural))

    def named(self, name: str) -> Resource:
        """The kind called ``deployments.apps``; KeyError when it is not served."""
        for resource in self._by_path.values():
            if resource.name == name:
                return resource
        raise KeyError(name)

    def of(self, group: str, version: str) -> list[Resource]:
        """All kinds of a group and version."""
        return [r for r in self if (r.group, r.version) == (group, version)]

    def groups(self) -> dict[str, list[str]]:
        """Group to its versions, in the order they were added."""
        found: dict[str, list[str]] = {}
        for resource in self:
            versions = found.setdefault(resource.group, [])
            if resource.version not in versions:
                versions.append(resource.version)
        return found

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._by_path.values()))


def established(document: Json) -> Json:
    """The status of a CustomResourceDefinition whose kind is served."""
    names, spec = document["spec"]["names"], document["spec"]
    words = {
        "NamesAccepted": ("NoConflicts", "no conflicts found"),
        "Established": ("InitialNamesAccepted", "the initial names have been accepted"),
    }
    return {
        "conditions": [
            {
                "type": kind,
                "status": "True",
                "lastTransitionTime": now_text(),
                "reason": reason,
                "message": message,
            }
            for kind, (reason, message) in words.items()
        ],
        "acceptedNames": {"singular": names["kind"].lower(), **names},
        "storedVersions": [v["name"] for v in spec["versions"] if v.get("storage")],
    }


def resources_of_crd(document: Json) -> list[Resource]:
    """The kinds a CustomResourceDefinition adds, one for each served version."""
    spec = document["spec"]
    names = spec["names"]
    return [
        Resource(
            group=spec["group"],
            version=version["name"],
            plural=names["plural"],
            kind=names["kind"],
            namespaced=spec["scope"] == "Namespaced",
            singular=names.get("singular") or names["kind"].lower(),
            short_names=tuple(names.get("shortNames") or ()),
            subresources=tuple(sorted(version.get("subresources") or {})),
            categories=tuple(names.get("categories") or ()),
            typed=False,
            columns=tuple(version.get("additionalPrinterColumns") or ()),
            schema=(version.get("schema") or {}).get("openAPIV3Schema") or {},
        )
        for version in spec["versions"]
        if version.get("served", True)
    ]
