"""A drill is judged from its samples and its description alone."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest

from alb_dr.journal.drill_run import from_document, to_document
from alb_dr.model.drill import DrillPlan
from alb_dr.model.drill_report import DrillOutcome, DrillRun, Ended, Marks, Step
from alb_dr.model.findings import Verdict
from alb_dr.model.sample import NO_ANSWER, UNATTRIBUTED, Outcome, Sample, SampleColumns
from alb_dr.model.verify import ProberFacts
from alb_dr.report.drill_json import drill_data
from alb_dr.report.drill_page import drill_page
from alb_dr.report.html import html
from alb_dr.report.junit import junit
from alb_dr.report.markdown import markdown
from alb_dr.stats.drill_judgement import report_of, unsteady
from alb_dr.stats.pacing import drill_rate

HEALTHY = ProberFacts(connections=1, late_p50_s=0.0, late_p99_s=0.0, local_failures=0, invalid=None)
RUN = DrillRun(
    plan=DrillPlan(drill_id="7f3a", victim="two", reason="because", rate=100.0),
    members=("one", "two"),
    rto_s=5.0,
    max_error_rate=0.1,
    path_tested="endpoint-removal",
    not_tested=("the data layer",),
    marks=Marks(sent_s=2.0, fired_s=2.01, restored_s=10.0, recovered_s=12.0),
    timeline=(Step(at=datetime(2026, 1, 2, tzinfo=UTC), what="two scaled from 2 to 0"),),
    prober=HEALTHY,
    started=datetime(2026, 1, 2, tzinfo=UTC),
)


def samples(*, until_s: float = 14.0, recovers_s: float = 2.5, nameless: int = 0) -> SampleColumns:
    """Two members by turns; under the fault the second one's requests fail until recovery."""
    columns = SampleColumns()
    for n in range(int(100 * until_s)):
        due, member, outcome = n / 100, n % 2, Outcome.OK
        if member == 1 and 2.0 <= due < 10.5:
            member = 0
            if due < recovers_s:
                member, outcome = NO_ANSWER, Outcome.REFUSED
        if nameless and n % nameless == 0 and outcome is Outcome.OK:
            member = UNATTRIBUTED
        columns.append(
            Sample(
                due_s=due, sent_s=due, first_byte_s=due + 0.002, finished_s=due + 0.002,
                status=200, outcome=outcome, member=member, reused=n % 4 < 2, address=0,
            )
        )  # fmt: skip
    return columns


def test_a_recovery_within_the_objectives_succeeds() -> None:
    report = report_of(RUN, samples())
    found = report.recovery
    assert report.outcome is DrillOutcome.SUCCEEDED
    assert found is not None
    assert found.clock.rta_s == pytest.approx(0.5, abs=0.02)
    assert found.clock.rta_high_s is not None
    assert found.clock.rta_low_s <= 0.5 <= found.clock.rta_high_s
    assert found.loss.lost == 25
    assert found.classes == {"refused": 25}
    assert found.fresh.requests + found.kept.requests == found.loss.of
    assert found.fresh.lost > 0 < found.kept.lost
    assert report.shares_during == {"one": 1.0, "two": 0.0}
    assert found.back is not None
    assert found.back.seconds == pytest.approx(0.5, abs=0.2)


def test_a_recovery_that_takes_longer_fails() -> None:
    report = report_of(
        dataclasses.replace(RUN, rto_s=1.0, max_error_rate=0.9), samples(recovers_s=5)
    )
    assert report.outcome is DrillOutcome.FAILED
    assert "objective is 1 s" in report.why


def test_a_fault_taken_back_before_the_objective_was_over_proves_nothing() -> None:
    run = dataclasses.replace(RUN, rto_s=30.0, max_error_rate=0.9)
    report = report_of(run, samples(recovers_s=99))
    assert report.outcome is DrillOutcome.INCONCLUSIVE
    assert report_of(dataclasses.replace(run, rto_s=5.0), samples(recovers_s=99)).outcome is (
        DrillOutcome.FAILED
    )


def test_F13_more_losses_than_the_objective_allows_fail() -> None:
    report = report_of(dataclasses.replace(RUN, max_error_rate=0.005), samples())
    assert report.outcome is DrillOutcome.FAILED
    assert "25 of" in report.why


def test_F78_answers_without_a_name_are_never_a_pass() -> None:
    report = report_of(dataclasses.replace(RUN, max_error_rate=0.3), samples(nameless=20))
    assert report.outcome is DrillOutcome.INCONCLUSIVE
    assert "name no member" in report.why


