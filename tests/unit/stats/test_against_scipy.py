"""Our tails, tests and intervals beside scipy's, which is too heavy to ship for them."""

from __future__ import annotations

import pytest
from scipy import special, stats

from alb_dr.stats import binomial, gamma, multinomial, power

CASES = [
    (0, 10, 0.2), (10, 10, 0.2), (3, 10, 0.5), (100, 500, 0.2), (83, 500, 0.2), (82, 500, 0.2),
    (118, 500, 0.2), (119, 500, 0.2), (1, 3000, 0.001), (505, 1000, 0.5), (20_300, 100_000, 0.2),
    (0, 1, 0.3), (1, 1, 0.3), (7, 7, 0.99),
]  # fmt: skip


@pytest.mark.parametrize(("x", "n", "p"), CASES)
def test_the_exact_two_sided_test_is_scipys(x: int, n: int, p: float) -> None:
    expected = stats.binomtest(x, n, p).pvalue
    assert binomial.two_sided(x, n, p) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("x", "n", "p"), CASES)
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
def test_clopper_pearson_is_scipys(x: int, n: int, p: float, confidence: float) -> None:
    interval = stats.binomtest(x, n, p).proportion_ci(confidence, method="exact")
    ours = binomial.clopper_pearson(x, n, 1 - confidence)
    assert ours == pytest.approx((interval.low, interval.high), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(("x", "n", "p"), CASES)
def test_binomial_tails_are_scipys(x: int, n: int, p: float) -> None:
    assert binomial.at_most(x, n, p) == pytest.approx(stats.binom.cdf(x, n, p), abs=1e-9)
    assert binomial.at_least(x, n, p) == pytest.approx(stats.binom.sf(x - 1, n, p), abs=1e-9)
    expected = stats.binom.logpmf(x, n, p)
    assert binomial.log_pmf(x, n, p) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("x", [0.0, 1e-9, 0.01, 0.3, 0.5, 0.77, 0.999, 1.0])
@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (1, 20), (300, 2), (3e3, 7e3), (2e6, 8e6)])
def test_the_incomplete_beta_function_is_scipys(x: float, a: float, b: float) -> None:
    assert gamma.beta_cdf(x, a, b) == pytest.approx(special.betainc(a, b, x), rel=1e-7, abs=1e-13)


@pytest.mark.parametrize("x", [0.0, 0.1, 1.0, 3.84, 10.0, 60.0, 700.0])
@pytest.mark.parametrize("degrees", [1, 2, 3, 10, 100, 600])
def test_chi_square_tails_are_scipys(x: float, degrees: int) -> None:
    expected = stats.chi2.sf(x, degrees)
    assert gamma.chi_square_tail(x, degrees) == pytest.approx(expected, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("tail", [0.5, 0.05, 1e-3, 1e-9])
def test_chi_square_quantiles_are_scipys(tail: float) -> None:
    for degrees in (1, 2, 30):
        expected = stats.chi2.isf(tail, degrees)
        assert gamma.chi_square_quantile(tail, degrees) == pytest.approx(expected, rel=1e-7)


def test_pearsons_test_is_scipys() -> None:
    counts, shares = [52, 130, 318], [0.1, 0.3, 0.6]
    expected = stats.chisquare(counts, [500 * s for s in shares]).pvalue
    assert multinomial.chi_square(counts, shares) == pytest.approx(expected, rel=1e-9)
    assert multinomial.p_value(counts, shares) == (pytest.approx(expected), "chi-square")


def test_the_exact_multinomial_adds_up_scipys_probabilities() -> None:
    counts, shares, n = (1, 5, 6), (0.1, 0.3, 0.6), 12
    chances = [
        stats.multinomial.pmf((a, b, n - a - b), n, shares)
        for a in range(n + 1)
        for b in range(n + 1 - a)
    ]
    seen = stats.multinomial.pmf(counts, n, shares)
    expected = sum(p for p in chances if p <= seen * (1 + 1e-7))
    assert multinomial.exact(counts, shares) == pytest.approx(expected, rel=1e-9)
    assert multinomial.p_value(counts, shares)[1] == "exact multinomial"


@pytest.mark.parametrize("truth", [0.2, 0.3, 0.38, 0.1])
def test_the_power_of_chi_square_is_that_of_all_tables(truth: float) -> None:
    n, weights = 80, (0.2, 0.3, 0.5)
    shares = (truth, *(w * (1 - truth) / 0.8 for w in weights[1:]))
    critical = stats.chi2.isf(0.05, 2)
    tables = [(a, b, n - a - b) for a in range(n + 1) for b in range(n + 1 - a)]
    expected = sum(
        stats.multinomial.pmf(t, n, shares)
        for t in tables
        if sum((x - n * w) ** 2 / (n * w) for x, w in zip(t, weights, strict=True)) >= critical
    )
    ours = power.chi_square_power(n, 0.2, truth, 0.05, 3)
    assert ours == pytest.approx(expected, abs=0.006)


def test_the_power_of_the_exact_test_is_the_chance_of_rejection() -> None:
    n, weight, truth = 60, 0.2, 0.35
    rejected = [x for x in range(n + 1) if stats.binomtest(x, n, weight).pvalue <= 0.05]
    expected = sum(stats.binom.pmf(x, n, truth) for x in rejected)
    assert power.binomial_power(n, weight, truth, 0.05) == pytest.approx(expected, rel=1e-9)
