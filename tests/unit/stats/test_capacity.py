"""Capacity: how much more a pod would carry than the busiest carries today."""

from __future__ import annotations

import math

import pytest

from alb_dr.stats.capacity import busiest, growth


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([(20, 2), (80, 2)], 40),
        ([(20, 1), (80, 8)], 20),
        ([(100, 0)], 100),
        ([], 0),
    ],
)
def test_the_busiest_pod(shares: list[tuple[float, int]], expected: float) -> None:
    assert busiest(shares) == expected


def test_what_a_pod_would_carry() -> None:
    assert growth(100, 2, 40) == pytest.approx(1.25)
    assert growth(100, 8, 40) == pytest.approx(0.3125)
    assert growth(0, 0, 40) == 0
    assert math.isinf(growth(100, 0, 40))
    assert math.isinf(growth(100, 2, 0)), "nobody carries anything today: nothing is known"
