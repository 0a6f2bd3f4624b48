"""Incomplete beta and gamma functions: the tails of the binomial and of chi-square.

Continued fractions evaluated by Lentz' method and a power series, as in DLMF 8.17(v), 8.9 and
8.7.1. scipy would take half a second to import for these few lines; the tests compare with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache

_TINY = 1e-300
_PRECISION = 1e-15
_MOST_TERMS = 200_000
"""The fraction needs about sqrt(max(a, b)) terms: 3,200 for ten million requests."""


def log_choose(n: float, k: float) -> float:
    """The logarithm of the binomial coefficient, also between whole numbers."""
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def log_beta(a: float, b: float) -> float:
    """The logarithm of the beta function."""
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function I_x(a, b) for a, b > 0."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = math.exp(a * math.log(x) + b * math.log1p(-x) - log_beta(a, b))
    if x < (a + 1) / (a + b + 2):
        return front / (a * _fraction(1.0, _beta_terms(x, a, b)))
    return 1.0 - front / (b * _fraction(1.0, _beta_terms(1 - x, b, a)))


@lru_cache(maxsize=4096)
def beta_quantile(q: float, a: float, b: float) -> float:
    """The x with ``beta_cdf(x, a, b) == q``, by bisection.

    Remembered: a curve of a drill asks for the same few counts hundreds of times.
    """
    return bisect(lambda x: beta_cdf(x, a, b) < q, 0.0, 1.0)


def chi_square_tail(x: float, degrees: float) -> float:
    """The chance that a chi-square variable exceeds ``x``."""
    if x <= 0:
        return 1.0
    a, x = degrees / 2, x / 2
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        return 1.0 - front * _series(x, a)
    return front / _fraction(x + 1 - a, _gamma_terms(x, a))


def chi_square_quantile(tail: float, degrees: float) -> float:
    """The x that a chi-square variable exceeds with chance ``tail``."""
    high = degrees + 1.0
    while chi_square_tail(high, degrees) > tail:
        high *= 2
    return bisect(lambda x: chi_square_tail(x, degrees) > tail, 0.0, high)


def bisect(too_low: Callable[[float], bool], low: float, high: float, *, steps: int = 100) -> float:
    """The place between ``low`` and ``high`` where ``too_low`` turns false, to ``2**-steps``."""
    for _ in range(steps):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if too_low(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _beta_terms(x: float, a: float, b: float) -> Iterator[tuple[float, float]]:
    m = 0
    while True:
        m += 1
        k, odd = divmod(m, 2)
        if odd:
            yield -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1)), 1.0
        else:
            yield k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k)), 1.0


def _gamma_terms(x: float, a: float) -> Iterator[tuple[float, float]]:
    n = 0
    while True:
        n += 1
        yield -n * (n - a), x + 2 * n + 1 - a


def _fraction(first: float, terms: Iterator[tuple[float, float]]) -> float:
    """``first + a1 / (b1 + a2 / (b2 + ...))`` by the modified Lentz method."""
    value = first or _TINY
    c, d = value, 0.0
    for _, (a, b) in zip(range(_MOST_TERMS), terms, strict=False):
        d = 1.0 / ((b + a * d) or _TINY)
        c = (b + a / c) or _TINY
        step = c * d
        value *= step
        if abs(step - 1) < _PRECISION:
            break
    return value


def _series(x: float, a: float) -> float:
    term = total = 1 / a
    n = a
    while term > total * _PRECISION:
        n += 1
        term *= x / n
        total += term
    return total
