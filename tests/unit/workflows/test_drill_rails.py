"""Guard rails G1 to G17: each refuses with its code, and only some can be overridden by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from alb_dr.errors import AlbDrError, BadInput, Conflict, Forbidden, Refused, Unreachable
from alb_dr.model.application import DistributionMethod
from alb_dr.model.away import Away
from alb_dr.model.drill import DrillRecord
from alb_dr.model.manifest import SCALED_OBJECT, Manifest, ResourceId
from alb_dr.render.annotations import AWAY
from alb_dr.workflows.rails.guardrails import Cleared, check_guardrails
from alb_dr.workflows.rails.scene import OVERRIDABLE, RailRules, RailScene
from alb_dr.workflows.records.away import escaped
from alb_dr.workflows.records.drill_record import LABEL, fire_patch
from alb_dr.workflows.records.fleet_record import create_record
from alb_dr.workflows.records.kill_switch import outside_window
from alb_dr.workflows.records.lease import DrillLock, lease_id
from alb_dr.workflows.scalers.autoscalers import PAUSE_KEDA
from tests.builders import a_drill_on_record
from tests.fakes.argo import with_argo
from tests.fakes.drilling import ROUTE, SPACE, WORKLOAD, Estate

WEIGHT = "/metadata/annotations/alb.ingress.kubernetes.io~1cluster-weight."


@pytest.fixture
def estate() -> Estate:
    return Estate()


def check(
    estate: Estate, *overrides: str, fault: str = "scale-to-zero", **rules: object
) -> Cleared:
    """Ask every rail."""
    scene = RailScene(
        topology=estate.topology,
        victim=estate.topology.member("poc-ack-2"),
        fault=fault,
        fleet=estate.fleet,
        members=estate.members,
        clock=estate.clock,
        narrator=estate.voice,
        rules=RailRules(overrides=frozenset(overrides), **rules),  # type: ignore[arg-type]
    )
    return check_guardrails(scene)


def refused(estate: Estate, code: str, **rules: object) -> AlbDrError:
    """The refusal of a drill; it can be overridden exactly when its code is on the list."""
    with pytest.raises(AlbDrError) as refusal:
        check(estate, **rules)
    assert refusal.value.code == code
    if code in OVERRIDABLE:
        assert f"--override {code}" in str(refusal.value.hint)
        assert check(estate, code, **rules).overridden == (code,)
    else:
        with pytest.raises(BadInput, match="cannot be overridden"):
            check(estate, code, **rules)
    return refusal.value


def weigh(estate: Estate, one: str, two: str) -> None:
    operations = [
        {"op": "replace", "path": WEIGHT + "c1", "value": one},
        {"op": "replace", "path": WEIGHT + "c2", "value": two},
    ]
    estate.fleet.patch(ROUTE, operations)


def test_everything_holds_and_nothing_was_written(estate: Estate) -> None:
    cleared = check(estate)
    assert cleared.overridden == ()
    assert {m: s.ready for m, s in cleared.survivors.items()} == {"c1": 2}
    words = [c for api in (estate.fleet, *estate.members.values()) for c in api.calls]
    recent = [c for c in words if c.split()[0] in {"patch", "replace", "delete"}]
    assert recent == []


def test_G1_the_kill_switch_refuses_and_a_missing_one_only_when_strict(estate: Estate) -> None:
    refused(estate, "ADR-KILL-SWITCH", strict=True)
    estate.control(drills="no")
    assert "says drills: 'no'" in refused(estate, "ADR-KILL-SWITCH").message
    estate.control(drills="allowed")
    check(estate)


def test_G2_a_drill_begins_in_its_window_only(estate: Estate) -> None:
    estate.control(drills="allowed", window="Mon-Tue 09:00-10:00")
    assert "begin Mon-Tue 09:00-10:00 UTC only" in refused(estate, "ADR-DRILL-WINDOW").message


@pytest.mark.parametrize(
    "data", [{"window": "garbage"}, {"window": "Mon 09:00-10:00", "timezone": "Mars"}]
)
def test_G2_a_window_that_nobody_can_read_is_to_be_mended_not_waited_for(
    estate: Estate, data: dict[str, str]
) -> None:
    estate.control(drills="allowed", window="Mon-Tue 09:00-10:00")
    assert str(refused(estate, "ADR-DRILL-WINDOW").hint).startswith("wait for it")
    estate.control(drills="allowed", **data)
    left = refused(estate, "ADR-DRILL-WINDOW")
    assert "alb-dr-control" in left.message
    assert str(left.hint).startswith("mend it there")


def switch(estate: Estate, window: str, zone: str = "UTC") -> Callable[[datetime], str | None]:
    estate.control(drills="allowed", window=window, timezone=zone)
    live = estate.fleet.get(dataclasses.replace(ROUTE, kind=_config_map(), name="alb-dr-control"))
    return lambda now: outside_window(live, now)


def _config_map():  # type: ignore[no-untyped-def]
    from alb_dr.model.manifest import CONFIG_MAP

    return CONFIG_MAP


SUNDAY = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "zone", "now", "said"),
    [
        ("Sun 08:00-09:00", "UTC", SUNDAY, None),
        ("Sat-Mon 08:00-09:00", "UTC", SUNDAY, None),
        ("Mon-Fri 08:00-09:00, Sun 08:00-08:31", "UTC", SUNDAY, None),
        ("Sun 16:00-17:00", "Asia/Hong_Kong", SUNDAY, None),
        ("Sun 08:00-08:30", "UTC", SUNDAY, "only"),
        ("Mon-Fri 08:00-09:00", "UTC", SUNDAY, "only"),
        ("Sun 08:00-09:00", "Mars/Olympus", SUNDAY, "not known"),
        ("always", "UTC", SUNDAY, "cannot be read"),
        ("Sun 25:00-26:00", "UTC", SUNDAY, "cannot be read"),
        ("Sun-Day 08:00-09:00", "UTC", SUNDAY, "cannot be read"),
    ],
)
def test_G2_windows(
    estate: Estate, window: str, zone: str, now: datetime, said: str | None
) -> None:
    words = switch(estate, window, zone)(now)
    assert words is None if said is None else said in str(words)


def test_G4_F10_an_open_record_refuses(estate: Estate) -> None:
    create_record(estate.fleet, SPACE, a_drill_on_record("old"))
    assert "old of ann" in refused(estate, "ADR-DRILL-OPEN").message


def test_G4_a_mark_on_the_ingress_refuses(estate: Estate) -> None:
    operations = [
        {"op": "add", "path": "/metadata/annotations/alb-dr.io~1drill", "value": "{}"},
        {"op": "add", "path": "/metadata/labels/alb-dr.io~1drill-open", "value": "true"},
    ]
    estate.fleet.patch(ROUTE, operations)
    assert "Ingress gateway-demo/web-demo" in refused(estate, "ADR-DRILL-OPEN").message


def test_G4_F8_a_held_lock_refuses(estate: Estate) -> None:
    lock = DrillLock(
        lease_id(estate.topology), fleet=estate.fleet, clock=estate.clock, narrator=estate.voice
    )
    lock.acquire(holder="bob", drill="d1")
    with pytest.raises(Conflict) as refusal:
        estate.drill()
    assert refusal.value.code == "ADR-LOCKED"
    assert estate.replicas == 2


@pytest.mark.parametrize("ready", [0, 1])
def test_G5_F11_a_survivor_that_is_not_whole_refuses(estate: Estate, ready: int) -> None:
    estate.pods["c1"].ready = lambda _wanted: ready
    refused(estate, "ADR-SURVIVOR")


def aged(estate: Estate, **status: object) -> None:
    """Give the survivor's Deployment conditions of an age."""
    shown = estate.pods["c1"]._shown

    def older(found: Manifest) -> Manifest:
        seen = shown(found)
        document = {**seen.document, "status": {**seen.document["status"], **status}}
        return Manifest(id=seen.id, document=document)

    estate.pods["c1"]._shown = older  # type: ignore[method-assign]


