"""A look at the newest traffic leaves no late answer out."""

from __future__ import annotations

import pytest

from alb_dr.model.sample import Outcome, Sample
from alb_dr.stats.whole_look import WholeLook, whole_look, width_s
from tests.fakes.samples import a_sample, columns_of

NAMES = ("poc-ack-1", "poc-ack-2")
RATE = 100.0


def traffic(
    seconds: float, *, slow_s: float = 0.005, rate: float = RATE, start: int = 0
) -> list[Sample]:
    """Every fifth request is the first member's, and the second member's take so long."""
    sent = []
    for n in range(start, start + round(seconds * rate)):
        member, due = int(n % 5 > 0), n / rate
        sent.append(a_sample(member, at_s=due, finished_s=due + (slow_s if member else 0.005)))
    return sent


def come(sent: list[Sample], now_s: float) -> list[Sample]:
    """What has come back by an instant, in that order."""
    return sorted((s for s in sent if s.finished_s <= now_s), key=lambda s: s.finished_s)


def looked(sent: list[Sample], *, since_s: float = 0.0, rate: float = RATE) -> WholeLook | None:
    return whole_look(columns_of(sent), NAMES, since_s=since_s, rate=rate)


def test_the_newest_second_is_no_look_while_a_member_is_slow() -> None:
    sent = traffic(5.0, slow_s=2.0)
    seen = looked(come(sent, 4.0))
    assert seen is not None
    assert seen.shares == pytest.approx({"poc-ack-1": 0.2, "poc-ack-2": 0.8}, abs=0.01)
    assert seen.answers == 100


def test_a_second_in_which_answers_are_due_is_awaited() -> None:
    sent = traffic(5.0, slow_s=2.0)
    assert looked(come(sent, 2.9)) is None
    assert looked(come(sent, 4.0), since_s=1.5) is None
    assert looked(come(sent, 4.6), since_s=1.5) is not None
    assert looked([]) is None


def test_a_request_that_hangs_does_not_hide_the_seconds_after_it() -> None:
    sent = traffic(4.0)
    del sent[150]
    seen = looked(sent)
    assert seen is not None
    assert seen.answers == 100


def test_lost_requests_have_come_back_too() -> None:
    lost = [a_sample(at_s=n / RATE, outcome=Outcome.TIMEOUT) for n in range(200)]
    seen = looked(lost)
    assert seen is not None
    assert (seen.shares, seen.answers) == ({}, 0)
    assert seen.end_s == pytest.approx(1.99), "a look at what follows it begins here"


def test_few_requests_a_second_are_looked_at_for_longer() -> None:
    assert [width_s(rate) for rate in (1000.0, 20.0, 10.0, 0.5)] == [1.0, 1.0, 2.0, 10.0]
    assert looked(traffic(1.9, rate=10.0), rate=10.0) is None
    assert looked(traffic(2.2, rate=10.0), rate=10.0) is not None


def test_a_member_that_serves_nothing_hardly_serves_once_it_would_be_missed() -> None:
    due = {"poc-ack-1": 0.2, "poc-ack-2": 0.8, "poc-ack-3": 0.0}
    alone = {"poc-ack-2": 1.0}
    assert WholeLook(shares=alone, answers=100, end_s=1.0).missing(due) == ("poc-ack-1",)
    assert WholeLook(shares=alone, answers=20, end_s=1.0).missing(due) == ()
    hardly = {"poc-ack-1": 0.01, "poc-ack-2": 0.99}
    assert WholeLook(shares=hardly, answers=100, end_s=1.0).missing(due) == ("poc-ack-1",)
    assert WholeLook(shares=due, answers=100, end_s=1.0).missing(due) == ()


def test_most_of_its_share_counts_as_back() -> None:
    seen = WholeLook(shares={"poc-ack-1": 0.35, "poc-ack-2": 0.65}, answers=100, end_s=1.0)
    assert seen.serves_again("poc-ack-2", 0.8)
    assert not seen.serves_again("poc-ack-2", 0.9)
