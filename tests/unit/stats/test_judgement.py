"""The judgement: what outranks what, and what is never a pass."""

from __future__ import annotations

from typing import Any

import pytest

from alb_dr.model.findings import Finding, Severity, Verdict, worst
from alb_dr.model.verify import ProberFacts, Question
from alb_dr.stats.distribution import compare
from alb_dr.stats.judgement import Evidence, judge, loss

GOOD = compare(Question(names=("a", "b"), weights=(0.2, 0.8)), (100, 400))
BAD = compare(Question(names=("a", "b"), weights=(0.2, 0.8)), (200, 300))


def prober(invalid: str | None = None) -> ProberFacts:
    """A prober that kept up, or not."""
    return ProberFacts(
        connections=1, late_p50_s=0.0, late_p99_s=0.0, local_failures=0, invalid=invalid
    )


def verdict(**changes: Any) -> Verdict:
    """The verdict on otherwise perfect evidence."""
    values: dict[str, Any] = {
        "distribution": GOOD,
        "loss": loss(0, 500, objective=0.01, confidence=0.95),
        "prober": prober(),
        "served": 500,
        "nameless": 0,
    }
    return judge(Evidence(**(values | changes)))[0]


def test_perfect_evidence_passes() -> None:
    assert verdict() is Verdict.PASS


def test_F80_an_invalid_run_proves_nothing_in_either_direction() -> None:
    assert verdict(prober=prober("too late")) is Verdict.INCONCLUSIVE
    assert verdict(prober=prober("too late"), distribution=BAD) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("nameless", "expected"), [(5, Verdict.PASS), (6, Verdict.INCONCLUSIVE)])
def test_F78_more_than_one_percent_nameless_is_inconclusive(
    nameless: int, expected: Verdict
) -> None:
    assert verdict(nameless=nameless) is expected


def test_nameless_answers_do_not_excuse_losses() -> None:
    lossy = loss(250, 500, objective=0.01, confidence=0.95)
    assert verdict(nameless=100, loss=lossy) is Verdict.FAIL


@pytest.mark.parametrize(
    ("lost", "of", "expected"),
    [
        (0, 500, Verdict.PASS), (5, 500, Verdict.PASS), (7, 500, Verdict.INCONCLUSIVE),
        (12, 500, Verdict.FAIL), (1, 1, Verdict.FAIL), (500, 500, Verdict.FAIL),
        (0, 0, Verdict.INCONCLUSIVE),
    ],
)  # fmt: skip
def test_losses_are_held_against_the_objective_with_their_bounds(
    lost: int, of: int, expected: Verdict
) -> None:
    assert loss(lost, of, objective=0.01, confidence=0.95).verdict is expected


def test_no_loss_still_has_a_bound() -> None:
    for of, bound in ((500, 0.006), (3000, 0.001), (10_000, 0.0003)):
        assert loss(0, of, objective=0.01, confidence=0.95).high == pytest.approx(bound, rel=0.01)


def test_the_control_side_can_fail_a_run_but_its_warnings_cannot() -> None:
    error = Finding(code="ADR-X", severity=Severity.ERROR, text="no address")
    warning = Finding(code="ADR-X", severity=Severity.WARNING, text="an event")
    assert verdict(control=(error,)) is Verdict.FAIL
    assert verdict(control=(warning,)) is Verdict.PASS


def test_the_most_serious_finding_comes_first() -> None:
    warning = Finding(code="ADR-X", severity=Severity.WARNING, text="an event")
    evidence = Evidence(
        distribution=BAD,
        loss=loss(0, 500, objective=0.01, confidence=0.95),
        prober=prober(),
        served=500,
        nameless=0,
        control=(warning,),
    )
    findings = judge(evidence)[1]
    assert [f.severity for f in findings] == [Severity.ERROR, Severity.WARNING]


def test_nothing_is_never_a_pass() -> None:
    assert worst(()) is Verdict.INCONCLUSIVE
    assert worst((Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL)) is Verdict.FAIL
