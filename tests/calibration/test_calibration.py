"""The verdict keeps its word in simulation; ``make calibration`` asks 10,000 runs."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.calibration import simulation
from tests.calibration.simulation import Figure

pytestmark = pytest.mark.timeout(90)


@pytest.mark.parametrize(
    "simulate",
    [simulation.fixed_two, simulation.fixed_three, simulation.tolerated, simulation.sequential],
)
def test_the_verdict_keeps_its_word(
    simulate: Callable[[random.Random, int], list[Figure]],
) -> None:
    found = simulate(random.Random(7), 250)
    assert [str(figure) for figure in found if not figure.holds] == []


def test_a_broken_promise_would_be_noticed() -> None:
    too_many = Figure(name="x", happened=60, runs=600, expected=0.05)
    assert not too_many.holds
    assert not Figure(name="x", happened=60, runs=600, expected=0.05, at_most=True).holds
    assert Figure(name="x", happened=1, runs=600, expected=0.05, at_most=True).holds
    assert not Figure(name="x", happened=1, runs=600, expected=0.05).holds
