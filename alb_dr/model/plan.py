"""Plans: what applying would change, and what it did change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from alb_dr.model.manifest import Manifest, ResourceId


class Action(StrEnum):
    """What happens to one object."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that would change; None stands for absent."""

    path: str
    before: object
    after: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One object's change: what is there, what is wanted, what the server would store."""

    id: ResourceId
    action: Action
    wanted: Manifest
    live: Manifest | None
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What applying did, in the order it was done."""

    changes: tuple[Change, ...]
    dry_run: bool

    @property
    def written(self) -> tuple[Change, ...]:
        """The changes that were (or in a dry run would be) written."""
        return tuple(change for change in self.changes if change.action is not Action.KEEP)
