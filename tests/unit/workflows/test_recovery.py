"""Recovery: the decision table of safety §3.6, row by row, and what follows from each row."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from alb_dr.errors import AlbDrError, Forbidden, Interruption, RestoreIncomplete, Unreachable
from alb_dr.model.fleet_record import DrillPhase, FleetRecord
from alb_dr.model.manifest import CONFIG_MAP, Manifest, ResourceId
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.records.drill_record import ANNOTATION, replicas_of
from alb_dr.workflows.records.fleet_record import (
    KEPT,
    DrillEvidence,
    close_record,
    create_record,
    prune_records,
    read_records,
    record_id,
    record_words,
    update_record,
)
from alb_dr.workflows.recover.case import FLEET, Case
from alb_dr.workflows.recover.observation import await_traffic, observed
from alb_dr.workflows.recover.recovery import Recovery
from alb_dr.workflows.recover.table import Decision, Findings, Known, Mark, decide
from alb_dr.workflows.recover.told import undone
from alb_dr.workflows.recover.unseen import Unseen
from tests.fakes.drilling import ID, ROUTE, SPACE, WORKLOAD, Estate

MARKED, NONE = Mark.OURS, Mark.NONE
TABLE = [
    (MARKED, True, True, Known.OPEN, Decision.RESTORE),
    (MARKED, True, True, Known.MISSING, Decision.RESTORE),
    (MARKED, True, True, Known.UNREADABLE, Decision.RESTORE),
    (MARKED, False, True, Known.OPEN, Decision.CLEAR),
    (MARKED, False, True, Known.CLOSED, Decision.CLEAR),
    (NONE, True, True, Known.OPEN, Decision.ASK_MISSING),
    (NONE, True, True, Known.CLOSED, Decision.NOTHING),
    (NONE, False, True, Known.OPEN, Decision.CLOSE),
    (NONE, True, False, Known.OPEN, Decision.STOP),
    (MARKED, True, False, Known.OPEN, Decision.STOP),
    (MARKED, True, True, Known.CLOSED, Decision.ASK_STALE),
    (Mark.UNREADABLE, True, True, Known.OPEN, Decision.STOP),
    (Mark.UNREADABLE, False, True, Known.MISSING, Decision.STOP),
]


@pytest.mark.parametrize(("mark", "harmed", "same", "known", "decision"), TABLE)
def test_the_table(mark: Mark, harmed: bool, same: bool, known: Known, decision: Decision) -> None:
    assert decide(Findings(mark=mark, harmed=harmed, same=same, known=known)) is decision


@pytest.fixture
def estate() -> Estate:
    return Estate()


def killed(estate: Estate, fault: str = "scale-to-zero", **changes: object) -> None:
    """A drill whose process died in the middle of the fault."""

    class Dead(BaseException):
        """SIGKILL: nothing of the process runs any more."""

    def die() -> None:
        for api in (estate.fleet, *estate.members.values()):
            api.fail = lambda _call: Dead()  # type: ignore[return-value]
        estate.box.fail = Dead()  # type: ignore[assignment]
        raise Dead

    estate.during(5.0, die)
    with pytest.raises(Dead):
        estate.drill(fault=fault, observe_s=30.0, **changes)
    for api in (estate.fleet, *estate.members.values()):
        api.fail = lambda _call: None
    estate.box.fail = None
    estate.gateway.each = lambda: None
    for lease in estate.fleet.list(_lease()):
        estate.fleet.delete(lease.id)


def _lease():  # type: ignore[no-untyped-def]
    from alb_dr.model.manifest import LEASE

    return LEASE


def recover(estate: Estate, *accepted: str, **changes: object) -> list[tuple[str, str]]:
    """Everything, with an observation of each; the records are closed afterwards."""
    ports = estate.recovery_ports(**changes)
    seen = Recovery(ports)
    done = []
    for case in seen.cases():
        words = seen.carry_out(case, accepted=accepted)
        done.append((words, observed(case, ports, Deadline(estate.clock, 20.0))))
        if ports.fleet is not None:
            close_record(
                ports.fleet, SPACE, case.drill, outcome="X", why="", now=estate.clock.now()
            )
    return done


@pytest.mark.parametrize("fault", ["scale-to-zero", "weight-drain", "sandbox:hung"])
def test_F1_what_a_killed_drill_left_is_put_back(estate: Estate, fault: str) -> None:
    killed(estate, fault)
    assert not estate.is_clean or estate.box.faults
    (done,) = recover(estate)
    assert done[0] == "restore"
    assert estate.is_clean
    assert estate.box.faults == {}
    assert recover(estate) == []


def test_F1_the_fleet_is_not_needed(estate: Estate) -> None:
    killed(estate)
    (done,) = recover(estate, fleet=None, box=None, topology=None)
    assert done == ("restore", "all pods are ready")
    assert estate.replicas == 2


def test_F41_a_fleet_that_does_not_answer_is_said_and_done_without(estate: Estate) -> None:
    killed(estate)
    estate.fleet.fail = lambda _call: Unreachable("no route")
    seen = Recovery(estate.recovery_ports())
    (case,) = seen.cases()
    assert case.decision is Decision.RESTORE
    assert seen.unseen
    assert seen.carry_out(case, accepted=()) == "restore"


def test_F41_a_fleet_that_does_not_answer_is_asked_once(estate: Estate) -> None:
    """Each question lasts as long as a call may."""
    asked: list[str] = []

    def silent(call: str) -> Unreachable:
        asked.append(call)
        return Unreachable("no answer in time")

    estate.fleet.fail = silent
    seen = Recovery(estate.recovery_ports())
    assert seen.cases() == ()
    assert asked == ["list configmaps"]
    assert list(map(str, seen.unseen)) == ["Fleet could not be looked at: no answer in time"]


def test_F41_a_member_that_does_not_answer_is_listed(estate: Estate) -> None:
    killed(estate)
    estate.members["c2"].fail = lambda _call: Unreachable("no route")
    seen = Recovery(estate.recovery_ports())
    assert seen.cases() == ()
    problem = undone([], seen.unseen)
    assert problem is not None
    assert "poc-ack-2 could not be looked at" in problem.message
    assert undone([], []) is None


def test_F41_one_that_does_not_answer_is_named_once(estate: Estate) -> None:
    estate.members["c1"].fail = lambda call: Unreachable(f"poc-ack-1: {call}: no route")
    seen = Recovery(estate.recovery_ports())
    assert (seen.cases(), seen.pauses()) == ((), ())
    assert list(map(str, seen.unseen)) == [
        "poc-ack-1 could not be looked at: list deployments: no route"
    ]


def test_F34_an_incomplete_restore_says_recover_whatever_the_failed_call_hints_at() -> None:
    lost = Unreachable("no answer", hint="is it up? nothing was changed")
    problem = undone([lost], [])
    assert problem is not None
    assert str(problem.hint).endswith("alb-dr failover recover --execute")
    left = RestoreIncomplete("not ready", hint="kubectl describe hpa")
    problem = undone([lost, left], [])
    assert problem is not None
    assert problem.hint == "kubectl describe hpa"


def test_F34_what_a_silent_member_was_asked_is_said_once() -> None:
    silent = Unseen("poc-ack-1", "could not be looked at: list deployments: no route")
    asked = Unreachable("poc-ack-1: list scaledobjects: no route")
    problem = undone([asked], [silent])
    assert problem is not None
    assert problem.message == str(silent)
    left = RestoreIncomplete("poc-ack-1: Deployment web-demo is not put back")
    problem = undone([left], [silent])
    assert problem is not None
    assert problem.message == f"{left.message}; {silent}"


def edit(estate: Estate, *operations: dict[str, object]) -> None:
    estate.members["c2"].as_manager("kubectl-edit").patch(WORKLOAD, list(operations))


NOTE = "/metadata/annotations/alb-dr.io~1drill"
UP = {"op": "replace", "path": "/spec/replicas", "value": 2}


def test_scaled_up_by_somebody_only_the_record_goes(estate: Estate) -> None:
    killed(estate)
    edit(estate, {**UP, "value": 4})
    assert recover(estate)[0][0] == "clear"
    assert estate.replicas == 4
    assert ANNOTATION not in estate.workload().annotations


UNLABEL = {"op": "remove", "path": "/metadata/labels/alb-dr.io~1drill-open"}


@pytest.mark.parametrize(("edits", "done"), [([], "restore"), ([{**UP, "value": 4}], "clear")])
def test_F24_a_mark_whose_label_was_taken_away_is_found_all_the_same(
    estate: Estate, edits: list[dict[str, object]], done: str
) -> None:
    killed(estate)
    edit(estate, UNLABEL, *edits)
    assert recover(estate)[0][0] == done
    assert estate.replicas == (4 if edits else 2)
    assert ANNOTATION not in estate.workload().annotations


def test_F24_held_weights_without_their_label_are_found_too(estate: Estate) -> None:
    killed(estate, "weight-drain")
    estate.fleet.patch(ROUTE, [UNLABEL])
    assert recover(estate)[0][0] == "restore"
    assert estate.is_clean


def test_F24_the_mark_of_a_closed_drill_that_came_back_without_its_label_is_asked_about(
    estate: Estate,
) -> None:
    killed(estate)
    close_record(estate.fleet, SPACE, ID, outcome="RECOVERED", why="", now=estate.clock.now())
    edit(estate, UNLABEL)
    (case,) = Recovery(estate.recovery_ports()).cases()
    assert (case.drill, case.decision) == (ID, Decision.ASK_STALE)


def test_F24_a_missing_record_is_put_back_only_when_a_person_says_so(estate: Estate) -> None:
    killed(estate)
    edit(
        estate,
        {"op": "remove", "path": NOTE},
        UNLABEL,
    )
    with pytest.raises(RestoreIncomplete, match="the record on the object is gone") as refusal:
        recover(estate)
    assert f"--accept-missing-marker {ID}" in str(refusal.value.hint)
    assert estate.replicas == 0
    assert recover(estate, ID)[0][0] == "restore"
    assert estate.is_clean


def test_F24_a_missing_record_of_weights_is_asked_about_too(estate: Estate) -> None:
    killed(estate, "weight-drain")
    estate.fleet.patch(
        ROUTE,
        [
            {"op": "remove", "path": NOTE},
            UNLABEL,
        ],
    )
    with pytest.raises(RestoreIncomplete):
        recover(estate)
    assert recover(estate, ID)[0][0] == "restore"
    assert estate.is_clean


def test_weights_are_said_in_the_order_of_the_file(estate: Estate) -> None:
    """Records and annotations come sorted by id, which says nothing about the file."""
    killed(estate, "weight-drain")
    members = tuple(reversed(estate.topology.members))
    ports = estate.recovery_ports(topology=replace(estate.topology, members=members))
    assert [case.words for case in Recovery(ports).cases()] == ["had weights 80/20"]
    assert recover(estate) == [("restore", "weights 20/80")]


def test_without_a_project_file_held_weights_are_found_on_any_cluster(estate: Estate) -> None:
    killed(estate, "weight-drain")
    bare = {"members": {"fleet": estate.fleet}, "fleet": None, "box": None, "topology": None}
    (case,) = Recovery(estate.recovery_ports(**bare)).cases()
    assert (case.where, case.words) == ("fleet", "had weights c1 20, c2 80")
    assert recover(estate, **bare) == [("restore", "weights c1 20, c2 80")]
    assert estate.weights == {"c1": "20", "c2": "80"}


def test_F41_an_api_that_hides_its_ingresses_holds_none(estate: Estate) -> None:
    killed(estate)
    member = estate.members["c2"]
    member.fail = lambda call: Forbidden("no") if call == "list ingresses" else None
    bare = {"members": {"c2": member}, "fleet": None, "box": None, "topology": None}
    seen = Recovery(estate.recovery_ports(**bare))
    assert [case.where for case in seen.cases()] == ["c2"]
    assert seen.unseen == []


def test_restored_by_hand_the_record_is_only_closed(estate: Estate) -> None:
    killed(estate)
    edit(
        estate,
        UP,
        {"op": "remove", "path": NOTE},
        {"op": "remove", "path": "/metadata/labels/alb-dr.io~1drill-open"},
    )
    assert recover(estate)[0][0] == "already put back"
    assert estate.is_clean


def test_a_closed_drill_and_a_workload_at_0_is_somebodys_wish(estate: Estate) -> None:
    estate.drill()
    edit(estate, {**UP, "value": 0})
    assert recover(estate) == []
    assert estate.replicas == 0


def test_F24_the_record_of_a_closed_drill_that_came_back_is_asked_about(estate: Estate) -> None:
    killed(estate)
    close_record(estate.fleet, SPACE, ID, outcome="X", why="", now=estate.clock.now())
    with pytest.raises(RestoreIncomplete, match="record is of a closed drill"):
        recover(estate)
    assert estate.replicas == 0
    assert recover(estate, ID)[0][0] == "restore"
    assert estate.replicas == 2


def test_F23_a_workload_made_anew_is_left_alone(estate: Estate) -> None:
    killed(estate)
    api = estate.members["c2"]
    live = api.get(WORKLOAD)
    assert live is not None
    api.delete(WORKLOAD)
    document = {
        **live.document,
        "metadata": {"name": "web-demo", "namespace": SPACE},
        "spec": {**live.document["spec"], "replicas": 1},
    }
    api.create(Manifest(id=WORKLOAD, document=document))
    with pytest.raises(RestoreIncomplete, match="made anew"):
        recover(estate)
    assert replicas_of(estate.workload()) == 1
    api.delete(WORKLOAD)
    with pytest.raises(RestoreIncomplete, match="does not exist any more"):
        recover(estate)


def test_a_record_nobody_can_read_is_printed_and_left(estate: Estate) -> None:
    killed(estate)
    newer = json.dumps({"schema": 99})
    edit(estate, {"op": "replace", "path": NOTE, "value": newer})
    cases = Recovery(estate.recovery_ports()).cases()
    assert {case.decision for case in cases} == {Decision.STOP}
    with pytest.raises(RestoreIncomplete) as refusal:
        recover(estate)
    assert '{"schema": 99}' in refusal.value.message
    assert estate.replicas == 0


def test_an_unreadable_fleet_record_is_shown_and_changes_nothing(estate: Estate) -> None:
    killed(estate)
    (found,) = estate.records
    document = {**found.live.document, "data": {"record": "{}"}}
    estate.fleet.replace(Manifest(id=found.live.id, document=document))
    cases = Recovery(estate.recovery_ports()).cases()
    assert [c.decision for c in cases] == [Decision.RESTORE, Decision.STOP]
    assert "cannot be read" in record_words(estate.records[0])


def test_a_sandbox_fault_of_another_machine_needs_that_machine(estate: Estate) -> None:
    killed(estate, "sandbox:hung")
    with pytest.raises(RestoreIncomplete, match="sandbox"):
        recover(estate, box=None)
    estate.box.faults.clear()
    assert recover(estate)[0][0] == "already put back"


def test_a_target_of_no_member_is_said(estate: Estate) -> None:
    killed(estate)
    edit(
        estate,
        {"op": "remove", "path": NOTE},
        {"op": "remove", "path": "/metadata/labels/alb-dr.io~1drill-open"},
    )
    seen = Recovery(estate.recovery_ports(members={}))
    assert seen.cases() == ()
    assert list(map(str, seen.unseen)) == ["poc-ack-2 is no member of this project"]
    estate.members["c2"].fail = lambda call: (
        Unreachable("no route") if call.startswith("get Deployment") else None
    )
    seen = Recovery(estate.recovery_ports())
    assert seen.cases() == ()
    assert seen.unseen


def test_a_ramp_that_was_killed_is_put_back(estate: Estate) -> None:
    def die() -> None:
        if estate.weights["c2"] == "20":
            for api in (estate.fleet, *estate.members.values()):
                api.fail = lambda _call: Interruption(9)  # type: ignore[return-value]
            raise Interruption(9)

    estate.gateway.each = die
    with pytest.raises(BaseException):  # noqa: B017, PT011  whatever a dead machine raises
        estate.drill(ramp=True, rate=400.0)
    for api in (estate.fleet, *estate.members.values()):
        api.fail = lambda _call: None
    for lease in estate.fleet.list(_lease()):
        estate.fleet.delete(lease.id)
    assert estate.weights == {"c1": "80", "c2": "20"}
    assert [words for words, _ in recover(estate)] == ["already put back", "restore"]
    assert estate.is_clean


# what is seen at the end ----------------------------------------------------------------------


def test_an_observation_waits_for_an_api_that_comes_back(estate: Estate) -> None:
    killed(estate)
    ports = estate.recovery_ports()
    seen = Recovery(ports)
    (case,) = seen.cases()
    seen.carry_out(case, accepted=())
    tries = iter([Unreachable("no route"), Unreachable("no route")])
    estate.members["c2"].fail = lambda call: next(tries, None) if "list" in call else None
    words = observed(case, ports, Deadline(estate.clock, 5.0))
    assert words == "all pods are ready, 2 endpoints"
    estate.members["c2"].fail = lambda _call: Unreachable("no route")
    with pytest.raises(RestoreIncomplete, match="cannot be looked at"):
        observed(case, ports, Deadline(estate.clock, 2.0))


def test_endpoints_that_do_not_come_are_no_restore(estate: Estate) -> None:
    killed(estate)
    ports = estate.recovery_ports()
    seen = Recovery(ports)
    (case,) = seen.cases()
    seen.carry_out(case, accepted=())
    pods = estate.pods["c2"]
    type(pods).now  # noqa: B018  a property of the class: what follows replaces it for this one
    listed = estate.members["c2"].list
    estate.members["c2"].list = lambda kind, **words: (  # type: ignore[method-assign]
        () if kind.name == "EndpointSlice" else listed(kind, **words)
    )
    with pytest.raises(RestoreIncomplete, match="no endpoint"):
        observed(case, ports, Deadline(estate.clock, 2.0))


def test_weights_that_are_no_split_are_no_restore(estate: Estate) -> None:
    killed(estate, "weight-drain")
    ports = estate.recovery_ports()
    seen = Recovery(ports)
    (case,) = seen.cases()
    seen.carry_out(case, accepted=())
    path = "/metadata/annotations/alb.ingress.kubernetes.io~1cluster-weight.c1"
    estate.fleet.patch(ROUTE, [{"op": "replace", "path": path, "value": "90"}])
    with pytest.raises(RestoreIncomplete, match="sum to 170"):
        observed(case, ports, Deadline(estate.clock, 2.0))
    estate.fleet.delete(ROUTE)
    with pytest.raises(RestoreIncomplete, match="does not exist"):
        observed(case, ports, Deadline(estate.clock, 2.0))


def test_nothing_is_looked_at_where_nothing_was_done(estate: Estate) -> None:
    ports = estate.recovery_ports(topology=None)
    case = Case(drill="x", where="poc-ack-2", id=None, what="", decision=Decision.NOTHING, words="")
    assert observed(case, ports, Deadline(estate.clock, 2.0)) == "left as somebody wants it"
    bare = Case(drill="x", where="poc-ack-2", id=None, what="", decision=Decision.RESTORE, words="")
    assert observed(bare, ports, Deadline(estate.clock, 2.0)) == "nothing to look at"


def waited(estate: Estate, *put_back: str, timeout_s: float = 20.0) -> str:
    return await_traffic(
        estate.topology,
        put_back,
        fleet=estate.fleet,
        prober=estate.gateway,
        clock=estate.clock,
        deadline=Deadline(estate.clock, timeout_s),
    )


def test_recover_waits_until_a_member_that_was_put_back_serves(estate: Estate) -> None:
    back = estate.clock.elapsed_s + 4.0
    estate.gateway.lie = lambda w: w if estate.clock.elapsed_s > back else {"c1": 100}
    words = waited(estate, "poc-ack-2")
    assert "poc-ack-2" in words
    assert "poc-ack-2 0%" not in words
    assert estate.clock.elapsed_s > back


def test_a_member_that_gets_no_traffic_though_it_has_weight_is_no_restore(estate: Estate) -> None:
    estate.gateway.lie = lambda _weights: {"c1": 100}
    with pytest.raises(RestoreIncomplete, match="poc-ack-2 is put back but gets no traffic"):
        waited(estate, "poc-ack-2")
    assert "poc-ack-1 100%" in waited(estate, "poc-ack-1")


def test_recover_waits_until_the_traffic_follows_weights_that_were_put_back(
    estate: Estate,
) -> None:
    back = estate.clock.elapsed_s + 4.0
    old = {"c1": 80, "c2": 20}
    estate.gateway.lie = lambda w: w if estate.clock.elapsed_s > back else old
    assert "poc-ack-1 80%" not in waited(estate, FLEET)
    assert estate.clock.elapsed_s > back
    estate.gateway.lie = lambda _weights: old
    with pytest.raises(RestoreIncomplete, match="the traffic does not follow"):
        waited(estate, FLEET)


def test_a_gateway_that_answers_nobody_proves_nothing(estate: Estate) -> None:
    estate.gateway.lose = lambda _member, _n: True
    began = estate.clock.elapsed_s
    assert "without a usable answer" in waited(estate, "poc-ack-2", timeout_s=300.0)
    assert estate.clock.elapsed_s - began < 60.0


# the record on the Fleet ----------------------------------------------------------------------


def a_record(drill: str = ID, **changes: object) -> FleetRecord:
    values: dict[str, object] = {
        "drill": drill,
        "fault": "scale-to-zero",
        "victim": "poc-ack-2",
        "targets": (),
        "deadline": "2026-03-01T12:10:00+00:00",
        "reason": "test",
        "by": "ann\x1b[31m",
        "started": "2026-03-01T12:00:00+00:00",
    }
    return FleetRecord(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"targets": 1}', "no json"])
def test_F7_a_record_that_is_none_is_not_read(text: str) -> None:
    assert FleetRecord.parse(text) is None


def test_a_record_survives_being_written_and_names_are_harmless(estate: Estate) -> None:
    create_record(estate.fleet, SPACE, a_record())
    (found,) = estate.records
    assert found.record == a_record()
    assert "\x1b" not in record_words(found)
    assert FleetRecord.parse(a_record(schema=2).dump()) is None


def test_how_a_drill_ended_first_is_what_stays(estate: Estate) -> None:
    create_record(estate.fleet, SPACE, a_record())
    now = estate.clock.now()
    close_record(estate.fleet, SPACE, ID, outcome="FAILED", why="slow", now=now)
    close_record(estate.fleet, SPACE, ID, outcome="RECOVERED", why="", now=now)
    close_record(estate.fleet, SPACE, "none", outcome="RECOVERED", why="", now=now)
    (found,) = estate.records
    assert found.record is not None
    assert (found.record.phase, found.record.outcome) == (DrillPhase.CLOSED, "FAILED")


def test_F30_two_that_close_a_record_both_succeed(estate: Estate) -> None:
    create_record(estate.fleet, SPACE, a_record())
    raced: list[bool] = []

    def race(call: str) -> AlbDrError | None:
        if call.startswith("replace") and not raced:
            raced.append(True)
            close_record(estate.fleet, SPACE, ID, outcome="FAILED", why="", now=estate.clock.now())
        return None

    estate.fleet.fail = race
    close_record(estate.fleet, SPACE, ID, outcome="X", why="", now=estate.clock.now())
    (found,) = estate.records
    assert found.record is not None
    assert found.record.outcome == "FAILED"


def test_only_the_newest_closed_records_are_kept(estate: Estate) -> None:
    for n in range(KEPT + 3):
        create_record(estate.fleet, SPACE, a_record(f"d{n:02}", phase=DrillPhase.CLOSED))
    create_record(estate.fleet, SPACE, a_record("open"))
    prune_records(estate.fleet, SPACE)
    assert len(read_records(estate.fleet, SPACE)) == KEPT + 1
    create_record(estate.fleet, SPACE, a_record("more", phase=DrillPhase.CLOSED))
    estate.fleet.fail = lambda call: Forbidden("no") if call.startswith("delete") else None
    prune_records(estate.fleet, SPACE)
    assert len(read_records(estate.fleet, SPACE)) == KEPT + 2


def test_a_record_that_cannot_be_read_is_not_written_over(estate: Estate) -> None:
    id_ = record_id(SPACE, ID)
    metadata = {"name": id_.name, "namespace": SPACE, "labels": {"alb-dr.io/record": "drill"}}
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    estate.fleet.create(Manifest(id=id_, document={**document, "data": {"record": "new"}}))
    update_record(estate.fleet, SPACE, ID, lambda record: record)
    live = estate.fleet.get(ResourceId(kind=CONFIG_MAP, name=id_.name, namespace=SPACE))
    assert live is not None
    assert live.document["data"] == {"record": "new"}
    assert estate.records[0].drill == ID


def test_evidence_that_was_not_begun_writes_nothing(estate: Estate) -> None:
    evidence = DrillEvidence(SPACE, fleet=estate.fleet, clock=estate.clock, narrator=estate.voice)
    evidence.note(DrillPhase.FIRED)
    evidence.close("X", "")
    assert estate.records == ()


@pytest.mark.parametrize("seconds", [3.0, 60.0])
def test_F41_a_drill_that_is_over_tries_for_a_while_to_close_its_record(
    estate: Estate, seconds: float
) -> None:
    evidence = DrillEvidence(SPACE, fleet=estate.fleet, clock=estate.clock, narrator=estate.voice)
    evidence.begin(a_record())
    until = estate.clock.elapsed_s + seconds
    estate.fleet.fail = lambda _call: Unreachable("cut") if estate.clock.elapsed_s < until else None
    evidence.close("SUCCEEDED", "")
    estate.fleet.fail = lambda _call: None
    assert [r.is_open for r in estate.records] == [seconds > 30.0]
    told = "close it: alb-dr failover recover --execute" in estate.voice.warnings
    assert told is (seconds > 30.0)
