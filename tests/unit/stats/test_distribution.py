"""The verdict on counts, beside the arithmetic the design rests on."""

from __future__ import annotations

from typing import Any

import pytest

from alb_dr.errors import BadInput
from alb_dr.model.findings import Verdict
from alb_dr.model.verify import DistributionTest, Question
from alb_dr.stats.binomial import acceptance, bound_of_zero
from alb_dr.stats.dispersion import Dispersion
from alb_dr.stats.distribution import Looks, compare, look
from alb_dr.stats.power import (
    MOST_NEEDED,
    binomial_power,
    detectable,
    requests_for_half_width,
    requests_to_catch,
)

TWO, THREE = ("a", "b"), ("a", "b", "c")


def asked(weights: tuple[float, ...] = (0.2, 0.8), **changes: Any) -> Question:
    """A question about two members, or three."""
    return Question(names=TWO if len(weights) == 2 else THREE, weights=weights, **changes)


def judged(*counts: int, question: Question | None = None, **changes: Any) -> DistributionTest:
    """The test of the counts."""
    return compare(question or asked(), counts, **changes)


def test_the_table_of_the_design_is_reproduced() -> None:
    assert acceptance(500, 0.2, 0.05) == (83, 118)
    assert acceptance(500, 0.2, 0.01) == (77, 123)
    assert binomial_power(500, 0.2, 0.25, 0.05) == pytest.approx(0.75, abs=0.005)
    assert binomial_power(500, 0.2, 0.25, 0.01) == pytest.approx(0.56, abs=0.005)
    assert binomial_power(500, 0.2, 0.23, 0.05) == pytest.approx(0.35, abs=0.005)
    for n, above in ((500, 0.254), (1000, 0.237), (2000, 0.226), (5000, 0.217)):
        assert detectable(n, 0.2, 0.05, 2)[1] == pytest.approx(above, abs=0.002)
    assert detectable(500, 0.2, 0.05, 2)[0] == pytest.approx(0.152, abs=0.001)
    assert requests_for_half_width(0.2, 0.02, 0.05) == 1537
    assert requests_for_half_width(0.2, 0.01, 0.05) == 6147
    assert bound_of_zero(500, 0.05) == pytest.approx(0.006, abs=0.0001)
    assert bound_of_zero(3000, 0.05) == pytest.approx(0.001, abs=0.00001)


@pytest.mark.parametrize(
    ("hits", "verdict"), [(82, Verdict.FAIL), (83, Verdict.PASS), (118, Verdict.PASS),
                          (119, Verdict.FAIL), (0, Verdict.FAIL), (500, Verdict.FAIL)]
)  # fmt: skip
def test_without_a_tolerance_the_exact_test_decides(hits: int, verdict: Verdict) -> None:
    assert judged(hits, 500 - hits).verdict is verdict


def test_no_answers_are_no_pass() -> None:
    test = judged(0, 0)
    assert test.verdict is Verdict.INCONCLUSIVE
    assert "no answer" in test.reason
    assert test.more_requests == 25


def test_too_few_answers_for_the_smallest_weight_are_no_pass() -> None:
    assert judged(5, 19).verdict is Verdict.INCONCLUSIVE
    assert judged(5, 20).verdict is Verdict.PASS
    assert judged(9, 1).verdict is Verdict.FAIL, "clear is clear, however few"


def test_a_hit_on_weight_zero_is_a_failure() -> None:
    question = asked((0.0, 1.0))
    test = judged(1, 100_000, question=question)
    assert test.verdict is Verdict.FAIL
    assert "weight 0" in test.reason


def test_no_hit_on_weight_zero_has_a_bound() -> None:
    test = judged(0, 500, question=asked((0.0, 1.0)))
    assert test.verdict is Verdict.PASS
    assert test.shares[0].high == pytest.approx(0.006, abs=0.0001)
    assert test.shares[0].catches_above is None


