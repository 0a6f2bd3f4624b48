"""A look at the newest traffic that leaves no late answer out. Pure.

Answers come in the order in which they are ready: while a member is slow, the newest second holds
the answers of the quick ones only. So only a stretch counts in which every request that was due
has come back, served or lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from alb_dr.model.sample import Outcome, SampleColumns
from alb_dr.stats.outage import BACK, WINDOW_S, shares

LEAST = 20
"""Requests of a look: of a fifth of the traffic all are missed by chance in 1 % of looks."""
LONGEST_S = 10.0
"""Where so few come in this time the drill is judged INCONCLUSIVE anyhow; nobody waits longer."""
EXPECTED = 5
"""Answers expected of a member before their absence means anything: by chance in 0.7 % of looks."""
HARDLY = 0.25
"""Part of its share below which a member that nobody harmed hardly serves: of 20 answers that are
expected it gives fewer than 5 by chance in no more than one look of 50,000."""
HOLE = 1.5
"""Distances of two requests without a sample between them: one has not come back yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeLook:
    """Each member's share of the good answers, how many those are, and when the stretch ended."""

    shares: Mapping[str, float]
    answers: int
    end_s: float

    def serves_again(self, name: str, due: float) -> bool:
        """Whether a restored member serves what counts as its share again."""
        return self.shares.get(name, 0.0) >= BACK * due

    def missing(self, due: Mapping[str, float]) -> tuple[str, ...]:
        """Members that hardly serve, though enough answers are due from them to be missed."""
        return tuple(
            name
            for name, share in due.items()
            if share * self.answers >= EXPECTED and self.shares.get(name, 0.0) < HARDLY * share
        )


def width_s(rate: float) -> float:
    """How long a stretch is looked at, at so many requests a second."""
    return min(max(WINDOW_S, LEAST / rate), LONGEST_S)


def whole_look(
    samples: SampleColumns, names: Sequence[str], *, since_s: float, rate: float
) -> WholeLook | None:
    """The newest whole stretch that began at ``since_s`` or later; None while there is none.

    ``rate`` is that of an open load: one request is due each ``1 / rate`` seconds.
    """
    width = width_s(rate)
    start_s = end_s = None
    for first, last in _runs(samples, since_s, HOLE / rate):
        if last - first >= width:
            start_s, end_s = last - width, last
    if start_s is None or end_s is None:
        return None
    seen = shares(samples, names, start_s, end_s)
    return WholeLook(shares=seen, answers=_answers(samples, start_s, end_s), end_s=end_s)


def _runs(samples: SampleColumns, since_s: float, hole_s: float) -> Sequence[tuple[float, float]]:
    """First and last instant of every stretch without a hole, by when requests were due."""
    dues = sorted(due for due in samples.due_s if due >= since_s)
    if not dues:
        return ()
    holes = [(a, b) for a, b in pairwise(dues) if b - a > hole_s]
    starts = [dues[0], *(b for _, b in holes)]
    ends = [*(a for a, _ in holes), dues[-1]]
    return tuple(zip(starts, ends, strict=True))


def _answers(samples: SampleColumns, start_s: float, end_s: float) -> int:
    rows = zip(samples.due_s, samples.outcome, samples.member, strict=True)
    return sum(start_s <= due < end_s and o == Outcome.OK and m >= 0 for due, o, m in rows)
