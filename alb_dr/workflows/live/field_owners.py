"""Who set a field of a live object: what the API keeps for whoever wrote it (managedFields)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alb_dr.model.instant import instant_of
from alb_dr.model.manifest import Manifest
from alb_dr.model.printable import printable
from alb_dr.render.annotations import weight_key, weights_of


def changed_by(live: Manifest, *path: str) -> str:
    """`` (by MANAGER at TIME)`` for the newest owner of a field; empty when nobody is known."""
    newest = next(iter(_owners(live, path)), None)
    if newest is None:
        return ""
    manager, time = newest.get("manager", "somebody"), newest.get("time", "an unknown time")
    return printable(f" (by {manager} at {time})")


def changed_at(live: Manifest, *path: str) -> datetime | None:
    """When a field was written last, by the API server's clock; None when that is not known."""
    newest = next(iter(_owners(live, path)), None)
    return instant_of(newest.get("time")) if newest is not None else None


def weight_setters(live: Manifest) -> str:
    """Who owns the live weights, the newest first, for a person; ``somebody`` when nobody says.

    alb-dr itself is named only when it is the only one: then another operator wrote them.
    """
    keys = [weight_key(member) for member in weights_of(live.annotations)]
    entries = _owners(live, *(("metadata", "annotations", key) for key in keys))
    names = dict.fromkeys(str(entry.get("manager") or "somebody") for entry in entries)
    others = [name for name in names if name != "alb-dr"] or list(names)
    return printable(", ".join(others) or "somebody", longest=200)


def _owners(live: Manifest, *paths: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """The entries that own any of the fields, the newest first."""
    entries = live.metadata.get("managedFields") or ()
    found = [entry for entry in entries if any(_owns(entry, path) for path in paths)]
    return sorted(found, key=lambda entry: str(entry.get("time") or ""), reverse=True)


def _owns(entry: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    fields: Any = entry.get("fieldsV1") or {}
    for step in path:
        if not isinstance(fields, Mapping):
            return False
        fields = fields.get(f"f:{step}")
    return fields is not None
