"""The timeline: the run in slices that widen as it grows, so that a day fits into a plot."""

from __future__ import annotations

from collections import Counter

from alb_dr.model.sample import Outcome, SampleColumns
from alb_dr.model.verify import Bin

FIRST_WIDTH_S = 0.01
"""Width of the slices at the beginning; 500 requests take some tenths of a second."""
MOST_BINS = 200
"""Slices kept at most, about one for each five pixels of a plot."""


class Timeline:
    """Counts by slice of due time. Two neighbours are merged when there are too many slices."""

    def __init__(self, members: int) -> None:
        self._members = members
        self._width_s = FIRST_WIDTH_S
        self._counts: Counter[tuple[int, int, int]] = Counter()
        self._last = 0

    def add(self, columns: SampleColumns) -> None:
        """Count samples."""
        last_s = max(columns.due_s, default=0.0)
        while last_s / self._width_s >= MOST_BINS:
            self._merge()
        width = self._width_s
        slots = [max(0, int(due / width)) for due in columns.due_s]
        self._last = max([self._last, *slots])
        self._counts.update(zip(slots, columns.member, columns.outcome, strict=True))

    def _merge(self) -> None:
        merged: Counter[tuple[int, int, int]] = Counter()
        for (slot, member, outcome), count in self._counts.items():
            merged[slot // 2, member, outcome] += count
        self._counts = merged
        self._width_s *= 2
        self._last //= 2

    def bins(self) -> tuple[Bin, ...]:
        """All slices from the start to the last one used, empty ones included."""
        if not self._counts:
            return ()
        members = [[0] * self._members for _ in range(self._last + 1)]
        outcomes: list[Counter[Outcome]] = [Counter() for _ in range(self._last + 1)]
        for (slot, member, outcome), count in self._counts.items():
            outcomes[slot][Outcome(outcome)] += count
            if member >= 0 and outcome == Outcome.OK:
                members[slot][member] += count
        return tuple(
            Bin(
                start_s=n * self._width_s,
                width_s=self._width_s,
                members=tuple(members[n]),
                outcomes=dict(outcomes[n]),
            )
            for n in range(self._last + 1)
        )
