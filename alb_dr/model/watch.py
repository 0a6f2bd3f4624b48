"""Watching a member to flip its traffic away: what is asked for, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from alb_dr.errors import BadInput, ExitCode
from alb_dr.model.drill_report import Step


class Probe(StrEnum):
    """What one probe says about the member."""

    SERVED = "served"
    FAILED = "failed"
    UNCLEAR = "unclear"
    """It says nothing about the member: never a step towards a flip."""


class WatchOutcome(StrEnum):
    """How a watch ended."""

    QUIET = "quiet"
    """Its time is over, and the member did not fail."""
    EMPTY = "empty"
    """The member carries no traffic any more: there is nothing left to flip."""
    WOULD_FLIP = "would flip"
    """The member failed; nothing was changed, since the watch was not armed."""
    FLIPPED = "flipped"
    """The member failed, and its traffic was moved away."""
    HELD_BACK = "held back"
    """The member failed, but the flip was refused until the time was over."""

    @property
    def exit_code(self) -> ExitCode:
        """A member that failed is a failed verdict, also when it was dealt with."""
        return {
            WatchOutcome.WOULD_FLIP: ExitCode.VERDICT_FAIL,
            WatchOutcome.FLIPPED: ExitCode.VERDICT_FAIL,
            WatchOutcome.HELD_BACK: ExitCode.REFUSED,
        }.get(self, ExitCode.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPlan:
    """What to watch. Seconds; ``member`` is an id.

    The member has failed when ``failures`` probes failed one after the other and the first of
    them began at least ``over_s`` ago. ``header`` is the pin's, for probes of this member alone.
    """

    operation: str
    member: str
    armed: bool
    every_s: float = 5.0
    failures: int = 3
    over_s: float = 10.0
    for_s: float = 600.0
    timeout_s: float = 2.0
    header: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        if self.failures < 2:
            raise BadInput("one failed probe proves nothing", hint="--failures 2 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchReport:
    """What was seen and done. Weights are by member name."""

    plan: WatchPlan
    outcome: WatchOutcome
    why: str
    probes: int
    failed: int
    unclear: int
    before: Mapping[str, int]
    after: Mapping[str, int]
    seconds: float | None
    timeline: Sequence[Step]
