"""What happens to a store: a write that is asked for, an event that tells of a change."""

from __future__ import annotations

from dataclasses import dataclass

from alb_dr.sandbox.kube.resources import Resource
from alb_dr.sandbox.kube.status import Json
from alb_dr.sandbox.kube.validation import Validation


@dataclass(frozen=True, slots=True)
class Event:
    """One change: the document after it, and before it for whoever filters."""

    version: int
    type: str
    resource: Resource
    object: Json
    old: Json | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Who writes, through which subresource, and whether anything is stored."""

    manager: str
    subresource: str = ""
    dry_run: bool = False
    owned: bool = False
    """True when managedFields were computed already (an apply)."""
    validation: Validation | None = None
    """What becomes of unknown fields; None: our own controllers write none."""
