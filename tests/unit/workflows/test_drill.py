"""A drill from the first look to the closed record: what it writes, and what ends it early."""

from __future__ import annotations

import pytest

from alb_dr.errors import (
    AlbDrError,
    Conflict,
    Forbidden,
    Interruption,
    Refused,
    RestoreIncomplete,
    Unreachable,
)
from alb_dr.model.drill_report import DrillOutcome
from alb_dr.model.fleet_record import DrillPhase
from alb_dr.workflows.records.drill_record import ANNOTATION, replicas_of
from tests.fakes.drilling import ID, ROUTE, WORKLOAD, Estate


@pytest.fixture
def estate() -> Estate:
    return Estate()


def scale(estate: Estate, replicas: int, *, manager: str = "kubectl-scale") -> None:
    """Somebody else scales the victim."""
    operation = {"op": "replace", "path": "/spec/replicas", "value": replicas}
    estate.members["c2"].as_manager(manager).patch(WORKLOAD, [operation])


def annotate(estate: Estate, operations: list[dict[str, object]]) -> None:
    """Somebody else changes the victim's record."""
    estate.members["c2"].patch(WORKLOAD, operations)


ANNOTATED = "/metadata/annotations/alb-dr.io~1drill"


def test_a_drill_moves_the_traffic_and_puts_everything_back(estate: Estate) -> None:
    report = estate.drill()
    assert report.outcome is DrillOutcome.SUCCEEDED
    assert report.run.path_tested == "endpoint-removal"
    assert report.shares_during["poc-ack-2"] == 0.0
    assert estate.is_clean
    (found,) = estate.records
    assert found.record is not None
    assert found.record.phase is DrillPhase.CLOSED
    assert found.record.outcome == "SUCCEEDED"
    assert [t.replicas for t in found.record.targets] == [2]


def test_every_intent_is_in_the_journal_before_what_it_is_about(estate: Estate) -> None:
    estate.drill()
    events = [event for event, _ in estate.book.events]
    assert events == ["arming", "intent", "fired", "restoring", "restored"]
    assert estate.book.events[1][1]["fault"] == "scale-to-zero"


def test_the_record_on_the_fleet_is_there_before_the_harm(estate: Estate) -> None:
    estate.drill()
    made = estate.fleet.calls.index(f"create ConfigMap gateway-demo/alb-dr-drill-{ID}")
    assert made >= 0
    estate.fleet.fail = lambda call: Forbidden("no") if "create ConfigMap" in call else None
    with pytest.raises(Forbidden):
        estate.drill(drill_id="another")
    assert not [c for c in estate.members["c2"].calls[-5:] if c.startswith("patch")]
    assert estate.replicas == 2


def test_F8_a_drill_of_the_same_id_is_refused_by_the_record(estate: Estate) -> None:
    estate.drill()
    with pytest.raises(Conflict):
        estate.drill()
    assert estate.is_clean


def test_a_weight_drain_leaves_the_pods_and_takes_the_weight(estate: Estate) -> None:
    seen: list[dict[str, str]] = []
    estate.during(4.0, lambda: seen.append(estate.weights))
    report = estate.drill(fault="weight-drain")
    assert report.outcome is DrillOutcome.SUCCEEDED
    assert report.run.path_tested == "weight-drain"
    assert seen == [{"c1": "100", "c2": "0"}]
    assert estate.is_clean
    (found,) = estate.records
    assert found.record is not None
    assert found.record.targets[0].weights == {"c1": "20", "c2": "80"}


@pytest.mark.parametrize("fault", ["zone-down", "api-down", "hung", "errors", "slow", "pods-down"])
def test_a_fault_of_the_sandbox_is_done_and_cleared(estate: Estate, fault: str) -> None:
    moves = fault in {"zone-down", "hung", "pods-down"}
    bearing = lambda: "poc-ack-2" in estate.box.faults  # noqa: E731
    if moves:
        estate.gateway.lie = lambda w: {"c1": 100} if bearing() else w
        estate.pods["c2"].ready = lambda wanted: 0 if bearing() else wanted
    report = estate.drill(fault=f"sandbox:{fault}")
    assert [done.split()[0] for done in estate.box.done] == [fault]
    assert estate.box.faults == {}
    stays = fault in {"api-down", "slow"}
    assert report.run.victim_leaves is not stays
    # Errors are answers of a member that the gateway of this test does not take out.
    assert (report.outcome is DrillOutcome.SUCCEEDED) is (moves or stays)
    assert ("went on undisturbed" in report.why) is stays
    assert estate.is_clean


