"""A healthy world in memory: a Fleet and two members in which every check passes."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from alb_dr.errors import BadInput
from alb_dr.model.checks import CheckResult
from alb_dr.model.manifest import Manifest
from alb_dr.model.topology import Topology
from alb_dr.ports import ApiIdentity, Clock, Cloud, Prober
from alb_dr.render.library import template_library
from alb_dr.render.manifests import render
from alb_dr.workflows.preflight.catalogue import QUESTIONS
from alb_dr.workflows.preflight.cloud_once import CloudOnce
from alb_dr.workflows.preflight.fleet import CONDITIONS
from alb_dr.workflows.preflight.read_once import ReadOnce
from alb_dr.workflows.preflight.runner import answer
from alb_dr.workflows.preflight.scene import Scene
from tests.builders import PROJECT, a_topology
from tests.fakes.kube import FakeKube
from tests.fakes.prober import FakeProber
from tests.fakes.samples import answers
from tests.fakes.voice import StillClock

HEALTHY = PROJECT.replace(
    "  workload: {name: web-demo}", "  workload: {name: web-demo}\n  revision: v1.2.3"
).replace("kubeconfig: one.yaml", "zone: cn-hongkong-b, kubeconfig: one.yaml")
HEALTHY = HEALTHY.replace("kubeconfig: two.yaml", "zone: cn-hongkong-c, kubeconfig: two.yaml")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""What the still clock says."""
HEARTBEAT: dict[str, Any] = {
    "apiVersion": "coordination.k8s.io/v1",
    "kind": "Lease",
    "metadata": {"name": "alb-dr-guard", "namespace": "gateway-demo"},
    "spec": {"holderIdentity": "alb-dr-guard", "renewTime": "2026-03-01T11:59:30.000000Z"},
}
"""The guard looked half a minute ago."""

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1", "kind": "Deployment",
    "metadata": {"name": "web-demo", "namespace": "gateway-demo"},
    "spec": {
        "replicas": 2, "selector": {"matchLabels": {"app": "web-demo"}},
        "template": {
            "metadata": {"labels": {"app": "web-demo"}},
            "spec": {"containers": [{
                "name": "web-demo", "image": "web-demo:0.5.0",
                "readinessProbe": {"tcpSocket": {"port": 8080}},
                "lifecycle": {"preStop": {"exec": {"command": ["sleep", "10"]}}},
            }]},
        },
    },
}  # fmt: skip
SERVICE: dict[str, Any] = {
    "apiVersion": "v1", "kind": "Service",
    "metadata": {"name": "service1", "namespace": "gateway-demo"},
    "spec": {"type": "ClusterIP", "selector": {"app": "web-demo"},
             "ports": [{"port": 80, "targetPort": 8080}]},
}  # fmt: skip
ENDPOINTS: dict[str, Any] = {
    "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
    "metadata": {"name": "service1-x", "namespace": "gateway-demo",
                 "labels": {"kubernetes.io/service-name": "service1"}},
    "addressType": "IPv4",
    "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": True}}],
    "ports": [{"port": 8080}],
}  # fmt: skip


class KnownKube(FakeKube):
    """An API whose identity a test can choose."""

    who: ApiIdentity | None = None

    def identity(self) -> ApiIdentity:
        """The chosen identity, unless the test makes asking fail."""
        refused = self.fail("identity")
        if refused is not None:
            raise refused
        return self.who or super().identity()

    def put(self, document: dict[str, Any]) -> None:
        """Store a document as somebody else."""
        found = Manifest.of(document)
        group = found.id.kind.group
        name = f"{found.id.kind.plural}.{group}" if group else found.id.kind.plural
        self.cluster.client("somebody").create(name, copy.deepcopy(document))

    def merge(
        self, resource: str, name: str, patch: Any, namespace: str = "", sub: str = ""
    ) -> None:
        """Change a document as somebody else."""
        self.cluster.client("somebody").merge(resource, name, patch, namespace, subresource=sub)

    def remove(self, resource: str, name: str, namespace: str = "") -> None:
        """Delete a document."""
        self.cluster.client("somebody").delete(resource, name, namespace)


