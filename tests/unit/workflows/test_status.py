"""Status: one look at everything, and nothing hides because something does not answer."""

from __future__ import annotations

from dataclasses import replace

from alb_dr.errors import Unreachable
from alb_dr.model.drill import DrillRecord
from alb_dr.model.manifest import ALB_CONFIG, INGRESS, ResourceId
from alb_dr.model.status import Status
from alb_dr.model.weights import Weights
from alb_dr.render.library import template_library
from alb_dr.render.manifests import render
from alb_dr.report.status_text import status_data, status_text
from alb_dr.workflows.delivery.distribute import workload_id
from alb_dr.workflows.delivery.weights import live_ingress, set_weights
from alb_dr.workflows.project.status import StatusPorts, look_at_everything
from alb_dr.workflows.records.drill_record import fire_patch, hold_patch, replicas_of
from alb_dr.workflows.records.fleet_record import create_record
from alb_dr.workflows.records.lease import DrillLock, lease_id
from tests.builders import PROJECT, a_drill_on_record, a_topology, a_weight_record
from tests.fakes.fleet import a_fleet, the_members, writes
from tests.fakes.kube import FakeKube
from tests.fakes.prober import FakeProber
from tests.fakes.samples import answers
from tests.fakes.voice import StillClock, TellTale

GATEWAY = ResourceId(kind=ALB_CONFIG, name="ackone-gateway-demo")
ROUTE = ResourceId(kind=INGRESS, name="web-demo", namespace="gateway-demo")


def looked(
    api: FakeKube,
    members: dict[str, FakeKube] | None = None,
    *,
    prober: FakeProber | None = None,
    requests: int = 0,
    text: str = PROJECT,
) -> Status:
    """One look."""
    topology = a_topology(text)
    return look_at_everything(
        topology,
        render(topology, template_library()),
        ports=StatusPorts(
            fleet=api,
            members=members or the_members(),
            prober=prober or FakeProber(),
            clock=StillClock(),
            narrator=TellTale(),
        ),
        requests=requests,
    )


def test_one_screen_shows_file_live_and_seen() -> None:
    api, members = a_fleet(), the_members()
    api.calls.clear()
    api.get = with_address(api)  # type: ignore[method-assign]  # a controller would write the status
    seen = looked(api, members, prober=FakeProber(answers(20, 80)), requests=100)
    assert [(m.file_weight, m.live_weight, m.share) for m in seen.members] == [
        (20, "20", 0.2),
        (80, "80", 0.8),
    ]
    assert [(m.ready_pods, m.wanted_pods) for m in seen.members] == [(0, 2), (0, 2)]
    assert seen.traffic.agrees
    assert seen.drift == ()
    text = status_text(seen)
    assert "poc-ack-1" in text
    assert max(map(len, text.splitlines())) <= 120
    assert writes(api) == []
    assert status_data(seen)["members"][1]["share"] == 0.8


def with_address(api: FakeKube):  # type: ignore[no-untyped-def]
    """Reads that show the AlbConfig as its controller leaves it."""
    from alb_dr.model.manifest import Manifest

    read = api.get
    status = {"loadBalancer": {"id": "alb-1", "dnsname": "alb-1.x", "subClusters": ["c1", "c2"]}}

    def get(id_: ResourceId) -> Manifest | None:
        found = read(id_)
        if found is None or id_ != GATEWAY:
            return found
        return Manifest(id=id_, document={**found.document, "status": status})

    return get


def test_an_empty_fleet_is_all_drift_and_no_error() -> None:
    seen = looked(a_fleet(applied=False), requests=100)
    assert "AlbConfig ackone-gateway-demo: is missing" in (seen.drift or ())
    assert seen.gateway is not None
    assert seen.gateway.lacking == "the AlbConfig does not exist"
    assert seen.traffic.requests == 0, "there is nothing to send requests to"


def test_F41_a_member_that_does_not_answer_hides_nobody() -> None:
    members = the_members()
    members["c2"].fail = lambda _: Unreachable("the connection was refused")
    seen = looked(a_fleet(), members)
    assert seen.members[0].wanted_pods == 2
    assert seen.members[1].wanted_pods is None
    assert any("poc-ack-2: could not be asked" in line for line in seen.attention)


