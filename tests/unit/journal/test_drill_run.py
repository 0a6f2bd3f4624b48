"""A drill survives being written down, and what is none is not read as one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from alb_dr.errors import BadInput
from alb_dr.journal.drill_run import from_document, to_document
from alb_dr.model.drill_report import DrillRun
from tests.fakes.drilling import Estate


@pytest.fixture(scope="module")
def runs() -> list[DrillRun]:
    """What a drill kept of itself from its first instant to its last."""
    estate = Estate()
    estate.drill()
    return estate.kept


def saved(run: DrillRun) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(to_document(run), default=list))
    return document


def test_every_instant_of_a_drill_can_be_read_again(runs: list[DrillRun]) -> None:
    assert len(runs) > 3
    for run in runs:
        again = from_document(saved(run))
        assert saved(again) == saved(run)
        assert (again.marks, again.timeline, again.started) == (
            run.marks,
            run.timeline,
            run.started,
        )


def test_what_ended_a_drill_is_read_again() -> None:
    estate = Estate()
    estate.during(4.0, lambda: setattr(estate.gateway, "stopped", 1))
    report = estate.drill(observe_s=30.0)
    assert from_document(saved(report.run)).ended == report.run.ended


@pytest.mark.parametrize(
    "change",
    [
        {"verb": "verify"},
        {"schema": 99},
        {"plan": None},
        {"timeline": [{"at": "noon"}]},
        {"members": []},
        {"started": "yesterday"},
        {"ended": {"outcome": "LUCKY", "why": ""}},
    ],
)
def test_F7_a_description_that_is_none_is_refused(
    runs: list[DrillRun], change: dict[str, Any]
) -> None:
    with pytest.raises(BadInput):
        from_document({**saved(runs[-1]), **change})


def test_a_drill_without_a_beginning_or_traffic_is_read_too(runs: list[DrillRun]) -> None:
    document = {**saved(runs[-1]), "started": None, "prober": None}
    again = from_document(document)
    assert (again.started, again.prober) == (None, None)
