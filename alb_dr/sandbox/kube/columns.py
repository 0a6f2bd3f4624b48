"""The columns kubectl prints for each built-in kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alb_dr.sandbox.kube.instants import age
from alb_dr.sandbox.kube.status import Json

Cell = Callable[[Json], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``wide`` ones are shown with ``-o wide`` only."""

    name: str
    cell: Cell
    type: str = "string"
    wide: bool = False


def _at(path: str, default: Any = "") -> Cell:
    def cell(document: Json) -> Any:
        value: Any = document
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return default if value is None else value

    return cell


def _text(path: str, default: Any) -> Cell:
    return lambda document: str(_at(path, default)(document))


def _age(document: Json) -> str:
    return age(document["metadata"].get("creationTimestamp"))


def _joined(path: str, inner: str, default: str = "<none>") -> Cell:
    def cell(document: Json) -> str:
        items = _at(path, [])(document)
        values = [str(_at(inner)(item)) for item in items if isinstance(item, dict)]
        return ",".join(v for v in values if v) or default

    return cell


def _ready_of(status: str, spec: str) -> Cell:
    return lambda d: f"{_at(status, 0)(d)}/{_at(spec, 1)(d)}"


def _pod_ready(pod: Json) -> str:
    statuses = _at("status.containerStatuses", [])(pod)
    wanted = _at("spec.containers", [])(pod)
    return f"{sum(bool(s.get('ready')) for s in statuses)}/{len(wanted)}"


def _pod_status(pod: Json) -> str:
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    return str(_at("status.phase", "Pending")(pod))


def _restarts(pod: Json) -> int:
    return sum(int(s.get("restartCount", 0)) for s in _at("status.containerStatuses", [])(pod))


def _service_ports(service: Json) -> str:
    ports = _at("spec.ports", [])(service)
    return ",".join(
        f"{p.get('port')}{':' + str(p['nodePort']) if p.get('nodePort') else ''}"
        f"/{p.get('protocol', 'TCP')}"
        for p in ports
    )


def _ingress_hosts(ingress: Json) -> str:
    hosts = [rule.get("host") or "*" for rule in _at("spec.rules", [])(ingress)]
    return ",".join(hosts) or "*"


def _ingress_ports(ingress: Json) -> str:
    return "80, 443" if _at("spec.tls", [])(ingress) else "80"


def _ingress_address(ingress: Json) -> str:
    items = _at("status.loadBalancer.ingress", [])(ingress)
    return ",".join(str(i.get("hostname") or i.get("ip")) for i in items)


def _class_parameters(ingress_class: Json) -> str:
    parameters = _at("spec.parameters", None)(ingress_class)
    if not parameters:
        return "<none>"
    group = parameters.get("apiGroup")
    kind = f"{parameters['kind']}.{group}" if group else parameters["kind"]
    return f"{kind}/{parameters['name']}"


def _event_object(event: Json) -> str:
    about = event.get("involvedObject") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


def _scale_target(scaler: Json) -> str:
    return f"{_at('spec.scaleTargetRef.kind')(scaler)}/{_at('spec.scaleTargetRef.name')(scaler)}"


def _targets(scaler: Json) -> str:
    """What each metric is and should be; nothing here measures, so it is never known."""
    found = []
    for metric in _at("spec.metrics", [])(scaler):
        wanted = _at("resource.target.averageUtilization", None)(metric)
        name = _at("resource.name", metric.get("type"))(metric)
        found.append(f"{name}: <unknown>/{'<auto>' if wanted is None else f'{wanted}%'}")
    return ", ".join(found) or "<none>"


def _last_schedule(job: Json) -> str:
    last = _at("status.lastScheduleTime", None)(job)
    return age(last) if last else "<none>"


def _endpoints(document: Json) -> str:
    found = [a for e in document.get("endpoints") or [] for a in e.get("addresses") or []]
    return ",".join(found[:3]) + (f" + {len(found) - 3} more..." if len(found) > 3 else "") or (
        "<unset>"
    )


def _pairs(labels: Json) -> str:
    return ",".join(f"{k}={v}" for k, v in sorted(labels.items())) or "<none>"


AGE = Column("Age", _age)

