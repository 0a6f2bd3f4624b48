"""What a drill found: the run as it is saved, and the report that is computed from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alb_dr.errors import ExitCode
from alb_dr.model.drill import DrillPlan
from alb_dr.model.findings import Finding
from alb_dr.model.verify import Latency, Loss, ProberFacts


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
    """Instants in seconds on the samples' clock; None for what did not happen.

    The write that harms left at ``sent_s`` and was accepted at ``fired_s``; the cluster showed
    the harm at ``in_force_s``. It was taken back at ``restored_s``: where somebody else did that,
    the last instant at which it was seen to stand. All are read from this machine's monotonic
    clock, as the samples' are: no cluster's clock enters.
    """

    sent_s: float | None = None
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
    ``victim_leaves``: the fault should end the victim's answers (it does not for a fault of the
    control side alone). ``weights`` are those before the fault by member name, as far as they are
    numbers; empty when nobody knows.
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
    victim_leaves: bool = True
    weights: Mapping[str, int] = field(default_factory=dict)
    url: str = ""
    addresses: Sequence[str] = ()
    started: datetime | None = None
    name: str | None = None

    @property
    def victim(self) -> int:
        """The victim's index among the members."""
        return self.members.index(self.plan.victim)

    @property
    def unproven(self) -> str | None:
        """Why the run proves nothing, whatever its counts say; None when it can."""
        return self.prober.invalid if self.prober is not None else "it was killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryClock:
    """The clock of a recovery, in seconds after the fault (t0).

    t0 is the instant the harming write left; it was accepted ``fault_error_s`` later. t1 and t2
    are the first and the last lost request, t3 is the first request of the stretch that was as
    good as before the fault and without the victim, up to the restore; t4 is when latency was
    back, too. ``detect_s`` is when the shares began to move. None for what was not seen.

    ``rta_s`` is t3 - t0; the true value lies between ``rta_low_s`` and ``rta_high_s`` (None: no
    upper bound, for the recovery is not proven). ``seen_s`` is how long the fault was in force.
    """

    detect_s: float | None
    first_lost_s: float | None
    last_lost_s: float | None
    rta_s: float | None
    rta_low_s: float
    rta_high_s: float | None
    settled_s: float | None
    blackout_s: float
    resolution_s: float
    fault_error_s: float
    seen_s: float

    @property
    def brownout_s(self) -> float:
        """From the first to the last lost request."""
        if self.first_lost_s is None or self.last_lost_s is None:
            return 0.0
        return self.last_lost_s - self.first_lost_s

    @property
    def settle_s(self) -> float | None:
        """From the recovery to latency as it was."""
        if self.rta_s is None or self.settled_s is None:
            return None
        return max(0.0, self.settled_s - self.rta_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByConnection:
    """What one kind of connection saw while the fault was in force; instants after t0."""

    requests: int
    lost: int
    first_lost_s: float | None
    last_lost_s: float | None
    blackout_s: float
    rta_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What the way back cost: from the restore to the victim's former share, None if not seen.

    Its former share is that before the fault, also where somebody changed the weights meanwhile.
    """

    seconds: float | None
    loss: Loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What the traffic says about a fault. ``classes`` counts the lost by what became of them.

    ``nameless`` are answers that name no member or several, among ``loss.lost``.
    """

    clock: RecoveryClock
    loss: Loss
    classes: Mapping[str, int]
    nameless: int
    fresh: ByConnection
    kept: ByConnection
    back: Return | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A slice of the drill: answers by member, lost requests by class, latency quantiles."""

    start_s: float
    width_s: float
    members: Sequence[int]
    lost: Mapping[str, int]
    p50_s: float | None
    p95_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """A drill judged; everything in it follows from the run and its samples."""

    run: DrillRun
    outcome: DrillOutcome
    why: str
    recovery: Recovery | None
    findings: Sequence[Finding]
    latency_before: Latency | None
    latency_during: Latency | None
    shares_before: Mapping[str, float]
    shares_during: Mapping[str, float]
    shares_after: Mapping[str, float]
    course: Sequence[Slice]
