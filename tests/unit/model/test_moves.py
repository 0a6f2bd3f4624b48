"""Where a switchover and an emergency lead, and the record of where to return."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alb_dr.errors import BadInput
from alb_dr.model.away import Away, moved_away
from alb_dr.model.move import moved_off, primary_of, switched_over
from alb_dr.model.weights import Weights
from tests.builders import PROJECT, a_topology

THREE = PROJECT.replace(
    "  - {id: c2, name: poc-ack-2, kubeconfig: two.yaml}",
    "  - {id: c2, name: poc-ack-2, kubeconfig: two.yaml}\n"
    "  - {id: c3, name: poc-ack-3, kubeconfig: three.yaml}",
).replace("{poc-ack-1: 20, poc-ack-2: 80}", "{poc-ack-1: 20, poc-ack-2: 60, poc-ack-3: 20}")
STANDBY = PROJECT.replace(
    "{poc-ack-1: 20, poc-ack-2: 80}", "{poc-ack-1: 99, poc-ack-2: 1}\nmode: primary-secondary"
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def three(*weights: int) -> Weights:
    """Weights of the three members."""
    return Weights(tuple(zip(("c1", "c2", "c3"), weights, strict=True)))


def values(weights: Weights) -> list[int]:
    return [weight for _, weight in weights]


def away(start: Weights, target: Weights, earlier: Away | None = None) -> Away | None:
    return moved_away(
        start,
        target,
        earlier,
        operation="7f3a",
        verb="switchover",
        by="ann",
        reason="maintenance",
        since=NOON,
    )


def test_a_switchover_gives_one_member_everything() -> None:
    assert values(switched_over(a_topology(THREE), three(20, 60, 20), "poc-ack-3")) == [0, 0, 100]
    with pytest.raises(BadInput, match="has all the traffic already"):
        switched_over(a_topology(THREE), three(0, 0, 100), "poc-ack-3")
    with pytest.raises(BadInput, match="'nobody' is not a member"):
        switched_over(a_topology(THREE), three(0, 0, 100), "nobody")


def test_primary_and_standby_change_places() -> None:
    topology = a_topology(STANDBY)
    start = topology.weights
    assert values(switched_over(topology, start, "poc-ack-2")) == [1, 99]
    assert values(switched_over(topology, Weights.of({"c1": 1, "c2": 99}), "c1")) == [99, 1]
    assert values(switched_over(topology, Weights.of({"c1": 100, "c2": 0}), "c2")) == [0, 100]
    with pytest.raises(BadInput, match="poc-ack-1 is the primary already"):
        switched_over(topology, start, "poc-ack-1")
    assert primary_of(start) == "c1"


def test_moving_off_keeps_the_proportions_of_the_others() -> None:
    topology = a_topology(THREE)
    assert values(moved_off(topology, three(20, 60, 20), ["poc-ack-1"])) == [0, 75, 25]
    assert values(moved_off(topology, three(20, 60, 20), ["c1", "poc-ack-2"])) == [0, 0, 100]
    assert values(moved_off(topology, three(50, 50, 0), ["c1", "c2"])) == [0, 0, 100]
    assert values(moved_off(topology, three(100, 0, 0), ["c1"])) == [0, 50, 50]
    with pytest.raises(BadInput, match="cannot all be 0"):
        moved_off(topology, three(20, 60, 20), ["c1", "c2", "c3"])


splits = st.tuples(st.integers(0, 100), st.integers(0, 100)).map(
    lambda cut: three(min(cut), abs(cut[0] - cut[1]), 100 - max(cut))
)


@settings(deadline=None)
@given(splits, st.sets(st.sampled_from(["c1", "c2", "c3"]), min_size=1, max_size=2))
def test_moving_off_always_gives_a_whole_split_without_them(start: Weights, gone: set[str]) -> None:
    after = moved_off(a_topology(THREE), start, sorted(gone))
    assert sum(values(after)) == 100
    assert all(after[member] == 0 for member in gone)
    assert moved_off(a_topology(THREE), after, sorted(gone)).as_dict() == after.as_dict()


@settings(deadline=None)
@given(splits, splits)
def test_a_record_is_there_exactly_while_somebody_has_less(start: Weights, target: Weights) -> None:
    found = away(start, target)
    if start.as_dict() == target.as_dict():
        assert found is None
    else:
        assert found is not None
        assert not found.is_over(target.as_dict())
        assert found.is_over(start.as_dict())
        assert Away.parse(found.dump()) == found
        assert found.home.as_dict() == start.as_dict()


def test_the_first_move_says_where_home_is() -> None:
    first = away(three(20, 60, 20), three(0, 75, 25))
    second = away(three(0, 75, 25), three(0, 0, 100), first)
    assert second is not None
    assert second.former == {"c1": 20, "c2": 60, "c3": 20}
    assert second.members == ("c1", "c2")
    assert away(three(0, 0, 100), three(20, 60, 20), second) is None, "back at home"


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"members": ["c9"]},
        {"members": []},
        {"former": {"c1": 20}},
        {"former": {"c1": "20", "c2": 80}},
        {"since": "yesterday"},
        {"by": 7},
        {"more": 1},
    ],
)
def test_F7_a_record_of_another_version_or_a_damaged_one_is_none(change: dict[str, object]) -> None:
    import json

    found = away(three(20, 60, 20), three(0, 75, 25))
    assert found is not None
    raw = {**json.loads(found.dump()), **change}
    assert Away.parse(json.dumps(raw)) is None
    for text in ("", "null", "[]", "{", '{"members": 3}'):
        assert Away.parse(text) is None
