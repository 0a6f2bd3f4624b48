"""Teardown: what going down would delete, and what stays and may still cost money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alb_dr.model.manifest import Manifest, ResourceId


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """Something that stays, why, and whether somebody pays for it."""

    what: str
    why: str
    costs_money: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Teardown:
    """What is there to be deleted, in the order of deletion.

    ``pods`` counts the running pods that go with the Applications; 0 when none do. ``alb_id`` is
    the ALB that goes with the AlbConfig, empty when there is none.
    """

    objects: Sequence[Manifest]
    pods: int
    alb_id: str

    @property
    def words(self) -> str:
        """How much that is, counted, for the question before it is done."""
        kinds: dict[str, int] = {}
        for manifest in self.objects:
            kinds[manifest.id.kind.name] = kinds.get(manifest.id.kind.name, 0) + 1
        parts = [f"{number} {kind}" for kind, number in kinds.items()]
        if self.alb_id:
            parts.append(f"the ALB {self.alb_id} with all its traffic")
        if self.pods:
            parts.append(f"{self.pods} running pods")
        return ", ".join(parts) or "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class TornDown:
    """What was deleted (or would be, in a dry run), and what stays."""

    deleted: Sequence[ResourceId]
    remainders: Sequence[Remainder]
    dry_run: bool
