"""The judgement: one verdict from the split, the losses, the prober and the control side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alb_dr.model.findings import Finding, Severity, Verdict, worst
from alb_dr.model.verify import DistributionTest, Loss, ProberFacts
from alb_dr.stats.gamma import beta_quantile

MOST_NAMELESS = 0.01
"""Share of served answers that may name no member, or several, before nothing can be concluded."""


def too_many_nameless(nameless: int, of: int) -> bool:
    """Whether so many answers name no one member that who served is unknown."""
    return nameless > MOST_NAMELESS * of


def loss(lost: int, of: int, *, objective: float, confidence: float) -> Loss:
    """Whether more requests were lost than the objective allows, with one-sided exact bounds.

    FAIL when even the lower bound is above the objective, PASS when the observed rate is at or
    below it, INCONCLUSIVE between the two and without requests.
    """
    alpha = 1 - confidence
    low = 0.0 if lost == 0 else beta_quantile(alpha, lost, of - lost + 1)
    high = 1.0 if lost == of else beta_quantile(confidence, lost + 1, of - lost)
    rate = lost / of if of else 0.0
    if of == 0:
        verdict = Verdict.INCONCLUSIVE
    elif low > objective or lost == of:
        verdict = Verdict.FAIL
    else:
        verdict = Verdict.PASS if rate <= objective else Verdict.INCONCLUSIVE
    return Loss(
        verdict=verdict, lost=lost, of=of, rate=rate, low=low, high=high, objective=objective
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything a verdict rests on. ``served`` and ``nameless`` count complete good answers."""

    distribution: DistributionTest
    loss: Loss
    prober: ProberFacts
    served: int
    nameless: int
    control: Sequence[Finding] = ()


def judge(evidence: Evidence) -> tuple[Verdict, tuple[Finding, ...]]:
    """The verdict and its findings, most serious first.

    A prober that could not keep up proves nothing, whatever its numbers say. Too many answers
    without a name make the split inconclusive in either direction; losses stand by themselves.
    """
    findings = (*_prober(evidence.prober), *_split(evidence), *_loss(evidence.loss))
    everything = (*findings, *evidence.control)
    ordered = tuple(sorted(everything, key=lambda f: _ORDER[f.severity]))
    if evidence.prober.invalid:
        return Verdict.INCONCLUSIVE, ordered
    split = Verdict.INCONCLUSIVE if _too_nameless(evidence) else evidence.distribution.verdict
    verdicts = [split, evidence.loss.verdict]
    if any(finding.severity is Severity.ERROR for finding in evidence.control):
        verdicts.append(Verdict.FAIL)
    return worst(tuple(verdicts)), ordered


_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def _too_nameless(evidence: Evidence) -> bool:
    return too_many_nameless(evidence.nameless, evidence.served)


def _prober(prober: ProberFacts) -> Iterator[Finding]:
    if prober.invalid:
        yield Finding(
            code="ADR-VERIFY-PROBER",
            severity=Severity.ERROR,
            text=f"the run proves nothing: {prober.invalid}",
            hint="send slower, or from a machine with more room (ulimit -n, CPU)",
        )


def _split(evidence: Evidence) -> Iterator[Finding]:
    test = evidence.distribution
    if _too_nameless(evidence):
        yield Finding(
            code="ADR-VERIFY-NAMELESS",
            severity=Severity.ERROR,
            text=f"{evidence.nameless} of {evidence.served} answers name no member, or several",
            hint="say where the name stands: application.identity in the project file",
        )
    severity = Severity.INFO if test.verdict is Verdict.PASS else Severity.ERROR
    yield Finding(
        code="ADR-VERIFY-SPLIT",
        severity=severity,
        text=test.reason,
        hint=f"send about {test.more_requests} more requests" if test.more_requests else None,
    )
    if test.clumped and test.dispersion is not None:
        yield Finding(
            code="ADR-VERIFY-CLUMPED",
            severity=Severity.WARNING,
            text=f"answers come in runs (dispersion {test.dispersion:.1f}): "
            f"{test.answers} count as {test.effective_answers:.0f}",
            hint="stickiness, reused connections, or the weights changed meanwhile",
        )


def _loss(loss: Loss) -> Iterator[Finding]:
    if loss.of == 0:
        yield Finding(
            code="ADR-VERIFY-NO-DATA", severity=Severity.ERROR, text="no request was measured"
        )
    elif loss.lost:
        bad = loss.verdict is not Verdict.PASS
        yield Finding(
            code="ADR-VERIFY-LOSS",
            severity=Severity.ERROR if bad else Severity.WARNING,
            text=f"{loss.lost} of {loss.of} requests were not served ({loss.rate:.2%}); "
            f"the objective allows {loss.objective:.2%}",
        )
