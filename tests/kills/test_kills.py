"""A sample of the kills: the instants around the write that harms and the write that restores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.bench import Bench, bench
from tests.kills.run import Kill, kills_of, problem_of


@pytest.fixture(scope="module")
def found() -> Iterator[Bench]:
    """A sandbox behind proxies in which the tutorial is done."""
    with bench() as made:
        yield made


@pytest.fixture(scope="module")
def around_writes(found: Bench) -> list[Kill]:
    """Kills before and after each patch of a drill."""
    return [k for k in kills_of(found) if k.method == "PATCH" and k.signum.name == "SIGKILL"]


def test_F1_a_drill_killed_around_its_writes_is_recovered_from_nothing(
    found: Bench, around_writes: list[Kill]
) -> None:
    assert len(around_writes) == 4, "before and after the harm, before and after the restore"
    wrong = {kill.name: problem_of(found, kill) for kill in around_writes}
    assert not {name: what for name, what in wrong.items() if what}
