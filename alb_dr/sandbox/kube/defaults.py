"""The values a real API fills in before it stores a document."""

from __future__ import annotations

import base64
from collections.abc import Callable

from alb_dr.sandbox.kube.resources import Resource
from alb_dr.sandbox.kube.status import Json


def default(resource: Resource, document: Json) -> Json:
    """The document with the values a real API fills in."""
    fill = _BY_KIND.get(resource.plural)
    return fill(document) if fill else document


def _ingress(document: Json) -> Json:
    return {"status": {"loadBalancer": {}}, **document}


def _service(document: Json) -> Json:
    return _ingress({**document, "spec": _service_spec(document.get("spec") or {})})


def _deployment(document: Json) -> Json:
    return {**document, "spec": _deployment_spec(document.get("spec") or {})}


def _definition(document: Json) -> Json:
    spec = document["spec"]
    stored = [v["name"] for v in spec["versions"] if v.get("storage")]
    unserved = {
        "conditions": None,
        "acceptedNames": {"plural": "", "kind": ""},
        "storedVersions": stored,
    }
    return {
        **document,
        "spec": {"conversion": {"strategy": "None"}, **spec},
        "status": document.get("status") or unserved,
    }


def _secret(document: Json) -> Json:
    """``stringData`` is only ever written: what is stored and read is ``data``."""
    plain = document.get("stringData") or {}
    coded = {k: base64.b64encode(str(v).encode()).decode() for k, v in plain.items()}
    rest = {key: value for key, value in document.items() if key != "stringData"}
    data = {**(document.get("data") or {}), **coded}
    return {**rest, "type": document.get("type") or "Opaque", **({"data": data} if data else {})}


def _pod(document: Json) -> Json:
    spec = _pod_spec(document.get("spec") or {})
    if "tolerations" not in spec:
        spec["tolerations"] = [
            {
                "key": f"node.kubernetes.io/{state}",
                "operator": "Exists",
                "effect": "NoExecute",
                "tolerationSeconds": 300,
            }
            for state in ("not-ready", "unreachable")
        ]
    filled = {"priority": 0, "enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority"}
    status = {"phase": "Pending", "qosClass": "BestEffort", **(document.get("status") or {})}
    return {**document, "spec": {**filled, **spec}, "status": status}


def _lease(document: Json) -> Json:
    """Times are stored in UTC, written with Z."""
    spec = {
        key: str(value).replace("+00:00", "Z") if key.endswith("Time") else value
        for key, value in (document.get("spec") or {}).items()
    }
    return {**document, "spec": spec}


def _ingress_class(document: Json) -> Json:
    spec = document.get("spec") or {}
    if not spec.get("parameters"):
        return document
    parameters = {"scope": "Cluster", **spec["parameters"]}
    return {**document, "spec": {**spec, "parameters": parameters}}


def _autoscaler(document: Json) -> Json:
    usage = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    spec = document.get("spec") or {}
    metrics = spec.get("metrics") or [{"type": "Resource", "resource": usage}]
    return {**document, "spec": {"minReplicas": 1, **spec, "metrics": metrics}}


def _namespace(document: Json) -> Json:
    metadata = document["metadata"]
    labels = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}
    return {
        **document,
        "metadata": {**metadata, "labels": labels},
        "spec": document.get("spec") or {"finalizers": ["kubernetes"]},
        "status": document.get("status") or {"phase": "Active"},
    }


def _service_spec(spec: Json) -> Json:
    ports = [
        {"protocol": "TCP", "targetPort": port.get("port"), **port}
        for port in spec.get("ports") or []
    ]
    return {
        "internalTrafficPolicy": "Cluster",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "sessionAffinity": "None",
        "type": "ClusterIP",
        **spec,
        **({"ports": ports} if ports else {}),
    }


def _deployment_spec(spec: Json) -> Json:
    rolling = {"type": "RollingUpdate"}
    rolling_update = {"maxUnavailable": "25%", "maxSurge": "25%"}
    strategy = {**rolling, **(spec.get("strategy") or {})}
    if strategy["type"] == "RollingUpdate":
        strategy["rollingUpdate"] = {**rolling_update, **(strategy.get("rollingUpdate") or {})}
    return {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
        **spec,
        "strategy": strategy,
        "template": _pod_template(spec.get("template") or {}),
    }


def _pod_template(template: Json) -> Json:
    spec = _pod_spec(template.get("spec") or {})
    return {**template, "metadata": template.get("metadata") or {}, "spec": spec}


def _pod_spec(spec: Json) -> Json:
    containers = [_container(c) for c in spec.get("containers") or []]
    defaults = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }
    return {**defaults, **spec, "containers": containers}


def _container(container: Json) -> Json:
    image = str(container.get("image", ""))
    latest = image.endswith(":latest") or ":" not in image.rpartition("/")[2]
    ports = [{"protocol": "TCP", **port} for port in container.get("ports") or []]
    return {
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "Always" if latest else "IfNotPresent",
        **container,
        **({"ports": ports} if ports else {}),
    }


_BY_KIND: dict[str, Callable[[Json], Json]] = {
    "customresourcedefinitions": _definition,
    "deployments": _deployment,
    "horizontalpodautoscalers": _autoscaler,
    "ingressclasses": _ingress_class,
    "ingresses": _ingress,
    "leases": _lease,
    "namespaces": _namespace,
    "pods": _pod,
    "secrets": _secret,
    "services": _service,
}
