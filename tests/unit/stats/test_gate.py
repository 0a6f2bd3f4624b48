"""The gate: what passes, what never does, and how sure that is."""

from __future__ import annotations

import random

import pytest

from alb_dr.model.sample import SampleColumns
from alb_dr.model.shift import parse_percents, vectors
from alb_dr.model.weights import Weights
from alb_dr.stats.gate import Gate
from tests.fakes.samples import a_sample, columns_of

NAMES = ("a", "b")


def draws(share: float, count: int, *, seed: int, from_s: float = 0.0) -> SampleColumns:
    """Answers of which the first member gives a random share."""
    chance = random.Random(seed)
    return columns_of(
        [a_sample(0 if chance.random() < share else 1, at_s=from_s + n / 200) for n in range(count)]
    )


def passes(gate: Gate, columns: SampleColumns, batch: int = 50) -> bool:
    """Feed the answers as they would come."""
    samples = list(columns)
    for start in range(0, len(samples), batch):
        gate.add(columns_of(samples[start : start + batch]))
    return gate.passed


def gate_for(share: float, *, tolerance: float = 0.05, since_s: float = 0.0) -> Gate:
    """A gate for two members."""
    return Gate(NAMES, (share, 1 - share), tolerance=tolerance, since_s=since_s)


def test_an_honest_gateway_passes() -> None:
    done = sum(passes(gate_for(0.8), draws(0.8, 6000, seed=n)) for n in range(12))
    assert done == 12


@pytest.mark.parametrize(("wanted", "real"), [(0.9, 1.0), (0.5, 0.6), (0.5, 0.9), (0.0, 1.0)])
def test_a_lying_gateway_does_not(wanted: float, real: float) -> None:
    tolerance = abs(wanted - real) / 2
    seen = [
        passes(gate_for(wanted, tolerance=tolerance), draws(real, 6000, seed=n)) for n in range(12)
    ]
    assert not any(seen)


def test_an_answer_of_a_member_without_weight_closes_the_gate() -> None:
    assert passes(gate_for(0.0), draws(0.0, 4000, seed=1))
    assert not passes(gate_for(0.0), draws(0.01, 4000, seed=1))


def test_answers_due_before_the_change_say_nothing() -> None:
    gate = gate_for(0.2, since_s=10.0)
    assert not passes(gate, draws(0.2, 1900, seed=1)), "all of them are too old"
    assert passes(gate, draws(0.2, 6000, seed=2, from_s=10.0))


def test_a_change_that_comes_late_is_waited_for() -> None:
    gate = gate_for(0.2)
    assert not passes(gate, draws(0.8, 3000, seed=1))
    assert passes(gate, draws(0.2, 6000, seed=2, from_s=20.0))


def test_no_answers_pass_nothing() -> None:
    gate = gate_for(0.5)
    gate.add(SampleColumns())
    assert not gate.passed
    assert gate.words == "nothing was measured yet"


def test_steps_are_parts_of_the_way_and_always_sum_to_100() -> None:
    start = Weights.of({"a": 34, "b": 33, "c": 33})
    target = Weights.of({"a": 0, "b": 0, "c": 100})
    way = vectors(start, target, parse_percents("7,25,50,100"))
    assert all(sum(w for _, w in weights) == 100 for weights in way)
    assert way[-1].as_dict() == target.as_dict()
    rising = [weights["c"] for weights in way]
    assert rising == sorted(rising)