def test_F41_a_fleet_that_does_not_answer_hides_no_member() -> None:
    api = a_fleet()
    api.fail = lambda _: Unreachable("the connection was refused")
    seen = looked(api, requests=50)
    assert [m.wanted_pods for m in seen.members] == [2, 2]
    assert seen.gateway is None
    assert "the gateway could not be asked" in seen.unknown[0]
    assert "gateway    unknown" in status_text(seen)
    assert "drift      unknown" in status_text(seen), "nothing was compared"
    assert status_data(seen)["drift"] is None
    assert [m["application"] for m in status_data(seen)["members"]] == [None, None]
    rows = [line for line in status_text(seen).splitlines() if line.startswith("poc-ack-")]
    assert [row.split()[-1] for row in rows] == ["?", "?"]


def test_an_application_that_argo_cd_does_not_have_is_not_generated_yet() -> None:
    seen = looked(a_fleet(applied=False))
    assert {m.application for m in seen.members} == {"the Application is not generated yet"}


def test_traffic_that_does_not_follow_needs_attention() -> None:
    api = a_fleet()
    api.get = with_address(api)  # type: ignore[method-assign]  # a controller would write the status
    seen = looked(api, prober=FakeProber(answers(80, 20)), requests=100)
    assert seen.traffic.agrees is False
    assert any("does not follow the weights" in line for line in seen.attention)


def test_moved_weights_and_foreign_changes_are_drift() -> None:
    api = a_fleet()
    set_weights(a_topology(), Weights.of({"c1": 0, "c2": 100}), fleet=api, dry_run=False)
    api.as_manager("ops").patch(
        ROUTE, [{"op": "replace", "path": "/spec/rules/0/host", "value": "evil.example"}]
    )
    drift = looked(api).drift
    assert any("spec.rules[0].host is 'evil.example'" in line for line in drift)
    assert any("the live weights (poc-ack-1 0, poc-ack-2 100) stay" in line for line in drift)


def test_a_listener_the_file_does_not_name_is_shown() -> None:
    api = a_fleet()
    listener = {"port": 443, "protocol": "HTTPS"}
    api.patch(GATEWAY, [{"op": "add", "path": "/spec/listeners/-", "value": listener}])
    text = status_text(looked(api))
    assert "8001/HTTP, 443/HTTPS (not in the file)" in text


def test_drills_that_hold_weights_or_are_on_record_only_are_shown_and_so_is_the_lock() -> None:
    fleet = a_fleet()
    live = live_ingress(a_topology(), fleet=fleet)
    fleet.patch(live.id, hold_patch(live, a_weight_record("d1")))
    for drill in ("d1", "d2"):
        create_record(
            fleet,
            "gateway-demo",
            a_drill_on_record(drill, victim="poc-ack-2", fault="sandbox:hung", by="ann@bastion"),
        )
    lock = DrillLock(lease_id(a_topology()), fleet=fleet, clock=StillClock(), narrator=TellTale())
    lock.acquire(holder="ann@bastion", drill="d2")
    seen = looked(fleet)
    assert [line.split()[1] for line in seen.unfinished] == ["d1", "d2"], "d1 is said once"
    assert "is open on Ingress gateway-demo/web-demo" in seen.unfinished[0]
    assert "sandbox:hung on poc-ack-2" in seen.unfinished[1]
    assert seen.lock.startswith("d2 of ann@bastion")
    assert "lock       d2 of ann@bastion" in status_text(seen)
    lock.release()
    assert looked(fleet).lock == ""


def test_weights_that_a_drill_holds_are_no_advice_to_set_others() -> None:
    api = a_fleet()
    set_weights(a_topology(), Weights.of({"c1": 0, "c2": 100}), fleet=api, dry_run=False)
    assert any("has weight 0" in line for line in looked(api).notes)
    live = live_ingress(a_topology(), fleet=api)
    held = replace(a_weight_record("d1"), former={"c1": "0", "c2": "100"})
    api.patch(live.id, hold_patch(live, held))
    assert looked(api).notes == ()


def test_a_member_that_an_open_drill_keeps_at_zero_is_no_silence_about_drift() -> None:
    members = the_members()
    live = members["c1"].get(workload_id(a_topology()))
    assert live is not None
    record = DrillRecord(
        drill="7f3a",
        replicas=replicas_of(live),
        deadline="2026-03-01T13:00:00+00:00",
        reason="",
        by="ann@bastion",
    )
    members["c1"].patch(live.id, fire_patch(live, record))
    api = a_fleet()
    seen = looked(api, members)
    (line,) = seen.drift or ()
    assert line == "poc-ack-1 at 0 of 2 replicas by the open drill 7f3a"
    assert line in status_text(seen)
    scaled = [{"op": "replace", "path": "/spec/replicas", "value": 1}]
    members["c1"].patch(live.id, scaled)
    assert looked(api, members).drift == (), "somebody decided otherwise"
