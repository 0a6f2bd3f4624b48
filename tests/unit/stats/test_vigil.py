"""The vigil: losses and latency against a baseline, with two thresholds."""

from __future__ import annotations

import pytest

from alb_dr.errors import BadInput
from alb_dr.model.sample import Outcome, SampleColumns
from alb_dr.model.shift import Thresholds
from alb_dr.stats.vigil import SUSTAINED_S, WINDOW, Alarm, Baseline, Vigil, baseline_of
from tests.fakes.samples import a_sample, columns_of

CALM = Baseline(loss_rate=0.0, p95_s=0.02, requests=1000)


def some(
    count: int, *, lost_every: int = 0, took_s: float = 0.02, from_s: float = 0.0
) -> SampleColumns:
    """Requests at 200/s, each n-th lost."""
    samples = []
    for n in range(count):
        due = from_s + n / 200
        bad = lost_every and n % lost_every == 0
        outcome = Outcome.SERVER_ERROR if bad else Outcome.OK
        samples.append(a_sample(at_s=due, finished_s=due + took_s, outcome=outcome))
    return columns_of(samples)


def vigil(baseline: Baseline = CALM) -> Vigil:
    """A vigil with the usual thresholds."""
    return Vigil(baseline, Thresholds())


def test_traffic_as_before_is_quiet() -> None:
    watch = vigil()
    watch.add(some(1000))
    assert watch.judge() == (Alarm.QUIET, "")


def test_few_losses_slow_down_and_many_end_it() -> None:
    watch = vigil()
    watch.add(some(400, lost_every=100))
    assert watch.judge()[0] is Alarm.SLOW
    watch.add(some(400, lost_every=10))
    alarm, words = watch.judge()
    assert alarm is Alarm.ABORT
    assert words == "40 of the last 400 requests were lost"


def test_one_lost_request_is_no_alarm() -> None:
    watch = vigil()
    watch.add(some(60, lost_every=60))
    assert watch.judge()[0] is Alarm.QUIET


def test_losses_that_were_there_before_are_no_news() -> None:
    watch = vigil(Baseline(loss_rate=0.02, p95_s=0.02, requests=1000))
    watch.add(some(400, lost_every=50))
    assert watch.judge()[0] is Alarm.QUIET


def test_ten_losses_in_a_row_need_no_statistics() -> None:
    watch = vigil()
    watch.add(some(10, lost_every=1))
    assert watch.judge()[0] is Alarm.ABORT


def test_latency_must_stay_high_to_end_it() -> None:
    watch = vigil()
    watch.add(some(WINDOW, took_s=0.5))
    assert watch.judge()[0] is Alarm.SLOW
    watch.add(some(WINDOW, took_s=0.5, from_s=SUSTAINED_S + 5))
    assert watch.judge()[0] is Alarm.ABORT
    watch.add(some(WINDOW, from_s=SUSTAINED_S + 10))
    assert watch.judge()[0] is Alarm.QUIET


def test_small_differences_of_latency_are_noise() -> None:
    watch = vigil(Baseline(loss_rate=0.0, p95_s=0.001, requests=1000))
    watch.add(some(WINDOW, took_s=0.04))
    assert watch.judge()[0] is Alarm.QUIET


def test_what_a_person_forgave_is_forgotten() -> None:
    watch = vigil()
    watch.add(some(400, lost_every=5))
    watch.restart()
    assert watch.judge()[0] is Alarm.QUIET


def test_failures_of_this_machine_are_not_counted() -> None:
    local = columns_of([a_sample(outcome=Outcome.LOCAL) for _ in range(100)])
    assert baseline_of(local) == Baseline(loss_rate=0.0, p95_s=0.0, requests=0)
    watch = vigil()
    watch.add(local)
    assert watch.judge()[0] is Alarm.QUIET


@pytest.mark.parametrize(
    "words",
    [
        {"slow_errors": 0.0},
        {"slow_errors": 0.5, "abort_errors": 0.1},
        {"slow_latency": 1.0},
        {"slow_latency": 4.0, "abort_latency": 2.0},
    ],
)
def test_thresholds_in_the_wrong_order_are_refused(words: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        Thresholds(**words)
