"""The tally: everything is counted once, in memory that does not grow."""

from __future__ import annotations

import itertools
import random

import pytest

from alb_dr.model.sample import AMBIGUOUS, UNATTRIBUTED, Outcome, SampleColumns
from alb_dr.stats.latency import quantile
from alb_dr.stats.tally import Tally
from alb_dr.stats.timeline import MOST_BINS, Timeline
from tests.fakes.samples import a_sample, answers, batches, columns_of


def tallied(*parts: SampleColumns) -> Tally:
    """The tally of two members."""
    tally = Tally(2)
    for part in parts:
        tally.add(part)
    return tally


def mixed() -> SampleColumns:
    """One of everything."""
    samples = [a_sample(0), a_sample(1), a_sample(UNATTRIBUTED), a_sample(AMBIGUOUS)]
    samples += [a_sample(1, outcome=outcome, at_s=1.0) for outcome in Outcome if outcome]
    return columns_of(samples)


def test_every_request_is_in_exactly_one_class() -> None:
    traffic = tallied(mixed()).traffic()
    assert sum(traffic.outcomes.values()) == traffic.requests == 13
    assert traffic.outcomes[Outcome.OK] == 4
    assert sum(traffic.served) + traffic.unattributed + traffic.ambiguous == 4
    assert (traffic.unattributed, traffic.ambiguous) == (1, 1)
    assert traffic.errors[1] == 3, "errors that name a member: redirect, client, server"


def test_failures_of_this_machine_say_nothing_about_the_gateway() -> None:
    assert tallied(mixed()).lost == (8, 12)


def test_batches_do_not_change_the_sum() -> None:
    columns = answers(300, 700)
    whole, parts = tallied(columns), tallied(*batches(columns, 33))
    assert whole.traffic() == parts.traffic()
    assert whole.dispersion == parts.dispersion


def test_latency_is_that_of_answers_and_timeouts() -> None:
    slow = a_sample(0, finished_s=1.0)
    refused = a_sample(0, outcome=Outcome.REFUSED, finished_s=9.0)
    timeout = a_sample(0, outcome=Outcome.TIMEOUT, finished_s=5.0)
    tally = tallied(columns_of([slow, refused, timeout]))
    assert tally.latency is not None
    assert tally.latency.count == 2
    assert tally.latency.highest == pytest.approx(5.0, rel=0.005)
    assert tally.traffic().member_latency[1] is None


def test_independent_answers_have_a_dispersion_of_one() -> None:
    spread = tallied(answers(4000, 16_000)).dispersion
    assert spread is not None
    assert spread.ratio == pytest.approx(1.0, abs=0.15)
    assert not spread.clumped
    assert not spread.rotating


def test_a_rotation_is_recognized() -> None:
    turns = itertools.cycle([0, 1, 1, 1, 1])
    spread = tallied(columns_of([a_sample(next(turns)) for _ in range(1000)])).dispersion
    assert spread is not None
    assert spread.ratio < 0.01
    assert spread.rotating


def test_F79_stickiness_is_recognized() -> None:
    dice = random.Random(3)
    runs = [member for _ in range(100) for member in [int(dice.random() > 0.2)] * 20]
    spread = tallied(columns_of([a_sample(m) for m in runs])).dispersion
    assert spread is not None
    assert spread.ratio > 10
    assert spread.clumped


def test_too_few_answers_say_nothing_about_dispersion() -> None:
    assert tallied(answers(20, 80)).dispersion is None
    assert tallied(answers(0, 800)).dispersion is None


def test_F81_a_day_fits_into_the_same_number_of_slices() -> None:
    timeline = Timeline(2)
    for hour in range(24):
        start = hour * 3600.0
        timeline.add(columns_of([a_sample(0, at_s=start + 10 * n) for n in range(360)]))
    bins = timeline.bins()
    assert len(bins) <= MOST_BINS
    assert sum(b.members[0] for b in bins) == 24 * 360
    assert bins[-1].start_s + bins[-1].width_s > 86_000


def test_an_empty_tally_has_an_empty_report() -> None:
    traffic = tallied(SampleColumns()).traffic()
    assert traffic.requests == traffic.rate == 0
    assert traffic.bins == ()
    assert traffic.latency is None


def test_quantiles_of_a_list_are_nearest_rank() -> None:
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert quantile([1.0, 2.0, 3.0, 4.0], 0.99) == 4.0
    assert quantile([1.0], 0.0) == 1.0
    assert quantile([], 0.5) != quantile([], 0.5), "no latency is no number"
