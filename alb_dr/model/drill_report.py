"""What a drill found: the run as it is saved, and the report that is computed from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alb_dr.errors import ExitCode
from alb_dr.model.drill import DrillPlan
from alb_dr.model.verify import ProberFacts


class DrillOutcome(StrEnum):
    """How a drill ended. Only SUCCEEDED is green."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ABORTED = "ABORTED"
    INTERRUPTED = "INTERRUPTED"
    INCONCLUSIVE = "INCONCLUSIVE"
    RESTORE_INCOMPLETE = "RESTORE_INCOMPLETE"

    @property
    def exit_code(self) -> ExitCode:
        """The process's answer; an interrupted drill leaves with the signal's own code."""
        return {
            DrillOutcome.SUCCEEDED: ExitCode.OK,
            DrillOutcome.FAILED: ExitCode.VERDICT_FAIL,
            DrillOutcome.ABORTED: ExitCode.DRILL_ABORTED,
            DrillOutcome.INTERRUPTED: ExitCode.INTERRUPTED,
            DrillOutcome.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
            DrillOutcome.RESTORE_INCOMPLETE: ExitCode.RESTORE_INCOMPLETE,
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What ended a drill before its time, whatever the traffic says."""

    outcome: DrillOutcome
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Instants in seconds on the samples' clock; None for what did not happen."""

    fired_s: float | None = None
    in_force_s: float | None = None
    restored_s: float | None = None
    recovered_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a drill's timeline."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRun:
    """Everything beside the samples that is needed to judge a drill again.

    ``members`` gives the meaning of ``Sample.member``. ``ended`` is what ended the drill early,
    None when it ran its course; ``prober`` is None until the traffic has stopped.
    """

    plan: DrillPlan
    members: Sequence[str]
    rto_s: float
    max_error_rate: float
    path_tested: str
    not_tested: Sequence[str]
    marks: Marks
    timeline: Sequence[Step]
    ended: Ended | None = None
    prober: ProberFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """The clock of a recovery, in seconds, each good to ``resolution_s``.

    detect: fault in force to the first lost request · blackout: longest gap without a served
    request · brownout: first to last lost request · rta: fault to the start of the first clean
    stretch with the survivors carrying everything; None when that was not seen.
    """

    detect_s: float | None
    blackout_s: float
    brownout_s: float
    rta_s: float | None
    resolution_s: float
    requests: int
    lost: int
    lost_bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """A drill judged; everything in it follows from the run and its samples."""

    run: DrillRun
    outcome: DrillOutcome
    why: str
    recovery: Recovery | None
    shares_before: dict[str, float]
    shares_during: dict[str, float]
    shares_after: dict[str, float]
