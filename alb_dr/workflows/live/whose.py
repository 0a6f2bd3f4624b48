"""Whose change was it? What managedFields say of one field of a live object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alb_dr.model.manifest import Manifest
from alb_dr.model.printable import printable


def changed_by(live: Manifest, *path: str) -> str:
    """`` (by MANAGER at TIME)`` for the newest owner of a field; empty when nobody is known."""
    entries = [e for e in live.metadata.get("managedFields") or () if _owns(e, path)]
    newest = max(entries, key=lambda e: str(e.get("time", "")), default=None)
    if newest is None:
        return ""
    manager, time = newest.get("manager", "somebody"), newest.get("time", "an unknown time")
    return printable(f" (by {manager} at {time})")


def _owns(entry: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    fields: Any = entry.get("fieldsV1") or {}
    for step in path:
        if not isinstance(fields, Mapping):
            return False
        fields = fields.get(f"f:{step}")
    return fields is not None
