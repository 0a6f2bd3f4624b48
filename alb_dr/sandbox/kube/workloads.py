"""What a real API refuses in a Deployment and in the pods it is made of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from alb_dr.sandbox.kube.resources import Resource
from alb_dr.sandbox.kube.selectors import takes
from alb_dr.sandbox.kube.status import Json, bad_request, invalid, json_type

Cause = tuple[str, str, str]
"""Reason, field and message."""


def check_deployment(resource: Resource, document: Json, old: Json | None) -> None:
    """Refuse (400, 422) a Deployment, and a change of what can only be chosen once."""
    spec = document.get("spec") or {}
    replicas = spec.get("replicas", 1)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request(
            'Deployment in version "v1" cannot be handled as a Deployment: json: cannot '
            f"unmarshal {json_type(replicas)} into Go struct field DeploymentSpec.spec.replicas "
            "of type int32"
        )
    pod = (spec.get("template") or {}).get("spec") or {}
    causes = [*_count(replicas), *_selector(spec), *_containers(pod, "spec.template.spec")]
    selector = spec.get("selector")
    if old is not None and selector != old["spec"].get("selector"):
        message = f"Invalid value: {_shown(selector)}: field is immutable"
        causes.append(("FieldValueInvalid", "spec.selector", message))
    _refuse(resource, document, causes)


def check_pod(resource: Resource, document: Json) -> None:
    """Refuse (422) a pod without a whole container."""
    _refuse(resource, document, list(_containers(document.get("spec") or {}, "spec")))


def _refuse(resource: Resource, document: Json, causes: list[Cause]) -> None:
    if causes:
        raise invalid(resource.kind, resource.group, document["metadata"]["name"], causes)


def _count(replicas: int) -> Iterator[Cause]:
    if replicas < 0:
        message = f"Invalid value: {replicas}: must be greater than or equal to 0"
        yield "FieldValueInvalid", "spec.replicas", message


def _selector(spec: Json) -> Iterator[Cause]:
    """A selector is there, says something, and takes in the pods of the template."""
    selector = spec.get("selector")
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if selector is None:
        yield "FieldValueRequired", "spec.selector", "Required value"
    elif not (selector.get("matchLabels") or selector.get("matchExpressions")):
        message = f"Invalid value: {_shown(selector)}: empty selector is invalid for deployment"
        yield "FieldValueInvalid", "spec.selector", message
        return
    if selector is None or not takes(selector, labels or {}):
        field = "spec.template.metadata.labels"
        why = "`selector` does not match template `labels`"
        yield "FieldValueInvalid", field, f"Invalid value: {_shown(labels)}: {why}"


def _containers(spec: Json, at: str) -> Iterator[Cause]:
    """Containers have names of their own, and images; a pod has at least one."""
    if not spec.get("containers"):
        yield "FieldValueRequired", f"{at}.containers", "Required value"
    seen: set[Any] = set()
    for field in ("containers", "initContainers"):
        for n, container in enumerate(spec.get(field) or []):
            name = container.get("name")
            if not name:
                yield "FieldValueRequired", f"{at}.{field}[{n}].name", "Required value"
            elif name in seen:
                message = f"Duplicate value: {_shown(name)}"
                yield "FieldValueDuplicate", f"{at}.{field}[{n}].name", message
            seen.add(name)
            if not container.get("image"):
                yield "FieldValueRequired", f"{at}.{field}[{n}].image", "Required value"


def _shown(value: Any) -> str:
    """A value as a refusal repeats it."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
