"""The course of a drill in slices of time, for its plots. Pure."""

from __future__ import annotations

from collections import Counter

from alb_dr.model.drill_report import Slice
from alb_dr.model.sample import SampleColumns
from alb_dr.stats.latency import quantile
from alb_dr.stats.outage import Seen, rows

LEAST_WIDTH_S = 0.1
"""Width of a slice at least; at the usual rate it holds ten answers."""
MOST_SLICES = 120
"""Slices of a plot at most: each stays a few pixels wide."""


def curve(samples: SampleColumns, members: int) -> tuple[Slice, ...]:
    """Answers by member, lost requests by class and latency, by when requests were due."""
    last_s = max(samples.due_s, default=0.0)
    width_s = max(LEAST_WIDTH_S, last_s / MOST_SLICES)
    slots: list[list[Seen]] = [[] for _ in range(int(last_s / width_s) + 1)]
    for seen in rows(samples):
        slots[max(0, int(seen.due_s / width_s))].append(seen)
    return tuple(_slice(n * width_s, width_s, slot, members) for n, slot in enumerate(slots))


def _slice(start_s: float, width_s: float, slot: list[Seen], members: int) -> Slice:
    counts = [0] * members
    for seen in slot:
        if seen.good:
            counts[seen.member] += 1
    timed = sorted(seen.finished_s - seen.due_s for seen in slot if seen.good)
    return Slice(
        start_s=start_s,
        width_s=width_s,
        members=tuple(counts),
        lost=dict(Counter(name for seen in slot if (name := seen.loss_class) is not None)),
        p50_s=quantile(timed, 0.5) if timed else None,
        p95_s=quantile(timed, 0.95) if timed else None,
    )
