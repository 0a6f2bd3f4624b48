"""The binomial: exact tails, the exact two-sided test, Clopper-Pearson intervals."""

from __future__ import annotations

import math
from collections.abc import Callable

from alb_dr.stats.gamma import beta_cdf, beta_quantile, log_choose

_SLACK = 1e-7
"""Relative slack when two probabilities are compared for "at most as likely"; rounding is below."""


def log_pmf(x: int, n: int, p: float) -> float:
    """The logarithm of the chance of exactly ``x`` of ``n``."""
    if p in (0.0, 1.0):
        return 0.0 if x == n * p else -math.inf
    return log_choose(n, x) + x * math.log(p) + (n - x) * math.log1p(-p)


def at_most(x: int, n: int, p: float) -> float:
    """The chance of ``x`` or fewer."""
    if x < 0:
        return 0.0
    return 1.0 if x >= n else 1.0 - beta_cdf(p, x + 1, n - x)


def at_least(x: int, n: int, p: float) -> float:
    """The chance of ``x`` or more."""
    if x <= 0:
        return 1.0
    return 0.0 if x > n else beta_cdf(p, x, n - x + 1)


def two_sided(x: int, n: int, p: float) -> float:
    """The exact test: the chance of every count that is at most as likely as ``x``."""
    if n == 0:
        return 1.0
    if p in (0.0, 1.0):
        return 1.0 if x == n * p else 0.0
    limit = log_pmf(x, n, p) + _SLACK
    mode = min(n, int((n + 1) * p))
    if log_pmf(mode, n, p) <= limit:
        return 1.0
    if x < mode:
        other = _first(lambda k: log_pmf(k, n, p) <= limit, mode, n + 1)
        return min(1.0, at_most(x, n, p) + at_least(other, n, p))
    other = mode - _first(lambda k: log_pmf(mode - k, n, p) <= limit, 0, mode + 1)
    return min(1.0, at_most(other, n, p) + at_least(x, n, p))


def acceptance(n: int, p: float, alpha: float) -> tuple[int, int]:
    """The smallest and the largest count that the exact test does not reject at ``alpha``."""
    mode = min(n, int((n + 1) * p))
    high = _first(lambda k: two_sided(k, n, p) <= alpha, mode, n + 1) - 1
    low = mode - _first(lambda k: two_sided(mode - k, n, p) <= alpha, 0, mode + 1) + 1
    return low, high


def clopper_pearson(x: float, n: float, alpha: float) -> tuple[float, float]:
    """The exact interval of a share with confidence ``1 - alpha``; (0, 1) without data.

    Whole counts are not needed: a design effect may have divided them.
    """
    if n <= 0:
        return 0.0, 1.0
    low = 0.0 if x <= 0 else beta_quantile(alpha / 2, x, n - x + 1)
    high = 1.0 if x >= n else beta_quantile(1 - alpha / 2, x + 1, n - x)
    return low, high


def bound_of_zero(n: float, alpha: float) -> float:
    """The largest share that ``n`` requests without a hit leave possible: about 3/n at 5 %."""
    return 1.0 if n <= 0 else 1 - alpha ** (1 / n)


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first whole number from ``low`` on for which ``holds``; ``high`` when none does."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