def test_weight_zero_leaves_the_others_to_be_compared() -> None:
    question = asked((0.0, 0.2, 0.8))
    assert judged(0, 100, 400, question=question).verdict is Verdict.PASS
    assert judged(0, 130, 370, question=question).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ((400, 1600), Verdict.PASS),
        ((100, 400), Verdict.PASS),
        ((110, 390), Verdict.INCONCLUSIVE),
        ((2100, 7900), Verdict.PASS),
        ((700, 1300), Verdict.FAIL),
        ((20, 80), Verdict.INCONCLUSIVE),
        ((480, 1520), Verdict.FAIL),
    ],
    ids=["good", "good with the tutorial's count", "not sure", "off but within", "far off",
         "far too few", "near the edge and rejected"],
)  # fmt: skip
def test_with_a_tolerance_the_interval_decides(counts: tuple[int, int], verdict: Verdict) -> None:
    assert judged(*counts, question=asked(tolerance=0.05)).verdict is verdict


def test_the_number_of_requests_still_needed_would_do() -> None:
    test = judged(110, 390, question=asked(tolerance=0.05))
    assert test.more_requests is not None
    scale = (500 + test.more_requests) / 500
    again = judged(round(110 * scale), round(390 * scale), question=asked(tolerance=0.05))
    assert again.verdict is Verdict.PASS


def test_nobody_is_sent_for_more_requests_than_a_run_may_have() -> None:
    question = asked((0.000_000_1, 0.999_999_9))
    assert judged(0, 50, question=question).more_requests is None
    assert requests_to_catch(0.2, 0.2, 0.05) == MOST_NEEDED


def test_three_members_are_judged_together() -> None:
    question = asked((0.2, 0.3, 0.5))
    assert judged(105, 145, 250, question=question).verdict is Verdict.PASS
    test = judged(150, 100, 250, question=question)
    assert test.verdict is Verdict.FAIL
    assert test.method == "chi-square"
    assert all(s.catches_above is not None for s in test.shares)


def test_three_members_with_a_rare_one_fall_back_to_cautious_binomials() -> None:
    question = asked((0.001, 0.4, 0.599))
    test = judged(1, 800, 1199, question=question)
    assert test.method == "exact binomial, Bonferroni"
    assert test.verdict is Verdict.INCONCLUSIVE
    assert judged(40, 780, 1180, question=question).verdict is Verdict.FAIL


def test_intervals_of_more_members_are_wider_so_that_all_hold_at_once() -> None:
    two = judged(100, 400).shares[0]
    three = judged(100, 200, 200, question=asked((0.2, 0.4, 0.4))).shares[0]
    assert three.low < two.low < two.high < three.high


def test_answers_in_runs_count_for_less() -> None:
    runs = Dispersion(ratio=10.0, blocks=50, clumped=True, rotating=False)
    turns = Dispersion(ratio=0.1, blocks=50, clumped=False, rotating=True)
    assert judged(125, 375).verdict is Verdict.FAIL
    assert judged(125, 375, spread=turns).verdict is Verdict.FAIL
    test = judged(125, 375, spread=runs)
    assert test.verdict is Verdict.PASS
    assert test.effective_answers == 50
    assert test.shares[0].high > judged(125, 375).shares[0].high


def test_a_sequential_question_without_a_look_is_open() -> None:
    question = asked(tolerance=0.05, sequential=True)
    assert judged(400, 1600, question=question).verdict is Verdict.INCONCLUSIVE


def test_a_decision_is_not_taken_back_by_later_answers() -> None:
    question = asked(tolerance=0.05, sequential=True)
    good = look(question, (400, 1600), None, None)
    later = look(question, (500, 1600), None, good)
    assert compare(question, (400, 1600), looks=good).verdict is Verdict.PASS
    assert compare(question, (500, 1600), looks=later).verdict is Verdict.PASS
    assert later.evidence >= good.evidence


def test_looks_gather_evidence_against_wrong_weights() -> None:
    question = asked(tolerance=0.05, sequential=True)
    seen: Looks | None = None
    for n in range(1, 11):
        seen = look(question, (30 * n, 70 * n), None, seen)
    test = compare(question, (300, 700), looks=seen)
    assert test.verdict is Verdict.FAIL
    assert test.p_value < 0.001


@pytest.mark.parametrize("changes", [{"confidence": 1.0}, {"confidence": 0.2}, {"tolerance": 0.0},
                                     {"tolerance": 1.5}])  # fmt: skip
def test_questions_that_make_no_sense_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        asked(**changes)