TEMPLATE = (
    Column("Containers", _joined("spec.template.spec.containers", "name"), wide=True),
    Column("Images", _joined("spec.template.spec.containers", "image"), wide=True),
    Column("Selector", lambda d: _pairs(_at("spec.selector.matchLabels", {})(d)), wide=True),
)
"""What is wide of everything that makes pods from a template."""

BUILTIN: dict[str, tuple[Column, ...]] = {
    "namespaces": (Column("Status", _at("status.phase")), AGE),
    "pods": (
        Column("Ready", _pod_ready),
        Column("Status", _pod_status),
        Column("Restarts", _restarts),
        AGE,
        Column("IP", _at("status.podIP", "<none>"), wide=True),
        Column("Node", _at("spec.nodeName", "<none>"), wide=True),
        Column("Nominated Node", _at("status.nominatedNodeName", "<none>"), wide=True),
        Column("Readiness Gates", lambda _: "<none>", wide=True),
    ),
    "services": (
        Column("Type", _at("spec.type", "ClusterIP")),
        Column("Cluster-IP", _at("spec.clusterIP", "<none>")),
        Column("External-IP", lambda _: "<none>"),
        Column("Port(s)", _service_ports),
        AGE,
        Column("Selector", lambda d: _pairs(_at("spec.selector", {})(d)), wide=True),
    ),
    "configmaps": (Column("Data", lambda d: len(d.get("data") or {}), "integer"), AGE),
    "secrets": (
        Column("Type", _at("type", "Opaque")),
        Column("Data", lambda d: len(d.get("data") or {}), "integer"),
        AGE,
    ),
    "events": (
        Column("Last Seen", lambda d: age(d.get("lastTimestamp") or d.get("eventTime"))),
        Column("Type", _at("type")),
        Column("Reason", _at("reason")),
        Column("Object", _event_object),
        Column("Message", _at("message")),
    ),
    "deployments": (
        Column("Ready", _ready_of("status.readyReplicas", "spec.replicas")),
        Column("Up-to-date", _at("status.updatedReplicas", 0), "integer"),
        Column("Available", _at("status.availableReplicas", 0), "integer"),
        AGE,
        *TEMPLATE,
    ),
    "replicasets": (
        Column("Desired", _at("spec.replicas", 1), "integer"),
        Column("Current", _at("status.replicas", 0), "integer"),
        Column("Ready", _at("status.readyReplicas", 0), "integer"),
        AGE,
        *TEMPLATE,
    ),
    "horizontalpodautoscalers": (
        Column("Reference", _scale_target),
        Column("Targets", _targets),
        Column("MinPods", _text("spec.minReplicas", "<unset>")),
        Column("MaxPods", _at("spec.maxReplicas"), "integer"),
        Column("Replicas", _at("status.currentReplicas", 0), "integer"),
        AGE,
    ),
    "poddisruptionbudgets": (
        Column("Min Available", _text("spec.minAvailable", "N/A")),
        Column("Max Unavailable", _text("spec.maxUnavailable", "N/A")),
        Column("Allowed Disruptions", _at("status.disruptionsAllowed", 0), "integer"),
        AGE,
    ),
    "cronjobs": (
        Column("Schedule", _at("spec.schedule")),
        Column("Timezone", _at("spec.timeZone", "<none>")),
        Column("Suspend", _text("spec.suspend", False)),
        Column("Active", lambda d: len(_at("status.active", [])(d)), "integer"),
        Column("Last Schedule", _last_schedule),
        AGE,
    ),
    "ingresses": (
        Column("Class", _at("spec.ingressClassName", "<none>")),
        Column("Hosts", _ingress_hosts),
        Column("Address", _ingress_address),
        Column("Ports", _ingress_ports),
        AGE,
    ),
    "ingressclasses": (
        Column("Controller", _at("spec.controller")),
        Column("Parameters", _class_parameters),
        AGE,
    ),
    "leases": (Column("Holder", _at("spec.holderIdentity")), AGE),
    "endpointslices": (
        Column("AddressType", _at("addressType")),
        Column("Ports", _joined("ports", "port", "<unset>")),
        Column("Endpoints", _endpoints),
        AGE,
    ),
    "nodes": (
        Column("Status", lambda _: "Ready"),
        Column("Roles", lambda _: "<none>"),
        AGE,
        Column("Version", _at("status.nodeInfo.kubeletVersion")),
    ),
    "customresourcedefinitions": (Column("Created At", _at("metadata.creationTimestamp"), "date"),),
}