def test_losses_under_a_fault_that_should_move_nothing_fail_the_drill(estate: Estate) -> None:
    estate.gateway.lose = lambda _m, n: bool(estate.box.faults) and n % 50 == 0
    report = estate.drill(fault="sandbox:api-down", abort_errors=0.5)
    assert not report.run.victim_leaves
    assert report.outcome is not DrillOutcome.SUCCEEDED


def test_slow_answers_do_not_end_the_drill_that_makes_them(estate: Estate) -> None:
    estate.gateway.latency_s = lambda _m: 0.9 if estate.box.faults else 0.005
    report = estate.drill(fault="sandbox:slow", observe_s=30.0)
    assert report.outcome is DrillOutcome.SUCCEEDED, report.why
    assert "ADR-DRILL-SLOWER" in {finding.code for finding in report.findings}
    assert "95th percentile" in aborted(estate, fault="sandbox:api-down", drill_id="2")


# what ends it early ---------------------------------------------------------------------------


def aborted(estate: Estate, **changes: object) -> str:
    """A drill that is aborted and taken back; why."""
    report = estate.drill(**({"observe_s": 60.0} | changes))
    assert report.outcome is DrillOutcome.ABORTED, report.why
    assert report.run.marks.restored_s is not None
    return report.why


def test_F12_a_survivor_that_loses_pods_ends_the_drill(estate: Estate) -> None:
    def lose() -> None:
        estate.pods["c1"].ready = lambda _wanted: 1

    estate.during(6.0, lose)
    assert "poc-ack-1 has 1 ready pods, it began with 2" in aborted(estate)
    assert estate.is_clean


def test_F12_a_survivor_whose_pods_restart_ends_the_drill(estate: Estate) -> None:
    def restart() -> None:
        estate.pods["c1"].restarts = 1

    estate.during(6.0, restart)
    assert "restarting" in aborted(estate)


def test_F13_errors_above_the_budget_end_the_drill_after_the_recovery(estate: Estate) -> None:
    since = estate.clock.elapsed_s + 8.0
    estate.gateway.lose = lambda _m, n: estate.clock.elapsed_s > since and n % 10 == 0
    assert "after the recovery" in aborted(estate)
    assert estate.is_clean


def test_F13_an_outage_without_recovery_is_not_watched_for_ever(estate: Estate) -> None:
    estate.gateway.lose = lambda _m, _n: estate.replicas == 0
    assert "requests were lost in 10 s" in aborted(estate)


def test_F13_answers_that_grow_slow_end_the_drill(estate: Estate) -> None:
    estate.gateway.latency_s = lambda _m: 0.4 if estate.replicas == 0 else 0.005
    assert "95th percentile" in aborted(estate)


def test_F14_a_probe_that_sees_nothing_is_inconclusive_and_never_passes(estate: Estate) -> None:
    estate.gateway.deaf = lambda: estate.replicas == 0
    assert "no answer said anything" in aborted(estate)


def test_F21_F22_somebody_else_who_scales_is_named_and_not_overwritten(estate: Estate) -> None:
    estate.during(5.0, lambda: scale(estate, 3, manager="argocd-controller"))
    why = aborted(estate)
    assert "scaled Deployment gateway-demo/web-demo to 3 (by argocd-controller at" in why
    assert estate.replicas == 3
    assert ANNOTATION not in estate.workload().annotations
    assert not any(r.is_open for r in estate.records)


