"""The workflow of `verify` on fakes: what it keeps, when it stops, what it concludes."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from alb_dr.errors import BadInput, Interruption, Unreachable
from alb_dr.model.findings import Finding, Severity, Verdict
from alb_dr.model.load import ClosedLoad, OpenLoad
from alb_dr.model.sample import SampleColumns
from alb_dr.model.verify import Question, VerifyReport, VerifyRun
from alb_dr.ports import Prober
from alb_dr.stats.verification import reduced, report_of
from alb_dr.workflows.delivery.verify import Verification, load_words, verify
from tests.fakes.prober import FakeProber, MemoryLog, healthy
from tests.fakes.probing import NAMES, a_target
from tests.fakes.samples import a_sample, answers, batches, columns_of
from tests.fakes.voice import StillClock, TellTale

SPLIT = Question(names=NAMES, weights=(0.2, 0.8))


class Desk:
    """A verification and everything it needs."""

    def __init__(self, prober: Prober, **changes: Any) -> None:
        self.prober, self.log, self.voice = prober, MemoryLog(), TellTale()
        self.kept: list[VerifyRun] = []
        values: dict[str, Any] = {
            "target": a_target(80),
            "load": ClosedLoad(requests=500),
            "question": SPLIT,
            "weights_from": "the live Ingress",
        }
        self.verification = Verification(**(values | changes))

    def verify(self) -> VerifyReport:
        """Run it."""
        return verify(
            self.verification,
            prober=self.prober,
            log=self.log,
            keep=self.kept.append,
            clock=StillClock(),
            narrator=self.voice,
        ).report


def test_a_split_as_configured_passes_and_says_what_it_would_have_caught() -> None:
    report = Desk(FakeProber(answers(100, 400))).verify()
    assert report.verdict is Verdict.PASS
    first = report.distribution.shares[0]
    assert (first.count, first.share) == (100, 0.2)
    assert first.low == pytest.approx(0.166, abs=0.001)
    assert first.high == pytest.approx(0.238, abs=0.001)
    assert first.catches_below == pytest.approx(0.152, abs=0.001)
    assert first.catches_above == pytest.approx(0.2535, abs=0.001)
    assert not report.run.cut_short


def test_a_wrong_split_fails() -> None:
    report = Desk(FakeProber(answers(125, 375))).verify()
    assert report.verdict is Verdict.FAIL
    assert report.findings[0].code == "ADR-VERIFY-SPLIT"


def test_no_data_is_never_a_pass() -> None:
    assert Desk(FakeProber()).verify().verdict is Verdict.INCONCLUSIVE


def test_everything_that_was_measured_is_kept() -> None:
    desk = Desk(FakeProber(*batches(answers(20, 80), 7)))
    report = desk.verify()
    assert sum(len(b) for b in desk.log.batches) == report.traffic.requests == 100
    assert desk.voice.lives[-1]["requests"] == 100


def test_the_run_is_described_before_it_ends_and_again_when_it_has() -> None:
    desk = Desk(FakeProber(answers(20, 80)))
    desk.verify()
    first, last = desk.kept
    assert first.cut_short
    assert first.prober is None
    assert not last.cut_short
    assert last.prober is not None


def test_an_interrupted_run_is_judged_by_what_came() -> None:
    interrupted = Interruption(signal.SIGINT)
    prober = FakeProber(answers(40, 160), interrupted, answers(10, 40), answers(500, 0))
    desk = Desk(prober)
    report = desk.verify()
    assert report.run.cut_short
    assert report.traffic.requests == 250, "what was under way still counts"
    assert report.verdict is Verdict.PASS
    assert prober.streams[0].stopped == 1


def test_a_failure_while_reading_still_stops_the_traffic() -> None:
    prober = FakeProber(answers(1, 1), Unreachable("the disk is full"))
    with pytest.raises(Unreachable):
        Desk(prober).verify()
    assert prober.streams[0].stopped == 1


def test_a_prober_that_could_not_keep_up_proves_nothing() -> None:
    health = healthy(500, invalid="half of the requests were sent more than 40 ms late")
    report = Desk(FakeProber(answers(100, 400), health=health)).verify()
    assert report.verdict is Verdict.INCONCLUSIVE
    assert "40 ms late" in report.findings[0].text


def test_until_decided_stops_early_when_the_answer_is_clear() -> None:
    question = Question(names=NAMES, weights=(0.2, 0.8), tolerance=0.05, sequential=True)
    stream = list(batches(answers(2000, 2000), 50))
    prober = FakeProber(*stream)
    desk = Desk(prober, question=question, until_decided=True)
    report = desk.verify()
    assert report.verdict is Verdict.FAIL
    assert report.traffic.requests < 400


def test_until_decided_passes_when_the_intervals_fit_into_the_tolerance() -> None:
    question = Question(names=NAMES, weights=(0.2, 0.8), tolerance=0.05, sequential=True)
    desk = Desk(
        FakeProber(*batches(answers(1000, 4000), 50)), question=question, until_decided=True
    )
    report = desk.verify()
    assert report.verdict is Verdict.PASS
    assert report.traffic.requests < 2000


def test_until_decided_needs_a_tolerance() -> None:
    with pytest.raises(BadInput):
        Desk(FakeProber(), until_decided=True)


def test_a_saved_run_is_judged_again_from_its_samples_alone() -> None:
    question = Question(names=NAMES, weights=(0.2, 0.8), tolerance=0.05, sequential=True)
    desk = Desk(FakeProber(*batches(answers(80, 300), 30)), question=question)
    report = desk.verify()
    again = report_of(desk.kept[-1], reduced(question, desk.log.read()))
    assert again == report


def test_a_disagreeing_control_side_fails_a_good_split() -> None:
    trouble = Finding(code="ADR-CONTROL-ADDRESS", severity=Severity.ERROR, text="no address")
    report = Desk(FakeProber(answers(100, 400)), control=(trouble,)).verify()
    assert report.verdict is Verdict.FAIL
    assert report.findings[0] == trouble


def test_a_lost_batch_of_requests_fails_a_good_split() -> None:
    bad = columns_of([a_sample(0, outcome=4) for _ in range(20)])
    report = Desk(FakeProber(answers(100, 400), bad)).verify()
    assert report.loss.lost == 20
    assert report.verdict is Verdict.FAIL


def test_loads_have_words() -> None:
    assert load_words(ClosedLoad(requests=5, concurrency=2)) == "5 requests, 2 at a time"
    assert load_words(OpenLoad(rate=2.5)) == "2.5 requests/s until stopped"
    assert load_words(OpenLoad(rate=10, duration_s=3)) == "10 requests/s for 3 s"


def test_empty_batches_change_nothing() -> None:
    report = Desk(FakeProber(SampleColumns(), answers(100, 400), SampleColumns())).verify()
    assert report.traffic.requests == 500
