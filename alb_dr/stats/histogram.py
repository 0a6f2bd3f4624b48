"""A histogram of durations: bounded memory, errors below half a percent or a microsecond."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

SUB_BITS = 7
"""2**7 buckets for each power of two, as HdrHistogram does: buckets are at most 1/128 wide."""
_LINEAR = 1 << (SUB_BITS + 1)


class Histogram:
    """Counts of durations in log-linear buckets of microseconds.

    A million durations, or a day of them, take some thousand buckets at most.
    """

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.total = 0

    def add(self, durations_s: Iterable[float]) -> None:
        """Add durations in seconds; negative ones count as zero."""
        buckets = [bucket(seconds) for seconds in durations_s]
        self._counts.update(buckets)
        self.total += len(buckets)

    def quantile(self, q: float) -> float:
        """The smallest recorded duration with at least the share ``q`` at or below it, seconds.

        Nearest rank, in the middle of its bucket; 0 for an empty histogram.
        """
        rank = max(1, -int(-q * self.total // 1))
        seen = 0
        for key in sorted(self._counts):
            seen += self._counts[key]
            if seen >= rank:
                return middle(key)
        return 0.0

    def share_above(self, seconds: float) -> float:
        """The share of durations in buckets above the one of ``seconds``."""
        if not self.total:
            return 0.0
        edge = bucket(seconds)
        return sum(count for key, count in self._counts.items() if key > edge) / self.total


def bucket(seconds: float) -> int:
    """The index of a duration's bucket; grows with the duration."""
    micros = int(seconds * 1e6)
    if micros < _LINEAR:
        return max(0, micros)
    shift = micros.bit_length() - SUB_BITS - 1
    return (shift << SUB_BITS) + (micros >> shift)


def middle(key: int) -> float:
    """The duration in the middle of a bucket, seconds."""
    if key < _LINEAR:
        return key / 1e6
    shift = (key >> SUB_BITS) - 1
    low = (key - (shift << SUB_BITS)) << shift
    return (low + (1 << shift) / 2) / 1e6
