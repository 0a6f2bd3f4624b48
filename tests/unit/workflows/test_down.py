"""Going down: in order, only what is ours, and nothing that stays is left unnamed."""

from __future__ import annotations

import pytest

from alb_dr.errors import (
    DeadlineExceeded,
    Forbidden,
    Interruption,
    PartlyApplied,
    Refused,
    Rejected,
    Unreachable,
)
from alb_dr.model.fleet_record import DrillPhase
from alb_dr.model.manifest import (
    ALB_CONFIG,
    APPLICATION,
    APPLICATION_SET,
    DEPLOYMENT,
    INGRESS,
    NAMESPACE,
    Manifest,
    ResourceId,
)
from alb_dr.model.teardown import TornDown
from alb_dr.workflows.project.down import DownChoices, DownPorts, survey, take_down
from alb_dr.workflows.records.fleet_record import create_record
from tests.builders import a_drill_on_record, a_topology
from tests.fakes.fleet import a_fleet, the_members, writes
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale

GATEWAY = ResourceId(kind=ALB_CONFIG, name="ackone-gateway-demo")
ROUTE = ResourceId(kind=INGRESS, name="web-demo", namespace="gateway-demo")
SET = ResourceId(kind=APPLICATION_SET, name="appset-web-demo", namespace="argocd")
ORDER = [
    "delete Ingress gateway-demo/web-demo",
    "delete AlbConfig ackone-gateway-demo",
    "delete IngressClass alb",
    "delete ApplicationSet argocd/appset-web-demo",
]


def went_down(
    api: FakeKube, members: dict[str, FakeKube] | None = None, **choices: bool
) -> TornDown:
    """Survey and delete."""
    ports = DownPorts(
        fleet=api, members=members or the_members(), clock=StillClock(), narrator=TellTale()
    )
    chosen = DownChoices(**choices)
    found = survey(a_topology(), ports=ports, choices=chosen)
    return take_down(a_topology(), found, ports=ports, choices=chosen, timeout_s=10)


def test_everything_of_ours_goes_in_order_and_the_rest_is_named() -> None:
    api = a_fleet()
    api.calls.clear()
    torn = went_down(api)
    assert writes(api) == ORDER
    stays = {r.what: r.costs_money for r in torn.remainders}
    assert stays == {
        "Namespace gateway-demo": False,
        "Application argocd/c1-web-demo": False,
        "Application argocd/c2-web-demo": False,
        "poc-ack-1: Deployment gateway-demo/web-demo": False,
        "poc-ack-2: Deployment gateway-demo/web-demo": False,
    }
    assert went_down(api).deleted == ()


def test_F61_the_applications_survive_their_set_unless_they_are_to_go() -> None:
    api = a_fleet()
    went_down(api)
    assert len(api.list(APPLICATION)) == 2
    api = a_fleet()
    torn = went_down(api, with_applications=True)
    assert api.list(APPLICATION) == ()
    assert "Application argocd/c1-web-demo" in {str(id_) for id_ in torn.deleted}


def test_F61_the_count_says_whether_pods_go_too() -> None:
    api, members = a_fleet(), the_members()
    for member in members.values():
        running(member)
    ports = DownPorts(fleet=api, members=members, clock=StillClock(), narrator=TellTale())
    choices = DownChoices(with_applications=True)
    assert survey(a_topology(), ports=ports, choices=choices).pods == 0, "no finalizer"
    for application in api.list(APPLICATION):
        finalizers = ["resources-finalizer.argocd.argoproj.io"]
        operations = [{"op": "add", "path": "/metadata/finalizers", "value": finalizers}]
        api.patch(application.id, operations)
    found = survey(a_topology(), ports=ports, choices=choices)
    assert found.pods == 4
    assert "2 Application" in found.words
    assert "4 running pods" in found.words


