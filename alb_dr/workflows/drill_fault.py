"""What a drill does to its victim and how that is taken back; each fault is a strategy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from alb_dr.workflows.deadline import Deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSeen:
    """One look at a fault: why it is over before its time, and the evidence that it is in force."""

    ended: str | None = None
    in_force: str | None = None


class Fault(Protocol):
    """One way to harm a member.

    ``path_tested`` is the way by which the data plane learns of it; ``not_tested`` what it never
    touches. Both are said in every report.
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
    def title(self) -> str:
        """What is being done, for the voice."""
        ...

    def intent(self) -> Mapping[str, object]:
        """What the journal keeps before the harm."""
        ...

    def harm(self) -> str:
        """Do it in one guarded write that carries the record; what was done, in words.

        Raises Conflict when the state is not the one that was seen; nothing is harmed then.
        """
        ...

    def look(self) -> FaultSeen:
        """Look at it while it is in force."""
        ...

    def extend(self, deadline: str) -> str | None:
        """Move the record's deadline on; why that proves the record lost, or None."""
        ...

    def take_back(self, deadline: Deadline) -> None:
        """Undo it by compare-and-swap, also when it is not known whether it was done.

        Raises RestoreIncomplete with the command that finishes the work.
        """
        ...

    def prove(self, deadline: Deadline) -> str:
        """Wait until the member is whole again; how that was seen. RestoreIncomplete otherwise."""
        ...
