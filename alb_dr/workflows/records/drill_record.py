"""The record on the harmed object: the patches that do the harm and take it back.

Two kinds of objects carry one: a scaled Deployment and an Ingress whose weights are held. Which
of the two it is follows from the object's kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alb_dr.model.drill import DrillRecord
from alb_dr.model.manifest import INGRESS, Manifest
from alb_dr.model.weight_record import WeightRecord
from alb_dr.render.annotations import weight_key, weights_of

ANNOTATION = "alb-dr.io/drill"
LABEL = "alb-dr.io/drill-open"
SELECTOR = f"{LABEL}=true"
"""Finds every open drill of a cluster in one list call."""
WAIT_OR_RECOVER = (
    "wait while it lives (alb-dr failover status); else: alb-dr failover recover --execute"
)
"""What to do about an open drill: whoever recovers a living one ends it."""

Operation = dict[str, Any]
Record = DrillRecord | WeightRecord


def pointer(*parts: str) -> str:
    """A JSON pointer."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def replicas_of(workload: Manifest) -> int:
    """The replicas a workload wants; a missing number means 1 (Kubernetes rule)."""
    return int((workload.document.get("spec") or {}).get("replicas", 1))


def record_of(target: Manifest) -> Record | None:
    """The record on an object, if it carries one that can be read."""
    text = target.annotations.get(ANNOTATION)
    if not text:
        return None
    return WeightRecord.parse(text) if target.id.kind == INGRESS else DrillRecord.parse(text)


def is_harmed(target: Manifest, record: Record) -> bool:
    """Whether an object is still as a drill left it: at 0, or with exactly the held weights."""
    if isinstance(record, WeightRecord):
        return dict(weights_of(target.annotations)) == dict(record.held)
    return replicas_of(target) == 0


def fire_patch(workload: Manifest, record: DrillRecord) -> list[Operation]:
    """Scale to 0 and write the record in one write, against exactly the state we saw."""
    return [
        {"op": "test", "path": "/metadata/uid", "value": workload.uid},
        {"op": "test", "path": "/spec/replicas", "value": record.replicas},
        *_mark(workload, record.dump()),
        {"op": "replace", "path": "/spec/replicas", "value": 0},
    ]


def hold_patch(ingress: Manifest, record: WeightRecord) -> list[Operation]:
    """Write the held weights and the record in one write, against exactly the weights we saw."""
    return [
        {"op": "test", "path": "/metadata/uid", "value": ingress.uid},
        *_tests(record.former),
        *_mark(ingress, record.dump()),
        *_weights(record.held),
    ]


def step_patch(ingress: Manifest, record: WeightRecord) -> list[Operation]:
    """Replace held weights by the record's, if both weights and record are those we saw."""
    path = pointer("metadata", "annotations", ANNOTATION)
    return [
        *_ours(ingress),
        *_tests(weights_of(ingress.annotations)),
        {"op": "replace", "path": path, "value": record.dump()},
        *_weights(record.held),
    ]


def restore_patch(target: Manifest, record: Record) -> list[Operation]:
    """Put back what was, and take the record away, if both are still as we left them."""
    if isinstance(record, WeightRecord):
        return [
            *_ours(target),
            *_tests(record.held),
            *_weights(record.former),
            *clear_operations(target),
        ]
    return [
        *_ours(target),
        {"op": "test", "path": "/spec/replicas", "value": 0},
        {"op": "replace", "path": "/spec/replicas", "value": record.goal},
        *clear_operations(target),
    ]


def unmarked_restore_patch(workload: Manifest, replicas: int) -> list[Operation]:
    """Scale back a workload whose record is gone; a person vouched for the number."""
    return [
        {"op": "test", "path": "/metadata/uid", "value": workload.uid},
        {"op": "test", "path": "/spec/replicas", "value": 0},
        {"op": "replace", "path": "/spec/replicas", "value": replicas},
    ]


def unmarked_weights_patch(ingress: Manifest, weights: Mapping[str, str]) -> list[Operation]:
    """Put weights back on an Ingress whose record is gone; a person vouched for them."""
    return [
        {"op": "test", "path": "/metadata/uid", "value": ingress.uid},
        *_tests(weights_of(ingress.annotations)),
        *_weights(weights),
    ]


def extend_patch(target: Manifest, record: Record) -> list[Operation]:
    """Put a later deadline into the record, if it is still the one we saw."""
    path = pointer("metadata", "annotations", ANNOTATION)
    return [*_ours(target), {"op": "replace", "path": path, "value": record.dump()}]


def clear_patch(target: Manifest) -> list[Operation]:
    """Only take the record away: somebody changed the object already."""
    return [*_ours(target), *clear_operations(target)]


def clear_operations(target: Manifest) -> list[Operation]:
    """Remove the annotation, and the label if it is still there."""
    path = pointer("metadata", "annotations", ANNOTATION)
    operations: list[Operation] = [{"op": "remove", "path": path}]
    if LABEL in target.labels:
        operations.append({"op": "remove", "path": pointer("metadata", "labels", LABEL)})
    return operations


def _ours(target: Manifest) -> list[Operation]:
    """The object is the one we saw, with the record we saw."""
    path = pointer("metadata", "annotations", ANNOTATION)
    return [
        {"op": "test", "path": "/metadata/uid", "value": target.uid},
        {"op": "test", "path": path, "value": target.annotations[ANNOTATION]},
    ]


def _mark(target: Manifest, text: str) -> list[Operation]:
    """Add record and label. JSON Patch refuses to add below a missing map, so that comes first."""
    operations: list[Operation] = []
    for name, present, key, value in (
        ("annotations", target.annotations, ANNOTATION, text),
        ("labels", target.labels, LABEL, "true"),
    ):
        if not present:
            operations.append({"op": "add", "path": pointer("metadata", name), "value": {}})
        operations.append({"op": "add", "path": pointer("metadata", name, key), "value": value})
    return operations


def _tests(weights: Mapping[str, str]) -> list[Operation]:
    return [{"op": "test", "path": _weight(m), "value": w} for m, w in weights.items()]


def _weights(weights: Mapping[str, str]) -> list[Operation]:
    return [{"op": "add", "path": _weight(m), "value": w} for m, w in weights.items()]


def _weight(member: str) -> str:
    return pointer("metadata", "annotations", weight_key(member))
