"""The ramp of a drill: how the weight comes back, and what comes between."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from alb_dr.cli.signals import Signals
from alb_dr.errors import (
    AlbDrError,
    Conflict,
    Forbidden,
    Interruption,
    RestoreIncomplete,
    Unreachable,
)
from alb_dr.model.drill_report import DrillOutcome, DrillReport
from alb_dr.model.weight_record import WeightRecord
from alb_dr.render.annotations import weight_key, weights_of
from alb_dr.workflows.records.drill_record import (
    ANNOTATION,
    clear_patch,
    hold_patch,
    record_of,
    restore_patch,
)
from alb_dr.workflows.records.lease import lease_id
from tests.fakes.drilling import Estate
from tests.fakes.gateway import ROUTE


@pytest.fixture
def estate() -> Estate:
    return Estate()


def test_F26_the_weight_comes_back_in_proven_steps(estate: Estate) -> None:
    seen: list[str] = []

    def note() -> None:
        if not seen or seen[-1] != estate.weights["c2"]:
            seen.append(estate.weights["c2"])

    def before_the_pods_come_back(call: str) -> None:
        if call.startswith("patch"):
            note()

    estate.gateway.each = note
    estate.members["c2"].fail = before_the_pods_come_back
    report = estate.drill(ramp=True, rate=400.0)
    assert report.outcome is DrillOutcome.SUCCEEDED
    assert seen == ["80", "8", "20", "40", "80"]
    assert estate.is_clean
    told = [step.what for step in report.run.timeline]
    assert [words for words in told if words.startswith("weights ")] == [
        "weights poc-ack-1 80, poc-ack-2 20",
        "weights poc-ack-1 60, poc-ack-2 40",
    ]
    assert "the weights: put back" in told
    assert sum(words.startswith("the traffic follows: poc-ack-1 ") for words in told) == 3
    (found,) = estate.records
    assert found.record is not None
    assert {t.kind for t in found.record.targets} == {"Deployment", "Ingress"}


def overload(estate: Estate, above: int, *, until: int = 10**9) -> None:
    """The victim loses requests while its weight is above some points, so often."""
    estate.gateway.lose = lambda m, _n: (
        m == "c2"
        and estate.replicas > 0
        and ANNOTATION in estate.ingress.annotations
        and int(estate.weights["c2"]) > above
        and len(estate.voice.warnings) < until
    )


def test_F26_a_member_that_is_overloaded_gets_its_weight_on_the_second_try(
    estate: Estate,
) -> None:
    overload(estate, 8, until=1)
    before = len(estate.voice.warnings)
    assert before == 0
    report = estate.drill(ramp=True, rate=400.0)
    assert report.outcome is DrillOutcome.ABORTED
    assert "back to the lowest step" in report.why
    assert estate.is_clean


def test_F26_a_member_that_does_not_bear_its_weight_is_held_low(estate: Estate) -> None:
    overload(estate, 8)
    with pytest.raises(RestoreIncomplete, match="does not bear its weight"):
        estate.drill(ramp=True, rate=400.0)
    assert estate.weights == {"c1": "92", "c2": "8"}
    assert ANNOTATION in estate.ingress.annotations
    assert [r.is_open for r in estate.records] == [True]


def test_F3_a_signal_on_the_ramp_puts_the_weights_back(estate: Estate) -> None:
    def when_held() -> None:
        if estate.weights["c2"] == "20":
            raise Interruption(2)

    estate.gateway.each = when_held
    with pytest.raises(Interruption):
        estate.drill(ramp=True, rate=400.0)
    assert estate.is_clean


def test_weights_that_cannot_be_held_do_not_keep_the_member_down(estate: Estate) -> None:
    def refuse(call: str) -> AlbDrError | None:
        return Unreachable("no answer") if call.startswith("patch Ingress") else None

    estate.fleet.fail = refuse
    report = estate.drill(ramp=True)
    assert estate.replicas == 2
    assert report.outcome is DrillOutcome.SUCCEEDED


def test_an_aborted_drill_is_not_ramped(estate: Estate) -> None:
    estate.control(drills="allowed")
    estate.during(5.0, lambda: estate.control(drills="no"))
    assert estate.drill(ramp=True, observe_s=60.0).outcome is DrillOutcome.ABORTED
    assert not [c for c in estate.fleet.calls if c.startswith("patch Ingress")]
    assert estate.is_clean


# what comes between ---------------------------------------------------------------------------


def ramped(estate: Estate) -> DrillReport:
    """A drill that is to give its weight back in steps."""
    return estate.drill(ramp=True, rate=400.0)


def once(estate: Estate, points: str, what: Callable[[], object]) -> None:
    """Let something happen once, when the victim's weight is first seen at some points."""
    done: list[bool] = []

    def each() -> None:
        if not done and estate.weights["c2"] == points:
            done.append(True)
            what()

    estate.gateway.each = each


