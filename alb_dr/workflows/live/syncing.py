"""Whether Argo CD syncs an Application by itself, and whether it is at it now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alb_dr.model.manifest import Manifest

UNFINISHED_PHASES = frozenset({"Running", "Terminating"})
"""Phases of an Application's operation that is not over yet."""


def automated(application: Manifest) -> Mapping[str, Any] | None:
    """How it syncs by itself; None when it does not."""
    spec = application.document.get("spec") or {}
    found: Mapping[str, Any] | None = (spec.get("syncPolicy") or {}).get("automated")
    if found is None or found.get("enabled") is False:
        return None
    return found


def heals(application: Manifest) -> bool:
    """Whether Argo CD reverts whatever differs from Git."""
    return bool((automated(application) or {}).get("selfHeal"))
