"""Power: which wrong split would this many requests have caught, and how many are needed?"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

from alb_dr.stats.binomial import acceptance, at_least, at_most, log_pmf
from alb_dr.stats.gamma import bisect, chi_square_quantile, chi_square_tail

USUAL_POWER = 0.8
"""The chance of catching that a shift is quoted for."""
_SIGMAS, _NODES_PER_SIGMA = 7, 8
"""How far and how densely a binomial is summed; both errors are far below a thousandth."""
MOST_NEEDED = 10_000_000
"""A run has no more requests (model.load); more needed means: this cannot be decided."""


def binomial_power(n: int, weight: float, truth: float, alpha: float) -> float:
    """The chance that ``n`` requests reject ``weight`` when the share really is ``truth``."""
    low, high = acceptance(n, weight, alpha)
    return min(1.0, at_most(low - 1, n, truth) + at_least(high + 1, n, truth))


def chi_square_power(n: int, weight: float, truth: float, alpha: float, members: int) -> float:
    """The same for several members, the others sharing the rest in proportion.

    Pearson's statistic is what the member's own count gives, plus the statistic of the others
    among themselves, scaled by how many answers they got. The count is binomial, the rest
    chi-square; the usual noncentral chi-square takes the first for normal and promises a
    percentage point too much at 1,000 answers (seen in calibration).
    """
    critical = chi_square_quantile(alpha, members - 1)
    spread = math.sqrt(n * truth * (1 - truth))
    stride = max(1, int(spread / _NODES_PER_SIGMA))
    low = max(0, int(n * truth - _SIGMAS * spread))
    high = min(n, int(n * truth + _SIGMAS * spread) + 1)
    caught = weights = 0.0
    for x in range(low, high + 1, stride):
        chance = math.exp(log_pmf(x, n, truth))
        left = critical - (x - n * weight) ** 2 / (n * weight * (1 - weight))
        scale = (n - x) / (n * (1 - weight))
        weights += chance
        if left <= 0:
            caught += chance
        elif scale > 0:
            caught += chance * chi_square_tail(left / scale, members - 2)
    return min(1.0, caught / weights)


def detectable(
    n: int, weight: float, alpha: float, members: int, *, power: float = USUAL_POWER
) -> tuple[float | None, float | None]:
    """The nearest shares below and above ``weight`` that are caught with this power.

    None where even a share of 0 or 1 would not be.
    """

    def chance(truth: float) -> float:
        if members <= 2:
            return binomial_power(n, weight, truth, alpha)
        return chi_square_power(n, weight, truth, alpha, members)

    if n <= 0 or not 0 < weight < 1:
        return None, None
    return _nearest(chance, weight, 0.0, power), _nearest(chance, weight, 1.0, power)


def requests_for_half_width(share: float, half_width: float, alpha: float) -> int:
    """Requests after which the interval around ``share`` is this wide, by the normal curve."""
    z = NormalDist().inv_cdf(1 - alpha / 2)
    spread = max(share * (1 - share), 1e-4)
    return min(MOST_NEEDED, math.ceil(z * z * spread / max(half_width, 1e-9) ** 2))


def requests_to_catch(weight: float, truth: float, alpha: float) -> int:
    """Requests that tell ``truth`` from ``weight`` with the usual power, by the normal curve."""
    normal = NormalDist()
    z_alpha, z_power = normal.inv_cdf(1 - alpha / 2), normal.inv_cdf(USUAL_POWER)
    root = z_alpha * math.sqrt(weight * (1 - weight)) + z_power * math.sqrt(truth * (1 - truth))
    return min(MOST_NEEDED, math.ceil((root / max(abs(truth - weight), 1e-9)) ** 2))


def _nearest(
    chance: Callable[[float], float], weight: float, end: float, power: float
) -> float | None:
    if chance(end) < power:
        return None
    step = bisect(lambda t: chance(weight + t * (end - weight)) < power, 0.0, 1.0, steps=20)
    return weight + step * (end - weight)
