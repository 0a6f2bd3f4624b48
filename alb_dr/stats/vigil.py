"""The vigil: are the newest requests still as good as before anything was changed? Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import IntEnum

from alb_dr.model.findings import Verdict
from alb_dr.model.sample import Outcome, SampleColumns
from alb_dr.model.shift import Thresholds
from alb_dr.stats.judgement import loss
from alb_dr.stats.latency import quantile

WINDOW = 400
"""Newest requests that are looked at: two seconds at the usual rate."""
LEAST = 50
"""Requests before the first judgement."""
LEAST_TIMED = 100
"""Answers before their 95th percentile means anything."""
IN_A_ROW = 10
"""Lost requests one after the other that need no statistics (safety §3.9)."""
NOISE_S = 0.05
"""Latency that comes and goes on a busy machine; smaller differences raise no alarm."""
SUSTAINED_S = 10.0
"""How long latency must stay above the second threshold: a busy machine has its moments."""
SURENESS = 0.99
"""How sure the lower bound of the loss must be before a shift is given up."""
_PERCENTILE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The traffic before the first step: share of lost requests, 95th percentile in seconds."""

    loss_rate: float
    p95_s: float
    requests: int


class Alarm(IntEnum):
    """How bad it is."""

    QUIET = 0
    SLOW = 1
    ABORT = 2


def baseline_of(columns: SampleColumns) -> Baseline:
    """The baseline of some samples."""
    rows = [(o != Outcome.OK, f - d) for o, f, d in _rows(columns)]
    lost = sum(bad for bad, _ in rows)
    timed = sorted(seconds for bad, seconds in rows if not bad)
    return Baseline(
        loss_rate=lost / len(rows) if rows else 0.0,
        p95_s=quantile(timed, _PERCENTILE) if timed else 0.0,
        requests=len(rows),
    )


def _rows(columns: SampleColumns) -> list[tuple[int, float, float]]:
    """Outcome, finish and due time of each request that says anything about the gateway."""
    rows = zip(columns.outcome, columns.finished_s, columns.due_s, strict=True)
    return [row for row in rows if row[0] != Outcome.LOCAL]


class Vigil:
    """Watches the newest requests against a baseline."""

    def __init__(self, baseline: Baseline, thresholds: Thresholds) -> None:
        self._baseline = baseline
        self._thresholds = thresholds
        self._rows: deque[tuple[bool, float]] = deque(maxlen=WINDOW)
        self._now_s = 0.0
        self._above_since_s: float | None = None

    def restart(self) -> None:
        """Forget what was seen: a person has looked at it."""
        self._rows.clear()
        self._above_since_s = None

    def add(self, columns: SampleColumns) -> None:
        """Account for newer requests."""
        self._now_s = max(self._now_s, max(columns.due_s, default=0.0))
        self._rows.extend((o != Outcome.OK, f - d) for o, f, d in _rows(columns))

    def judge(self) -> tuple[Alarm, str]:
        """How bad the newest requests are, and why."""
        return max(self._errors(), self._latency(), key=lambda pair: pair[0])

    def _errors(self) -> tuple[Alarm, str]:
        of, lost = len(self._rows), sum(bad for bad, _ in self._rows)
        words = f"{lost} of the last {of} requests were lost"
        newest = list(self._rows)[-IN_A_ROW:]
        if len(newest) == IN_A_ROW and all(bad for bad, _ in newest):
            return Alarm.ABORT, f"the last {IN_A_ROW} requests were all lost"
        if of < LEAST:
            return Alarm.QUIET, ""
        limit = min(1.0, self._baseline.loss_rate + self._thresholds.abort_errors)
        if loss(lost, of, objective=limit, confidence=SURENESS).verdict is Verdict.FAIL:
            return Alarm.ABORT, words
        if lost > 1 and lost / of > self._baseline.loss_rate + self._thresholds.slow_errors:
            return Alarm.SLOW, words
        return Alarm.QUIET, ""

    def _latency(self) -> tuple[Alarm, str]:
        timed = sorted(seconds for bad, seconds in self._rows if not bad)
        now, before = quantile(timed, _PERCENTILE), self._baseline.p95_s
        if len(timed) < LEAST_TIMED or now - before < NOISE_S:
            self._above_since_s = None
            return Alarm.QUIET, ""
        words = f"the 95th percentile is {now * 1000:.0f} ms, it was {before * 1000:.0f} ms"
        if now <= before * self._thresholds.abort_latency:
            self._above_since_s = None
            slow = now > before * self._thresholds.slow_latency
            return (Alarm.SLOW, words) if slow else (Alarm.QUIET, "")
        if self._above_since_s is None:
            self._above_since_s = self._now_s
        lasted_s = self._now_s - self._above_since_s
        return Alarm.ABORT if lasted_s >= SUSTAINED_S else Alarm.SLOW, words