def test_G5_a_survivor_that_is_new_refuses(estate: Estate) -> None:
    since = (estate.clock.now() - timedelta(minutes=2)).isoformat()
    aged(
        estate,
        conditions=[
            {"type": "Progressing", "status": "True"},
            {"type": "Available", "status": "True", "lastTransitionTime": since},
        ],
    )
    assert "available for 120 s only" in refused(estate, "ADR-SURVIVOR-YOUNG").message
    check(estate, steady_s=60.0)


def test_G5_a_survivor_that_restarted_refuses(estate: Estate) -> None:
    ended = (estate.clock.now() - timedelta(minutes=5)).isoformat()
    pods = estate.pods["c1"]
    listed = estate.members["c1"].list

    def with_restart(kind, **words):  # type: ignore[no-untyped-def]
        found = listed(kind, **words)
        if kind.name != "Pod":
            return found
        last = {"terminated": {"finishedAt": ended}}
        statuses = [{"restartCount": 1, "lastState": last}, {"lastState": {}}]
        document = {"metadata": {"name": "x"}, "status": {"containerStatuses": statuses}}
        return tuple(Manifest(id=p.id, document=document) for p in found)

    estate.members["c1"].list = with_restart  # type: ignore[method-assign]
    assert pods.restarts == 0
    assert "ended 300 s ago" in refused(estate, "ADR-SURVIVOR-YOUNG").message


