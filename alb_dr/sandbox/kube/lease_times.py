"""The times of a Lease: exactly six fractional digits, refused in the words of a real API."""

from __future__ import annotations

import json
import re

from alb_dr.sandbox.kube.status import ApiError, Json, invalid

_LAYOUT = "2006-01-02T15:04:05.000000Z07:00"
"""How the real parser writes the form it wants."""
_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_FRACTION = re.compile(r"\.\d{6}")
_ZONE = re.compile(r"Z|[+-]\d\d:\d\d")
_METADATA = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
)
_ENTRY = (
    "manager",
    "operation",
    "apiVersion",
    "time",
    "fieldsType",
    "fieldsV1",
    "subresource",
)
"""The order in which a real API writes these objects."""


def problem(spec: Json) -> str | None:
    """What is wrong with a Lease's times, or None."""
    for field in ("acquireTime", "renewTime"):
        value = spec.get(field)
        found = _problem(str(value)) if value is not None else None
        if found:
            rest, wanted = found
            return f'parsing time "{value}" as "{_LAYOUT}": cannot parse "{rest}" as "{wanted}"'
    return None


def _problem(value: str) -> tuple[str, str] | None:
    """What could not be read, and as what."""
    seconds = _SECONDS.match(value)
    if seconds is None:
        return value, "2006"
    rest = value[seconds.end() :]
    fraction = _FRACTION.match(rest)
    if fraction is None:
        return rest, ".000000"
    zone = rest[fraction.end() :]
    return None if _ZONE.fullmatch(zone) else (zone, "Z07:00")


def refused_patch(patched: Json, why: str) -> ApiError:
    """422 for a patch that makes a Lease unreadable; it repeats the whole object."""
    metadata = _ordered(patched["metadata"], _METADATA)
    if "managedFields" in metadata:
        metadata["managedFields"] = [_ordered(e, _ENTRY) for e in metadata["managedFields"]]
    document = {
        "apiVersion": patched["apiVersion"],
        "kind": patched["kind"],
        "metadata": metadata,
        "spec": dict(sorted(patched["spec"].items())),
    }
    shown = json.dumps(json.dumps(document, separators=(",", ":")))
    return invalid("", "", "", [("FieldValueInvalid", "patch", f"Invalid value: {shown}: {why}")])


def _ordered(document: Json, order: tuple[str, ...]) -> Json:
    return {key: document[key] for key in order if key in document}