def test_F80_a_prober_that_did_not_keep_up_is_never_a_pass() -> None:
    late = dataclasses.replace(HEALTHY, invalid="half of the requests were sent late")
    report = report_of(dataclasses.replace(RUN, prober=late), samples())
    assert report.outcome is DrillOutcome.INCONCLUSIVE
    assert "proves nothing" in report.why


def test_F14_no_data_is_never_a_pass() -> None:
    assert report_of(RUN, SampleColumns()).outcome is DrillOutcome.INCONCLUSIVE
    before = dataclasses.replace(RUN, marks=Marks())
    assert "no request was answered" in (unsteady(before, SampleColumns()) or "")
    assert report_of(before, samples(until_s=1.0)).outcome is DrillOutcome.INCONCLUSIVE


def test_a_survivor_that_has_a_weight_but_answers_nothing_allows_no_drill() -> None:
    before = dataclasses.replace(RUN, marks=Marks(), weights={"one": 20, "two": 80})
    alone = SampleColumns()
    for n, sample in enumerate(samples(until_s=2.0)):
        alone.append(dataclasses.replace(sample, member=1))
        if n == 4:
            assert unsteady(before, alone) is None, "by chance, so far"
    words = "one has weight 20, but none of 200 answers before the fault was its"
    assert words in (unsteady(before, alone) or "")
    assert unsteady(dataclasses.replace(before, weights={"one": 0, "two": 100}), alone) is None
    assert unsteady(before, samples(until_s=2.0)) is None


def test_what_failed_is_the_reason_not_what_was_not_seen_to_the_end() -> None:
    report = report_of(dataclasses.replace(RUN, rto_s=30.0), samples(recovers_s=10.4))
    assert report.outcome is DrillOutcome.FAILED
    assert "were lost" in report.why
    (about_time,) = (f.text for f in report.findings if f.code == "ADR-DRILL-RTO")
    assert "8.0 s do not prove that the traffic had recovered" in about_time


def test_what_ended_a_drill_outranks_what_the_traffic_says() -> None:
    ended = Ended(outcome=DrillOutcome.ABORTED, why="somebody else scaled it")
    assert report_of(dataclasses.replace(RUN, ended=ended), samples()).why == ended.why


def test_a_record_that_ends_under_the_fault_says_so() -> None:
    killed = dataclasses.replace(RUN, marks=Marks(sent_s=2.0, fired_s=2.01), prober=None)
    report = report_of(killed, samples(until_s=4))
    assert report.outcome is DrillOutcome.RESTORE_INCOMPLETE
    suite = ET.fromstring(junit(drill_page(report)))
    (course,) = (c for c in suite.iter("testcase") if "taken back" in str(c.get("name")))
    assert [told.tag for told in course] == ["failure"], "CI must see that harm is in force"
    assert drill_page(report).verdict is Verdict.FAIL


def test_a_drill_that_was_killed_decides_no_objective_wherever_it_is_told() -> None:
    killed = dataclasses.replace(RUN, marks=Marks(sent_s=2.0, fired_s=2.01), prober=None)
    report = report_of(killed, samples(until_s=9))
    data, page = drill_data(report), drill_page(report)
    assert data["recovery"]["loss"]["verdict"] == "inconclusive"
    text = markdown(page)
    assert "No objective is decided: it was killed." in text
    assert "| met |" not in text
    undecided = [c for c in page.checks if c.verdict is Verdict.INCONCLUSIVE]
    assert len(undecided) == 3
    assert all("it was killed" in check.text for check in undecided)
    assert all(f.hint is None for f in report.findings), "nothing else would have proven more"


def test_what_hides_who_answered_is_told_alike_everywhere() -> None:
    run = dataclasses.replace(RUN, max_error_rate=0.3)
    report = report_of(run, samples(nameless=20))
    assert drill_data(report)["recovery"]["loss"]["verdict"] == "inconclusive"
    assert "| met |" not in markdown(drill_page(report))


def test_shares_under_a_fault_without_a_recovery_are_not_called_those_after_it() -> None:
    seen, unseen = (
        markdown(drill_page(report_of(RUN, samples(recovers_s=when)))) for when in (2.5, 99)
    )
    assert "after the recovery" in seen
    assert "after the recovery" not in unseen


