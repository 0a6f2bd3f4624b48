"""Sentences for tests: a topology, a project file, a live object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alb_dr.config.convert import topology_of
from alb_dr.config.document import parse_document
from alb_dr.config.loader import check
from alb_dr.model.fleet_record import FleetRecord
from alb_dr.model.manifest import Manifest
from alb_dr.model.topology import Topology
from alb_dr.model.weight_record import WeightRecord

PROJECT = """\
schema: 1
region: cn-hongkong
fleet: {kubeconfig: fleet.yaml}
members:
  - {id: c1, name: poc-ack-1, kubeconfig: one.yaml}
  - {id: c2, name: poc-ack-2, kubeconfig: two.yaml}
weights: {poc-ack-1: 20, poc-ack-2: 80}
gateway:
  loadBalancerName: one-alb-demo
  zoneMappings: [{vSwitchId: vsw-1}, {vSwitchId: vsw-2}]
  listeners: [{port: 8001, protocol: HTTP}]
ingress:
  host: alb.ingress.alibaba.com
  path: /svc1
  service: {name: service1, port: 80}
  listenPort: {HTTP: 8001}
application:
  repository: https://github.com/AliyunContainerService/gitops-demo.git
  path: manifests/helm/web-demo
  parameters: {envCluster: "{{.metadata.annotations.cluster_name}}"}
  workload: {name: web-demo}
"""


def a_topology(text: str = PROJECT) -> Topology:
    """The topology of a project file's text."""
    path = Path("project") / "alb-dr.yaml"
    return topology_of(check(parse_document(path, text)), folder=path.parent)


def a_deployment(
    *, replicas: int = 2, ready: int | None = None, annotations: dict[str, str] | None = None
) -> Manifest:
    """The drilled workload as an API would give it."""
    document: dict[str, Any] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web-demo",
            "namespace": "gateway-demo",
            "uid": "uid-1",
            "resourceVersion": "7",
            "generation": 1,
            "labels": {"app": "web-demo"},
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web-demo"}},
            "template": {
                "metadata": {"labels": {"app": "web-demo"}},
                "spec": {"containers": [{"name": "web-demo", "image": "demo"}]},
            },
        },
        "status": {
            "observedGeneration": 1,
            "readyReplicas": replicas if ready is None else ready,
            "updatedReplicas": replicas,
        },
    }
    if annotations:
        document["metadata"]["annotations"] = annotations
    return Manifest.of(document)


def a_drill_on_record(drill: str, **changes: object) -> FleetRecord:
    """A drill as the Fleet knows it."""
    values: dict[str, object] = {
        "fault": "scale-to-zero",
        "victim": "poc-ack-1",
        "targets": (),
        "deadline": "",
        "reason": "",
        "by": "ann",
        "started": "",
    }
    return FleetRecord(drill=drill, **(values | changes))  # type: ignore[arg-type]


def a_weight_record(drill: str) -> WeightRecord:
    """What a drill leaves on the Ingress whose second member it took all weight from."""
    return WeightRecord(
        drill=drill,
        former={"c1": "20", "c2": "80"},
        held={"c1": "100", "c2": "0"},
        deadline="2026-03-01T13:00:00+00:00",
        reason="",
        by="ann@bastion",
    )
