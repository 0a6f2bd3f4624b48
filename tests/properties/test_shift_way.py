"""The way of a shift, whatever its ends: whole weights that always sum to 100."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from alb_dr.errors import BadInput
from alb_dr.model.shift import (
    LEAST_CHANGE,
    ShiftPhase,
    ShiftRecord,
    largest_change,
    parse_percents,
    vectors,
)
from alb_dr.model.weights import TOTAL, Weights


@st.composite
def splits(draw: st.DrawFn, members: int = 3) -> Weights:
    """Weights of some members."""
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=members - 1, max_size=members - 1)))
    edges = [0, *cuts, 100]
    return Weights.of({f"c{n}": edges[n + 1] - edges[n] for n in range(members)})


ways = st.sets(st.integers(1, 99), max_size=5).map(lambda found: (*sorted(found), 100))


@given(start=splits(), target=splits(), percents=ways)
def test_every_vector_is_a_whole_split_on_the_way(
    start: Weights, target: Weights, percents: tuple[int, ...]
) -> None:
    try:
        way = vectors(start, target, percents)
    except BadInput:
        return
    assert way[-1].as_dict() == target.as_dict()
    before = start
    for weights in way:
        assert sum(w for _, w in weights) == TOTAL
        assert largest_change(before, weights) >= LEAST_CHANGE
        for member, weight in weights:
            low, high = sorted((start[member], target[member]))
            assert low - 1 <= weight <= high + 1, "a rounding at most beside the way"
        before = weights


@given(percents=ways)
def test_steps_are_read_as_they_are_written(percents: tuple[int, ...]) -> None:
    assert parse_percents(",".join(map(str, percents))) == percents


@given(text=st.text(max_size=12))
def test_no_text_makes_steps_that_do_not_rise_to_100(text: str) -> None:
    try:
        percents = parse_percents(text)
    except BadInput:
        return
    assert percents == tuple(sorted(set(percents)))
    assert percents[-1] == TOTAL


@given(start=splits(), target=splits(), why=st.text(max_size=40), text=st.text(max_size=40))
def test_a_record_survives_its_journey_and_no_other_text_is_one(
    start: Weights, target: Weights, why: str, text: str
) -> None:
    record = ShiftRecord(
        shift="7f3a",
        vectors=[start.as_dict(), target.as_dict()],
        step=1,
        phase=ShiftPhase.RUNNING,
        by="ann",
        reason="",
        started="2026-03-01T12:00:00+00:00",
        why=why,
    )
    assert ShiftRecord.parse(record.dump()) == record
    assert record.intended.as_dict() == target.as_dict()
    assert ShiftRecord.parse(text) is None


@given(
    key=st.sampled_from(["vectors", "step", "phase", "schema", "by", "extra"]),
    value=st.one_of(
        st.none(), st.integers(-3, 3), st.text(max_size=5), st.lists(st.integers(), max_size=3)
    ),
)
def test_a_garbled_record_is_unreadable_or_whole(key: str, value: object) -> None:
    record = ShiftRecord(
        shift="7f3a",
        vectors=[{"a": 100, "b": 0}, {"a": 0, "b": 100}],
        step=1,
        phase=ShiftPhase.RUNNING,
        by="ann",
        reason="",
        started="",
    )
    garbled = ShiftRecord.parse(json.dumps(json.loads(record.dump()) | {key: value}))
    if garbled is not None:
        assert sum(w for _, w in garbled.intended) == TOTAL
