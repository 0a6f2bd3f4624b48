"""What may come between in a drill, and in putting one back."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace

import pytest

from alb_dr.errors import (
    AlbDrError,
    BadInput,
    Conflict,
    Forbidden,
    OutcomeUnknown,
    Refused,
    RestoreIncomplete,
    Unreachable,
)
from alb_dr.model.drill import DrillRecord
from alb_dr.model.drill_report import DrillOutcome
from alb_dr.model.manifest import LEASE, SCALED_OBJECT, Manifest, ResourceId
from alb_dr.model.pause_record import PauseRecord
from alb_dr.model.sample import SampleColumns
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.faults.by_name import check_fault
from alb_dr.workflows.faults.sandbox import SandboxFault
from alb_dr.workflows.faults.scale import ScaleToZero
from alb_dr.workflows.records.drill_record import ANNOTATION, LABEL
from alb_dr.workflows.records.fleet_record import update_record
from alb_dr.workflows.recover.marks import OpenDrill, Remedy, remedy, restore_until
from alb_dr.workflows.recover.observation import observed
from alb_dr.workflows.recover.recovery import Recovery
from alb_dr.workflows.recover.table import Decision
from tests.fakes.drilling import ID, ROUTE, SPACE, WORKLOAD, Estate
from tests.fakes.samples import a_sample, columns_of
from tests.unit.workflows.test_recovery import edit, killed, recover

LABELLED = "/metadata/labels/alb-dr.io~1drill-open"
NOTE = "/metadata/annotations/alb-dr.io~1drill"


@pytest.fixture
def estate() -> Estate:
    return Estate()


def failing(*errors: AlbDrError, call: str) -> Callable[[str], AlbDrError | None]:
    """An API on which the first calls of a kind fail."""
    left = list(errors)
    return lambda asked: left.pop(0) if left and asked.startswith(call) else None


# before the harm ------------------------------------------------------------------------------


def test_F16_a_fault_nobody_knows_or_that_needs_a_sandbox_is_refused() -> None:
    with pytest.raises(BadInput, match="is no fault of a drill"):
        check_fault("meteor", has_box=True)
    with pytest.raises(Refused, match="to a sandbox only"):
        check_fault("sandbox:hung", has_box=False)
    check_fault("sandbox:hung", has_box=True)


@pytest.mark.parametrize("value", [-1, 101, 500])
def test_F16_errors_are_a_percentage(value: int) -> None:
    with pytest.raises(BadInput, match=f"from 1 to 100, not {value}"):
        check_fault("sandbox:errors", has_box=True, value=value)
    check_fault("sandbox:slow", has_box=True, value=value)


@pytest.mark.parametrize("value", [0, 1, 100])
def test_F16_a_percentage_of_errors_may_be_left_to_the_default(value: int) -> None:
    check_fault("sandbox:errors", has_box=True, value=value)


def test_F16_a_value_of_a_fault_that_has_none_is_refused() -> None:
    with pytest.raises(BadInput, match="scale-to-zero has no --fault-value"):
        check_fault("scale-to-zero", has_box=True, value=50)


def test_F9_a_lock_that_is_lost_before_the_harm_prevents_it(estate: Estate) -> None:
    def steal() -> None:
        for lease in estate.fleet.list(LEASE):
            estate.fleet.delete(lease.id)

    estate.during(3.0, steal)
    with pytest.raises(Conflict, match="nothing was harmed"):
        estate.drill(baseline_s=15.0)
    assert estate.is_clean
    assert estate.records == ()


def test_F22_a_workload_that_somebody_scales_at_the_last_moment_is_not_harmed(
    estate: Estate,
) -> None:
    def scale_first(call: str) -> None:
        if call.startswith("patch Deployment"):
            estate.members["c2"].fail = lambda _call: None
            edit(estate, {"op": "replace", "path": "/spec/replicas", "value": 3})

    estate.members["c2"].fail = scale_first
    with pytest.raises(Conflict):
        estate.drill()
    assert estate.replicas == 3
    assert [(r.is_open, r.record and r.record.outcome) for r in estate.records] == [
        (False, "ABORTED")
    ]


def test_F32_a_harm_whose_answer_was_lost_is_taken_back(estate: Estate) -> None:
    real = estate.members["c2"].patch

    def lost(*args, **words):  # type: ignore[no-untyped-def]
        done = real(*args, **words)
        estate.members["c2"].patch = real  # type: ignore[method-assign]
        assert estate.replicas == 0
        raise OutcomeUnknown(f"whether {done.id} was patched is not known")

    estate.members["c2"].patch = lost  # type: ignore[method-assign]
    report = estate.drill()
    assert report.outcome is DrillOutcome.ABORTED
    assert "is not known" in report.why
    assert report.run.marks.fired_s is not None
    assert estate.is_clean


def test_a_prober_that_cannot_start_leaves_no_lock(estate: Estate) -> None:
    def broken(*_args: object) -> None:
        raise Unreachable("the gateway's name is unknown")

    estate.gateway.start = broken  # type: ignore[method-assign, assignment]
    with pytest.raises(Unreachable):
        estate.drill()
    assert estate.is_clean
    assert estate.kept == []


# while it is in force -------------------------------------------------------------------------


def test_F6_samples_that_cannot_be_written_are_said_and_judged_all_the_same(
    estate: Estate,
) -> None:
    class Full:
        """A log whose disk is full."""

        def add(self, columns: SampleColumns) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    estate.log = Full()  # type: ignore[assignment]
    assert estate.drill().outcome is DrillOutcome.SUCCEEDED
    assert "the samples can no longer be written: No space left on device" in (
        estate.voice.warnings
    )


def test_F14_a_prober_that_ends_ends_the_drill_as_unmeasured(estate: Estate) -> None:
    estate.during(4.0, lambda: setattr(estate.gateway, "stopped", 1))
    report = estate.drill(observe_s=30.0)
    assert report.outcome is DrillOutcome.ABORTED
    assert "nothing can be measured any more" in report.why
    assert "cannot be measured" in report.run.timeline[-1].what
    assert estate.is_clean


def test_F38_a_record_that_changes_under_a_heartbeat_ends_the_drill(estate: Estate) -> None:
    def beat() -> None:
        estate.members["c2"].fail = failing(Conflict("changed"), call="patch Deployment")

    estate.during(4.0, beat)
    report = estate.drill(observe_s=30.0)
    assert report.outcome is DrillOutcome.ABORTED
    assert "somebody else changed the record" in report.why
    assert estate.is_clean


def test_a_drained_weight_lives_by_its_heartbeats_too(estate: Estate) -> None:
    deadlines: set[str] = set()

    def look() -> None:
        text = estate.ingress.annotations.get(ANNOTATION, "")
        deadlines.add(text)

    estate.gateway.each = look
    assert estate.drill(fault="weight-drain", observe_s=25.0).outcome is DrillOutcome.SUCCEEDED
    assert len(deadlines - {""}) > 1
    assert estate.is_clean


def test_F23_an_ingress_made_anew_under_a_drain_is_left_alone(estate: Estate) -> None:
    def renew() -> None:
        live = estate.ingress
        annotations = {k: v for k, v in live.annotations.items() if k != ANNOTATION}
        metadata = {"name": live.id.name, "namespace": SPACE, "annotations": annotations}
        estate.fleet.delete(ROUTE)
        estate.fleet.create(Manifest(id=ROUTE, document={**live.document, "metadata": metadata}))

    estate.during(5.0, renew)
    with pytest.raises(RestoreIncomplete, match="was made anew during the drill"):
        estate.drill(fault="weight-drain", observe_s=30.0)
    assert estate.weights == {"c1": "100", "c2": "0"}


def test_pods_of_a_sandbox_that_are_down_are_in_force_without_endpoints(estate: Estate) -> None:
    estate.pods["c2"].ready = lambda wanted: 0 if estate.box.faults else wanted
    report = estate.drill(fault="sandbox:pods-down")
    assert "no endpoint is left" in " ".join(step.what for step in report.run.timeline)


# the way back ---------------------------------------------------------------------------------


def test_how_long_the_restore_may_take_is_known_once_it_began(estate: Estate) -> None:
    drill = estate.make()
    left: list[float | None] = [drill.restore_left_s]

    def note(call: str) -> None:
        if call.startswith("patch Deployment"):
            left.append(drill.restore_left_s)

    estate.members["c2"].fail = note
    drill.run()
    assert left == [None, None, 20.0]


def test_F24_a_label_that_somebody_removed_keeps_nothing_from_being_put_back(
    estate: Estate,
) -> None:
    estate.during(5.0, lambda: edit(estate, {"op": "remove", "path": LABELLED}))
    assert estate.drill().outcome is DrillOutcome.SUCCEEDED
    assert estate.is_clean


def test_F50_a_member_that_is_put_back_but_gets_no_traffic_is_incomplete(estate: Estate) -> None:
    def deaf() -> None:
        estate.gateway.lie = lambda _weights: {"c1": 100}

    estate.during(4.0, deaf)
    with pytest.raises(RestoreIncomplete, match="gets no traffic"):
        estate.drill()
    assert estate.replicas == 2
    assert [r.is_open for r in estate.records] == [True]


def sandbox_fault(estate: Estate) -> SandboxFault:
    """A fault as a drill makes it."""
    from alb_dr.workflows.faults.fault import FaultSetting

    estate.box.faults["poc-ack-2"] = ID
    setting = FaultSetting(
        drill=ID,
        topology=estate.topology,
        victim=estate.topology.member("poc-ack-2"),
        workload=estate.workload(),
        ingress=estate.ingress,
        member=estate.members["c2"],
        fleet=estate.fleet,
        clock=estate.clock,
        narrator=estate.voice,
        deadline="2026-03-01T12:10:00+00:00",
        reason="test",
        by="ann",
    )
    return SandboxFault("hung", setting, estate.box, value=0)


def test_a_sandbox_that_does_not_answer_is_asked_again_until_the_deadline(estate: Estate) -> None:
    fault = sandbox_fault(estate)
    estate.box.fail = Unreachable("no daemon")
    with pytest.raises(RestoreIncomplete, match="the fault hung is not cleared: no daemon"):
        fault.take_back(Deadline(estate.clock, 5.0))
    until = estate.clock.elapsed_s + 2.0
    clear = estate.box.clear

    def patient(member: str, *, drill: str) -> bool:
        estate.box.fail = Unreachable("no daemon") if estate.clock.elapsed_s < until else None
        return clear(member, drill=drill)

    estate.box.clear = patient  # type: ignore[method-assign]
    assert fault.take_back(Deadline(estate.clock, 5.0)) == "the fault is cleared"


def test_an_api_that_comes_back_after_a_fault_of_the_sandbox_is_waited_for(
    estate: Estate,
) -> None:
    fault = sandbox_fault(estate)
    estate.members["c2"].fail = failing(Unreachable("no route"), call="list deployments")
    words = fault.prove(Deadline(estate.clock, 5.0))
    assert words == "its API answers and all pods are ready"
    estate.members["c2"].fail = lambda _call: Unreachable("no route")
    with pytest.raises(RestoreIncomplete, match="was put back, but cannot be looked at: no route"):
        fault.prove(Deadline(estate.clock, 5.0))
    estate.members["c2"].fail = lambda _call: None
    estate.pods["c2"].ready = lambda _wanted: 0
    with pytest.raises(RestoreIncomplete, match="its pods are not ready"):
        fault.prove(Deadline(estate.clock, 5.0))


def test_F17_a_drill_says_that_it_could_not_look_at_the_hpa(estate: Estate) -> None:
    def blind(call: str) -> AlbDrError | None:
        restored = "restoring" in [event for event, _ in estate.book.events]
        return Forbidden("no") if restored and "autoscalers" in call else None

    estate.members["c2"].fail = blind
    report = estate.drill()
    assert report.outcome is DrillOutcome.SUCCEEDED, report.why
    said = "whether an HPA scales Deployment gateway-demo/web-demo again is not known: no"
    assert any(said in step.what for step in report.run.timeline)
    assert any(said in words for words in estate.voice.warnings)


def test_an_error_that_no_fault_foresees_proves_no_restore(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unforeseen(*_: object) -> str:
        raise Forbidden("no more rights")

    monkeypatch.setattr(ScaleToZero, "prove", unforeseen)
    with pytest.raises(RestoreIncomplete, match="is back is not known: no more rights") as caught:
        estate.drill()
    assert "recover --execute" in (caught.value.hint or "")


# the marks ------------------------------------------------------------------------------------


def marked(estate: Estate) -> OpenDrill:
    """What a killed drill left on the victim."""
    killed(estate)
    (case,) = Recovery(estate.recovery_ports()).cases()
    assert case.live is not None
    from alb_dr.workflows.records.drill_record import record_of

    return OpenDrill(member="poc-ack-2", target=case.live, record=record_of(case.live))


def remedied(estate: Estate, found: OpenDrill) -> Remedy:
    """Put back with time enough."""
    return remedy(found, api=estate.members["c2"], deadline=Deadline(estate.clock, 20.0))


def once(estate: Estate, what: Callable[[], object]) -> Callable[[str], None]:
    """Let something happen right before the next write of the workload."""

    def before(call: str) -> None:
        if call.startswith("patch Deployment"):
            estate.members["c2"].fail = lambda _call: None
            what()

    return before


def test_F22_a_mark_that_changes_under_our_hands_is_looked_at_again(estate: Estate) -> None:
    found = marked(estate)
    estate.members["c2"].fail = once(
        estate, lambda: edit(estate, {"op": "replace", "path": "/spec/replicas", "value": 5})
    )
    assert remedied(estate, found) is Remedy.CLEAR
    assert estate.replicas == 5


def test_F30_a_mark_that_somebody_else_removes_first_is_nothing_to_do(estate: Estate) -> None:
    found = marked(estate)

    def restore() -> None:
        remedied(estate, found)

    estate.members["c2"].fail = once(estate, restore)
    assert remedied(estate, found) is Remedy.CLEAR
    assert estate.replicas == 2


def test_F23_a_workload_made_anew_under_our_hands_is_left_alone(estate: Estate) -> None:
    found = marked(estate)

    def renew() -> None:
        live = estate.workload()
        metadata = {"name": live.id.name, "namespace": SPACE}
        estate.members["c2"].delete(WORKLOAD)
        document = {**live.document, "metadata": metadata}
        estate.members["c2"].create(Manifest(id=WORKLOAD, document=document))

    estate.members["c2"].fail = once(estate, renew)
    with pytest.raises(RestoreIncomplete, match="was deleted or made anew meanwhile"):
        remedied(estate, found)


def test_F38_a_mark_that_keeps_changing_is_given_up(estate: Estate) -> None:
    found = marked(estate)
    estate.members["c2"].fail = lambda call: (
        Conflict("changed") if call.startswith("patch") else None
    )
    with pytest.raises(RestoreIncomplete, match="keeps changing"):
        remedied(estate, found)


def test_F38_what_others_write_to_all_the_time_is_tried_until_it_is_back(estate: Estate) -> None:
    found = marked(estate)
    busy = [Conflict("changed")] * 7
    began = estate.clock.elapsed_s
    estate.members["c2"].fail = lambda call: (
        busy.pop() if busy and call.startswith("patch") else None
    )
    done = remedied(estate, found)
    assert done is Remedy.RESTORE
    assert estate.replicas == 2
    assert 0.5 < estate.clock.elapsed_s - began < 4.0, "short pauses"
    reads = [c for c in estate.members["c2"].calls if c == f"get {WORKLOAD}"]
    assert len(reads) >= 7, "decided anew each time"


def test_F38_what_somebody_decided_meanwhile_is_not_written_over(estate: Estate) -> None:
    found = marked(estate)
    api, busy = estate.members["c2"], [Conflict("changed")] * 4

    def fail(call: str) -> AlbDrError | None:
        if call.startswith("patch") and busy:
            if len(busy) == 2:
                api.fail = lambda _call: None
                edit(estate, {"op": "replace", "path": "/spec/replicas", "value": 5})
                api.fail = fail
            return busy.pop()
        return None

    api.fail = fail
    assert remedied(estate, found) is Remedy.CLEAR
    assert estate.replicas == 5


def test_F9_another_drill_that_began_under_our_hands_is_left_alone(estate: Estate) -> None:
    found = marked(estate)
    assert isinstance(found.record, DrillRecord)
    other = replace(found.record, drill="0b0b").dump()

    def begin() -> None:
        edit(
            estate,
            {"op": "replace", "path": "/metadata/annotations/alb-dr.io~1drill", "value": other},
        )

    estate.members["c2"].fail = once(estate, begin)
    with pytest.raises(RestoreIncomplete, match="another drill by now, 0b0b"):
        remedied(estate, found)
    assert estate.replicas == 0


def test_F23_what_does_not_exist_any_more_cannot_be_put_back(estate: Estate) -> None:
    found = marked(estate)
    estate.members["c2"].delete(WORKLOAD)
    with pytest.raises(RestoreIncomplete, match="does not exist any more"):
        restore_until(
            found.target,
            ID,
            api=estate.members["c2"],
            deadline=Deadline(estate.clock, 1.0),
            note=estate.voice.warn,
        )


def test_F41_a_fleet_that_cannot_be_read_leaves_the_marks_to_be_believed(estate: Estate) -> None:
    killed(estate)
    estate.fleet.fail = lambda call: Forbidden("no") if call == "list configmaps" else None
    seen = Recovery(estate.recovery_ports())
    assert any("cannot be read: no" in words for words in estate.voice.warnings)
    (case,) = seen.cases()
    assert seen.carry_out(case, accepted=()) == "restore"


def test_a_case_that_can_be_reached_no_longer_is_incomplete(estate: Estate) -> None:
    killed(estate)
    (case,) = Recovery(estate.recovery_ports()).cases()
    with pytest.raises(RestoreIncomplete, match="cannot be reached"):
        Recovery(estate.recovery_ports(members={})).carry_out(case, accepted=())


def test_a_workload_put_back_elsewhere_is_watched_until_it_is_whole(estate: Estate) -> None:
    killed(estate)
    ports = estate.recovery_ports()
    seen = Recovery(ports)
    (case,) = seen.cases()
    seen.carry_out(case, accepted=())
    estate.pods["c2"].ready = lambda _wanted: 0
    with pytest.raises(RestoreIncomplete, match="its pods are not ready"):
        observed(case, ports, Deadline(estate.clock, 2.0))


def test_F30_a_record_that_keeps_changing_is_no_longer_fought_for(estate: Estate) -> None:
    killed(estate)
    estate.fleet.fail = lambda call: Conflict("changed") if call.startswith("replace") else None
    with pytest.raises(Conflict):
        update_record(estate.fleet, SPACE, ID, lambda record: replace(record, why="more"))


def test_recovering_twice_finds_nothing_the_second_time(estate: Estate) -> None:
    killed(estate)
    assert len(recover(estate)) == 1
    assert recover(estate) == []


def test_samples_since_an_instant() -> None:
    columns = columns_of([a_sample(0, at_s=n / 10) for n in range(10)])
    assert len(columns.since(0.0)) == 10
    assert list(columns.since(0.75).due_s) == [0.8, 0.9]


def test_F24_a_record_that_does_not_say_what_was_there_is_left_to_a_person(estate: Estate) -> None:
    killed(estate)
    edit(estate, {"op": "remove", "path": NOTE}, {"op": "remove", "path": LABELLED})
    update_record(
        estate.fleet,
        SPACE,
        ID,
        lambda record: replace(
            record, targets=tuple(replace(t, replicas=None) for t in record.targets)
        ),
    )
    with pytest.raises(RestoreIncomplete, match="does not say what"):
        recover(estate, ID)
    assert estate.replicas == 0


def test_a_fault_of_a_sandbox_is_cleared_where_the_sandbox_is(estate: Estate) -> None:
    killed(estate, "sandbox:hung")
    (case,) = Recovery(estate.recovery_ports()).cases()
    with pytest.raises(RestoreIncomplete, match="on the machine of the sandbox"):
        Recovery(estate.recovery_ports(box=None)).carry_out(case, accepted=())


def test_a_prober_that_fails_under_the_fault_ends_the_drill(estate: Estate) -> None:
    take = estate.gateway.take

    def broken(**_words: object) -> SampleColumns:
        estate.gateway.take = take  # type: ignore[method-assign]
        raise Unreachable("no sockets are left")

    estate.during(4.0, lambda: setattr(estate.gateway, "take", broken))
    report = estate.drill(observe_s=30.0)
    assert report.outcome is DrillOutcome.ABORTED
    assert report.why == "no sockets are left"
    assert estate.is_clean


def test_an_error_nobody_foresaw_does_not_hide_why_a_drill_was_ended(estate: Estate) -> None:
    estate.control(drills="allowed")
    estate.during(4.0, lambda: estate.control(drills="no"))

    def stumble(call: str) -> None:
        if call.startswith("patch Deployment") and estate.book.events[-1][0] == "restoring":
            estate.gateway.each = lambda: 1 // 0  # type: ignore[assignment, return-value]

    estate.members["c2"].fail = stumble
    with pytest.raises(ZeroDivisionError):
        estate.drill(observe_s=30.0)
    ended = estate.kept[-1].ended
    assert ended is not None
    assert "drills" in ended.why
    assert estate.is_clean


def test_pauses_are_found_and_ended_by_whoever_recovers(estate: Estate) -> None:
    scaled = ResourceId(kind=SCALED_OBJECT, name="web-demo", namespace=SPACE)
    record = PauseRecord(drill=ID, former={}, replicas=2, deadline="x", by="ann")
    metadata = {
        "name": scaled.name,
        "namespace": SPACE,
        "labels": {LABEL: "true"},
        "annotations": {ANNOTATION: record.dump()},
    }
    spec = {"scaleTargetRef": {"name": "web-demo"}}
    document = {"apiVersion": SCALED_OBJECT.api_version, "kind": "ScaledObject", "spec": spec}
    estate.members["c2"].create(Manifest(id=scaled, document={**document, "metadata": metadata}))
    estate.members["c1"].fail = lambda call: (
        Unreachable("no route") if call == "list scaledobjects" else None
    )
    seen = Recovery(estate.recovery_ports())
    assert [pause.drill for pause in seen.pauses()] == [ID]
    assert list(map(str, seen.unseen)) == ["poc-ack-1 could not be looked at: no route"]
    assert seen.pauses("another") == ()
    estate.members["c1"].fail = lambda _call: None
    assert [pause.live.id for pause in seen.end_pauses()] == [scaled]
    assert seen.pauses() == ()


def test_closed_records_are_shown_and_only_what_writes_ends_a_drill(estate: Estate) -> None:
    estate.drill()
    seen = Recovery(estate.recovery_ports())
    assert [found.drill for found in seen.closed_records] == [ID]
    assert seen.open_records == ()
    assert {d for d in Decision if d.writes} == {
        Decision.RESTORE,
        Decision.CLEAR,
        Decision.ASK_MISSING,
        Decision.ASK_STALE,
    }


def test_a_fault_of_the_sandbox_that_somebody_clears_ends_the_drill(estate: Estate) -> None:
    estate.gateway.lie = lambda w: {"c1": 100} if estate.box.faults else w
    estate.during(4.0, estate.box.faults.clear)
    report = estate.drill(fault="sandbox:hung", observe_s=30.0)
    assert report.outcome is DrillOutcome.ABORTED
    assert report.why == "somebody else cleared the fault of the sandbox"
    assert estate.is_clean


def test_a_mark_on_what_the_record_does_not_name_is_put_back_all_the_same(estate: Estate) -> None:
    killed(estate)
    update_record(
        estate.fleet,
        SPACE,
        ID,
        lambda r: replace(r, targets=tuple(replace(t, name="another") for t in r.targets)),
    )
    first = Recovery(estate.recovery_ports()).cases()[0]
    assert (first.decision, first.target) == (Decision.RESTORE, None)
