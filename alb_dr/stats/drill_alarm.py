"""The alarm of a drill: does the traffic, as it is now, allow it to go on? Pure."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from alb_dr.model.sample import LOST, Outcome, SampleColumns
from alb_dr.model.shift import Thresholds
from alb_dr.stats.vigil import Alarm, Baseline, Vigil

CLEAN_S = 1.0
"""A stretch without a loss and without an answer of the victim that counts as recovered here."""
IN_FLIGHT_S = 0.2
"""The newest requests, which may be under way still."""
COMPLETE = 0.95
"""Part of a stretch's requests that must have come to an end: those that hang are no answers."""
OUTAGE_S = 10.0
"""Span over which losses are judged before the traffic has recovered."""
OUTAGE_RATE = 0.5
"""Share of lost requests in that span that says: the survivors do not carry the traffic."""
BLIND_S = 30.0
"""So long without an answer that says anything, and nothing is measured any more (safety §3.9)."""
STALL_S = 1.0
"""A request sent later than this was not sent by the schedule at all (F80)."""


@dataclass(frozen=True, slots=True)
class _Row:
    due_s: float
    lost: bool
    usable: bool
    stalled: bool


class DrillAlarm:
    """Watches the requests that were due since the fault.

    Until the first clean stretch an outage is what a drill is for, and only a hopeless one ends
    it; from then on the traffic is held against the baseline, as a shift's is. ``victim`` is None
    where nobody should go out; ``slow_is_harm`` where slower answers are what the drill does.
    """

    def __init__(
        self,
        baseline: Baseline,
        *,
        victim: int | None,
        fired_s: float,
        abort_errors: float,
        rate: float,
        slow_is_harm: bool = False,
    ) -> None:
        self._victim = victim
        self._rate = rate
        self._fired_s = self._dirty_s = self._seen_s = fired_s
        self._now_s = fired_s
        self._good = False
        self._rows: deque[_Row] = deque()
        slow = min(0.005, abort_errors)
        latency = {"slow_latency": math.inf, "abort_latency": math.inf} if slow_is_harm else {}
        thresholds = Thresholds(slow_errors=slow, abort_errors=abort_errors, **latency)
        self._vigil = Vigil(baseline, thresholds)
        self.recovered_s: float | None = None
        """When the traffic was first seen clean, on the samples' clock."""
        self.lost = 0
        """Requests lost since the fault."""

    def add(self, columns: SampleColumns) -> None:
        """Account for newer requests."""
        later = SampleColumns()
        for sample in columns:
            if sample.due_s < self._fired_s:
                continue
            lost = sample.outcome in LOST
            self._count(
                _Row(
                    due_s=sample.due_s,
                    lost=lost,
                    usable=sample.outcome != Outcome.LOCAL
                    and (sample.outcome != Outcome.OK or sample.member >= 0),
                    stalled=sample.sent_s - sample.due_s > STALL_S,
                ),
                good=sample.outcome == Outcome.OK,
                dirty=lost or sample.member == self._victim,
            )
            if self.recovered_s is not None and sample.due_s > self.recovered_s:
                later.append(sample)
        if len(later):
            self._vigil.add(later)
        if self.recovered_s is None and self._is_clean():
            self.recovered_s = self._now_s

    def _count(self, row: _Row, *, good: bool, dirty: bool) -> None:
        self.lost += row.lost
        self._now_s = max(self._now_s, row.due_s)
        self._rows.append(row)
        while self._rows and self._rows[0].due_s < self._now_s - BLIND_S:
            self._rows.popleft()
        if row.usable:
            self._seen_s = max(self._seen_s, row.due_s)
        if dirty:
            self._dirty_s = max(self._dirty_s, row.due_s)
            self._good = False
        self._good = self._good or good

    def _is_clean(self) -> bool:
        """Whether the last stretch has no loss, and so few that are under way that none hides."""
        if not self._good or self._now_s - self._dirty_s < CLEAN_S:
            return False
        return len(self._newest()) >= COMPLETE * self._rate * CLEAN_S - 1

    def _newest(self) -> list[_Row]:
        """The requests of the last stretch that came to an end."""
        end_s = self._now_s - IN_FLIGHT_S
        return [row for row in self._rows if end_s - CLEAN_S <= row.due_s < end_s]

    def _gets_better(self) -> bool:
        """Whether most requests of the schedule are served again: the survivors take over."""
        served = sum(not row.lost for row in self._newest())
        return served > (1 - OUTAGE_RATE) * self._rate * CLEAN_S

    def judge(self, now_s: float) -> str | None:
        """Why the drill must end now, or None. ``now_s`` is this instant on the samples' clock."""
        return self._blind(now_s) or self._stalled() or self._unsound()

    def _blind(self, now_s: float) -> str | None:
        if now_s - self._seen_s < BLIND_S:
            return None
        return f"nothing can be measured: no answer said anything for {BLIND_S:g} s (inconclusive)"

    def _stalled(self) -> str | None:
        """Half of the requests sent a second late: this machine does not keep the schedule."""
        of, late = len(self._rows), sum(row.stalled for row in self._rows)
        if of < 50 or late <= of / 2:
            return None
        return f"the prober does not keep up: {late} of {of} requests were sent late (inconclusive)"

    def _unsound(self) -> str | None:
        if self.recovered_s is not None:
            alarm, words = self._vigil.judge()
            return f"after the recovery {words}" if alarm is Alarm.ABORT else None
        if self._now_s - self._fired_s < OUTAGE_S:
            return None
        recent = [row.lost for row in self._rows if row.due_s >= self._now_s - OUTAGE_S]
        lost = sum(recent)
        if lost / len(recent) <= OUTAGE_RATE or self._gets_better():
            return None
        return f"{lost} of {len(recent)} requests were lost in {OUTAGE_S:g} s"
