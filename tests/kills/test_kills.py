"""A sample of the kills: around the writes that harm and restore, and around a journal line."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.faults.bench import Bench, bench
from tests.kills.cases import PATIENCE, Kill, kills_of
from tests.kills.run import mid_drill
from tests.kills.state import State, state_of
from tests.kills.strike import nested, problem_of


@pytest.fixture(scope="module")
def found() -> Iterator[Bench]:
    """A sandbox behind proxies in which the tutorial is done."""
    with bench(patience=PATIENCE) as made:
        yield made


@pytest.fixture(autouse=True)
def hung_up(found: Bench) -> Iterator[None]:
    """The bench lives as long as the module; the connections of its own clients need not."""
    yield
    found.hang_up()


@pytest.fixture(scope="module")
def kills(found: Bench) -> list[Kill]:
    """Every kill there is."""
    return kills_of(found)


@pytest.fixture(scope="module")
def before(found: Bench, kills: list[Kill]) -> State:
    """How everything stands after the drills from which the kills were recorded."""
    del kills
    return state_of(found)


def wrong(found: Bench, some: list[Kill], before: State) -> dict[str, str]:
    """What was not restored by which kill."""
    outcomes = {kill.name: problem_of(found, kill, before) for kill in some}
    return {name: words for name, words in outcomes.items() if words}


def around_the_workload(kills: list[Kill]) -> list[Kill]:
    """Before and after the harm and the restore."""
    return [
        k
        for k in kills
        if k.drill == "scale-to-zero"
        and k.operation.what.startswith("PATCH")
        and "/deployments/" in k.operation.what
        and k.signum == signal.SIGKILL
    ]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_F1_a_drill_killed_around_its_writes_is_recovered_from_nothing(
    found: Bench, kills: list[Kill], before: State
) -> None:
    some = [k for k in around_the_workload(kills) if k.rescuer == "recover"]
    assert len(some) == 4, "before and after the harm, before and after the restore"
    assert not wrong(found, some, before)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_M2_the_guard_alone_restores_what_was_killed_in_the_middle(
    found: Bench, kills: list[Kill], before: State
) -> None:
    some = [k for k in around_the_workload(kills) if k.rescuer == "guard"][1:3]
    assert not wrong(found, some, before)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_F4_a_signal_while_the_journal_is_written_is_a_drill_taken_back(
    found: Bench, kills: list[Kill], before: State
) -> None:
    lines = [k for k in kills if k.operation.where == "disk" and "fsync" in k.operation.what]
    some = [k for k in lines if k.signum != signal.SIGKILL and k.when == "after"][:4]
    assert len(some) == 4
    assert not wrong(found, some, before)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_F2_recover_killed_at_its_writes_finishes_when_it_is_run_again(
    found: Bench, kills: list[Kill], before: State
) -> None:
    results = nested(found, mid_drill(kills), before, only="PATCH")
    assert results
    assert not [(name, words) for name, words in results if words]


def test_M1_operations_of_apis_and_disk_are_enumerated(kills: list[Kill]) -> None:
    places = {k.operation.where for k in kills}
    assert places == {"fleet", "poc-ack-1", "poc-ack-2", "disk"}
    assert {k.signum for k in kills} == {signal.SIGKILL, signal.SIGTERM, signal.SIGINT}
    assert len(kills) > 400
