"""What an API does to a document before storing it: the checks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from alb_dr.sandbox.kube import lease_times, workloads
from alb_dr.sandbox.kube.resources import Resource
from alb_dr.sandbox.kube.status import Json, bad_request, invalid, json_type

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
_NEVER_INSIDE = ("//", "/./", "/../", "%2f", "%2F")
_NEVER_LAST = ("/..", "/.")
"""What the path of an Ingress must not have in it, or at its end."""
LABELLED = frozenset({"namespaces", "services"})
"""Kinds whose name is one label."""


def check(resource: Resource, document: Json, old: Json | None = None) -> None:
    """Refuse (422, 400) what a real API would refuse, of a new or of a changed document."""
    _check_name(resource, document["metadata"])
    _check_maps(resource, document["metadata"])
    if resource.plural == "leases":
        _check_lease(document)
    if resource.plural == "deployments":
        workloads.check_deployment(resource, document, old)
    if resource.plural == "pods":
        workloads.check_pod(resource, document)
    if resource.plural == "horizontalpodautoscalers":
        _check_autoscaler(resource, document)
    if resource.plural == "ingresses":
        _check_ingress(resource, document)
    if resource.plural == "ingressclasses" and old is not None:
        _check_class(resource, old, document)


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
                    f"{resource.kind}: json: cannot unmarshal {json_type(value)} into Go struct "
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
    causes = [
        cause
        for n, rule in enumerate((document.get("spec") or {}).get("rules") or [])
        for m, path in enumerate((rule.get("http") or {}).get("paths") or [])
        for cause in _path_problems(path, f"spec.rules[{n}].http.paths[{m}]")
    ]
    if causes:
        raise invalid(resource.kind, resource.group, document["metadata"]["name"], causes)


def _path_problems(path: Json, at: str) -> Iterator[tuple[str, str, str]]:
    kind, text = path.get("pathType"), path.get("path") or ""
    field, shown = f"{at}.path", f"Invalid value: {json.dumps(text)}"
    if kind is None:
        message = "Required value: pathType must be specified"
        yield "FieldValueRequired", f"{at}.pathType", message
    elif kind not in {"Exact", "ImplementationSpecific", "Prefix"}:
        supported = '"Exact", "ImplementationSpecific", "Prefix"'
        message = f'Unsupported value: "{kind}": supported values: {supported}'
        yield "FieldValueNotSupported", f"{at}.pathType", message
    elif kind == "ImplementationSpecific":
        if text and not text.startswith("/"):
            yield "FieldValueInvalid", field, f"{shown}: must be an absolute path"
    else:
        if not text.startswith("/"):
            yield "FieldValueInvalid", field, f"{shown}: must be an absolute path"
        for part in _NEVER_INSIDE:
            if part in text:
                yield "FieldValueInvalid", field, f"{shown}: must not contain '{part}'"
        for end in _NEVER_LAST:
            if text.endswith(end):
                yield "FieldValueInvalid", field, f"{shown}: cannot end with '{end}'"


def _check_autoscaler(resource: Resource, document: Json) -> None:
    spec = document.get("spec") or {}
    least, most = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    causes = []
    if most < 1:
        message = f"Invalid value: {most}: must be greater than 0"
        causes.append(("FieldValueInvalid", "spec.maxReplicas", message))
    if most < least:
        message = f"Invalid value: {most}: must be greater than or equal to `minReplicas`"
        causes.append(("FieldValueInvalid", "spec.maxReplicas", message))
    if causes:
        raise invalid(resource.kind, resource.group, document["metadata"]["name"], causes)


def _check_class(resource: Resource, old: Json, new: Json) -> None:
    """Refuse (422) a change of what can only be chosen once."""
    before, after = old["spec"].get("controller"), (new.get("spec") or {}).get("controller")
    if before != after:
        message = f'Invalid value: "{after}": field is immutable'
        causes = [("FieldValueInvalid", "spec.controller", message)]
        raise invalid(resource.kind, resource.group, new["metadata"]["name"], causes)