def test_G6_survivors_with_too_few_pods_refuse(estate: Estate) -> None:
    weigh(estate, "50", "50")
    refused(estate, "ADR-CAPACITY")
    check(estate, headroom=2.5)


@pytest.mark.parametrize(
    ("one", "two", "code"),
    [
        ("20", "70", "ADR-LIVE-WEIGHTS"),
        ("x", "80", "ADR-LIVE-WEIGHTS"),
        ("0", "100", "ADR-SURVIVOR-ZERO"),
    ],
)
def test_G7_weights_that_cannot_be_drilled_refuse(
    estate: Estate, one: str, two: str, code: str
) -> None:
    weigh(estate, one, two)
    refused(estate, code)


def test_G7_traffic_that_was_moved_away_refuses(estate: Estate) -> None:
    away = Away(
        operation="5a1d",
        verb="switchover",
        members=("c2",),
        former={"c1": 20, "c2": 80},
        by="bob",
        reason="patching",
        since="2026-03-01T12:00:00+00:00",
    )
    path = f"/metadata/annotations/{escaped(AWAY)}"
    weigh(estate, "90", "10")
    estate.fleet.patch(ROUTE, [{"op": "add", "path": path, "value": away.dump()}])
    refusal = refused(estate, "ADR-TRAFFIC-AWAY")
    assert "traffic is away from poc-ack-2" in refusal.message
    assert "alb-dr failover back" in str(refusal.hint)
    weigh(estate, "20", "80")
    assert check(estate).overridden == (), "weights that are back end the record"


def test_G8_a_gateway_that_does_not_know_a_member_refuses(estate: Estate) -> None:
    read = estate.fleet.get

    def get(wanted):  # type: ignore[no-untyped-def]
        found = read(wanted)
        if found is None or wanted.kind.name != "AlbConfig":
            return found
        status = {"loadBalancer": {"id": "a", "dnsname": "x", "subClusters": ["c1"]}}
        return Manifest(id=wanted, document={**found.document, "status": status})

    estate.fleet.get = get  # type: ignore[method-assign]
    assert "not connected to poc-ack-2" in refused(estate, "ADR-NOT-CONNECTED").message


def test_G8_missing_health_checks_are_said(estate: Estate) -> None:
    key = "/metadata/annotations/alb.ingress.kubernetes.io~1healthcheck-enabled"
    estate.fleet.patch(ROUTE, [{"op": "add", "path": key, "value": "false"}])
    check(estate)
    assert any("health checks" in words for words in estate.voice.warnings)


@pytest.mark.parametrize(
    ("fault", "ramp"), [("weight-drain", False), ("scale-to-zero", True)], ids=["drain", "ramp"]
)
def test_G9_F20_weights_that_Argo_CD_puts_back_are_not_drilled(
    estate: Estate, fault: str, ramp: bool
) -> None:
    with_argo(estate.fleet)
    assert (
        "undoes every change of the weights"
        in refused(estate, "ADR-SELF-HEAL", fault=fault, ramp=ramp).message
    )
    check(estate, fault="scale-to-zero")


@pytest.mark.parametrize(
    ("where", "call", "fault"),
    [
        ("c2", "review patch deployments", "scale-to-zero"),
        ("fleet", "review patch ingresses", "weight-drain"),
        ("fleet", "review create configmaps", "sandbox:hung"),
        ("fleet", "review update leases", "scale-to-zero"),
    ],
)
def test_G11_F37_a_missing_right_refuses_before_anything_else(
    estate: Estate, where: str, call: str, fault: str
) -> None:
    api = estate.fleet if where == "fleet" else estate.members[where]
    api.fail = lambda asked: Forbidden("no") if asked == call else None
    with pytest.raises(Forbidden, match="fail half-way"):
        check(estate, fault=fault)