def running(member: FakeKube) -> None:
    """Let the workload's status show two pods, as a controller writes it."""
    read = member.get

    def get(id_: ResourceId) -> Manifest | None:
        found = read(id_)
        if found is None or id_.kind != DEPLOYMENT:
            return found
        status = {"replicas": 2, "readyReplicas": 2}
        return Manifest(id=id_, document={**found.document, "status": status})

    member.get = get  # type: ignore[method-assign]  # a controller would write the status


def test_pods_that_still_run_cost_money() -> None:
    api, members = a_fleet(), the_members()
    running(members["c2"])
    costing = [r.what for r in went_down(api, members).remainders if r.costs_money]
    assert costing == ["poc-ack-2: Deployment gateway-demo/web-demo"]


def test_what_the_controller_did_not_make_is_named_as_costing_money() -> None:
    api = a_fleet()
    mapping = {"vSwitchId": "vsw-1", "allocationId": "eip-1"}
    api.patch(
        GATEWAY,
        [
            {"op": "add", "path": "/spec/config/id", "value": "alb-old"},
            {"op": "add", "path": "/spec/config/zoneMappings/0", "value": mapping},
        ],
    )
    costing = [r.what for r in went_down(api).remainders if r.costs_money]
    assert costing == ["ALB alb-old", "EIP eip-1"]


def test_what_somebody_else_made_stays_and_is_named() -> None:
    api = a_fleet()
    live = api.get(SET)
    assert live is not None
    api.delete(SET, orphan=True)
    metadata = {k: v for k, v in live.metadata.items() if k in {"name", "namespace"}}
    theirs = Manifest(id=SET, document={**live.document, "metadata": metadata})
    api.as_manager("kubectl").create(theirs)
    torn = went_down(api)
    assert api.get(SET) is not None
    (named,) = [r for r in torn.remainders if r.what == str(SET)]
    assert "kubectl" in named.why


def test_a_gateway_others_use_is_not_touched_at_all() -> None:
    api = a_fleet()
    live = api.get(ROUTE)
    assert live is not None
    id_ = ResourceId(kind=INGRESS, name="shop", namespace="gateway-demo")
    metadata = {"name": "shop", "namespace": "gateway-demo"}
    document = {**live.document, "metadata": metadata}
    api.as_manager("shop-team").create(Manifest(id=id_, document=document))
    api.calls.clear()
    with pytest.raises(Refused, match="also used by Ingress gateway-demo/shop"):
        went_down(api)
    assert writes(api) == []


def test_the_namespace_goes_only_when_asked_and_ours() -> None:
    api = a_fleet()
    torn = went_down(api, with_namespace=True)
    assert str(torn.deleted[-1]) == "Namespace gateway-demo"
    assert api.get(ResourceId(kind=NAMESPACE, name="gateway-demo")) is None


def test_a_namespace_with_something_of_somebody_else_in_it_is_not_deleted() -> None:
    api = a_fleet()
    metadata = {"name": "theirs", "namespace": "gateway-demo"}
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {}}
    api.as_manager("shop-team").create(Manifest.of(document))
    api.calls.clear()
    with pytest.raises(Refused, match="also holds ConfigMap gateway-demo/theirs"):
        went_down(api, with_namespace=True)
    assert writes(api) == []
    went_down(api)


def test_a_dry_run_deletes_nothing_and_foresees_what_stays() -> None:
    api = a_fleet()
    before = len(api.list(INGRESS))
    torn = went_down(api, dry_run=True, with_applications=True)
    assert len(api.list(INGRESS)) == before
    assert len(torn.deleted) == 6
    assert not any("Application" in r.what for r in torn.remainders)


def test_killed_after_any_call_it_can_be_run_again() -> None:
    undisturbed = a_fleet()
    undisturbed.calls.clear()
    went_down(undisturbed, with_applications=True)
    for last in range(len(undisturbed.calls)):
        api = a_fleet()
        api.calls.clear()

        def kill(_call: str, api: FakeKube = api, last: int = last) -> None:
            if len(api.calls) > last:
                raise Interruption(9)

        api.fail = kill  # type: ignore[assignment]  # it never returns an error
        with pytest.raises(Interruption):
            went_down(api, with_applications=True)
        api.fail = lambda _: None
        went_down(api, with_applications=True)
        assert api.list(INGRESS) == api.list(ALB_CONFIG) == api.list(APPLICATION) == ()