def trouble(
    estate: Estate, error: AlbDrError, *, seconds: float = 10**9, calls: str = ""
) -> Callable[[], None]:
    """What begins a time in which the Fleet answers calls of a kind with an error."""

    def begin() -> None:
        until = estate.clock.elapsed_s + seconds
        estate.fleet.fail = lambda call: (
            error if call.startswith(calls) and estate.clock.elapsed_s < until else None
        )

    return begin


def test_F34_a_fleet_in_trouble_for_a_while_does_not_end_the_ramp(estate: Estate) -> None:
    once(estate, "20", trouble(estate, Unreachable("no answer"), seconds=8.0))
    report = ramped(estate)
    assert report.outcome is DrillOutcome.SUCCEEDED, report.why
    assert any("trying again" in words for words in estate.voice.warnings)
    assert estate.is_clean


@pytest.mark.parametrize("error", [Unreachable("no answer"), Conflict("faster"), Forbidden("no")])
def test_F41_a_fleet_that_stays_in_trouble_on_the_ramp_leaves_the_drill_open(
    estate: Estate, error: AlbDrError
) -> None:
    once(estate, "20", trouble(estate, error))
    with pytest.raises(RestoreIncomplete) as refusal:
        ramped(estate)
    estate.fleet.fail = lambda _call: None
    assert "failover recover --execute" in (refusal.value.hint or "")
    assert estate.weights["c2"] == "20"
    assert [r.is_open for r in estate.records] == [True]


def test_F41_steps_that_fail_too_long_end_with_the_whole_weight_at_once(estate: Estate) -> None:
    silent = Unreachable("no answer")
    once(estate, "20", trouble(estate, silent, seconds=30.0, calls="patch Ingress"))
    report = ramped(estate)
    assert report.outcome is DrillOutcome.ABORTED
    assert "at once and not in steps: no answer" in report.why
    assert estate.is_clean


def set_weights(estate: Estate, c1: int, c2: int, *, manager: str = "kubectl-annotate") -> None:
    """Somebody else sets the weights."""
    operations = [
        {
            "op": "replace",
            "path": f"/metadata/annotations/{weight_key(member).replace('/', '~1')}",
            "value": str(points),
        }
        for member, points in (("c1", c1), ("c2", c2))
    ]
    estate.fleet.as_manager(manager).patch(ROUTE, operations)


def test_F22_weights_that_somebody_else_sets_on_the_ramp_stay(estate: Estate) -> None:
    once(estate, "20", lambda: set_weights(estate, 50, 50))
    report = ramped(estate)
    assert report.outcome is DrillOutcome.ABORTED
    assert "somebody else set the weights to 50/50" in report.why
    assert "kubectl-annotate" in report.why
    assert estate.weights == {"c1": "50", "c2": "50"}
    assert ANNOTATION not in estate.ingress.annotations
    assert not [r for r in estate.records if r.is_open]


def test_F22_weights_that_somebody_sets_between_two_steps_stay(estate: Estate) -> None:
    def set_first(call: str) -> None:
        if call.startswith("get Ingress"):
            estate.fleet.fail = lambda _call: None
            set_weights(estate, 50, 50)

    once(estate, "20", lambda: setattr(estate.fleet, "fail", set_first))
    report = ramped(estate)
    assert report.outcome is DrillOutcome.ABORTED
    assert "somebody else set the weights to 50/50" in report.why
    assert estate.weights == {"c1": "50", "c2": "50"}


