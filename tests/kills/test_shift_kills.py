"""A sample of the shift's kills: around the write that moves traffic, and at the disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.bench import bench
from tests.kills.shift import DISK, Kill, Scene, kills_of, problem_of

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """A sandbox behind proxies in which the tutorial is done."""
    with bench() as found:
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


def test_F1_a_shift_killed_around_a_write_stops_at_listed_weights_and_is_put_back(
    scene: Scene, kills: list[Kill]
) -> None:
    moving = [k for k in kills if k.what == "PATCH" and "ingresses" in k.path]
    assert len(moving) == 2 * 2 * 3, "two steps, before and after each, three signals"
    sample = [k for k in moving if k.nth == 1 and k.signum.name in {"SIGKILL", "SIGTERM"}]
    wrong = {kill.name: problem_of(scene, kill) for kill in sample}
    assert not {name: what for name, what in wrong.items() if what}


def test_F1_a_shift_killed_at_the_disk_leaves_the_truth_on_the_Fleet(
    scene: Scene, kills: list[Kill]
) -> None:
    synced = [k for k in kills if k.where == DISK and k.what == "fsync"]
    killed = [k for k in synced if k.signum.name == "SIGKILL" and k.when == "after"]
    assert len(killed) >= 4, "the intent, two steps and the end"
    kill = killed[len(killed) // 2]
    assert problem_of(scene, kill) is None, kill.name
