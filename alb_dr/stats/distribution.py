"""Distribution: do the observed shares agree with the weights? Test, intervals, verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from alb_dr.model.findings import Verdict
from alb_dr.model.verify import DistributionTest, MemberShare, Question
from alb_dr.stats import multinomial, sequential
from alb_dr.stats.binomial import bound_of_zero, clopper_pearson
from alb_dr.stats.dispersion import Dispersion
from alb_dr.stats.power import MOST_NEEDED, detectable, requests_for_half_width

LEAST_EXPECTED = 5
"""Answers each weighted member should get before agreement means anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What all looks at a sequential question have shown together.

    ``evidence`` is the largest log-evidence against the weights; ``limits`` are the intervals'
    intersections. Intervals that hold at every time at once hold together, so a decision that
    was reached is never taken back by what arrives afterwards.
    """

    evidence: float
    limits: Sequence[tuple[float, float]]


def look(
    question: Question, counts: Sequence[int], spread: Dispersion | None, before: Looks | None
) -> Looks:
    """Look at a sequential question once more."""
    effective = [count / _deflation(spread) for count in counts]
    total, alpha = sum(effective), _interval_alpha(question)
    pairs = [(c, w) for c, w in zip(effective, question.weights, strict=True) if w > 0]
    evidence = 0.0
    if len(pairs) > 1:
        evidence = sequential.log_evidence([c for c, _ in pairs], [w for _, w in pairs])
    limits = [
        sequential.interval(x, total, weight, alpha)
        for x, weight in zip(effective, question.weights, strict=True)
    ]
    if before is not None:
        evidence = max(evidence, before.evidence)
        both = zip(limits, before.limits, strict=True)
        limits = [(max(a[0], b[0]), min(a[1], b[1])) for a, b in both]
    return Looks(evidence=evidence, limits=tuple(limits))


def compare(
    question: Question,
    counts: Sequence[int],
    *,
    spread: Dispersion | None = None,
    looks: Looks | None = None,
    with_power: bool = True,
) -> DistributionTest:
    """The verdict on the counts (docs/explanation/how-weights-are-judged.md).

    A sequential question needs its looks; without any it is undecided. Answers that come in runs
    carry less information: counts are divided by the dispersion then. ``with_power`` can be left
    out where only the verdict is wanted, many times a second; a sequential question has none,
    since it goes on until it is answered.
    """
    deflation = _deflation(spread)
    effective = [count / deflation for count in counts]
    if question.sequential and looks is None:
        looks = Looks(evidence=0.0, limits=[(0.0, 1.0)] * len(counts))
    p_value, method = _p_value(question, effective, looks)
    intervals = looks.limits if looks is not None else _intervals(question, effective)
    shares = tuple(_shares(question, counts, intervals))
    if with_power and not question.sequential:
        shares = tuple(_with_power(question, share, round(sum(effective))) for share in shares)
    verdict, reason = _verdict(question, shares, sum(effective), p_value)
    undecided = verdict is Verdict.INCONCLUSIVE
    return DistributionTest(
        verdict=verdict,
        method=method,
        p_value=p_value,
        confidence=question.confidence,
        tolerance=question.tolerance,
        answers=sum(counts),
        effective_answers=sum(effective),
        shares=shares,
        dispersion=spread.ratio if spread is not None else None,
        clumped=spread is not None and spread.clumped,
        reason=reason,
        more_requests=_more(question, shares, sum(counts), deflation) if undecided else None,
    )


def _deflation(spread: Dispersion | None) -> float:
    return max(1.0, spread.ratio) if spread is not None and spread.clumped else 1.0


def _p_value(question: Question, counts: Sequence[float], looks: Looks | None) -> tuple[float, str]:
    """The p-value over members with a weight; a weight of 0 is a hypothesis of its own."""
    if looks is not None:
        return sequential.p_value(looks.evidence), "always-valid mixture"
    pairs = [(c, w) for c, w in zip(counts, question.weights, strict=True) if w > 0]
    return multinomial.p_value([round(c) for c, _ in pairs], [w for _, w in pairs])


def _weighted(question: Question) -> int:
    return sum(1 for weight in question.weights if weight > 0)


def _interval_alpha(question: Question) -> float:
    """Two shares are one number, so their intervals hold at once without a correction."""
    members = _weighted(question)
    return question.alpha / (members if members > 2 else 1)


def _intervals(question: Question, counts: Sequence[float]) -> list[tuple[float, float]]:
    total, alpha = sum(counts), _interval_alpha(question)
    return [
        (0.0, bound_of_zero(total, question.alpha))
        if x == 0 and weight == 0
        else clopper_pearson(x, total, alpha)
        for x, weight in zip(counts, question.weights, strict=True)
    ]


def _shares(
    question: Question, counts: Sequence[int], intervals: Sequence[tuple[float, float]]
) -> Iterator[MemberShare]:
    total = sum(counts)
    rows = zip(question.names, question.weights, counts, intervals, strict=True)
    for name, weight, count, (low, high) in rows:
        share = count / total if total else 0.0
        yield MemberShare(name=name, weight=weight, count=count, share=share, low=low, high=high)


def _with_power(question: Question, share: MemberShare, n: int) -> MemberShare:
    members = _weighted(question)
    if members < 2:
        return share
    below, above = detectable(n, share.weight, question.alpha, members)
    return replace(share, catches_below=below, catches_above=above)


def _verdict(
    question: Question, shares: Sequence[MemberShare], n: float, p_value: float
) -> tuple[Verdict, str]:
    if n == 0:
        return Verdict.INCONCLUSIVE, "no answer names a member"
    for share in shares:
        if share.weight == 0 and share.count:
            return Verdict.FAIL, f"{share.name} has weight 0 and answered {share.count} times"
    rejected = p_value <= question.alpha
    words = f"p = {p_value:.2g}"
    if question.tolerance is not None:
        return _tolerated(question.tolerance, shares, rejected=rejected, words=words)
    if rejected:
        return Verdict.FAIL, f"the shares contradict the weights ({words})"
    if _too_few(shares, n):
        return Verdict.INCONCLUSIVE, (
            f"fewer than {LEAST_EXPECTED} answers could be expected from every member"
        )
    return Verdict.PASS, f"the shares agree with the weights ({words})"


def _tolerated(
    tolerance: float, shares: Sequence[MemberShare], *, rejected: bool, words: str
) -> tuple[Verdict, str]:
    band = f"{100 * tolerance:g} points"
    weighted = [share for share in shares if share.weight > 0]
    if all(_inside(share, tolerance) for share in weighted):
        return Verdict.PASS, f"every share is within {band} of its weight"
    for share in weighted:
        if share.high < share.weight - tolerance or share.low > share.weight + tolerance:
            return Verdict.FAIL, f"the share of {share.name} is more than {band} off its weight"
    if rejected:
        return Verdict.FAIL, f"the shares contradict the weights ({words})"
    return Verdict.INCONCLUSIVE, f"the intervals do not fit into {band} yet"


def _inside(share: MemberShare, tolerance: float) -> bool:
    slack = 1e-12
    return (
        share.low >= share.weight - tolerance - slack
        and share.high <= share.weight + tolerance + slack
    )


def _too_few(shares: Sequence[MemberShare], n: float) -> bool:
    return any(n * share.weight < LEAST_EXPECTED for share in shares if share.weight > 0)


def _more(
    question: Question, shares: Sequence[MemberShare], n: int, deflation: float
) -> int | None:
    """About how many more requests would decide, if the shares stay as they are.

    None when no run could: the share sits on the edge of the band.
    """
    smallest = min(weight for weight in question.weights if weight > 0)
    needed = LEAST_EXPECTED / smallest * deflation
    if question.tolerance is not None:
        for share in shares:
            off = abs(share.share - share.weight) if n else 0.0
            margin = abs(question.tolerance - off)
            width = requests_for_half_width(
                share.share if n else share.weight, margin, question.alpha
            )
            needed = max(needed, width * deflation * (_PATIENCE if question.sequential else 1.1))
    if needed >= MOST_NEEDED:
        return None
    return _rounded_up(max(needed - n, n * 0.1, 1))


_PATIENCE = 2.2
"""Intervals that hold at any time are about half as wide again (measured at 500 to 20,000)."""


def _rounded_up(number: float) -> int:
    """The next number with two digits that count: nobody sends 1,537 more."""
    unit = 10 ** max(0, int(math.log10(number)) - 1)
    return int(math.ceil(number / unit) * unit)
