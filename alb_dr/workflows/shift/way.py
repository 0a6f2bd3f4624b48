"""The way of a shift: the weights of each step, and how exactly each must be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from alb_dr.model.shift import LEAST_CHANGE, ShiftRequest, between, largest_change, vectors
from alb_dr.model.weights import TOTAL, Weights
from alb_dr.ports import Narrator
from alb_dr.stats.gate import can_prove


def way_of(start: Weights, request: ShiftRequest, narrator: Narrator) -> tuple[Weights, ...]:
    """The present weights and those of every step.

    A step that is too small to be proven in its time is left out when the request adapts, and
    else warned about. Raises BadInput for a way of nothing and for steps nobody could measure.
    """
    if request.adapts:
        request = replace(request, percents=tuple(_walkable(start, request, narrator)))
    way = (start, *vectors(start, request.target, request.percents))
    for number, (before, after) in enumerate(pairwise(way), start=1):
        if not _is_provable(before, after, request):
            narrator.warn(
                f"step {number} of {len(way) - 1} moves {largest_change(before, after)} points: "
                f"too few to be proven by {_answers(request)} requests; take a higher --rate, a "
                "longer --step-timeout, or fewer --steps"
            )
    return way


def tolerance_of(before: Weights, after: Weights, request: ShiftRequest) -> float:
    """How far a share may be off its weight after this step.

    No wider than half the step, or standing still would pass; nor half a weight.
    """
    step = largest_change(before, after) / TOTAL
    least = min(w for _, w in after if w) / TOTAL
    return min(request.tolerance, step / 2, least / 2)


def _walkable(start: Weights, request: ShiftRequest, narrator: Narrator) -> Iterator[int]:
    """The per cents whose steps can be proven; the last one in any case."""
    before = start
    for percent in request.percents:
        after = between(start, request.target, percent)
        points = largest_change(before, after)
        small = points < LEAST_CHANGE or not _is_provable(before, after, request)
        if percent != TOTAL and small:
            narrator.note(f"the step to {percent} % is left out: {points} points are too few")
            continue
        before = after
        yield percent


def _is_provable(before: Weights, after: Weights, request: ShiftRequest) -> bool:
    tolerance = tolerance_of(before, after, request)
    shares = [weight / TOTAL for _, weight in after]
    return can_prove(shares, tolerance=tolerance, answers=_answers(request))


def _answers(request: ShiftRequest) -> int:
    """What a step's time holds at most."""
    return int(request.rate * request.step_timeout_s)
