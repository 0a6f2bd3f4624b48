"""Which steps a shift takes: those that can be proven in their time."""

from __future__ import annotations

import pytest

from alb_dr.errors import BadInput
from alb_dr.model.weights import Weights
from alb_dr.workflows.shift.way import way_of
from tests.fakes.voice import TellTale
from tests.unit.workflows.test_shift import a_request

START, NEAR = Weights.of({"c1": 60, "c2": 40}), Weights.of({"c1": 20, "c2": 80})
USUAL = (5, 25, 50, 100)


def first_weights(way: tuple[Weights, ...]) -> list[int]:
    return [weights["c1"] for weights in way]


def test_usual_steps_too_small_to_be_proven_are_left_out_and_said() -> None:
    voice = TellTale()
    request = a_request(target=NEAR, percents=USUAL, adapts=True)
    assert first_weights(way_of(START, request, voice)) == [60, 50, 40, 20]
    assert voice.notes == ["the step to 5 % is left out: 2 points are too few"]
    assert not voice.warnings


def test_more_requests_prove_a_smaller_step() -> None:
    request = a_request(target=NEAR, percents=USUAL, adapts=True, rate=400.0)
    assert first_weights(way_of(START, request, TellTale())) == [60, 58, 50, 40, 20]


def test_steps_that_were_asked_for_are_taken_with_a_warning() -> None:
    voice = TellTale()
    request = a_request(target=NEAR, percents=USUAL)
    assert first_weights(way_of(START, request, voice)) == [60, 58, 50, 40, 20]
    (warning,) = voice.warnings
    assert "step 1 of 4 moves 2 points: too few to be proven by 24000 requests" in warning


def test_a_usual_way_of_a_few_points_is_one_step() -> None:
    request = a_request(target=Weights.of({"c1": 57, "c2": 43}), percents=USUAL, adapts=True)
    assert first_weights(way_of(START, request, TellTale())) == [60, 57]


def test_a_point_is_no_step_even_if_it_is_the_last() -> None:
    request = a_request(target=Weights.of({"c1": 59, "c2": 41}), percents=USUAL, adapts=True)
    with pytest.raises(BadInput, match="moves less than 2 points"):
        way_of(START, request, TellTale())
