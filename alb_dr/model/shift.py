"""Shifts: traffic moved on purpose, in steps; the order, the record on the Fleet, the report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import pairwise

from alb_dr.errors import BadInput, ExitCode
from alb_dr.model.drill_report import Step
from alb_dr.model.sample import Outcome
from alb_dr.model.weights import TOTAL, Weights

SCHEMA = 1
"""Version of the record; a newer one is not touched."""
LEAST_CHANGE = 2
"""Points a step must move at least: no affordable number of requests proves a smaller one."""


class OnFailure(StrEnum):
    """What a shift does when a step fails."""

    ROLLBACK = "rollback"
    FREEZE = "freeze"
    ASK = "ask"


class Answer(StrEnum):
    """What a person who was asked may say."""

    ROLLBACK = "rollback"
    FREEZE = "freeze"
    CONTINUE = "continue"


class Wish(StrEnum):
    """What another terminal asks a running shift for, through its record."""

    NONE = ""
    PAUSE = "pause"
    RESUME = "resume"
    ABORT = "abort"
    FREEZE = "freeze"


class ShiftPhase(StrEnum):
    """Where a shift is. The last five are over."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    ROLLED_BACK = "rolled back"
    ABORTED = "aborted"
    """Rolled back because somebody asked for it."""
    FROZEN = "frozen"
    """Ended half-way; the weights stand where they stood."""
    STOPPED = "stopped"
    """Somebody else changed the weights; nothing was written over theirs."""

    @property
    def is_over(self) -> bool:
        """Whether nobody works on it any more."""
        return self not in {ShiftPhase.RUNNING, ShiftPhase.PAUSED}

    @property
    def exit_code(self) -> ExitCode:
        """The process's answer for a shift that ended so."""
        return {
            ShiftPhase.DONE: ExitCode.OK,
            ShiftPhase.ABORTED: ExitCode.DRILL_ABORTED,
            ShiftPhase.STOPPED: ExitCode.CONFLICT,
        }.get(self, ExitCode.VERDICT_FAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Two levels, each above the baseline: at the first a step is held, at the second it fails.

    Errors are shares of the requests added to the baseline's; latencies are factors of the
    baseline's 95th percentile.
    """

    slow_errors: float = 0.005
    abort_errors: float = 0.02
    slow_latency: float = 1.5
    abort_latency: float = 3.0

    def __post_init__(self) -> None:
        if not 0 < self.slow_errors <= self.abort_errors <= 1:
            raise BadInput("error thresholds must be above 0, the one for slowing down the lower")
        if not 1 < self.slow_latency <= self.abort_latency:
            raise BadInput("latency thresholds must be above 1, the one for slowing down the lower")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRequest:
    """What was asked for. Seconds, requests per second; ``tolerance`` is a share.

    ``verb`` is the command: a switchover and a failback are shifts, too. ``headroom`` is how many
    times today's busiest load a pod may have to carry; without it that is only said.
    """

    shift_id: str
    target: Weights
    percents: Sequence[int]
    hold_s: float
    on_failure: OnFailure
    reason: str
    rate: float = 200.0
    baseline_s: float = 5.0
    step_timeout_s: float = 120.0
    tolerance: float = 0.05
    thresholds: Thresholds = field(default_factory=Thresholds)
    verb: str = "shift"
    headroom: float | None = None
    adapts: bool = False
    """Whether steps that are too small to be proven may be left out: they were not asked for."""

    @property
    def longest_s(self) -> float:
        """How long it takes at most, when nobody pauses it and every step is as slow as it may."""
        return self.baseline_s + len(self.percents) * (self.step_timeout_s + self.hold_s)


def parse_percents(text: str) -> tuple[int, ...]:
    """Steps as typed: ``5,25,50,100``, rising whole per cents of the way, the last of them 100."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() for word in words):
        raise BadInput(f"steps {text!r} are not whole per cents", hint="like 5,25,50,100")
    percents = tuple(int(word) for word in words)
    rising = all(a < b for a, b in pairwise((0, *percents)))
    if not rising or percents[-1] != TOTAL:
        raise BadInput(f"steps {text!r} do not rise to 100", hint="like 5,25,50,100")
    return percents


def vectors(start: Weights, target: Weights, percents: Sequence[int]) -> tuple[Weights, ...]:
    """The weights of every step, each a part of the way from start to target.

    Raises BadInput for a way of nothing and for steps too small to be measured.
    """
    if start.as_dict() == target.as_dict():
        raise BadInput("the weights are there already; there is nothing to shift")
    found = tuple(between(start, target, percent) for percent in percents)
    for before, after, percent in zip((start, *found), found, percents, strict=False):
        if largest_change(before, after) < LEAST_CHANGE:
            raise BadInput(
                f"the step to {percent} % moves less than {LEAST_CHANGE} points",
                hint="no measurement tells that apart; take fewer, larger --steps",
            )
    return found


def between(start: Weights, target: Weights, percent: int) -> Weights:
    """Whole weights nearest to the point on the way; the largest remainders are rounded up."""
    exact = {m: w + (target[m] - w) * percent / TOTAL for m, w in start}
    rounded = {m: int(x) for m, x in exact.items()}
    missing = TOTAL - sum(rounded.values())
    for m in sorted(exact, key=lambda m: exact[m] - rounded[m], reverse=True)[:missing]:
        rounded[m] += 1
    return Weights.of(rounded)


def largest_change(before: Weights, after: Weights) -> int:
    """Points by which the weight that changes most changes."""
    return max(abs(after[member] - weight) for member, weight in before)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRecord:
    """What stands on the Fleet while a shift runs, and afterwards as evidence.

    ``vectors`` are all weights the shift may ever write, the first those it found; ``step`` is
    the index of the last one it set out to write. ``beat`` counts signs of life. ``away`` is the
    record of traffic moved away that stands beside any of them that does not end it.
    """

    shift: str
    vectors: Sequence[Mapping[str, int]]
    step: int
    phase: ShiftPhase
    by: str
    reason: str
    started: str
    why: str = ""
    beat: int = 0
    verb: str = "shift"
    away: str = ""
    schema: int = SCHEMA

    def dump(self) -> str:
        """The record's text. The members stay in the order of the project file: people read it."""
        return json.dumps(asdict(self))

    @staticmethod
    def parse(text: str) -> ShiftRecord | None:
        """The record of a text; None for one this version must not touch."""
        try:
            raw = json.loads(text)
            texts = {key: str(raw[key]) for key in ("verb", "away") if key in raw}
            record = ShiftRecord(**{**raw, **texts, "phase": ShiftPhase(raw["phase"])})
            sound = record.schema == SCHEMA and 0 <= record.step < len(record.vectors)
            for vector in record.vectors:
                Weights.of(vector)
        except (ValueError, TypeError, KeyError, AttributeError, BadInput):
            return None
        return record if sound else None

    @property
    def intended(self) -> Weights:
        """The weights of the last step it set out to write."""
        return Weights.of(dict(self.vectors[self.step]))


@dataclass(frozen=True, slots=True, kw_only=True)
class LossCount:
    """Requests that say anything about the gateway, the lost of them, and these by class."""

    requests: int
    lost: int
    classes: Mapping[str, int]

    @staticmethod
    def of(outcomes: Mapping[int, int]) -> LossCount:
        """From how often each outcome came; failures of the measuring machine are no requests."""
        said = Counter({o: n for o, n in outcomes.items() if o != Outcome.LOCAL and n})
        lost = [(Outcome(o).name.lower(), n) for o, n in said.most_common() if o != Outcome.OK]
        return LossCount(requests=said.total(), lost=sum(n for _, n in lost), classes=dict(lost))


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """One step: its weights, whether the traffic was proven to follow, and what it cost.

    ``held``: it was then good for as long as was asked. Its samples are those of the run from
    index ``first`` to the one before ``end``; ``classes`` are the lost by what became of them.
    """

    weights: Mapping[str, int]
    proven: bool
    held: bool
    seconds: float
    requests: int
    lost: int
    words: str
    classes: Mapping[str, int] = field(default_factory=dict)
    first: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftReport:
    """How a shift went. Weights are by member name."""

    request: ShiftRequest
    phase: ShiftPhase
    why: str
    start: Mapping[str, int]
    end: Mapping[str, str]
    steps: Sequence[StepReport]
    baseline: str
    requests: int
    lost: int
    timeline: Sequence[Step]
    classes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecountedShift:
    """A saved shift with every number counted again; ``shares`` by member name, for each step."""

    report: ShiftReport
    shares: Sequence[Mapping[str, float]]