def test_F22_somebody_else_who_changes_weights_ends_the_drill(estate: Estate) -> None:
    def steer() -> None:
        path = "/metadata/annotations/alb.ingress.kubernetes.io~1cluster-weight."
        operations = [
            {"op": "replace", "path": path + "c1", "value": "90"},
            {"op": "replace", "path": path + "c2", "value": "10"},
        ]
        estate.fleet.as_manager("kubectl-edit").patch(ROUTE, operations)

    estate.during(5.0, steer)
    assert "set the weights to 90/10 (by kubectl-edit at" in aborted(estate)
    assert estate.weights == {"c1": "90", "c2": "10"}


def test_F22_a_drain_whose_weights_somebody_sets_leaves_them(estate: Estate) -> None:
    def steer() -> None:
        path = "/metadata/annotations/alb.ingress.kubernetes.io~1cluster-weight."
        operations = [
            {"op": "replace", "path": path + "c1", "value": "60"},
            {"op": "replace", "path": path + "c2", "value": "40"},
        ]
        estate.fleet.as_manager("kubectl-edit").patch(ROUTE, operations)

    estate.during(5.0, steer)
    assert "somebody else set the weights to 60/40" in aborted(estate, fault="weight-drain")
    assert estate.weights == {"c1": "60", "c2": "40"}
    assert ANNOTATION not in estate.ingress.annotations


def test_F23_a_workload_made_anew_is_not_written_to(estate: Estate) -> None:
    def remake() -> None:
        api = estate.members["c2"]
        live = api.get(WORKLOAD)
        assert live is not None
        api.delete(WORKLOAD)
        metadata = {"name": "web-demo", "namespace": "gateway-demo"}
        spec = {**live.document["spec"], "replicas": 5}
        document = {**live.document, "metadata": metadata, "spec": spec, "status": {}}
        api.create(type(live)(id=WORKLOAD, document=document))

    estate.during(5.0, remake)
    with pytest.raises(RestoreIncomplete, match="made anew"):
        estate.drill(observe_s=60.0)
    assert estate.replicas == 5
    assert [r.is_open for r in estate.records] == [True]


def test_F24_a_record_that_a_rollout_undo_removed_is_asked_about(estate: Estate) -> None:
    estate.during(5.0, lambda: annotate(estate, [{"op": "remove", "path": ANNOTATED}]))
    with pytest.raises(RestoreIncomplete, match=r"record of drill .* is gone") as refusal:
        estate.drill(observe_s=60.0)
    assert f"--accept-missing-marker {ID}" in str(refusal.value.hint)
    assert estate.replicas == 0


def test_F25_pods_that_do_not_come_back_leave_the_record_open(estate: Estate) -> None:
    estate.during(4.0, lambda: setattr(estate.pods["c2"], "ready", lambda wanted: min(wanted, 0)))
    with pytest.raises(RestoreIncomplete, match="pods are not ready"):
        estate.drill()
    assert estate.replicas == 2
    assert [r.is_open for r in estate.records] == [True]


def test_F28_pods_that_do_not_end_are_given_up_after_a_while(estate: Estate) -> None:
    estate.pods["c2"].ready = lambda _wanted: 2
    assert "did not come into force" in aborted(estate, observe_s=90.0)


def test_F9_a_lost_lock_ends_the_drill_and_the_harm_is_taken_back(estate: Estate) -> None:
    def steal() -> None:
        (lease,) = estate.fleet.list(_lease())
        estate.fleet.replace(_taken(lease))

    estate.during(5.0, steal)
    assert "took the lock" in aborted(estate)
    assert estate.replicas == 2


def _lease():  # type: ignore[no-untyped-def]
    from alb_dr.model.manifest import LEASE

    return LEASE


def _taken(lease):  # type: ignore[no-untyped-def]
    metadata = {**lease.document["metadata"], "annotations": {"alb-dr.io/drill": "other"}}
    return type(lease)(id=lease.id, document={**lease.document, "metadata": metadata})


def test_the_kill_switch_ends_a_drill_under_way(estate: Estate) -> None:
    estate.control(drills="allowed")
    estate.during(5.0, lambda: estate.control(drills="stop"))
    assert "alb-dr-control says drills: 'stop'" in aborted(estate)
    assert estate.is_clean


