"""A sample of the shift's kills: around the writes that move traffic, and one of each so many."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.bench import bench
from tests.kills.shift import PATIENCE, Kill, Scene, kills_of, problem_of

pytestmark = pytest.mark.timeout(600)

STRIDE = 79
"""No multiple of the six kills of an instant, so that the sample meets each of their kinds."""


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """A sandbox behind proxies in which the tutorial is done."""
    with bench(patience=PATIENCE) as found:
        yield Scene(found)


@pytest.fixture(autouse=True)
def hung_up(scene: Scene) -> Iterator[None]:
    """The bench lives as long as the module; the connections of its own clients need not."""
    yield
    scene.found.hang_up()


@pytest.fixture(scope="module")
def kills(scene: Scene) -> list[Kill]:
    """Every instant of a shift."""
    return kills_of(scene)


def wrong(scene: Scene, some: list[Kill]) -> dict[str, str]:
    """What was not put back after which kill."""
    outcomes = {kill.name: problem_of(scene, kill) for kill in some}
    return {name: words for name, words in outcomes.items() if words}


def test_operations_of_apis_and_disk_are_enumerated(kills: list[Kill]) -> None:
    places = {k.operation.where for k in kills}
    assert places == {"fleet", "poc-ack-1", "poc-ack-2", "disk"}
    assert {k.signum.name for k in kills} == {"SIGKILL", "SIGTERM", "SIGINT"}
    assert len({k.name for k in kills}) == len(kills) > 300


def test_F1_a_shift_killed_around_a_write_stops_at_listed_weights_and_is_put_back(
    scene: Scene, kills: list[Kill]
) -> None:
    moving = [
        k for k in kills if k.operation.what.startswith("PATCH") and "ingresses" in k.operation.what
    ]
    assert len(moving) == 2 * 2 * 3, "two steps, before and after each, three signals"
    killed = [k for k in moving if k.signum.name == "SIGKILL"]
    assert not wrong(scene, [*killed[1:], moving[4]])


def test_F1_F4_of_all_kills_one_in_so_many_leaves_nothing_behind(
    scene: Scene, kills: list[Kill]
) -> None:
    assert not wrong(scene, kills[STRIDE // 2 :: STRIDE])