def test_F30_another_operator_who_recovers_on_the_ramp_is_believed(estate: Estate) -> None:
    def recover() -> None:
        record = record_of(estate.ingress)
        assert record is not None
        estate.fleet.patch(ROUTE, restore_patch(estate.ingress, record))

    once(estate, "20", recover)
    assert ramped(estate).outcome is DrillOutcome.ABORTED
    assert estate.is_clean


def test_F30_another_operator_who_recovers_at_the_end_of_the_ramp_is_believed(
    estate: Estate,
) -> None:
    overload(estate, 8)
    looks: list[str] = []

    def recover_first(call: str) -> None:
        given_up = sum("back to the lowest step" in words for words in estate.voice.warnings) == 2
        if not given_up or not call.startswith("get Ingress"):
            return
        looks.append(call)
        if len(looks) == 2:
            record = record_of(estate.ingress)
            assert record is not None
            estate.fleet.patch(ROUTE, restore_patch(estate.ingress, record))

    estate.fleet.fail = recover_first
    report = ramped(estate)
    assert report.outcome is DrillOutcome.ABORTED
    assert "somebody else put the weights back" in report.why
    assert estate.is_clean


def test_F24_held_weights_whose_record_is_gone_are_not_called_put_back(estate: Estate) -> None:
    once(estate, "20", lambda: estate.fleet.patch(ROUTE, clear_patch(estate.ingress)))
    with pytest.raises(RestoreIncomplete, match=r"record of drill .* is gone; it had weights"):
        ramped(estate)
    assert estate.weights["c2"] == "20"
    assert [r.is_open for r in estate.records] == [True]


def test_F26_an_overload_at_the_whole_weight_only_is_met_too(estate: Estate) -> None:
    climbed: list[bool] = []

    def at_the_whole_weight(member: str, _n: int) -> bool:
        if estate.weights["c2"] == "40":
            climbed.append(True)
        tried = len(estate.voice.warnings) == 0
        return member == "c2" and bool(climbed) and tried and estate.weights["c2"] == "80"

    estate.gateway.lose = at_the_whole_weight
    report = ramped(estate)
    assert report.outcome is DrillOutcome.ABORTED
    assert "back to the lowest step" in report.why
    assert estate.is_clean


@pytest.mark.parametrize("error", [Conflict("faster"), Unreachable("no answer")])
def test_a_weight_that_cannot_be_held_again_after_an_overload_is_said(
    estate: Estate, error: AlbDrError
) -> None:
    climbed: list[bool] = []

    def refuse(call: str) -> AlbDrError | None:
        return error if call.startswith("patch Ingress") else None

    def lose(member: str, _n: int) -> bool:
        climbed.extend([True] * (estate.weights["c2"] == "40"))
        overloaded = bool(climbed) and not estate.voice.warnings and estate.weights["c2"] == "80"
        if overloaded:
            estate.fleet.fail = refuse
        return member == "c2" and overloaded

    estate.gateway.lose = lose
    report = ramped(estate)
    assert report.outcome is DrillOutcome.ABORTED
    assert "at once and not in steps" in report.why
    assert estate.is_clean


def test_F3_a_signal_while_the_pods_come_back_does_not_leave_the_weights_held(
    estate: Estate,
) -> None:
    signals = Signals()
    signals.on_repeat = lambda _count: None
    estate.shield = signals.shield

    def while_restoring(call: str) -> None:
        if call.startswith("patch") and estate.weights["c2"] == "8" and not signals.count:
            signals._caught(15, None)

    estate.members["c2"].fail = while_restoring
    with pytest.raises(Interruption):
        ramped(estate)
    assert estate.is_clean


def test_F3_a_signal_after_an_overload_says_that_the_weights_are_held(estate: Estate) -> None:
    overload(estate, 8)
    before = estate.gateway.each

    def each() -> None:
        before()
        if any("back to the lowest step" in words for words in estate.voice.warnings):
            raise Interruption(2)

    estate.gateway.each = each
    with pytest.raises(RestoreIncomplete, match="does not bear its weight"):
        ramped(estate)
    assert estate.weights["c2"] == "8"
    assert [r.is_open for r in estate.records] == [True]


