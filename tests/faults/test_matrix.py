"""A sample of the fault matrix, in a sandbox of its own; `make fault-matrix` runs it whole."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

import pytest

from tests.faults.bench import Bench, bench
from tests.faults.cases import calls_of, cases_of, problem_of
from tests.faults.commands import COMMANDS
from tests.faults.expectations import OK

STRIDE, CHOSEN = 23, 7
"""One case of so many, by its name: whatever else was recorded, it is or is not in the sample."""
SAMPLED = ("distribute status", "ingress status", "ingress set-weights", "failover status")


@pytest.fixture(scope="module")
def found() -> Iterator[Bench]:
    """A sandbox behind proxies in which the tutorial is done."""
    with bench() as made:
        yield made


@pytest.fixture(autouse=True)
def hung_up(found: Bench) -> Iterator[None]:
    """The bench lives as long as the module; the connections of its own clients need not."""
    yield
    found.hang_up()


@pytest.mark.parametrize("name", SAMPLED)
def test_F31_to_F44_at_any_call_end_as_documented(found: Bench, name: str) -> None:
    command = next(c for c in COMMANDS if c.name == name)
    cases = [c for c in cases_of(found, command) if crc32(c.key.encode()) % STRIDE == CHOSEN]
    assert cases
    wrong = {case.name: problem_of(found, case) for case in cases}
    assert not {n: w for n, w in wrong.items() if w}


def test_a_create_that_changes_nothing_takes_six_calls_at_most(found: Bench) -> None:
    command = next(c for c in COMMANDS if c.name == "gateway create")
    found.arm("", None)
    assert found.run(command.words).code == OK
    calls = [call for proxy in found.proxies.values() for call in proxy.seen]
    assert len(calls) <= 6, calls


def test_the_matrix_knows_every_call_of_a_drill(found: Bench) -> None:
    drill = next(c for c in COMMANDS if c.name == "failover drill")
    calls = calls_of(found, drill)
    patches = [call for call in calls if call[1] == "PATCH"]
    assert len(patches) == 2, "one patch that harms, one that takes it back"
    assert {api for api, *_ in calls} == set(found.proxies)
