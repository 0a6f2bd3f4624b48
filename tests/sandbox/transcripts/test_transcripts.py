"""The embedded API answers as a real one did, exchange by exchange."""

from __future__ import annotations

import asyncio

import pytest
import yaml

from tests.sandbox.transcripts.figure import figure
from tests.sandbox.transcripts.replay import FOLDER, Outcome, not_served, replay_all

GOAL = 0.95


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """Every recorded exchange, replayed once."""
    return asyncio.run(replay_all())


def test_at_least_95_percent_are_equal(outcomes: list[Outcome]) -> None:
    equal, served, _ = figure(outcomes)
    assert equal >= GOAL * served, f"{equal} of {served}"


def test_only_the_known_ones_differ(outcomes: list[Outcome]) -> None:
    known = yaml.safe_load((FOLDER / "known_differences.yaml").read_text())
    differing = {o.name: o.differences for o in outcomes if not o.equal and not o.not_served}
    assert differing.keys() == known.keys(), differing


def test_what_is_not_served_differs_indeed(outcomes: list[Outcome]) -> None:
    equal = {o.name for o in outcomes if o.equal}
    assert not equal & not_served().keys(), "these are served: take them off the list"


def test_every_recorded_exchange_is_replayed(outcomes: list[Outcome]) -> None:
    assert len(outcomes) == 187
    assert not_served().keys() <= {o.name for o in outcomes}
