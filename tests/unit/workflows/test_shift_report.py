"""A saved shift: the same from its document and its samples, and nothing from damaged ones."""

from __future__ import annotations

import dataclasses
import json

import pytest

from alb_dr.errors import BadInput
from alb_dr.journal.shift_run import from_document, to_document
from alb_dr.model.findings import Verdict
from alb_dr.model.shift import ShiftPhase, ShiftReport, Wish
from alb_dr.report.shift_data import recounted_data
from alb_dr.report.shift_page import shift_page
from alb_dr.report.terminal import text_of
from alb_dr.stats.recount import recount
from alb_dr.workflows.records.shift_record import make_wish
from tests.builders import a_topology
from tests.unit.workflows.test_shift import World

MEMBERS = ("poc-ack-1", "poc-ack-2")


def a_report(world: World) -> ShiftReport:
    return world.shift()


def saved(report: ShiftReport) -> dict[str, object]:
    """What a reader of the file gets."""
    document: dict[str, object] = json.loads(json.dumps(to_document(report, MEMBERS)))
    return document


def test_a_document_is_read_back_as_it_was_written() -> None:
    report = a_report(World())
    again, members = from_document(saved(report) | {"later": "key"})
    assert members == MEMBERS
    assert saved(again) == saved(report)


def test_counting_again_gives_what_the_shift_counted() -> None:
    world = World()
    world.gateway.lose = lambda member, n: member == "c2" and n % 500 == 0
    report = a_report(world)
    forgotten = dataclasses.replace(
        report,
        requests=0,
        lost=0,
        steps=[dataclasses.replace(step, requests=0, lost=0) for step in report.steps],
    )
    found = recount(forgotten, world.log.batches, members=MEMBERS)
    assert (found.report.requests, found.report.lost) == (report.requests, report.lost)
    assert list(found.report.steps) == list(report.steps)
    assert report.requests > sum(step.requests for step in report.steps) > 0, "and the baseline"


def test_the_shares_of_a_step_are_those_of_its_weights() -> None:
    world = World()
    found = recount(a_report(world), world.log.batches, members=MEMBERS)
    assert [round(s["poc-ack-2"], 1) for s in found.shares] == [0.1, 0.5, 1.0]
    assert [s["shares"] for s in recounted_data(found)["steps"]] == [dict(s) for s in found.shares]


def test_the_page_says_how_it_ended_and_what_each_step_was() -> None:
    world = World()
    found = recount(a_report(world), world.log.batches, members=MEMBERS)
    page = shift_page(found, run="r")
    assert page.verdict is Verdict.PASS
    assert [check.verdict for check in page.checks] == [Verdict.PASS] * 3
    text = text_of(page, colour=False, width=100)
    assert "90/10" in text
    assert "10.0" in text


def test_the_course_is_the_story_that_was_told() -> None:
    world = World()
    world.once(12, lambda: make_wish(a_topology(), Wish.PAUSE, fleet=world.fleet))
    world.once(20, lambda: make_wish(a_topology(), Wish.RESUME, fleet=world.fleet))
    world.once(30, lambda: make_wish(a_topology(), Wish.ABORT, fleet=world.fleet))
    report = world.shift(hold_s=60.0)
    assert report.phase is ShiftPhase.ABORTED
    what = [step.what for step in report.timeline]
    words = ("measuring", "steady state:", "step 1 of", "proven:", "paused", "resumed", "stopping:")
    places = [next(n for n, w in enumerate(what) if w.startswith(word)) for word in words]
    assert places == sorted(places)
    assert any(each.startswith("rolling back to") for each in what)
    assert what[-1].startswith("aborted: another terminal asked")
    warned = [f"warning: {each}" for each in world.voice.warnings]
    assert set(world.voice.phases) <= set(what)
    assert set(what[:-1]) <= {*world.voice.phases, *world.voice.notes, *warned}


def test_an_aborted_shift_is_headed_by_its_own_outcome() -> None:
    world = World()
    world.once(12, lambda: make_wish(a_topology(), Wish.ABORT, fleet=world.fleet))
    found = recount(world.shift(hold_s=60.0), world.log.batches, members=MEMBERS)
    page = shift_page(found, run="r")
    assert (page.label, page.verdict) == ("ABORTED", Verdict.INCONCLUSIVE)
    assert text_of(page, colour=False, width=100).startswith("ABORTED  another terminal asked")


def test_a_rolled_back_shift_fails() -> None:
    world = World()
    world.gateway.lie = lambda _: {"c1": 100, "c2": 0}
    found = recount(a_report(world), world.log.batches, members=MEMBERS)
    page = shift_page(found, run="r")
    assert (page.label, page.verdict) == ("ROLLED BACK", Verdict.FAIL)
    assert page.checks[-1].verdict is Verdict.FAIL


def test_samples_that_were_cut_short_are_refused() -> None:
    world = World()
    report = a_report(world)
    with pytest.raises(BadInput, match="cut short"):
        recount(report, world.log.batches[:3], members=MEMBERS)


@pytest.mark.parametrize("key", ["request", "phase", "steps", "timeline", "members", "verb"])
def test_a_damaged_document_is_refused(key: str) -> None:
    document = saved(a_report(World()))
    for broken in ({**document, key: 7}, {k: v for k, v in document.items() if k != key}):
        with pytest.raises(BadInput):
            from_document(broken)
