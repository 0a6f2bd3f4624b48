"""The verification: samples of a run reduced as they come, and judged at any time."""

from __future__ import annotations

from collections.abc import Iterable

from alb_dr.model.findings import Verdict
from alb_dr.model.sample import Outcome, SampleColumns
from alb_dr.model.verify import DistributionTest, ProberFacts, Question, VerifyReport, VerifyRun
from alb_dr.stats.distribution import Looks, compare, look
from alb_dr.stats.judgement import Evidence, judge, loss
from alb_dr.stats.tally import Tally

LEAST_ANSWERS = 200
"""Answers before the first look: with fewer, runs of answers could not be noticed yet."""


class Reduction:
    """A tally, and what the looks at a sequential question have shown so far."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.tally = Tally(len(question.names))
        self._looks: Looks | None = None

    def add(self, columns: SampleColumns) -> None:
        """Account for a batch; for a sequential question that is a look, too."""
        self.tally.add(columns)
        served = self.tally.served
        if self.question.sequential and sum(served) >= LEAST_ANSWERS:
            self._looks = look(self.question, served, self.tally.dispersion, self._looks)

    def test(self, *, with_power: bool = True) -> DistributionTest:
        """The split as it is now."""
        return compare(
            self.question,
            self.tally.served,
            spread=self.tally.dispersion,
            looks=self._looks,
            with_power=with_power,
        )

    @property
    def decided(self) -> bool:
        """Whether a sequential question has its answer and sending more is a waste."""
        return self.test(with_power=False).verdict is not Verdict.INCONCLUSIVE


def reduced(question: Question, batches: Iterable[SampleColumns]) -> Reduction:
    """The reduction of saved samples; the same batches give the same evidence."""
    reduction = Reduction(question)
    for columns in batches:
        reduction.add(columns)
    return reduction


def report_of(run: VerifyRun, reduction: Reduction) -> VerifyReport:
    """The report: everything recomputed, nothing remembered."""
    tally = reduction.tally
    test = reduction.test()
    lost, valid = tally.lost
    losses = loss(lost, valid, objective=run.max_loss_rate, confidence=run.question.confidence)
    traffic = tally.traffic(run.addresses)
    prober = run.prober or _unfinished(traffic.outcomes.get(Outcome.LOCAL, 0))
    verdict, findings = judge(
        Evidence(
            distribution=test,
            loss=losses,
            prober=prober,
            served=sum(tally.served) + tally.nameless,
            nameless=tally.nameless,
            control=run.control or (),
        )
    )
    return VerifyReport(
        verdict=verdict,
        run=run,
        traffic=traffic,
        distribution=test,
        loss=losses,
        prober=prober,
        findings=findings,
    )


def _unfinished(local_failures: int) -> ProberFacts:
    """A killed run's prober could not say how it went; its samples stand for themselves."""
    return ProberFacts(
        connections=0,
        late_p50_s=0.0,
        late_p99_s=0.0,
        local_failures=local_failures,
        invalid="it was killed before it could say whether it kept up",
    )
