"""Sequential: a test and intervals that stay valid however often one looks.

The mixture martingale of Lindon and Malek, "Anytime-valid inference for multinomial count data"
(NeurIPS 2022), made for sample-ratio-mismatch testing: the evidence E is the likelihood of the
counts averaged over a Dirichlet prior around the weights, divided by their likelihood under the
weights. Under the weights E exceeds 1/alpha with chance alpha at most, at any time (Ville).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from alb_dr.stats.gamma import bisect, log_beta

CONCENTRATION = 64.0
"""Weight of the prior in requests: at 20 % it expects deviations of about 5 points."""


def log_evidence(counts: Sequence[float], shares: Sequence[float]) -> float:
    """The logarithm of E against ``shares``, all of them positive."""
    prior = [CONCENTRATION * share for share in shares]
    after = [a + x for a, x in zip(prior, counts, strict=True)]
    null = sum(x * math.log(share) for x, share in zip(counts, shares, strict=True))
    return _log_dirichlet(after) - _log_dirichlet(prior) - null


def p_value(largest_log_evidence: float) -> float:
    """The always-valid p-value of the largest evidence seen so far."""
    return min(1.0, math.exp(-max(0.0, largest_log_evidence)))


@lru_cache(maxsize=4096)
def interval(x: float, n: float, weight: float, alpha: float) -> tuple[float, float]:
    """The shares that ``x`` of ``n`` do not contradict, valid at any time; (0, 1) without data."""
    if n <= 0:
        return 0.0, 1.0
    a = max(CONCENTRATION * weight, 0.5)
    b = max(CONCENTRATION * (1 - weight), 0.5)
    marginal = log_beta(a + x, b + n - x) - log_beta(a, b)
    limit = math.log(1 / alpha)

    def outside(p: float) -> bool:
        return marginal - x * _log(p) - (n - x) * _log(1 - p) >= limit

    seen = x / n
    low = 0.0 if x <= 0 else bisect(outside, 0.0, seen)
    high = 1.0 if x >= n else bisect(lambda p: not outside(p), seen, 1.0)
    return low, high


def _log(p: float) -> float:
    return math.log(p) if p > 0 else -math.inf


def _log_dirichlet(parameters: Sequence[float]) -> float:
    return sum(map(math.lgamma, parameters)) - math.lgamma(sum(parameters))
