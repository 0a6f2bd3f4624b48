"""What a project file is begun with: asked, given by flags, discovered or read from a Fleet."""

from __future__ import annotations

from dataclasses import dataclass

from alb_dr.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAnswer:
    """What was said about one member."""

    id: str
    name: str
    zone: str
    kubeconfig: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthAnswer:
    """Health checks as an Ingress has them; seconds and counts."""

    enabled: bool = True
    protocol: str = "HTTP"
    path: str = ""
    method: str = "GET"
    codes: tuple[str, ...] = ("http_2xx",)
    interval_s: int = 2
    timeout_s: int = 2
    healthy: int = 2
    unhealthy: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """What is nobody's to choose once it exists; before that, the tutorial's own values."""

    gateway: str = "ackone-gateway-demo"
    ingress_class: str = "alb"
    load_balancer_name: str = "one-alb-demo"
    address_type: str = "Internet"
    address_allocated_mode: str = "Fixed"
    listeners: tuple[tuple[str, int], ...] = ()
    """Protocol and port each; just the port of the Ingress when there are none."""
    ingress: str = "web-demo"
    namespace: str = "gateway-demo"
    path_type: str = "Prefix"
    service: str = "service1"
    service_port: int = 80
    protocol: str = "HTTP"
    health: HealthAnswer = HealthAnswer()
    application: str = "web-demo"
    repository: str = "https://github.com/AliyunContainerService/gitops-demo.git"
    chart: str = "manifests/helm/web-demo"
    revision: str = "main"
    parameters: tuple[tuple[str, str], ...] = (
        ("envCluster", "{{.metadata.annotations.cluster_name}}"),
    )
    workload: str = "web-demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What was asked, given by flags, found in the cloud or read from a live Fleet."""

    region: str
    fleet_kubeconfig: str
    members: tuple[MemberAnswer, ...]
    vswitches: tuple[tuple[str, str], ...]
    """vSwitch id and zone (may be empty) each."""
    weights: tuple[int, ...]
    host: str
    path: str
    port: int
    existing: Existing = Existing()


def member_answer(text: str) -> MemberAnswer:
    """A member as a flag says it: ``id=c1...,name=poc-ack-1,zone=...,kubeconfig=...``."""
    pairs = dict(part.partition("=")[::2] for part in text.split(",") if part)
    unknown = pairs.keys() - {"id", "name", "zone", "kubeconfig"}
    if unknown or not pairs.get("id"):
        raise BadInput(
            f"--member {text!r} is not understood",
            hint="write id=CLUSTER_ID,name=NAME,zone=ZONE,kubeconfig=FILE",
        )
    name = pairs.get("name") or pairs["id"]
    return MemberAnswer(
        id=pairs["id"],
        name=name,
        zone=pairs.get("zone", ""),
        kubeconfig=pairs.get("kubeconfig") or f"{name}.kubeconfig",
    )


def even_weights(members: int) -> tuple[int, ...]:
    """100 shared as evenly as whole numbers allow."""
    share, left = divmod(100, members)
    return tuple(share + (n < left) for n in range(members))
