"""The tally: a streaming reducer of samples, in memory that does not grow with the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import compress

from alb_dr.model.sample import AMBIGUOUS, UNATTRIBUTED, Outcome, SampleColumns
from alb_dr.model.verify import Latency, Traffic
from alb_dr.stats.dispersion import BLOCK, Dispersion, dispersion
from alb_dr.stats.histogram import Histogram
from alb_dr.stats.latency import summary
from alb_dr.stats.timeline import Timeline


class Tally:
    """Adds samples up as they come. ``members`` is how many members a sample may name."""

    def __init__(self, members: int) -> None:
        self.requests = 0
        self.served = [0] * members
        self._errors = [0] * members
        self._outcomes: Counter[Outcome] = Counter()
        self._nameless = {UNATTRIBUTED: 0, AMBIGUOUS: 0}
        self._reused = 0
        self._addresses: Counter[int] = Counter()
        self._latency = Histogram()
        self._member_latency = [Histogram() for _ in range(members)]
        self._timeline = Timeline(members)
        self._first_s = float("inf")
        self._last_s = float("-inf")
        self._block: list[int] = []
        self._blocks = 0
        self._squares = [0] * members
        self._sums = [0] * members

    def add(self, columns: SampleColumns) -> None:
        """Account for samples, in the order in which they finished."""
        if not columns:
            return
        self.requests += len(columns)
        self._reused += sum(columns.reused)
        self._addresses.update(columns.address)
        first_s, last_s = min(columns.due_s), max(columns.finished_s)
        self._first_s = min(self._first_s, first_s)
        self._last_s = max(self._last_s, last_s)
        pairs = Counter(zip(columns.outcome, columns.member, strict=True))
        for (outcome, member), count in pairs.items():
            self._count(Outcome(outcome), member, count)
        self._add_latencies(columns)
        self._timeline.add(columns)
        ok = [outcome == Outcome.OK for outcome in columns.outcome]
        self._add_blocks([m for m in compress(columns.member, ok) if m >= 0])

    def _count(self, outcome: Outcome, member: int, count: int) -> None:
        self._outcomes[outcome] += count
        if outcome is not Outcome.OK:
            if member >= 0:
                self._errors[member] += count
        elif member >= 0:
            self.served[member] += count
        else:
            self._nameless[member] += count

    def _add_latencies(self, columns: SampleColumns) -> None:
        """Latency of answers only: a refusal's speed is no merit; timeouts count as they lasted."""
        groups: dict[int, list[float]] = {}
        everything: list[float] = []
        rows = zip(columns.finished_s, columns.due_s, columns.member, columns.outcome, strict=True)
        for finished, due, member, outcome in rows:
            if outcome in _TIMED:
                everything.append(finished - due)
                if member >= 0:
                    groups.setdefault(member, []).append(finished - due)
        self._latency.add(everything)
        for member, durations in groups.items():
            self._member_latency[member].add(durations)

    def _add_blocks(self, members: Sequence[int]) -> None:
        waiting = [*self._block, *members]
        whole = len(waiting) // BLOCK * BLOCK
        for start in range(0, whole, BLOCK):
            block = waiting[start : start + BLOCK]
            for n in range(len(self._sums)):
                hits = block.count(n)
                self._sums[n] += hits
                self._squares[n] += hits * hits
        self._blocks += whole // BLOCK
        self._block = waiting[whole:]

    @property
    def dispersion(self) -> Dispersion | None:
        """How independent the answers look; None while there are too few."""
        return dispersion(self._blocks, self._sums, self._squares)

    @property
    def lost(self) -> tuple[int, int]:
        """Requests not served, and requests that say anything about the gateway."""
        valid = self.requests - self._outcomes[Outcome.LOCAL]
        return valid - self._outcomes[Outcome.OK], valid

    @property
    def nameless(self) -> int:
        """Answers that were served but name no member, or several."""
        return sum(self._nameless.values())

    @property
    def latency(self) -> Latency | None:
        """Quantiles over all answers and timeouts; None when there were none."""
        return summary(self._latency)

    def traffic(self, addresses: Sequence[str] = ()) -> Traffic:
        """Everything counted so far."""
        names = dict(enumerate(addresses))
        return Traffic(
            requests=self.requests,
            outcomes={o: self._outcomes[o] for o in Outcome if self._outcomes[o]},
            served=tuple(self.served),
            errors=tuple(self._errors),
            unattributed=self._nameless[UNATTRIBUTED],
            ambiguous=self._nameless[AMBIGUOUS],
            reused=self._reused,
            addresses={names.get(n, f"#{n}"): c for n, c in sorted(self._addresses.items())},
            latency=self.latency,
            member_latency=tuple(summary(h) for h in self._member_latency),
            bins=self._timeline.bins(),
            first_s=self._first_s if self.requests else 0.0,
            last_s=self._last_s if self.requests else 0.0,
        )


_TIMED = frozenset(
    {
        Outcome.OK,
        Outcome.REDIRECT,
        Outcome.CLIENT_ERROR,
        Outcome.SERVER_ERROR,
        Outcome.TIMEOUT,
    }
)
"""Outcomes whose duration says how long a client waited."""
