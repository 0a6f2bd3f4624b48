"""The record on the workload: the two patches that do the harm and take it back."""

from __future__ import annotations

from typing import Any

from alb_dr.model.drill import DrillRecord
from alb_dr.model.manifest import Manifest

ANNOTATION = "alb-dr.io/drill"
LABEL = "alb-dr.io/drill-open"
SELECTOR = f"{LABEL}=true"
"""Finds every open drill of a cluster in one list call."""

Operation = dict[str, Any]


def pointer(*parts: str) -> str:
    """A JSON pointer."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def replicas_of(workload: Manifest) -> int:
    """The replicas a workload wants; a missing number means 1 (Kubernetes rule)."""
    return int((workload.document.get("spec") or {}).get("replicas", 1))


def record_of(workload: Manifest) -> DrillRecord | None:
    """The record on a workload, if it carries one that can be read."""
    text = workload.annotations.get(ANNOTATION)
    return DrillRecord.parse(text) if text else None


def fire_patch(workload: Manifest, record: DrillRecord) -> list[Operation]:
    """Scale to 0 and write the record in one write, against exactly the state we saw.

    JSON Patch refuses to add below a map that is missing, so the map is added first.
    """
    operations: list[Operation] = [
        {"op": "test", "path": "/metadata/uid", "value": workload.uid},
        {"op": "test", "path": "/spec/replicas", "value": record.replicas},
    ]
    for name, present, key, value in (
        ("annotations", workload.annotations, ANNOTATION, record.dump()),
        ("labels", workload.labels, LABEL, "true"),
    ):
        if not present:
            operations.append({"op": "add", "path": pointer("metadata", name), "value": {}})
        operations.append({"op": "add", "path": pointer("metadata", name, key), "value": value})
    operations.append({"op": "replace", "path": "/spec/replicas", "value": 0})
    return operations


def restore_patch(workload: Manifest, record: DrillRecord) -> list[Operation]:
    """Put the replicas back and take the record away, if it is still ours and still at 0."""
    text = workload.annotations[ANNOTATION]
    return [
        {"op": "test", "path": "/metadata/uid", "value": workload.uid},
        {"op": "test", "path": pointer("metadata", "annotations", ANNOTATION), "value": text},
        {"op": "test", "path": "/spec/replicas", "value": 0},
        {"op": "replace", "path": "/spec/replicas", "value": record.replicas},
        *clear_operations(workload),
    ]


def extend_patch(workload: Manifest, record: DrillRecord) -> list[Operation]:
    """Put a later deadline into the record, if it is still the one we saw."""
    path = pointer("metadata", "annotations", ANNOTATION)
    return [
        {"op": "test", "path": "/metadata/uid", "value": workload.uid},
        {"op": "test", "path": path, "value": workload.annotations[ANNOTATION]},
        {"op": "replace", "path": path, "value": record.dump()},
    ]


def clear_patch(workload: Manifest) -> list[Operation]:
    """Only take the record away: somebody scaled the workload up already."""
    text = workload.annotations[ANNOTATION]
    return [
        {"op": "test", "path": "/metadata/uid", "value": workload.uid},
        {"op": "test", "path": pointer("metadata", "annotations", ANNOTATION), "value": text},
        *clear_operations(workload),
    ]


def clear_operations(workload: Manifest) -> list[Operation]:
    """Remove annotation and label, whichever is there."""
    operations: list[Operation] = []
    if ANNOTATION in workload.annotations:
        path = pointer("metadata", "annotations", ANNOTATION)
        operations.append({"op": "remove", "path": path})
    if LABEL in workload.labels:
        operations.append({"op": "remove", "path": pointer("metadata", "labels", LABEL)})
    return operations
