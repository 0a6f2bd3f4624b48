"""Going up: in order, only what the plan showed, and again after any interruption."""

from __future__ import annotations

import pytest

from alb_dr.errors import Conflict, Interruption, PartlyApplied, Refused, Rejected
from alb_dr.model.manifest import ALB_CONFIG, DEPLOYMENT, INGRESS, ResourceId
from alb_dr.model.plan import Plan
from alb_dr.model.weights import Weights
from alb_dr.render.annotations import weights_of
from alb_dr.workflows.delivery.weights import set_weights
from alb_dr.workflows.project.up import Brought, Patience, UpPorts, bring_up
from alb_dr.workflows.records.drill_record import SELECTOR
from tests.builders import PROJECT, a_topology
from tests.fakes.fleet import a_fleet, planned, the_members, writes
from tests.fakes.kube import FakeKube
from tests.fakes.prober import FakeProber
from tests.fakes.voice import StillClock, TellTale

ROUTE = ResourceId(kind=INGRESS, name="web-demo", namespace="gateway-demo")
GATEWAY = ResourceId(kind=ALB_CONFIG, name="ackone-gateway-demo")
IN_ORDER = [
    "apply ApplicationSet argocd/appset-web-demo",
    "apply AlbConfig ackone-gateway-demo",
    "apply IngressClass alb",
    "apply Namespace gateway-demo",
    "apply Ingress gateway-demo/web-demo",
]


def brought_up(
    api: FakeKube,
    plan: Plan,
    *,
    members: dict[str, FakeKube] | None = None,
    voice: TellTale | None = None,
    text: str = PROJECT,
) -> Brought:
    """Carry a plan out without waiting for controllers a fake has not."""
    return bring_up(
        a_topology(text),
        plan,
        ports=UpPorts(
            fleet=api,
            members=members or the_members(),
            prober=FakeProber(),
            clock=StillClock(),
            narrator=voice or TellTale(),
        ),
        patience=Patience(distribute_s=1, gateway_s=1, dataplane_s=1),
        wait=False,
    )


def live_weights(api: FakeKube) -> dict[str, str]:
    """The split the Ingress has now."""
    live = api.get(ROUTE)
    return weights_of(live.annotations) if live is not None else {}


def test_everything_is_written_in_the_order_of_the_tutorial() -> None:
    api, voice = a_fleet(applied=False), TellTale()
    plan = planned(api)
    api.calls.clear()
    brought = brought_up(api, plan, voice=voice)
    assert writes(api) == IN_ORDER
    assert len(brought.written) == 5
    assert [p[:5] for p in voice.phases] == ["[1/3]", "[2/3]", "[3/3]"]


def test_doing_it_again_writes_nothing() -> None:
    api = a_fleet()
    plan = planned(api)
    api.calls.clear()
    assert brought_up(api, plan).written == ()
    assert writes(api) == []


def test_killed_after_any_call_it_can_be_run_again() -> None:
    """Whatever call is the last one, the next run ends where an undisturbed one does."""
    undisturbed = a_fleet(applied=False)
    plan = planned(undisturbed)
    undisturbed.calls.clear()
    brought_up(undisturbed, plan)
    for last in range(len(undisturbed.calls)):
        api = a_fleet(applied=False)
        plan = planned(api)
        api.calls.clear()

        def kill(_call: str, api: FakeKube = api, last: int = last) -> None:
            if len(api.calls) > last:
                raise Interruption(9)

        api.fail = kill  # type: ignore[assignment]  # it never returns an error
        with pytest.raises(Interruption):
            brought_up(api, plan)
        api.fail = lambda _: None
        brought_up(api, planned(api))
        assert {str(c.action) for c in planned(api).changes} == {"keep"}


def test_F51_what_was_and_was_not_written_is_listed() -> None:
    api = a_fleet(applied=False)
    plan = planned(api)
    why = Rejected("quota", hint="ask for more; nothing was changed")
    api.fail = lambda call: why if call == "apply IngressClass alb" else None
    with pytest.raises(PartlyApplied) as caught:
        brought_up(api, plan)
    assert caught.value.applied == (
        "ApplicationSet argocd/appset-web-demo",
        "AlbConfig ackone-gateway-demo",
    )
    assert caught.value.not_applied == (
        "IngressClass alb",
        "Namespace gateway-demo",
        "Ingress gateway-demo/web-demo",
    )
    assert caught.value.hint == "ask for more; running alb-dr up again is safe"


