"""The histogram: exact in count, within half a percent in value, bounded in memory."""

from __future__ import annotations

import math
import random

import pytest

from alb_dr.stats.histogram import Histogram, bucket, middle


def test_buckets_grow_with_the_duration_and_hold_their_middle() -> None:
    durations = [n / 1e6 for n in range(3000)] + [1.5**n / 1e6 for n in range(20, 60)]
    keys = [bucket(d) for d in durations]
    assert keys == sorted(keys)
    assert all(bucket(middle(key)) == key for key in keys)


def test_quantiles_are_nearest_rank_within_half_a_percent() -> None:
    dice = random.Random(5)
    values = [dice.lognormvariate(-5, 1.5) for _ in range(5000)]
    histogram = Histogram()
    histogram.add(values)
    values.sort()
    for q in (0.001, 0.5, 0.9, 0.99, 0.999, 1.0):
        exact = values[max(1, math.ceil(q * 5000)) - 1]
        assert histogram.quantile(q) == pytest.approx(exact, rel=0.005, abs=1e-6)


def test_an_empty_histogram_has_no_lag() -> None:
    assert Histogram().quantile(0.5) == 0
    assert Histogram().share_above(0.1) == 0


def test_the_share_above_a_limit_counts_whole_buckets() -> None:
    histogram = Histogram()
    histogram.add([0.01] * 98 + [0.5, 2.0, -1.0])
    assert histogram.share_above(0.1) == pytest.approx(2 / 101)
