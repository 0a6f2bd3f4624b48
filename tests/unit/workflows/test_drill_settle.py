"""When the traffic counts as back after a drill: a fair look, and nothing less."""

from __future__ import annotations

import re

import pytest

from alb_dr.errors import RestoreIncomplete
from alb_dr.model.drill_report import DrillOutcome, DrillReport
from alb_dr.workflows.drill.restore import FOREIGN
from tests.fakes.drilling import WORKLOAD, Estate

PUT_BACK = [
    {"op": "replace", "path": "/spec/replicas", "value": 2},
    {"op": "remove", "path": "/metadata/annotations/alb-dr.io~1drill"},
    {"op": "remove", "path": "/metadata/labels/alb-dr.io~1drill-open"},
]
"""What a recovery writes."""


@pytest.fixture
def estate() -> Estate:
    return Estate()


def told(report: DrillReport) -> str:
    """The last line of the timeline."""
    return report.run.timeline[-1].what


def shares_in(words: str) -> tuple[int, int]:
    one, two = re.findall(r"(\d+)%", words)
    return int(one), int(two)


def test_F50_late_answers_of_slow_pods_are_not_the_traffic_that_is_back(estate: Estate) -> None:
    """They come last, when the answers of the others are long there: alone they look like all."""
    estate.gateway.in_time = True
    estate.gateway.latency_s = lambda m: 1.0 if m == "c2" and estate.box.faults else 0.005
    report = estate.drill(fault="sandbox:slow")
    assert report.outcome is DrillOutcome.SUCCEEDED
    assert told(report).startswith("the traffic is back: ")
    assert shares_in(told(report)) == pytest.approx((20, 80), abs=2)


def test_pods_that_answer_late_after_the_restore_are_waited_for(estate: Estate) -> None:
    estate.gateway.in_time = True
    estate.gateway.latency_s = lambda m: 3.0 if m == "c2" and estate.box.done else 0.005
    report = estate.drill(fault="sandbox:slow")
    assert shares_in(told(report)) == pytest.approx((20, 80), abs=2)


def test_what_is_said_of_the_traffic_was_sent_after_it_was_back(estate: Estate) -> None:
    """A gateway that follows late: the first look holds answers from before it did."""
    restored: list[float] = []

    def late() -> None:
        if not restored and any("poc-ack-2 is back" in words for words in estate.voice.notes):
            restored.append(estate.clock.elapsed_s)
        alone = bool(restored) and estate.clock.elapsed_s < restored[0] + 0.3
        estate.gateway.lie = lambda weights: {"c1": 100} if alone else weights

    estate.gateway.each = late
    report = estate.drill()
    assert shares_in(told(report)) == pytest.approx((20, 80), abs=2)
    assert report.shares_after["poc-ack-2"] == pytest.approx(0.8, abs=0.02)
    assert report.recovery is not None
    assert report.recovery.back is not None
    assert report.recovery.back.seconds is not None
    assert 0.2 < report.recovery.back.seconds < 0.6, "when it answered again, and no earlier"


def test_a_second_look_there_is_no_time_for_is_done_without(estate: Estate) -> None:
    report = estate.drill(restore_timeout_s=1.5)
    assert told(report).startswith("the traffic is back: ")


def test_F5_what_another_put_back_was_under_the_fault_only_while_it_stood(estate: Estate) -> None:
    """Between two looks the member serves again: those answers are of the way back."""
    estate.during(4.0, lambda: estate.members["c2"].as_manager("hand").patch(WORKLOAD, PUT_BACK))
    report = estate.drill()
    assert report.outcome is DrillOutcome.ABORTED
    assert report.shares_during["poc-ack-2"] == 0
    assert report.recovery is not None
    assert report.recovery.back is not None
    assert report.recovery.back.seconds is not None
    assert 0 <= report.recovery.back.seconds <= 1.2


def test_a_survivor_that_went_silent_meanwhile_is_no_traffic_that_is_back(
    estate: Estate,
) -> None:
    """The victim has even more than its share then; the drill itself left nothing behind."""

    def when_back() -> None:
        if any("poc-ack-2 is back" in words for words in estate.voice.notes):
            estate.pods["c1"].ready = lambda _wanted: 0

    estate.gateway.each = when_back
    report = estate.drill()
    assert report.outcome is DrillOutcome.ABORTED
    assert report.why == "poc-ack-1 hardly serves since the restore"
    assert told(report).startswith("poc-ack-2 has its traffic back, but poc-ack-1 hardly serves")
    assert shares_in(told(report)) == (0, 100)
    assert estate.is_clean


def test_a_share_that_stays_too_small_is_named(estate: Estate) -> None:
    def half() -> None:
        estate.gateway.lie = lambda _weights: {"c1": 60, "c2": 40}

    estate.during(4.0, half)
    with pytest.raises(RestoreIncomplete, match=r"serves (39|40|41)% where (79|80|81)% is due"):
        estate.drill()


def test_too_few_answers_to_see_the_traffic_are_no_proof_that_it_is_back(estate: Estate) -> None:
    """At 4 requests a second 20 take five seconds, and the restore has three."""
    with pytest.raises(RestoreIncomplete, match="too few requests came back to see its traffic"):
        estate.drill(rate=4.0, baseline_s=20.0, observe_s=20.0, restore_timeout_s=3.0)


def test_where_somebody_else_scaled_it_no_share_is_awaited_nor_claimed(estate: Estate) -> None:
    from alb_dr.workflows.faults.scale import ScaleToZero

    def deaf() -> None:
        estate.gateway.lie = lambda _weights: {"c1": 100}

    estate.during(4.0, deaf)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScaleToZero, "is_foreign", True)
        report = estate.drill()
    assert told(report) == f"{FOREIGN}: poc-ack-1 100%, poc-ack-2 0%"
