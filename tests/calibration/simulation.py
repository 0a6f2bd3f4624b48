"""Simulated gateways: seeded runs judged by the real verdict, to see whether it keeps its word."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from alb_dr.model.findings import Verdict
from alb_dr.model.verify import Question
from alb_dr.stats.binomial import acceptance, at_least, at_most, clopper_pearson
from alb_dr.stats.distribution import Looks, compare, look
from alb_dr.stats.power import binomial_power, chi_square_power

LOOK_EVERY, LOOKS = 200, 15
"""Early stopping is tried with a look after every 200 answers, fifteen times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How often something happened in how many runs, and how often it should.

    ``at_most`` means that the expectation is a bound and not a value.
    """

    name: str
    happened: int
    runs: int
    expected: float
    at_most: bool = False

    @property
    def rate(self) -> float:
        """The observed rate."""
        return self.happened / self.runs

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true rate is with 99.9 % confidence."""
        return clopper_pearson(self.happened, self.runs, 0.001)

    @property
    def holds(self) -> bool:
        """Whether the observation agrees with the expectation."""
        low, high = self.interval
        return low <= self.expected and (self.at_most or self.expected <= high)

    def __str__(self) -> str:
        low, high = self.interval
        sign = "<=" if self.at_most else "  "
        word = "ok" if self.holds else "BROKEN"
        return (
            f"{self.name:<58} {100 * self.rate:6.2f} %  expected {sign} "
            f"{100 * self.expected:6.2f} %  [{100 * low:5.2f}, {100 * high:5.2f}]  {word}"
        )


def figures(runs: int, seed: int = 20) -> list[Figure]:
    """Every promise of the verdict, each simulated ``runs`` times."""
    dice = random.Random(seed)
    return [
        *fixed_two(dice, runs),
        *fixed_three(dice, runs),
        *tolerated(dice, runs),
        *sequential(dice, runs),
    ]


def fixed_two(dice: random.Random, runs: int) -> list[Figure]:
    """20/80 with 500 answers: the size of the exact test, coverage, and its power."""
    question = Question(names=("a", "b"), weights=(0.2, 0.8))
    low, high = acceptance(500, 0.2, 0.05)
    size = at_most(low - 1, 500, 0.2) + at_least(high + 1, 500, 0.2)
    alarms = covered = 0
    for counts in draws(dice, (0.2, 0.8), 500, runs):
        test = compare(question, counts, with_power=False)
        alarms += test.verdict is Verdict.FAIL
        covered += test.shares[0].low <= 0.2 <= test.shares[0].high
    found = [
        Figure(name="false alarms, 20/80, 500 answers (exact size)", happened=alarms, runs=runs,
               expected=size),
        Figure(name="false alarms, 20/80, 500 answers (alpha)", happened=alarms, runs=runs,
               expected=0.05, at_most=True),
        Figure(name="95 % intervals that miss the true share", happened=runs - covered, runs=runs,
               expected=0.05, at_most=True),
    ]  # fmt: skip
    for truth in (0.25, 0.23, 0.152):
        shares = (truth, 1 - truth)
        caught = sum(
            compare(question, counts, with_power=False).verdict is Verdict.FAIL
            for counts in draws(dice, shares, 500, runs)
        )
        name = f"caught, really {100 * truth:g}/{100 - 100 * truth:g}, 500 answers (power)"
        power = binomial_power(500, 0.2, truth, 0.05)
        found.append(Figure(name=name, happened=caught, runs=runs, expected=power))
    return found


def fixed_three(dice: random.Random, runs: int) -> list[Figure]:
    """20/30/50 with 1,000 answers: chi-square is an approximation, and must be a good one."""
    weights = (0.2, 0.3, 0.5)
    question = Question(names=("a", "b", "c"), weights=weights)
    alarms = missed = 0
    for counts in draws(dice, weights, 1000, runs):
        test = compare(question, counts, with_power=False)
        alarms += test.verdict is Verdict.FAIL
        missed += any(not s.low <= s.weight <= s.high for s in test.shares)
    truth = 0.25
    others = tuple(w * (1 - truth) / 0.8 for w in weights[1:])
    caught = sum(
        compare(question, counts, with_power=False).verdict is Verdict.FAIL
        for counts in draws(dice, (truth, *others), 1000, runs)
    )
    power = chi_square_power(1000, 0.2, truth, 0.05, 3)
    return [
        Figure(name="false alarms, 20/30/50, 1,000 answers (chi-square)", happened=alarms,
               runs=runs, expected=0.05),
        Figure(name="any of three intervals misses its share", happened=missed, runs=runs,
               expected=0.05, at_most=True),
        Figure(name="caught, first of three really 25 %, 1,000 answers", happened=caught,
               runs=runs, expected=power),
    ]  # fmt: skip


def tolerated(dice: random.Random, runs: int) -> list[Figure]:
    """A perfect gateway inside 5 points: the chances of a PASS that the design states."""
    question = Question(names=("a", "b"), weights=(0.2, 0.8), tolerance=0.05)
    found = []
    for n in (500, 1000, 2000):
        tests = [
            compare(question, counts, with_power=False).verdict
            for counts in draws(dice, (0.2, 0.8), n, runs)
        ]
        name = f"PASS of a perfect gateway within 5 points, {n} answers"
        passed = tests.count(Verdict.PASS)
        found.append(Figure(name=name, happened=passed, runs=runs, expected=pass_chance(n)))
    return found


def pass_chance(n: int) -> float:
    """The exact chance that the interval of a perfect 20/80 gateway fits into 5 points."""
    fits = [
        x
        for x in range(n // 10, n * 3 // 10)
        if (i := clopper_pearson(x, n, 0.05))[0] >= 0.15 and i[1] <= 0.25
    ]
    return at_most(fits[-1], n, 0.2) - at_most(fits[0] - 1, n, 0.2)


def sequential(dice: random.Random, runs: int) -> list[Figure]:
    """Early stopping: an alarm at any of many looks must stay as rare as alpha."""
    question = Question(names=("a", "b"), weights=(0.2, 0.8), tolerance=0.05, sequential=True)
    right = [stopped(dice, question, 0.2) for _ in range(runs)]
    wrong = [stopped(dice, question, 0.27) for _ in range(runs)]
    return [
        Figure(name="false alarms with early stopping, 20/80", happened=right.count(Verdict.FAIL),
               runs=runs, expected=0.05, at_most=True),
        Figure(name="passed with early stopping, really 27/73 (5 points)",
               happened=wrong.count(Verdict.PASS), runs=runs, expected=0.05, at_most=True),
    ]  # fmt: skip


def stopped(dice: random.Random, question: Question, truth: float) -> Verdict:
    """The verdict at the first look that decides, or of the last."""
    hits = n = 0
    seen: Looks | None = None
    for _ in range(LOOKS):
        n += LOOK_EVERY
        hits += sum(dice.random() < truth for _ in range(LOOK_EVERY))
        seen = look(question, (hits, n - hits), None, seen)
        verdict = compare(question, (hits, n - hits), looks=seen, with_power=False).verdict
        if verdict is not Verdict.INCONCLUSIVE:
            return verdict
    return Verdict.INCONCLUSIVE


def draws(dice: random.Random, shares: Sequence[float], n: int, runs: int) -> list[tuple[int, ...]]:
    """Counts of independent answers, one tuple for each run."""
    members = range(len(shares))
    found = []
    for _ in range(runs):
        counts = Counter(dice.choices(members, shares, k=n))
        found.append(tuple(counts[m] for m in members))
    return found