def namespace(name: str) -> dict[str, Any]:
    """A Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


@dataclass
class World:
    """What a check is asked about; a test changes it, then asks."""

    topology: Topology = field(default_factory=lambda: a_topology(HEALTHY))
    fleet: KnownKube = field(default_factory=lambda: KnownKube("Fleet"))
    one: KnownKube = field(default_factory=lambda: KnownKube("poc-ack-1"))
    two: KnownKube = field(default_factory=lambda: KnownKube("poc-ack-2"))
    clock: Clock = field(default_factory=StillClock)
    prober: Prober = field(default_factory=lambda: FakeProber(answers(2, 2)))
    cloud: Cloud | None = None

    def __post_init__(self) -> None:
        self.know(self.fleet)
        self._furnish_fleet()
        self.neighbour("/other")
        for member in (self.one, self.two):
            self._furnish_member(member)

    def _furnish_fleet(self) -> None:
        fleet = self.fleet
        for name in ("argocd", "gateway-demo"):
            fleet.put(namespace(name))
        for manifest in render(self.topology, template_library()):
            if manifest.id.kind.name != "Namespace":
                fleet.put(dict(manifest.document))
        for member in self.topology.members:
            fleet.put({
                "apiVersion": "cluster.open-cluster-management.io/v1", "kind": "ManagedCluster",
                "metadata": {"name": member.id},
            })  # fmt: skip
            self.condition(member.id, *CONDITIONS)
        balancer = {"id": "alb-1", "dnsname": "alb-1.test", "subClusters": ["c1", "c2"]}
        status = {"status": {"loadBalancer": balancer}}
        fleet.merge("albconfigs.alibabacloud.com", "ackone-gateway-demo", status, sub="status")

    def know(self, api: KnownKube, **changes: Any) -> None:
        """Let an API say who and when it is."""
        values = {"cluster_uid": api.label, "server_time": NOW, "expires": NOW + timedelta(days=3)}
        nameless = {"server": "", "ca_sha256": "", "user": "admin"}
        api.who = ApiIdentity(**(nameless | values | changes))

    def condition(self, member: str, *types: str) -> None:
        """Let a ManagedCluster say these conditions and no others."""
        conditions = [{"type": t, "status": "True", "reason": "Test"} for t in types]
        name = "managedclusters.cluster.open-cluster-management.io"
        self.fleet.merge(name, member, {"status": {"conditions": conditions}}, sub="status")

    def _furnish_member(self, member: KnownKube) -> None:
        member.put(namespace("gateway-demo"))
        for document in (DEPLOYMENT, SERVICE, ENDPOINTS, HEARTBEAT):
            member.put(document)
        ready = {"observedGeneration": 1, "readyReplicas": 2, "updatedReplicas": 2, "replicas": 2}
        where = ("deployments.apps", "web-demo", {"status": ready}, "gateway-demo")
        member.merge(*where, sub="status")

    def complain(self, kind: str, name: str, message: str, *, space: str = "default") -> None:
        """A fresh Warning event about an object on the Fleet."""
        version = "alibabacloud.com/v1" if kind == "AlbConfig" else "networking.k8s.io/v1"
        self.fleet.put({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"name": f"{name}.{kind.lower()}", "namespace": space},
            "involvedObject": {"apiVersion": version, "kind": kind, "name": name},
            "type": "Warning", "reason": "FailedBuildModel", "message": message,
            "lastTimestamp": "2026-03-01T11:59:00Z",
        })  # fmt: skip

    def neighbour(self, path: str, name: str = "other", **annotations: str) -> None:
        """Another Ingress of the same class and host."""
        prefix = "alb.ingress.kubernetes.io/"
        backend = {"service": {"name": "other", "port": {"number": 80}}}
        paths = [{"path": path, "pathType": "Prefix", "backend": backend}]
        self.fleet.put({
            "apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
            "metadata": {"name": name, "namespace": "gateway-demo",
                         "annotations": {prefix + k: v for k, v in annotations.items()}},
            "spec": {"ingressClassName": "alb",
                     "rules": [{"host": "alb.ingress.alibaba.com", "http": {"paths": paths}}]},
        })  # fmt: skip

    def annotate(self, **annotations: str | None) -> None:
        """Change annotations of the live Ingress; None removes one."""
        prefix = "alb.ingress.kubernetes.io/"
        patch = {"metadata": {"annotations": {prefix + k: v for k, v in annotations.items()}}}
        self.fleet.merge("ingresses.networking.k8s.io", "web-demo", patch, "gateway-demo")

    def connect(self) -> Cloud:
        """The cloud, if the test has one."""
        if self.cloud is None:
            raise BadInput("the cloud SDKs are not installed", code="ADR-NO-CLOUD")
        return self.cloud

    def scene(self) -> Scene:
        """A fresh look at it."""
        return Scene(
            topology=self.topology,
            fleet=ReadOnce("Fleet", lambda: self.fleet),
            members={
                "c1": ReadOnce("poc-ack-1", lambda: self.one),
                "c2": ReadOnce("poc-ack-2", lambda: self.two),
            },
            cloud=CloudOnce(self.connect),
            clock=self.clock,
            prober=self.prober,
        )

    def ask(self, code: str) -> CheckResult:
        """What one check says."""
        (question,) = [q for q in QUESTIONS if q.check.code == code]
        return answer(question, self.scene())
