"""No drill with known truth is judged wrongly (M17); ``make drill-verdicts`` asks 10,000."""

from __future__ import annotations

import dataclasses
from collections import Counter

import pytest

from alb_dr.model.drill_report import DrillOutcome
from tests.calibration.drills import Told, drill

pytestmark = pytest.mark.timeout(300)
CHUNK = 125


@pytest.mark.parametrize("chunk", range(8))
def test_F14_F80_no_simulated_drill_is_judged_wrongly(chunk: int) -> None:
    outcomes: Counter[tuple[DrillOutcome, bool]] = Counter()
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        told = drill(seed)
        assert list(told.complaints()) == [], f"drill {seed}"
        outcomes[told.report.outcome, told.passes] += 1
    assert outcomes[DrillOutcome.SUCCEEDED, True] > CHUNK / 20, "the judgement must also decide"
    assert outcomes[DrillOutcome.FAILED, False] > CHUNK / 20, "the judgement must also decide"


def _with_outcome(told: Told, outcome: DrillOutcome) -> Told:
    return dataclasses.replace(told, report=dataclasses.replace(told.report, outcome=outcome))


def test_a_wrong_verdict_would_be_noticed() -> None:
    many = [drill(seed) for seed in range(60)]
    passed = [told for told in many if told.report.outcome is DrillOutcome.SUCCEEDED]
    failed = [told for told in many if told.report.outcome is DrillOutcome.FAILED]
    turned = [_with_outcome(told, DrillOutcome.FAILED) for told in passed]
    turned += [_with_outcome(told, DrillOutcome.SUCCEEDED) for told in failed]
    noticed = sum(bool(list(told.complaints())) for told in turned)
    assert noticed > len(turned) / 2


def test_a_wrong_error_bar_would_be_noticed() -> None:
    told = next(t for t in map(drill, range(60)) if t.report.outcome is DrillOutcome.SUCCEEDED)
    found = told.report.recovery
    assert found is not None
    clock = dataclasses.replace(found.clock, rta_high_s=told.world.rta_s - 0.01)
    report = dataclasses.replace(told.report, recovery=dataclasses.replace(found, clock=clock))
    assert any("below" in c for c in dataclasses.replace(told, report=report).complaints())
