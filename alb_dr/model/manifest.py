"""Manifests: one Kubernetes document each, its identity, the order of application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

Document = Mapping[str, Any]
"""A Kubernetes document as it is: the only dictionary that travels between modules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A served kind: its group and version, its name and the plural used in paths."""

    api_version: str
    name: str
    plural: str
    namespaced: bool = True

    @property
    def group(self) -> str:
        """The API group; empty for the core group."""
        return self.api_version.rpartition("/")[0]

    def in_group(self, group: str) -> Kind:
        """The same kind under another API group, in the same version."""
        version = self.api_version.rpartition("/")[2]
        return replace(self, api_version=f"{group}/{version}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceId:
    """Which object: kind, namespace if it has one, name."""

    kind: Kind
    name: str
    namespace: str | None = None

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind.name} {where}{self.name}"


NAMESPACE = Kind(api_version="v1", name="Namespace", plural="namespaces", namespaced=False)
SERVICE = Kind(api_version="v1", name="Service", plural="services")
CONFIG_MAP = Kind(api_version="v1", name="ConfigMap", plural="configmaps")
SECRET = Kind(api_version="v1", name="Secret", plural="secrets")
EVENT = Kind(api_version="v1", name="Event", plural="events")
POD = Kind(api_version="v1", name="Pod", plural="pods")
NODE = Kind(api_version="v1", name="Node", plural="nodes", namespaced=False)
SERVICE_ACCOUNT = Kind(api_version="v1", name="ServiceAccount", plural="serviceaccounts")
DEPLOYMENT = Kind(api_version="apps/v1", name="Deployment", plural="deployments")
STATEFUL_SET = Kind(api_version="apps/v1", name="StatefulSet", plural="statefulsets")
DAEMON_SET = Kind(api_version="apps/v1", name="DaemonSet", plural="daemonsets")
REPLICA_SET = Kind(api_version="apps/v1", name="ReplicaSet", plural="replicasets")
ROLLOUT = Kind(api_version="argoproj.io/v1alpha1", name="Rollout", plural="rollouts")
CRON_JOB = Kind(api_version="batch/v1", name="CronJob", plural="cronjobs")
ENDPOINT_SLICE = Kind(
    api_version="discovery.k8s.io/v1", name="EndpointSlice", plural="endpointslices"
)
HORIZONTAL_POD_AUTOSCALER = Kind(
    api_version="autoscaling/v2",
    name="HorizontalPodAutoscaler",
    plural="horizontalpodautoscalers",
)
POD_DISRUPTION_BUDGET = Kind(
    api_version="policy/v1", name="PodDisruptionBudget", plural="poddisruptionbudgets"
)
SCALED_OBJECT = Kind(api_version="keda.sh/v1alpha1", name="ScaledObject", plural="scaledobjects")
LEASE = Kind(api_version="coordination.k8s.io/v1", name="Lease", plural="leases")
ROLE = Kind(api_version="rbac.authorization.k8s.io/v1", name="Role", plural="roles")
ROLE_BINDING = Kind(
    api_version="rbac.authorization.k8s.io/v1", name="RoleBinding", plural="rolebindings"
)
INGRESS = Kind(api_version="networking.k8s.io/v1", name="Ingress", plural="ingresses")
INGRESS_CLASS = Kind(
    api_version="networking.k8s.io/v1",
    name="IngressClass",
    plural="ingressclasses",
    namespaced=False,
)
ALB_CONFIG = Kind(
    api_version="alibabacloud.com/v1", name="AlbConfig", plural="albconfigs", namespaced=False
)
APPLICATION_SET = Kind(
    api_version="argoproj.io/v1alpha1", name="ApplicationSet", plural="applicationsets"
)
APPLICATION = Kind(api_version="argoproj.io/v1alpha1", name="Application", plural="applications")
APP_PROJECT = Kind(api_version="argoproj.io/v1alpha1", name="AppProject", plural="appprojects")
POLICY_GROUPS = ("policy.one.alibabacloud.com", "one.alibabacloud.com")
"""The groups under which Fleets serve application distribution, the newer one first."""
PROPAGATION_POLICY = Kind(
    api_version="policy.one.alibabacloud.com/v1alpha1",
    name="PropagationPolicy",
    plural="propagationpolicies",
)
CLUSTER_PROPAGATION_POLICY = Kind(
    api_version="policy.one.alibabacloud.com/v1alpha1",
    name="ClusterPropagationPolicy",
    plural="clusterpropagationpolicies",
    namespaced=False,
)
OVERRIDE_POLICY = Kind(
    api_version="policy.one.alibabacloud.com/v1alpha1",
    name="OverridePolicy",
    plural="overridepolicies",
)
OLDER_PROPAGATION_POLICY = PROPAGATION_POLICY.in_group(POLICY_GROUPS[1])
OLDER_CLUSTER_PROPAGATION_POLICY = CLUSTER_PROPAGATION_POLICY.in_group(POLICY_GROUPS[1])
OLDER_OVERRIDE_POLICY = OVERRIDE_POLICY.in_group(POLICY_GROUPS[1])
MANAGED_CLUSTER = Kind(
    api_version="cluster.open-cluster-management.io/v1",
    name="ManagedCluster",
    plural="managedclusters",
    namespaced=False,
)
SELF_SUBJECT_ACCESS_REVIEW = Kind(
    api_version="authorization.k8s.io/v1",
    name="SelfSubjectAccessReview",
    plural="selfsubjectaccessreviews",
    namespaced=False,
)
SELF_SUBJECT_REVIEW = Kind(
    api_version="authentication.k8s.io/v1",
    name="SelfSubjectReview",
    plural="selfsubjectreviews",
    namespaced=False,
)

KINDS: tuple[Kind, ...] = tuple(value for value in globals().values() if isinstance(value, Kind))
"""Every kind alb-dr reads or writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One Kubernetes document with the identity it was read or will be written under."""

    id: ResourceId
    document: Document

    @property
    def metadata(self) -> Mapping[str, Any]:
        """The document's metadata; empty when there is none."""
        return self.document.get("metadata") or {}

    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations; empty when there are none."""
        return self.metadata.get("annotations") or {}

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels; empty when there are none."""
        return self.metadata.get("labels") or {}

    @property
    def resource_version(self) -> str:
        """The version the server gave this document; empty for one that was never stored."""
        return str(self.metadata.get("resourceVersion", ""))

    @property
    def uid(self) -> str:
        """The identity of this very object; a recreated one has another."""
        return str(self.metadata.get("uid", ""))

    @staticmethod
    def of(document: Document) -> Manifest:
        """The manifest of a document whose kind alb-dr knows; raises KeyError otherwise."""
        names = {(kind.api_version, kind.name): kind for kind in KINDS}
        kind = names[str(document["apiVersion"]), str(document["kind"])]
        metadata = document["metadata"]
        namespace = metadata.get("namespace") if kind.namespaced else None
        return Manifest(
            id=ResourceId(kind=kind, name=str(metadata["name"]), namespace=namespace),
            document=document,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestSet:
    """Manifests in the order in which they are applied; deletion goes backwards."""

    manifests: tuple[Manifest, ...]

    def __iter__(self) -> Iterator[Manifest]:
        return iter(self.manifests)

    def __len__(self) -> int:
        return len(self.manifests)

    def of_kind(self, kind: Kind) -> tuple[Manifest, ...]:
        """Those of one kind, in order."""
        return tuple(m for m in self.manifests if m.id.kind == kind)
