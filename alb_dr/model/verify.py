"""What `verify` found: shares against weights, losses, latency, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alb_dr.errors import BadInput
from alb_dr.model.findings import Finding, Verdict
from alb_dr.model.sample import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the counts: member names with their weights (summing to 1), and how sure.

    ``tolerance`` is a share. With ``sequential`` one may look as often as one likes.
    """

    names: Sequence[str]
    weights: Sequence[float]
    confidence: float = 0.95
    tolerance: float | None = None
    sequential: bool = False

    def __post_init__(self) -> None:
        if not 0.5 <= self.confidence < 1:
            raise BadInput(f"confidence {self.confidence:g} is outside 50 to 99.999 %")
        if self.tolerance is not None and not 0 < self.tolerance < 1:
            raise BadInput(f"tolerance {100 * self.tolerance:g} is outside 0 to 100 points")

    @property
    def alpha(self) -> float:
        """The chance of a false alarm that is accepted."""
        return 1 - self.confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberShare:
    """What one member got. ``weight`` is intended, ``share`` observed; all shares from 0 to 1.

    ``low`` and ``high`` hold the true shares of all members at once with the test's confidence.
    ``catches_below`` and ``catches_above`` are the nearest wrong shares that this many requests
    would have caught with 80 % power; None when even 0 or 1 would have escaped.
    """

    name: str
    weight: float
    count: int
    share: float
    low: float
    high: float
    catches_below: float | None = None
    catches_above: float | None = None


NO_TEST = "none"
"""The method where one member alone is expected, or nothing was answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionTest:
    """Whether the shares agree with the weights. ``tolerance`` is a share (0.05 for 5 points)."""

    verdict: Verdict
    method: str
    p_value: float
    confidence: float
    tolerance: float | None
    answers: int
    effective_answers: float
    shares: Sequence[MemberShare]
    dispersion: float | None
    clumped: bool
    reason: str
    more_requests: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Quantiles in seconds, from the instant a request was due to the end of its answer."""

    count: int
    p50: float
    p90: float
    p99: float
    p999: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """A slice of the run: answers by member and requests by outcome that were due in it."""

    start_s: float
    width_s: float
    members: Sequence[int]
    outcomes: Mapping[Outcome, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What the samples add up to, whatever it means."""

    requests: int
    outcomes: Mapping[Outcome, int]
    served: Sequence[int]
    errors: Sequence[int]
    unattributed: int
    ambiguous: int
    reused: int
    addresses: Mapping[str, int]
    latency: Latency | None
    member_latency: Sequence[Latency | None]
    bins: Sequence[Bin]
    first_s: float
    last_s: float

    @property
    def rate(self) -> float:
        """Requests per second between the first due and the last finished; 0 without time."""
        span = self.last_s - self.first_s
        return self.requests / span if span > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Requests that were not served (every outcome but OK; failures of this machine excluded).

    ``low`` and ``high`` are one-sided bounds of the true rate, each with the test's confidence.
    """

    verdict: Verdict
    lost: int
    of: int
    rate: float
    low: float
    high: float
    objective: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProberFacts:
    """Whether the prober kept up; ``invalid`` is why the run proves nothing, else None."""

    connections: int
    late_p50_s: float
    late_p99_s: float
    local_failures: int
    invalid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRun:
    """What must be known beside the samples to judge them again.

    ``prober`` is None while the run goes on, and for ever when it was killed; ``control`` is None
    when the control side was not asked.
    """

    url: str
    host: str
    addresses: Sequence[str]
    load: str
    started: datetime
    weights_from: str
    question: Question
    max_loss_rate: float
    reuse: bool = False
    prober: ProberFacts | None = None
    control: Sequence[Finding] | None = None
    cut_short: bool = True
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """The answer of `verify`, recomputable from the samples and the run's description."""

    verdict: Verdict
    run: VerifyRun
    traffic: Traffic
    distribution: DistributionTest
    loss: Loss
    prober: ProberFacts
    findings: Sequence[Finding]
