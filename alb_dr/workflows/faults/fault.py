"""What a drill does to its victim and how that is taken back; each fault is a strategy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from alb_dr.model.fleet_record import FleetTarget
from alb_dr.model.manifest import Manifest, ResourceId
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeApi, Narrator
from alb_dr.workflows.deadline import Alive, Deadline, nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSeen:
    """One look at a fault: why it is over before its time, and the evidence that it is in force."""

    ended: str | None = None
    in_force: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """Whether a record's deadline was moved on; ``lost`` is why the record is no longer ours."""

    moved: bool = False
    lost: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSetting:
    """What every fault is made of. ``workload`` and ``ingress`` are as the guard rails saw them;
    ``deadline`` is the first one of the record; ``alive`` is called while it is waited, and keeps
    the drill's lock."""

    drill: str
    topology: Topology
    victim: MemberCluster
    workload: Manifest
    ingress: Manifest
    member: KubeApi
    fleet: KubeApi
    clock: Clock
    narrator: Narrator
    deadline: str
    reason: str
    by: str
    least: int | None = None
    to_pause: tuple[ResourceId, ...] = ()
    alive: Alive = nothing


class Fault(Protocol):
    """One way to harm a member.

    ``path_tested`` is the way by which the data plane learns of it; ``not_tested`` what it never
    touches. Both are said in every report. ``moves_traffic`` is False where nothing should move,
    ``slows_answers`` True where slower answers are the harm itself;
    ``silences_api`` is True where the member's API is part of the harm; ``holds_weights`` where
    the weights on the Fleet are.
    """

    @property
    def path_tested(self) -> str:
        """Like ``endpoint-removal``."""
        ...

    @property
    def not_tested(self) -> Sequence[str]:
        """In as many words."""
        ...

    @property
    def moves_traffic(self) -> bool:
        """Whether the survivors must take over."""
        ...

    @property
    def slows_answers(self) -> bool:
        """Whether slower answers are what it does, and no reason to end it."""
        ...

    @property
    def silences_api(self) -> bool:
        """Whether the member's API does not answer while the fault is in force."""
        ...

    @property
    def holds_weights(self) -> bool:
        """Whether the weights are what is harmed."""
        ...

    @property
    def title(self) -> str:
        """What is being done, for the voice."""
        ...

    def targets(self) -> tuple[FleetTarget, ...]:
        """What it may write to, as that was before: for journal and Fleet record."""
        ...

    def harm(self) -> str:
        """Do it in one guarded write that carries the record; what was done, in words.

        Raises Conflict when the state is not the one that was seen; nothing is harmed then.
        """
        ...

    def look(self) -> FaultSeen:
        """Look at it while it is in force."""
        ...

    def extend(self, deadline: str) -> Extended:
        """Move the record's deadline on."""
        ...

    def take_back(self, deadline: Deadline) -> str:
        """Undo it by compare-and-swap, also when it is not known whether it was done.

        How it came back, in words. Raises RestoreIncomplete with the command that finishes the
        work.
        """
        ...

    def prove(self, deadline: Deadline) -> str:
        """Wait until the member is whole again; how that was seen. RestoreIncomplete otherwise."""
        ...

    @property
    def is_foreign(self) -> bool:
        """Whether somebody else changed what was harmed, so that it is no longer as it was."""
        ...
