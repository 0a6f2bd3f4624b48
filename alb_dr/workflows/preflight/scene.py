"""The scene: everything a check may look at, and how it says that it does not apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from alb_dr.model.checks import Check, Trouble
from alb_dr.model.manifest import Manifest, ResourceId
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, Prober
from alb_dr.workflows.preflight.cloud_once import CloudOnce
from alb_dr.workflows.preflight.read_once import NotAskedError, ReadOnce


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One look at the world. ``prober`` sends the few requests of the traffic checks."""

    topology: Topology
    fleet: ReadOnce
    members: Mapping[str, ReadOnce]
    cloud: CloudOnce
    clock: Clock
    prober: Prober

    def answering(self) -> Iterator[tuple[MemberCluster, ReadOnce]]:
        """The members whose API answers; NotAskedError when none does."""
        found = [m for m in self.topology.members if self.members[m.id].answers()]
        if not found:
            raise NotAskedError("no member answers")
        yield from ((member, self.members[member.id]) for member in found)


Ask = Callable[[Scene], Iterator[Trouble]]
"""Yields what is wrong; nothing when the prerequisite holds. NotAskedError: does not apply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A check and the way to ask it."""

    check: Check
    ask: Ask


def existing(api: ReadOnce, id_: ResourceId) -> Manifest:
    """The live object; NotAskedError while it has not been made."""
    live = api.get(id_)
    if live is None:
        raise NotAskedError(f"{id_} does not exist yet")
    return live