def test_shares_of_a_drill_that_was_cut_short_are_not_called_those_of_the_end() -> None:
    whole, cut = (
        markdown(drill_page(report_of(dataclasses.replace(RUN, marks=marks), samples(until_s=11))))
        for marks in (RUN.marks, dataclasses.replace(RUN.marks, recovered_s=None))
    )
    assert "at the end" in whole
    assert "at the end" not in cut
    assert "when measuring ended" in cut


@pytest.mark.parametrize("ended", [None, Ended(outcome=DrillOutcome.INTERRUPTED, why="signal 2")])
def test_a_saved_drill_is_read_back_whole(ended: Ended | None) -> None:
    run = dataclasses.replace(RUN, ended=ended)
    again = from_document(to_document(run))
    data = drill_data(report_of(again, samples()))
    assert data == drill_data(report_of(run, samples()))


def test_F74_words_of_others_stay_words_in_every_format() -> None:
    evil = '<script>alert(1)</script>]]>"=cmd|x'
    plan = dataclasses.replace(RUN.plan, reason=evil)
    step = Step(at=datetime(2026, 1, 2, tzinfo=UTC), what=evil)
    run = dataclasses.replace(RUN, plan=plan, timeline=(step,), members=(evil, "two"))
    page = drill_page(report_of(run, samples()))
    assert "<script>" not in html(page)
    assert "<script>" not in markdown(page).replace("\\<script\\>", "")
    assert "]]>" not in junit(page)


def test_the_page_names_what_was_not_tested_and_each_objective_is_a_test_case() -> None:
    page = drill_page(report_of(RUN, samples()))
    assert "Not tested: the data layer." in markdown(page)
    assert [check.verdict for check in page.checks] == ["pass"] * 5
    assert "recovered within 5 s" in junit(page)


def test_the_rate_is_chosen_from_the_objectives() -> None:
    assert drill_rate(rto_s=30, max_error_rate=0.01, observe_s=15) == 100
    assert drill_rate(rto_s=0.5, max_error_rate=0.01, observe_s=15) == 200
    assert drill_rate(rto_s=30, max_error_rate=0.001, observe_s=15) == 200
    assert drill_rate(rto_s=0.01, max_error_rate=0, observe_s=1) == 1000


def undisturbed(*, slow_s: float = 0.002) -> SampleColumns:
    """Two members by turns, nobody goes; under the fault answers take ``slow_s``."""
    columns = SampleColumns()
    for n in range(1400):
        due = n / 100
        took = slow_s if 2.0 <= due < 10.0 else 0.002
        columns.append(
            Sample(
                due_s=due, sent_s=due, first_byte_s=due + took, finished_s=due + took, status=200,
                outcome=Outcome.OK, member=n % 2, reused=n % 4 < 2, address=0,
            )
        )  # fmt: skip
    return columns


def test_a_fault_that_should_move_nothing_is_judged_by_traffic_that_goes_on() -> None:
    run = dataclasses.replace(RUN, victim_leaves=False, path_tested="control-plane-only")
    report = report_of(run, undisturbed())
    assert report.outcome is DrillOutcome.SUCCEEDED
    assert report.why == "the traffic went on undisturbed, 0 of 800 requests lost"
    assert "nothing was to move" in next(f.text for f in report.findings)
    assert report_of(RUN, undisturbed()).outcome is DrillOutcome.FAILED, "else it must go"


def test_slower_answers_are_a_warning_where_nothing_was_to_move() -> None:
    run = dataclasses.replace(RUN, victim_leaves=False, path_tested="application-latency")
    report = report_of(run, undisturbed(slow_s=0.9))
    assert report.outcome is DrillOutcome.SUCCEEDED
    (slow,) = (f for f in report.findings if f.code == "ADR-DRILL-SLOWER")
    assert "took 899 ms or longer" in slow.text
    assert not [f for f in report_of(run, undisturbed()).findings if f.code == "ADR-DRILL-SLOWER"]


def test_losses_on_the_way_back_point_at_the_ramp_unless_there_was_one() -> None:
    columns = samples()
    for n in range(1010, 1060, 3):
        columns.outcome[n], columns.member[n] = Outcome.REFUSED, NO_ANSWER
    hints = {}
    for ramp in (False, True):
        run = dataclasses.replace(RUN, plan=dataclasses.replace(RUN.plan, ramp=ramp))
        found = report_of(run, columns).findings
        hints[ramp] = next(f.hint or "" for f in found if f.code == "ADR-DRILL-RETURN")
    assert "in steps with --ramp" in hints[False]
    assert "in spite of --ramp" in hints[True]
