"""The multinomial: do the counts of several members agree with their shares?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

from alb_dr.model.verify import NO_TEST
from alb_dr.stats.binomial import two_sided
from alb_dr.stats.gamma import chi_square_tail

LEAST_EXPECTED = 5
"""Cochran's rule: chi-square is good once every expected count is 5 or more."""
MOST_TABLES = 200_000
"""Tables the exact test enumerates; more would take seconds."""


def p_value(counts: Sequence[int], shares: Sequence[float]) -> tuple[float, str]:
    """The p-value of the counts and the name of the test that gave it. All shares are positive.

    Two members: exact binomial. More: exact multinomial while it is small, chi-square once every
    expected count is 5 or more; between the two, exact binomials with Bonferroni's correction,
    which can only be too cautious.
    """
    n = sum(counts)
    if len(counts) == 1 or n == 0:
        return 1.0, NO_TEST
    if len(counts) == 2:
        return two_sided(counts[0], n, shares[0]), "exact binomial"
    if min(n * share for share in shares) >= LEAST_EXPECTED:
        return chi_square(counts, shares), "chi-square"
    if math.comb(n + len(counts) - 1, len(counts) - 1) <= MOST_TABLES:
        return exact(counts, shares), "exact multinomial"
    smallest = min(two_sided(x, n, share) for x, share in zip(counts, shares, strict=True))
    return min(1.0, smallest * len(counts)), "exact binomial, Bonferroni"


def chi_square(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Pearson's test."""
    n = sum(counts)
    pairs = zip(counts, shares, strict=True)
    statistic = sum((x - n * share) ** 2 / (n * share) for x, share in pairs)
    return chi_square_tail(statistic, len(counts) - 1)


def exact(counts: Sequence[int], shares: Sequence[float]) -> float:
    """The chance of every table that is at most as likely as this one."""
    n = sum(counts)
    logs = [math.log(share) for share in shares]
    limit = _log_pmf(counts, logs) + 1e-7
    tables = _tables(n, len(counts))
    return min(1.0, sum(math.exp(p) for t in tables if (p := _log_pmf(t, logs)) <= limit))


def _log_pmf(counts: Sequence[int], logs: Sequence[float]) -> float:
    total = _log_factorial(sum(counts))
    return total + sum(x * p - _log_factorial(x) for x, p in zip(counts, logs, strict=True))


@lru_cache(maxsize=4096)
def _log_factorial(n: int) -> float:
    return math.lgamma(n + 1)


def _tables(n: int, members: int) -> Iterator[tuple[int, ...]]:
    if members == 1:
        yield (n,)
        return
    for first in range(n + 1):
        for rest in _tables(n - first, members - 1):
            yield (first, *rest)
