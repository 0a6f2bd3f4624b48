"""A sample of the kills: around the writes that harm and restore, and around a journal line."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from alb_dr.workflows.records.lease import DURATION_S
from tests.faults.bench import Bench, bench
from tests.kills.cases import PATIENCE, SHORT, VICTIM, Kill, kills_of
from tests.kills.run import mid_drill
from tests.kills.state import State, differences, forget_heartbeat, state_of
from tests.kills.strike import HASTE, guard, hastened, nested, problem_of

ASLEEP = (
    *("failover", "drill", VICTIM, "--yes", *SHORT[:3], "--baseline", "10", *SHORT[5:7]),
    *("--observe", "300", "--restore-timeout", "600"),
)
"""Its clock goes ten times as fast, so that its lock expires within moments."""


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


@pytest.mark.timeout(300)
def test_F5_a_drill_that_stood_still_past_its_lock_writes_nothing_the_guard_did(
    found: Bench,
) -> None:
    before = state_of(found)
    proxy = found.proxies[VICTIM]
    stopped: list[threading.Thread] = []

    def stop(when: str, method: str, path: str) -> None:
        if (when, method) == ("after", "PATCH") and "/deployments/" in path and not stopped:
            assert found.process is not None
            os.kill(found.process.pid, signal.SIGSTOP)
            stopped.append(threading.Thread(target=meanwhile, args=(found.process.pid,)))
            stopped[0].start()

    def meanwhile(pid: int) -> None:
        """The guard comes at its deadline; the laptop is opened again after its lock expired."""
        try:
            assert guard(found, VICTIM).code == 0
            time.sleep(1.2 * DURATION_S / float(HASTE))
        finally:
            os.kill(pid, signal.SIGCONT)

    found.arm("", None)
    proxy.watcher = stop
    done = hastened(found, ASLEEP, direct=False)
    proxy.watcher = None
    stopped[0].join()
    forget_heartbeat(found, VICTIM)
    assert done.code == 10, done.stderr
    assert "already put back, by the guard or another operator" in done.stderr
    writes = [path for method, path in proxy.seen if method == "PATCH"]
    assert len(writes) == 1, "the harm, and nothing after it woke"
    assert not differences(before, state_of(found))
