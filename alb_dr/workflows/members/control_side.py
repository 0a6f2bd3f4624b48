"""The control side: does the Fleet itself say that traffic can flow to every member?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from alb_dr.errors import AlbDrError
from alb_dr.model.findings import Finding, Severity
from alb_dr.model.manifest import ALB_CONFIG, ENDPOINT_SLICE, Manifest, ResourceId
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeReader
from alb_dr.workflows.delivery.weights import ingress_id
from alb_dr.workflows.live.events import warnings_since
from alb_dr.workflows.live.readiness import sub_clusters

FRESH = timedelta(minutes=10)
"""How recent a Warning event must be to count: controllers repeat a standing one within minutes."""


def control_findings(
    topology: Topology,
    *,
    ingress: Manifest,
    fleet: KubeReader,
    members: Mapping[str, KubeReader],
    weights: Mapping[str, int],
    now: datetime,
) -> tuple[Finding, ...]:
    """What disagrees with "every member gets its share"; empty when nothing does.

    An API that does not answer is a warning: the data plane is measured all the same.
    """
    found: list[Finding] = [*_address(ingress)]
    found += _asked("the AlbConfig", _sub_clusters(topology, fleet))
    found += _asked("the events", _warnings(topology, fleet, now))
    for member in topology.members:
        if weights.get(member.id, 0) > 0:
            api = members[member.id]
            found += _asked(f"the endpoints of {member.name}", _endpoints(topology, member, api))
    return tuple(found)


def _asked(what: str, findings: Iterator[Finding]) -> list[Finding]:
    try:
        return list(findings)
    except AlbDrError as error:
        return [
            Finding(
                code="ADR-CONTROL-UNKNOWN",
                severity=Severity.WARNING,
                text=f"{what} could not be checked: {error.message}",
                hint=error.hint,
            )
        ]


def _address(ingress: Manifest) -> Iterator[Finding]:
    balancer = (ingress.document.get("status") or {}).get("loadBalancer") or {}
    entries = balancer.get("ingress") or []
    if not any(entry.get("hostname") or entry.get("ip") for entry in entries):
        yield Finding(
            code="ADR-CONTROL-ADDRESS",
            severity=Severity.ERROR,
            text=f"{ingress.id} has no address: the controller has not put it on the ALB",
            hint="alb-dr ingress status",
        )


def _sub_clusters(topology: Topology, fleet: KubeReader) -> Iterator[Finding]:
    id_ = ResourceId(kind=ALB_CONFIG, name=topology.gateway.name)
    live = fleet.get(id_)
    connected = sub_clusters(live.document.get("status") or {}) if live is not None else ()
    missing = [member.name for member in topology.members if member.id not in connected]
    if live is None or missing:
        text = f"{id_} is not connected to {', '.join(missing)}" if live else f"{id_} is missing"
        yield Finding(
            code="ADR-CONTROL-SUBCLUSTERS",
            severity=Severity.ERROR,
            text=text,
            hint="alb-dr gateway status",
        )


def _warnings(topology: Topology, fleet: KubeReader, now: datetime) -> Iterator[Finding]:
    albconfig = ResourceId(kind=ALB_CONFIG, name=topology.gateway.name)
    for about in (ingress_id(topology), albconfig):
        for note in warnings_since(fleet, about, now - FRESH):
            yield Finding(
                code="ADR-CONTROL-EVENT",
                severity=Severity.WARNING,
                text=f"{about}: {note.words}",
            )


def ready_endpoints(topology: Topology, api: KubeReader) -> int:
    """How many endpoints of the Ingress' Service take traffic in one member."""
    slices = api.list(
        ENDPOINT_SLICE,
        namespace=topology.ingress.namespace,
        labels=f"kubernetes.io/service-name={topology.ingress.backend.service}",
    )
    return sum(map(_ready, slices))


def _endpoints(topology: Topology, member: MemberCluster, api: KubeReader) -> Iterator[Finding]:
    if not ready_endpoints(topology, api):
        service = topology.ingress.backend.service
        yield Finding(
            code="ADR-CONTROL-ENDPOINTS",
            severity=Severity.ERROR,
            text=f"{member.name} has no ready endpoint of Service {service}",
            hint="alb-dr distribute status",
        )


def _ready(endpoint_slice: Manifest) -> int:
    """Endpoints that take traffic; an unknown readiness counts as ready (Kubernetes' rule)."""
    endpoints = endpoint_slice.document.get("endpoints") or []
    return sum((e.get("conditions") or {}).get("ready") is not False for e in endpoints)