def test_F41_a_victims_api_that_stays_silent_ends_the_drill(estate: Estate) -> None:
    def cut(call: str) -> AlbDrError | None:
        now = estate.clock.elapsed_s
        return Unreachable("no route") if 1005 < now < 1030 and "web-demo" in call else None

    estate.members["c2"].fail = cut
    assert "has not answered for 20 s" in aborted(estate)
    assert estate.is_clean


def test_F42_a_deadline_that_cannot_be_moved_on_ends_the_drill(estate: Estate) -> None:
    def no_patch(call: str) -> AlbDrError | None:
        busy = 1010 < estate.clock.elapsed_s < 1034
        return Unreachable("no answer") if busy and call.startswith("patch") else None

    estate.members["c2"].fail = no_patch
    assert "the deadline passed" in aborted(estate, expires_s=30.0)


def test_heartbeats_move_the_deadline_on(estate: Estate) -> None:
    seen: list[str] = []
    for at in (4.0, 16.0):
        estate.during(at, lambda: seen.append(estate.workload().annotations[ANNOTATION]))
    estate.drill(observe_s=20.0)
    assert len(set(seen)) == 2


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "replace", "path": ANNOTATED, "value": "{}"}],
        [{"op": "remove", "path": ANNOTATED}],
    ],
)
def test_F24_a_record_that_is_no_longer_ours_ends_the_drill(
    estate: Estate, operations: list[dict[str, object]]
) -> None:
    estate.during(5.0, lambda: annotate(estate, operations))
    with pytest.raises(RestoreIncomplete):
        estate.drill(observe_s=60.0)
    assert estate.replicas == 0


# ways out -------------------------------------------------------------------------------------


def interrupt() -> None:
    raise Interruption(2)


@pytest.mark.parametrize("fault", ["scale-to-zero", "weight-drain", "sandbox:hung"])
def test_F3_a_signal_takes_everything_back(estate: Estate, fault: str) -> None:
    estate.during(5.0, interrupt)
    drill = estate.make(fault=fault)
    with pytest.raises(Interruption):
        drill.run()
    assert estate.is_clean
    assert estate.box.faults == {}
    assert drill.progress.described.ended is not None
    assert drill.progress.described.ended.outcome is DrillOutcome.INTERRUPTED
    (found,) = estate.records
    assert found.record is not None
    assert found.record.outcome == "INTERRUPTED"


def test_F6_a_full_disk_before_the_harm_prevents_it(estate: Estate) -> None:
    estate.book.full = Refused("no space", code="ADR-JOURNAL")
    with pytest.raises(Refused):
        estate.drill()
    assert estate.is_clean
    assert estate.records == ()


def test_F6_a_full_disk_after_the_harm_is_only_said(estate: Estate) -> None:
    def fill() -> None:
        estate.book.full = OSError("no space")

    estate.during(4.0, fill)
    assert estate.drill().outcome is DrillOutcome.SUCCEEDED
    assert any("journal" in words for words in estate.voice.warnings)
    assert estate.is_clean


def test_a_fleet_that_goes_silent_does_not_keep_the_member_down(estate: Estate) -> None:
    def cut() -> None:
        estate.fleet.fail = lambda _call: Unreachable("no route")

    estate.during(4.0, cut)
    estate.drill(observe_s=4.0)
    assert estate.replicas == 2
    assert any("record on the Fleet is behind" in words for words in estate.voice.warnings)


def test_unsteady_traffic_harms_nothing(estate: Estate) -> None:
    estate.gateway.lose = lambda _m, n: n % 2 == 0
    assert estate.drill().outcome is DrillOutcome.INCONCLUSIVE
    assert estate.is_clean
    assert estate.records == ()


def test_a_restore_goes_to_the_minimum_of_the_autoscaler(estate: Estate) -> None:
    from alb_dr.model.drill import DrillRecord

    record = DrillRecord(drill=ID, replicas=2, deadline="x", reason="", by="", least=4)
    assert record.goal == 4
    assert DrillRecord.parse(record.dump()) == record
    assert replicas_of(estate.workload()) == 2
