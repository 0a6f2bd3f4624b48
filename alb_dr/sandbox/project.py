"""The project file of a sandbox: what every other command is pointed at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from alb_dr.sandbox.controllers.application import CHART, IMAGE
from alb_dr.sandbox.names import HOSTS
from alb_dr.sandbox.options import REGION, SandboxOptions

HEADER = (
    "# The project file of the sandbox. Made by `alb-dr sandbox up`, gone with `sandbox down`.\n"
)


def project_text(options: SandboxOptions) -> str:
    """The file's text: the tutorial's values, with this sandbox's members and ports."""
    return HEADER + yaml.safe_dump(_project(options), sort_keys=False)


def _project(options: SandboxOptions) -> dict[str, Any]:
    members = options.placed()
    return {
        "schema": 1,
        "mode": "active-active",
        "region": REGION,
        "fleet": {"kubeconfig": "fleet.kubeconfig"},
        "members": [
            {"id": m.id, "name": m.name, "zone": m.zone, "kubeconfig": f"{m.name}.kubeconfig"}
            for m in members
        ],
        "weights": _weights([m.name for m in members]),
        "gateway": {
            "name": "ackone-gateway-demo",
            "ingressClass": "alb",
            "loadBalancerName": "one-alb-demo",
            "addressType": "Internet",
            "addressAllocatedMode": "Fixed",
            "zoneMappings": [
                {"vSwitchId": f"vsw-sandbox-{m.zone[-1]}", "zoneId": m.zone} for m in members
            ],
            "listeners": [{"port": options.gateway_port, "protocol": "HTTP"}],
            "hostsFile": HOSTS,
        },
        "ingress": {
            "name": "web-demo",
            "namespace": "gateway-demo",
            "host": "alb.ingress.alibaba.com",
            "path": "/svc1",
            "pathType": "Prefix",
            "service": {"name": "service1", "port": 80},
            "listenPort": {"HTTP": options.gateway_port},
        },
        "application": {
            "name": "web-demo",
            "repository": "https://github.com/AliyunContainerService/gitops-demo.git",
            "path": CHART,
            "revision": "main",
            "parameters": {
                "envCluster": "{{.metadata.annotations.cluster_name}}",
                "replicas": str(options.replicas),
            },
            "workload": {"kind": "Deployment", "name": "web-demo"},
            "policy": {"image": IMAGE, "replicas": options.replicas},
        },
        "objectives": {"rtoSeconds": 30.0, "maxErrorRate": 0.25},
    }


def _weights(names: list[str]) -> dict[str, int]:
    """The tutorial's 20 and 80; with more members the rest is shared evenly."""
    others = len(names) - 1
    share, left = divmod(80, others)
    weights = {names[0]: 20, **dict.fromkeys(names[1:], share)}
    weights[names[-1]] += left
    return weights


def project_file(folder: Path) -> Path:
    """Where the project file of a sandbox in this folder is."""
    return folder / "alb-dr.yaml"


def write_project(folder: Path, options: SandboxOptions) -> Path:
    """Write the file into the sandbox's folder."""
    path = project_file(folder)
    path.touch(mode=0o600)
    path.write_text(project_text(options))
    return path
