"""Who set a field: the names that the API keeps for whoever wrote an object (managedFields)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alb_dr.model.manifest import Manifest
from alb_dr.model.printable import printable
from alb_dr.render.annotations import weight_key, weights_of


def weight_setters(live: Manifest) -> str:
    """Who owns the live weights, the newest first, for a person; ``somebody`` when nobody says.

    alb-dr itself is named only when it is the only one: then another operator wrote them.
    """
    keys = {f"f:{weight_key(member)}" for member in weights_of(live.annotations)}
    entries = [e for e in live.metadata.get("managedFields") or [] if keys & _annotations(e)]
    entries.sort(key=lambda entry: str(entry.get("time") or ""), reverse=True)
    names = dict.fromkeys(str(entry.get("manager") or "somebody") for entry in entries)
    others = [name for name in names if name != "alb-dr"] or list(names)
    return printable(", ".join(others) or "somebody", longest=200)


def _annotations(entry: Mapping[str, Any]) -> set[str]:
    """The annotation keys of one entry, each as ``f:KEY``."""
    found: Any = entry.get("fieldsV1") or {}
    for step in ("f:metadata", "f:annotations"):
        found = found.get(step) if isinstance(found, Mapping) else None
    return set(found) if isinstance(found, Mapping) else set()
