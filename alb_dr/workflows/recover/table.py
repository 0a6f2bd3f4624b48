"""What to do about one object a drill may have harmed: the decision table of safety §3.6. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """What the object says itself."""

    NONE = "none"
    OURS = "ours"
    UNREADABLE = "unreadable"


class Known(StrEnum):
    """What the Fleet says of the drill."""

    OPEN = "open"
    CLOSED = "closed"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    """Also when the Fleet does not answer: restoring needs no Fleet."""


class Decision(StrEnum):
    """What follows."""

    RESTORE = "restore"
    """Put back by compare-and-swap."""
    CLEAR = "clear"
    """Somebody put it back: take the record away."""
    CLOSE = "close"
    """Nothing is left on the object: look at it, and close the record."""
    ASK_MISSING = "ask: the record on the object is gone"
    """Harmed, the drill is open, but the object says nothing: a rollout undo, or a hand."""
    ASK_STALE = "ask: the record is of a closed drill"
    """A closed drill's record came back, harm and all: a rollout undo revives annotations."""
    NOTHING = "nothing"
    """The drill is closed: somebody wants it so."""
    STOP = "stop"
    """Another object, or a record nobody here can read: a person must look."""

    @property
    def needs_word(self) -> bool:
        """Whether a person must name the drill before anything is written."""
        return self in {Decision.ASK_MISSING, Decision.ASK_STALE}

    @property
    def writes(self) -> bool:
        """Whether it was, or is, put back here: the drill can no longer go on as it was."""
        return self.needs_word or self in {Decision.RESTORE, Decision.CLEAR}


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """One object as it was found. ``same`` is False for a deleted or recreated one."""

    mark: Mark
    harmed: bool
    same: bool
    known: Known


def decide(found: Findings) -> Decision:
    """The table, row by row."""
    if found.mark is Mark.UNREADABLE:
        return Decision.STOP
    if not found.same and found.known is Known.OPEN:
        return Decision.STOP
    if found.mark is Mark.OURS:
        if not found.harmed:
            return Decision.CLEAR
        return Decision.ASK_STALE if found.known is Known.CLOSED else Decision.RESTORE
    if found.known is not Known.OPEN:
        return Decision.NOTHING
    return Decision.ASK_MISSING if found.harmed else Decision.CLOSE
