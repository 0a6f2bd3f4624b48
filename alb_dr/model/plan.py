"""Plans: what applying would change, and what it did change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alb_dr.model.manifest import Manifest, ResourceId


class Action(StrEnum):
    """What happens to one object."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    REPLACE = "replace"
    """Differs in what only a new object can have: nothing is written, a person must decide."""
    FOREIGN = "foreign"
    """Made by somebody else, or with fields that somebody else owns."""


class Fate(StrEnum):
    """What Argo CD will do to one generated Application."""

    CREATE = "create"
    UPDATE = "update"
    KEEP = "keep"
    DELETE = "delete"
    ORPHAN = "orphan"
    """No longer generated, and left behind because the ApplicationSet may not delete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that would change; None stands for absent."""

    path: str
    before: object
    after: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One object's change: what is there, what is wanted, what the server would store.

    ``problem`` is why it may not be written; empty when nothing stands in the way.
    """

    id: ResourceId
    action: Action
    wanted: Manifest
    live: Manifest | None
    fields: tuple[FieldChange, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """One Application that the ApplicationSet generates, or generated until now."""

    name: str
    fate: Fate
    fields: tuple[FieldChange, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChoices:
    """What the person allowed. All are off unless said."""

    adopt: bool = False
    force_conflicts: bool = False
    prune_listeners: bool = False
    reset_weights: bool = False
    delete_applications: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The file against the Fleet. ``cluster_uid`` says which Fleet; empty when it would not say.

    ``weights`` is the split the Ingress will have: the live one, unless there is none to keep.
    ``live_weights`` is the split it has now, as its annotations have it.
    """

    changes: tuple[Change, ...]
    applications: tuple[Generated, ...]
    weights: Mapping[str, int]
    live_weights: Mapping[str, str]
    choices: PlanChoices
    cluster_uid: str
    made: datetime
    notes: tuple[str, ...] = field(default=())

    @property
    def problems(self) -> tuple[str, ...]:
        """Why this plan may not be carried out; empty when it may."""
        objects = [f"{c.id}: {c.problem}" for c in self.changes if c.problem]
        return (
            *objects,
            *(f"Application {a.name}: {a.problem}" for a in self.applications if a.problem),
        )

    @property
    def differs(self) -> bool:
        """Whether anything is not as the file says."""
        return any(c.action is not Action.KEEP for c in self.changes) or any(
            a.fate is not Fate.KEEP for a in self.applications
        )

    @property
    def moves_traffic(self) -> bool:
        """Whether weights that requests follow now would change."""
        wanted = {member: str(weight) for member, weight in self.weights.items()}
        return bool(self.live_weights) and dict(self.live_weights) != wanted

    def count(self, action: Action) -> int:
        """How many objects have this action."""
        return sum(c.action is action for c in self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What applying did, in the order it was done."""

    changes: tuple[Change, ...]
    dry_run: bool

    @property
    def written(self) -> tuple[Change, ...]:
        """The changes that were (or in a dry run would be) written."""
        return tuple(change for change in self.changes if change.action is not Action.KEEP)
