"""What an API does to a document before storing it: checks and defaults."""

from __future__ import annotations

import re
from typing import Any

from alb_dr.sandbox.kube import lease_times
from alb_dr.sandbox.kube.resources import Resource
from alb_dr.sandbox.kube.status import Json, bad_request, invalid

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_KEY_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")

LABEL_WORDS = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
SUBDOMAIN_WORDS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABELLED = frozenset({"namespaces", "services"})
"""Kinds whose name is one label."""


def check(resource: Resource, document: Json) -> None:
    """Refuse (422, 400) what a real API would refuse."""
    _check_name(resource, document["metadata"])
    _check_maps(resource, document["metadata"])
    if resource.plural == "leases":
        _check_lease(document)
    if resource.plural == "deployments":
        _check_deployment(resource, document)
    if resource.plural == "ingresses":
        _check_ingress(resource, document)


def _check_name(resource: Resource, metadata: Json) -> None:
    name = str(metadata.get("name") or "")
    if not name:
        message = "Required value: name or generateName is required"
        causes = [("FieldValueRequired", "metadata.name", message)]
        raise invalid(resource.kind, resource.group, "", causes)
    labelled = resource.plural in LABELLED
    pattern, words = (_LABEL, LABEL_WORDS) if labelled else (_SUBDOMAIN, SUBDOMAIN_WORDS)
    if resource.group == "rbac.authorization.k8s.io":
        return
    if not pattern.fullmatch(name) or len(name) > (63 if labelled else 253):
        message = f'Invalid value: "{name}": {words}'
        causes = [("FieldValueInvalid", "metadata.name", message)]
        raise invalid(resource.kind, resource.group, name, causes)


def _check_maps(resource: Resource, metadata: Json) -> None:
    for field in ("annotations", "labels"):
        for key, value in (metadata.get(field) or {}).items():
            if not isinstance(value, str):
                raise bad_request(
                    f'{resource.kind} in version "{resource.version}" cannot be handled as a '
                    f"{resource.kind}: json: cannot unmarshal {_json_type(value)} into Go struct "
                    f"field ObjectMeta.metadata.{field} of type string"
                )
            problem = _key_problem(key)
            if problem:
                message = f'Invalid value: "{key}": {problem}'
                # A real API checks the metadata four times and says it each time.
                causes = [("FieldValueInvalid", f"metadata.{field}", message)] * 4
                name = str(metadata.get("name", ""))
                raise invalid(resource.kind, resource.group, name, causes)


def _key_problem(key: str) -> str | None:
    name = key.rpartition("/")[2]
    if len(name) > 63:
        return "name part must be no more than 63 bytes"
    if not _KEY_NAME.fullmatch(name):
        return (
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must start "
            "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', "
            "regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
        )
    return None


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "number"


def _check_lease(document: Json) -> None:
    spec = document.get("spec") or {}
    problem = lease_times.problem(spec)
    if problem:
        raise bad_request(f'Lease in version "v1" cannot be handled as a Lease: {problem}')
    duration = spec.get("leaseDurationSeconds")
    if duration is not None and duration <= 0:
        message = f"Invalid value: {duration}: must be greater than 0"
        causes = [("FieldValueInvalid", "spec.leaseDurationSeconds", message)]
        group = "coordination.k8s.io"
        raise invalid("Lease", group, document["metadata"]["name"], causes)


def _check_ingress(resource: Resource, document: Json) -> None:
    causes = []
    for n, rule in enumerate((document.get("spec") or {}).get("rules") or []):
        for m, path in enumerate((rule.get("http") or {}).get("paths") or []):
            kind = path.get("pathType")
            if kind not in {"Exact", "ImplementationSpecific", "Prefix"}:
                supported = '"Exact", "ImplementationSpecific", "Prefix"'
                message = f'Unsupported value: "{kind}": supported values: {supported}'
                field = f"spec.rules[{n}].http.paths[{m}].pathType"
                causes.append(("FieldValueNotSupported", field, message))
    if causes:
        raise invalid(resource.kind, resource.group, document["metadata"]["name"], causes)


def _check_deployment(resource: Resource, document: Json) -> None:
    replicas = (document.get("spec") or {}).get("replicas", 1)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request(
            'Deployment in version "v1" cannot be handled as a Deployment: json: cannot '
            f"unmarshal {_json_type(replicas)} into Go struct field DeploymentSpec.spec.replicas "
            "of type int32"
        )
    if replicas < 0:
        message = f"Invalid value: {replicas}: must be greater than or equal to 0"
        causes = [("FieldValueInvalid", "spec.replicas", message)]
        raise invalid(resource.kind, resource.group, document["metadata"]["name"], causes)


def check_change(resource: Resource, old: Json, new: Json) -> None:
    """Refuse (422) a change of what can only be chosen once."""
    if resource.plural != "ingressclasses":
        return
    before, after = old["spec"].get("controller"), (new.get("spec") or {}).get("controller")
    if before != after:
        message = f'Invalid value: "{after}": field is immutable'
        causes = [("FieldValueInvalid", "spec.controller", message)]
        raise invalid(resource.kind, resource.group, new["metadata"]["name"], causes)


def default(resource: Resource, document: Json) -> Json:
    """The document with the values a real API fills in."""
    if resource.plural in {"ingresses", "services"} and "status" not in document:
        document = {**document, "status": {"loadBalancer": {}}}
    if resource.plural == "ingressclasses":
        return _ingress_class(document)
    if resource.plural == "leases":
        return _lease(document)
    if resource.plural == "deployments":
        return {**document, "spec": _deployment_spec(document.get("spec") or {})}
    if resource.plural == "services":
        return {**document, "spec": _service_spec(document.get("spec") or {})}
    if resource.plural == "namespaces":
        return _namespace(document)
    if resource.plural == "pods":
        return _pod(document)
    if resource.plural == "customresourcedefinitions":
        return _definition(document)
    return document


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