def test_a_plan_with_problems_writes_nothing() -> None:
    api = a_fleet()
    plan = planned(api, PROJECT.replace("gateway:\n", "gateway:\n  addressType: Intranet\n"))
    api.calls.clear()
    with pytest.raises(Refused, match="can only be chosen"):
        brought_up(api, plan)
    assert writes(api) == []


def test_F57_an_object_changed_between_plan_and_write_is_not_written() -> None:
    api = a_fleet()
    text = PROJECT.replace("host: alb.ingress.alibaba.com", "host: shop.example.com")
    plan = planned(api, text)
    set_weights(a_topology(), Weights.of({"c1": 100, "c2": 0}), fleet=api, dry_run=False)
    api.calls.clear()
    with pytest.raises(Conflict, match="changed meanwhile"):
        brought_up(api, plan, text=text)
    assert writes(api) == []


def test_live_weights_survive_a_change_of_something_else() -> None:
    api = a_fleet()
    set_weights(a_topology(), Weights.of({"c1": 100, "c2": 0}), fleet=api, dry_run=False)
    text = PROJECT.replace("host: alb.ingress.alibaba.com", "host: shop.example.com")
    brought_up(api, planned(api, text), text=text)
    assert live_weights(api) == {"c1": "100", "c2": "0"}


def test_F56_weights_that_are_reset_go_in_one_patch_before_the_rest() -> None:
    api = a_fleet()
    set_weights(a_topology(), Weights.of({"c1": 100, "c2": 0}), fleet=api, dry_run=False)
    plan = planned(api, reset_weights=True)
    api.calls.clear()
    brought_up(api, plan)
    assert writes(api) == [f"patch {ROUTE}", f"apply {ROUTE}"]
    assert live_weights(api) == {"c1": "20", "c2": "80"}


def test_no_traffic_is_moved_while_a_drill_is_open() -> None:
    api, members = a_fleet(), the_members()
    set_weights(a_topology(), Weights.of({"c1": 100, "c2": 0}), fleet=api, dry_run=False)
    plan = planned(api, reset_weights=True)
    label, _, value = SELECTOR.partition("=")
    (workload,) = members["c2"].list(DEPLOYMENT)
    path = "/metadata/labels/" + label.replace("/", "~1")
    members["c2"].patch(workload.id, [{"op": "add", "path": path, "value": value}])
    with pytest.raises(Refused, match="poc-ack-2: a drill is open"):
        brought_up(api, plan, members=members)
    assert live_weights(api) == {"c1": "100", "c2": "0"}


def test_a_third_member_gets_its_weight_with_the_others_in_one_patch() -> None:
    api = a_fleet()
    text = PROJECT.replace(
        "weights: {poc-ack-1: 20, poc-ack-2: 80}",
        "weights: {poc-ack-1: 20, poc-ack-2: 30, poc-ack-3: 50}",
    ).replace(
        "  - {id: c2, name: poc-ack-2, kubeconfig: two.yaml}",
        "  - {id: c2, name: poc-ack-2, kubeconfig: two.yaml}\n"
        "  - {id: c3, name: poc-ack-3, kubeconfig: three.yaml}",
    )
    plan = planned(api, text)
    assert plan.problems == ()
    assert plan.moves_traffic
    brought_up(api, plan, text=text)
    assert live_weights(api) == {"c1": "20", "c2": "30", "c3": "50"}


def test_F53_an_adopted_object_is_ours_afterwards() -> None:
    api = a_fleet(applied=False)
    (albconfig,) = [c.wanted for c in planned(api).changes if c.id == GATEWAY]
    api.as_manager("kubectl-create").create(albconfig)
    with pytest.raises(Conflict, match="made by kubectl-create"):
        brought_up(api, planned(api))
    brought_up(api, planned(api, adopt=True))
    assert planned(api).problems == ()
    assert {str(c.action) for c in planned(api).changes} == {"keep"}
