"""What a run of the matrix found is kept, so that one that was cut short goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.cases import Case, Result
from tests.faults.command import Command
from tests.faults.matrix import Results
from tests.faults.toxics import Effect, Toxic

CASE = Case(
    command=Command(name="status", words=("status",)),
    api="fleet",
    method="GET",
    path="/api",
    nth=1,
    toxic=Toxic(fault="F31", effect=Effect.HANG),
)
OTHER = replace(CASE, nth=2)
THIRD = replace(CASE, nth=3)


def result(case: Case, wrong: str | None = None, *, came: bool = True) -> Result:
    return Result(key=case.key, name=case.name, wrong=wrong, came=came)


def test_what_was_right_is_not_run_again_and_counts(tmp_path: Path) -> None:
    file = tmp_path / "results"
    Results(file).add((result(CASE), result(OTHER, "exit code 1")))
    known = Results(file)
    assert known.left_of((CASE, OTHER, THIRD)) == [OTHER, THIRD]
    known.add((result(OTHER), result(THIRD)))
    assert known.figure() == (3, 3)
    assert Results(file).left_of((CASE, OTHER, THIRD)) == []


def test_what_went_wrong_later_is_run_again(tmp_path: Path) -> None:
    file = tmp_path / "results"
    Results(file).add((result(CASE), result(CASE, "exit code 1")))
    assert Results(file).left_of((CASE,)) == [CASE]


def test_a_call_that_did_not_come_again_is_named_not_counted_and_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = Results(tmp_path / "results")
    known.add((result(CASE), result(OTHER, came=False)))
    assert known.figure() == (1, 1)
    assert OTHER.name in capsys.readouterr().out
    assert Results(tmp_path / "results").left_of((CASE, OTHER)) == [OTHER]