def test_a_weight_of_one_has_no_lower_step(estate: Estate) -> None:
    set_weights(estate, 99, 1)
    report = estate.drill(ramp=True, rate=400.0, baseline_s=5.0)
    assert not [call for call in estate.fleet.calls[5:] if "hold" in call]
    assert report.run.marks.restored_s is not None
    assert estate.weights == {"c1": "99", "c2": "1"}


def test_F41_a_restore_that_cannot_be_looked_at_is_incomplete(estate: Estate) -> None:
    def blind(call: str) -> AlbDrError | None:
        restored = "restoring" in [event for event, _ in estate.book.events]
        return Forbidden("no") if restored and call.startswith("list deployments") else None

    estate.members["c2"].fail = blind
    with pytest.raises(RestoreIncomplete, match="was put back, but cannot be looked at: no"):
        estate.drill()
    assert estate.replicas == 2
    assert [r.is_open for r in estate.records] == [True]


# the lock is taken away -----------------------------------------------------------------------


def take_lock(estate: Estate) -> None:
    """What another operator's ``failover recover`` does at its end."""
    estate.fleet.delete(lease_id(estate.topology))


def begin_another(estate: Estate) -> None:
    """Another operator drills with these weights as they are now."""
    live = estate.ingress
    record = WeightRecord(
        drill="0b0b",
        former=weights_of(live.annotations),
        held={"c1": "0", "c2": "100"},
        deadline="2026-03-01T13:00:00+00:00",
        reason="bob's",
        by="bob",
    )
    estate.fleet.patch(ROUTE, hold_patch(live, record))


def test_F9_a_ramp_whose_lock_was_taken_gives_the_weights_back_at_once(estate: Estate) -> None:
    once(estate, "20", lambda: take_lock(estate))
    began = estate.clock.elapsed_s
    report = ramped(estate)
    assert report.outcome is DrillOutcome.ABORTED
    assert "at once and not in steps: somebody else took the lock" in report.why
    assert estate.clock.elapsed_s - began < 40.0
    assert estate.is_clean


def test_F9_weights_that_another_drill_holds_by_now_are_put_back_already(estate: Estate) -> None:
    def recover_and_drill() -> None:
        record = record_of(estate.ingress)
        assert record is not None
        estate.fleet.patch(ROUTE, restore_patch(estate.ingress, record))
        take_lock(estate)
        begin_another(estate)

    once(estate, "20", recover_and_drill)
    report = ramped(estate)
    assert report.outcome is DrillOutcome.ABORTED, report.why
    assert any("drill 0b0b holds them by now" in words for words in estate.voice.notes)
    assert '"0b0b"' in estate.ingress.annotations[ANNOTATION]
    assert [r.is_open for r in estate.records] == [False]


@pytest.mark.parametrize("look", [1, 2, 3])
def test_F9_another_drill_that_holds_the_weights_between_two_looks_is_seen(
    estate: Estate, look: int
) -> None:
    """Earlier looks still find nobody's record, as recover left it."""
    looks: list[str] = []

    def begin_late(call: str) -> None:
        if call.startswith("get Ingress"):
            looks.append(call)
            if len(looks) == look:
                estate.fleet.fail = lambda _call: None
                begin_another(estate)

    def recover() -> None:
        record = record_of(estate.ingress)
        assert record is not None
        estate.fleet.patch(ROUTE, restore_patch(estate.ingress, record))
        estate.fleet.fail = begin_late

    once(estate, "20", recover)
    report = ramped(estate)
    assert report.outcome is DrillOutcome.ABORTED, report.why
    assert '"0b0b"' in estate.ingress.annotations[ANNOTATION]
    assert [r.is_open for r in estate.records] == [False]


def test_F24_a_drill_that_goes_back_to_held_weights_has_not_put_them_back(estate: Estate) -> None:
    def forget_and_drill() -> None:
        estate.fleet.patch(ROUTE, clear_patch(estate.ingress))
        begin_another(estate)

    once(estate, "20", forget_and_drill)
    with pytest.raises(RestoreIncomplete, match="record of another drill, 0b0b"):
        ramped(estate)
    assert [r.is_open for r in estate.records] == [True]
