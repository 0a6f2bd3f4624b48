"""M7: histories of operators, guards, people and misfortune keep the invariants I1 to I10."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import pytest

from alb_dr.model.drill import DrillRecord
from alb_dr.model.manifest import Manifest
from alb_dr.workflows.records import drill_record
from alb_dr.workflows.records.lease import DrillLock
from tests.histories.found import FOUND
from tests.histories.invariants import violations
from tests.histories.play import play
from tests.histories.run import BATCH, outcomes
from tests.histories.scenario import Act, Scenario, scenario

COUNT = 2_000
JOBS = 2
ENOUGH = 60
"""Histories within which a planted bug must be seen."""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_history_violates_an_invariant() -> None:
    starts = range(0, COUNT, BATCH)
    with ProcessPoolExecutor(JOBS) as pool:
        found = [
            each for part in pool.map(outcomes, starts, [BATCH] * len(starts)) for each in part
        ]
    assert not found, "look closer: python -m tests.histories.run 1 --start NUMBER"


@pytest.mark.parametrize("name", FOUND)
def test_what_was_violated_once_is_not_again(name: str) -> None:
    assert play(FOUND[name], violations) == []


def test_the_same_number_is_the_same_history() -> None:
    seen: list[list[tuple[float, str, str]]] = []

    def remember(played) -> list[str]:  # type: ignore[no-untyped-def]
        history = played.world.history
        seen.append([(r.at, r.by, r.verb) for r in history.requests])
        return []

    for _ in range(2):
        play(scenario(7), remember)
    assert seen[0] == seen[1]
    assert seen[0], "nothing was done"


def a_drill(*more: Act, guarded: bool = False) -> Scenario:
    """One operator drills, and more happens."""
    drill = Act(kind="run", who="ann", what="drill", member="c1")
    return Scenario(seed=1, acts=(drill, *more), guarded=guarded)


# a checker that cannot fail proves nothing: each planted bug must be seen ------------------------


def seen_in(*scenarios: Scenario) -> set[str]:
    """The invariants that these scenarios violate."""
    return {w.partition(":")[0] for each in scenarios for w in play(each, violations)}


def killed_everywhere() -> list[Scenario]:
    return [
        a_drill(Act(kind="kill", who="ann", number=n, what=when))
        for n in range(ENOUGH)
        for when in ("before", "after")
    ]


def _without(path_part: str, ops: str) -> Callable[..., list[drill_record.Operation]]:
    """``fire_patch`` less some of its operations."""
    real = drill_record.fire_patch

    def planted(workload: Manifest, record: DrillRecord) -> list[drill_record.Operation]:
        return [
            o for o in real(workload, record) if not (path_part in o["path"] and o["op"] == ops)
        ]

    return planted


def test_I1_harm_without_a_record_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alb_dr.workflows.faults.scale.fire_patch", _without("annotations", "add"))
    assert {"I1", "I4"} <= seen_in(*killed_everywhere())


def test_I4_a_write_that_tests_nothing_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alb_dr.workflows.faults.scale.fire_patch", _without("replicas", "test"))
    assert "I4" in seen_in(a_drill())


def test_I3_two_drills_at_once_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DrillLock, "acquire", lambda *_, **__: None)
    for place in ("rails.of_fleet", "drill.drill"):
        monkeypatch.setattr(f"alb_dr.workflows.{place}.nothing_open", lambda *_, **__: None)
    other = Act(kind="run", who="bob", what="drill", member="c2")
    assert "I2" in seen_in(a_drill(other))


def test_I7_harm_that_was_not_written_down_first_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from alb_dr.journal.ledger import Ledger

    real = Ledger.write

    def silent(ledger: Ledger, event: str, **facts: object) -> None:
        if event != "intent":
            real(ledger, event, **facts)

    monkeypatch.setattr(Ledger, "write", silent)
    assert "I7" in seen_in(a_drill())


def test_I8_a_code_that_hides_an_open_drill_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from alb_dr.workflows.faults.scale import ScaleToZero

    monkeypatch.setattr(ScaleToZero, "take_back", lambda *_: None)
    monkeypatch.setattr(ScaleToZero, "prove", lambda *_: "not looked")
    monkeypatch.setattr(
        "alb_dr.workflows.drill.restore.DrillReturn.settle", lambda *_, **__: "not looked"
    )
    assert "I8" in seen_in(a_drill())


def test_I9_a_look_that_writes_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from alb_dr.cli.commands import failover

    real = failover.recover
    monkeypatch.setattr(failover, "recover", lambda ctx, **_: real(ctx, execute=True))
    look = Act(kind="run", at=60.0, who="bob", what="look", member="c1")
    killed = (Act(kind="kill", who="ann", number=n, what="after") for n in range(30, 150, 8))
    assert "I9" in seen_in(*(a_drill(kill, look) for kill in killed))