def test_G12_F36_a_credential_that_ends_too_soon_refuses(estate: Estate) -> None:
    far = estate.clock.now() + timedelta(days=9)
    one = estate.members["c1"].identity
    estate.members["c1"].identity = lambda: dataclasses.replace(one(), expires=far)  # type: ignore[method-assign]
    known = estate.members["c2"].identity
    soon = estate.clock.now() + timedelta(seconds=60)
    estate.members["c2"].identity = lambda: dataclasses.replace(known(), expires=soon)  # type: ignore[method-assign]
    assert "ends in 60 s" in refused(estate, "ADR-DRILL-EXPIRES").message
    report = estate.drill(RailRules(overrides=frozenset({"ADR-DRILL-EXPIRES"})), observe_s=60.0)
    assert "credential is about to end" in report.why
    assert estate.is_clean


def test_G13_F29_without_a_guard_only_the_strict_refuse(estate: Estate) -> None:
    estate.control(drills="allowed")
    check(estate)
    refused(estate, "ADR-GUARD", strict=True)


def test_F16_a_workload_that_is_not_there_names_the_others(estate: Estate) -> None:
    estate.members["c2"].delete(WORKLOAD)
    with pytest.raises(BadInput):
        check(estate)


def test_an_unknown_code_is_no_override() -> None:
    with pytest.raises(BadInput, match="ADR-NONSENSE"):
        RailRules(overrides=frozenset({"ADR-NONSENSE"}))


def test_a_drill_refused_leaves_nothing(estate: Estate) -> None:
    estate.control(drills="no")
    with pytest.raises(Refused):
        estate.drill()
    estate.control(drills="allowed")
    assert estate.is_clean
    assert estate.records == ()


def test_F37_a_pause_of_keda_that_could_not_be_ended_refuses(estate: Estate) -> None:
    scaled = ResourceId(kind=SCALED_OBJECT, name="web-demo", namespace=SPACE)
    spec = {"scaleTargetRef": {"name": "web-demo"}, "minReplicaCount": 1}
    document = {"apiVersion": SCALED_OBJECT.api_version, "kind": "ScaledObject", "spec": spec}
    metadata = {"name": scaled.name, "namespace": SPACE}
    estate.members["c2"].create(Manifest(id=scaled, document={**document, "metadata": metadata}))
    options = frozenset({PAUSE_KEDA})
    assert check(estate, options=options).to_pause == (scaled,)
    estate.members["c2"].fail = lambda call: (
        Forbidden("no") if call == "review patch scaledobjects" else None
    )
    with pytest.raises(Forbidden, match="its pause could not be ended"):
        check(estate, options=options)


def test_F10_a_pause_left_behind_refuses(estate: Estate) -> None:
    scaled = ResourceId(kind=SCALED_OBJECT, name="web-demo", namespace=SPACE)
    spec = {"scaleTargetRef": {"name": "web-demo"}}
    document = {"apiVersion": SCALED_OBJECT.api_version, "kind": "ScaledObject", "spec": spec}
    metadata = {"name": scaled.name, "namespace": SPACE, "labels": {LABEL: "true"}}
    estate.members["c2"].create(Manifest(id=scaled, document={**document, "metadata": metadata}))
    assert "a drill's pause is still open" in refused(estate, "ADR-DRILL-OPEN").message


def test_F10_a_mark_that_lost_its_label_refuses_all_the_same(estate: Estate) -> None:
    record = DrillRecord(drill="7f3a", replicas=2, deadline="x", reason="", by="ann")
    patch = fire_patch(estate.workload(), record)
    unlabelled = [o for o in patch if "labels" not in o["path"]]
    up = {"op": "replace", "path": "/spec/replicas", "value": 2}
    estate.members["c2"].patch(WORKLOAD, [*unlabelled, up])
    assert "an unfinished drill" in refused(estate, "ADR-DRILL-OPEN").message


def test_a_workload_placed_by_policy_is_warned_of(estate: Estate) -> None:
    application = dataclasses.replace(estate.topology.application, method=DistributionMethod.POLICY)
    estate.topology = dataclasses.replace(estate.topology, application=application)
    check(estate)
    assert any("placed by policy" in words for words in estate.voice.warnings)


def test_F31_an_api_that_does_not_answer_a_rail_is_no_refusal_to_override(estate: Estate) -> None:
    estate.fleet.fail = lambda call: (
        Unreachable("no route") if call.startswith("get AlbConfig") else None
    )
    with pytest.raises(Unreachable) as error:
        check(estate, "ADR-CAPACITY")
    assert "--override" not in str(error.value.hint)
