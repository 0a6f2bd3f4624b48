"""Latency: quantiles of durations, nearest rank."""

from __future__ import annotations

import math
from collections.abc import Sequence

from alb_dr.model.verify import Latency
from alb_dr.stats.histogram import Histogram


def quantile(ordered: Sequence[float], q: float) -> float:
    """The smallest value with at least the share ``q`` of the sorted values at or below it.

    NaN for no values: there is no such latency.
    """
    if not ordered:
        return math.nan
    return ordered[max(1, math.ceil(q * len(ordered))) - 1]


def summary(histogram: Histogram) -> Latency | None:
    """The usual quantiles; None for an empty histogram."""
    if not histogram.total:
        return None
    return Latency(
        count=histogram.total,
        p50=histogram.quantile(0.5),
        p90=histogram.quantile(0.9),
        p99=histogram.quantile(0.99),
        p999=histogram.quantile(0.999),
        highest=histogram.quantile(1.0),
    )