def test_what_fails_half_way_is_listed() -> None:
    api = a_fleet()
    refused = Rejected("protected", hint="take it off; nothing was changed")
    api.fail = lambda call: refused if call == "delete AlbConfig ackone-gateway-demo" else None
    with pytest.raises(PartlyApplied) as caught:
        went_down(api)
    assert caught.value.hint == "take it off; running alb-dr down again is safe"
    assert caught.value.applied == ("Ingress gateway-demo/web-demo deleted",)
    assert caught.value.not_applied[0] == "AlbConfig ackone-gateway-demo"


def test_an_alb_that_is_not_let_go_is_named_with_its_finalizer() -> None:
    api = a_fleet()
    operations = [{"op": "add", "path": "/metadata/finalizers", "value": ["ingress.k8s/alb"]}]
    api.patch(GATEWAY, operations)
    read = api.get

    def get(id_: ResourceId) -> Manifest | None:
        found = read(id_)
        if found is None or id_ != GATEWAY:
            return found
        return Manifest(
            id=id_, document={**found.document, "status": {"loadBalancer": {"id": "alb-7"}}}
        )

    api.get = get  # type: ignore[method-assign]  # a controller would write the status
    with pytest.raises(DeadlineExceeded) as caught:
        went_down(api)
    assert "held by ingress.k8s/alb" in caught.value.message
    assert "the ALB alb-7 still exists and still costs money" in caught.value.message


def test_F41_a_member_that_is_gone_does_not_keep_a_gateway_up() -> None:
    api, members = a_fleet(), the_members()
    members["c2"].fail = lambda _: Unreachable("the connection was refused")
    torn = went_down(api, members)
    assert len(torn.deleted) == 4
    perhaps = [r for r in torn.remainders if r.what.startswith("poc-ack-2: perhaps")]
    assert perhaps[0].costs_money


def test_nothing_goes_down_while_a_drill_is_open() -> None:
    api, members = a_fleet(), the_members()
    (workload,) = members["c1"].list(DEPLOYMENT)
    path = "/metadata/labels/alb-dr.io~1drill-open"
    members["c1"].patch(workload.id, [{"op": "add", "path": path, "value": "true"}])
    with pytest.raises(Refused, match="a drill is open"):
        went_down(api, members)


def test_nothing_goes_down_before_a_drill_that_is_about_to_begin_is_over() -> None:
    api = a_fleet()
    create_record(api, "gateway-demo", a_drill_on_record("d1", phase=DrillPhase.ARMING))
    with pytest.raises(Refused, match=r"a drill is still open: .*d1") as refusal:
        went_down(api)
    assert refusal.value.code == "ADR-DRILL-OPEN"
    assert len(api.list(APPLICATION)) == 2


def test_the_records_of_drills_stay_as_evidence_and_are_named() -> None:
    api = a_fleet()
    create_record(api, "gateway-demo", a_drill_on_record("d1", phase=DrillPhase.CLOSED))
    named = {r.what for r in went_down(api).remainders}
    assert "1 ConfigMaps alb-dr-drill-… in gateway-demo" in named


@pytest.mark.parametrize("asked", ["list configmaps", "list ingresses"])
def test_F34_nothing_goes_down_while_the_fleet_cannot_say_whether_a_drill_is_open(
    asked: str,
) -> None:
    api = a_fleet()
    api.fail = lambda call: Unreachable("no answer") if call == asked else None
    with pytest.raises(Unreachable):
        went_down(api)
    assert not [call for call in api.calls if call.startswith("delete")]


def test_a_fleet_that_does_not_show_its_records_goes_down_all_the_same() -> None:
    api = a_fleet()
    api.fail = lambda call: Forbidden("no") if call == "list configmaps" else None
    torn = went_down(api)
    assert len(torn.deleted) == len(ORDER)
    assert "perhaps records of drills" in {r.what for r in torn.remainders}
