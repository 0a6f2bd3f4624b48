"""Applying: ask first, adopt nothing in silence, say exactly what was and was not done."""

from __future__ import annotations

import pytest

from alb_dr.errors import AlbDrError, Conflict, PartlyApplied, Refused, Rejected, Unreachable
from alb_dr.model.manifest import ALB_CONFIG, INGRESS, Manifest, ManifestSet, ResourceId
from alb_dr.model.plan import Action
from alb_dr.model.weights import Weights
from alb_dr.render.annotations import weights_of
from alb_dr.render.library import template_library
from alb_dr.render.manifests import render_gateway, render_ingress
from alb_dr.workflows.delivery.apply import ApplyChoices, apply
from alb_dr.workflows.delivery.gateway import delete_gateway, merged_with_live
from alb_dr.workflows.delivery.weights import set_weights
from tests.builders import PROJECT, a_topology
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale

GATEWAY = ResourceId(kind=ALB_CONFIG, name="ackone-gateway-demo")
ROUTE = ResourceId(kind=INGRESS, name="web-demo", namespace="gateway-demo")


def gateway_of(text: str = PROJECT) -> ManifestSet:
    """The gateway's manifests."""
    return render_gateway(a_topology(text), template_library())


def ingress_of(text: str = PROJECT) -> ManifestSet:
    """The Ingress' manifests."""
    return render_ingress(a_topology(text), template_library())


def do(manifests: ManifestSet, api: FakeKube, **choices: bool):  # type: ignore[no-untyped-def]
    """Apply, with nobody listening."""
    return apply(manifests, api=api, choices=ApplyChoices(**choices), narrator=TellTale())


def writes(api: FakeKube) -> list[str]:
    """What was stored, not only asked."""
    return [c for c in api.calls if c.split()[0] in {"apply", "create", "patch", "delete"}]


def test_everything_is_dry_run_before_the_first_write() -> None:
    api = FakeKube()
    do(gateway_of(), api)
    words = [c.split()[0] for c in api.calls]
    assert words == ["get", "dry-run", "get", "dry-run", "apply", "apply"]


def test_F51_what_the_server_refuses_stops_everything() -> None:
    api = FakeKube()
    refused = Rejected("the class is not allowed")
    api.fail = lambda call: refused if call == "dry-run IngressClass alb" else None
    with pytest.raises(Rejected):
        do(gateway_of(), api)
    assert writes(api) == []


def test_F51_a_write_that_fails_later_is_reported_exactly_and_can_be_repeated() -> None:
    api = FakeKube()
    api.fail = lambda call: Rejected("quota") if call == "apply IngressClass alb" else None
    with pytest.raises(PartlyApplied) as caught:
        do(gateway_of(), api)
    assert caught.value.applied == ("AlbConfig ackone-gateway-demo",)
    assert caught.value.not_applied == ("IngressClass alb",)
    api.fail = lambda _: None
    actions = [c.action for c in do(gateway_of(), api).changes]
    assert actions == [Action.KEEP, Action.CREATE]


def test_F34_what_was_written_is_not_denied_by_the_hint_of_the_call_that_failed() -> None:
    api = FakeKube()
    lost = Unreachable("no answer", hint="is https://a reachable from here? nothing was changed")
    api.fail = lambda call: lost if call == "apply IngressClass alb" else None
    with pytest.raises(PartlyApplied) as caught:
        do(gateway_of(), api)
    hint = "is https://a reachable from here? running the same command again is safe"
    assert caught.value.hint == hint


def test_the_first_write_that_fails_is_its_own_error() -> None:
    api = FakeKube()
    api.fail = lambda call: Rejected("quota") if call.startswith("apply") else None
    with pytest.raises(Rejected, match="quota"):
        do(gateway_of(), api)


def test_nothing_is_written_twice() -> None:
    api = FakeKube()
    do(gateway_of(), api)
    api.calls.clear()
    assert [c.action for c in do(gateway_of(), api).changes] == [Action.KEEP, Action.KEEP]
    assert writes(api) == []


def test_F53_what_somebody_else_made_is_not_adopted_in_silence() -> None:
    api = FakeKube()
    (albconfig,) = gateway_of().of_kind(ALB_CONFIG)
    api.as_manager("kubectl-client-side-apply").create(albconfig)
    with pytest.raises(Conflict, match="made by kubectl-client-side-apply"):
        do(gateway_of(), api)
    assert writes(api) == []
    do(gateway_of(), api, adopt=True)
    assert any(c == f"apply {GATEWAY}" for c in api.calls)


def test_F52_a_field_of_another_manager_is_named() -> None:
    api = FakeKube()
    do(ingress_of(), api)
    key = "alb.ingress.kubernetes.io/cluster-weight.c1"
    pointer = "/metadata/annotations/" + key.replace("/", "~1")
    other = api.as_manager("ops")
    other.patch(ROUTE, [{"op": "replace", "path": pointer, "value": "50"}])
    with pytest.raises(Conflict) as caught:
        do(ingress_of(), api)
    assert '"ops"' in caught.value.message
    assert key in caught.value.message
    do(ingress_of(), api, force_conflicts=True)
    live = api.get(ROUTE)
    assert live is not None
    assert weights_of(live.annotations) == {"c1": "20", "c2": "80"}


def test_a_dry_run_shows_fields_and_stores_nothing() -> None:
    api = FakeKube()
    do(ingress_of(), api)
    changed = PROJECT.replace("poc-ack-1: 20, poc-ack-2: 80", "poc-ack-1: 30, poc-ack-2: 70")
    api.calls.clear()
    applied = do(ingress_of(changed), api, dry_run=True)
    fields = {f.path: (f.before, f.after) for c in applied.changes for f in c.fields}
    assert ("20", "30") in fields.values()
    assert writes(api) == []


def test_a_listener_somebody_added_is_kept_unless_it_is_to_go() -> None:
    api = FakeKube()
    do(gateway_of(), api)
    listener = {"port": 443, "protocol": "HTTPS"}
    api.patch(GATEWAY, [{"op": "add", "path": "/spec/listeners/-", "value": listener}])
    (kept,) = merged_with_live(gateway_of(), fleet=api, prune_listeners=False).of_kind(ALB_CONFIG)
    assert [x["port"] for x in kept.document["spec"]["listeners"]] == [8001, 443]
    (pruned,) = merged_with_live(gateway_of(), fleet=api, prune_listeners=True).of_kind(ALB_CONFIG)
    assert [x["port"] for x in pruned.document["spec"]["listeners"]] == [8001]


def test_what_only_a_new_alb_can_have_is_refused() -> None:
    api = FakeKube()
    do(gateway_of(), api)
    changed = PROJECT.replace("gateway:\n", "gateway:\n  addressType: Intranet\n")
    with pytest.raises(Refused, match="addressType can only be chosen at creation"):
        merged_with_live(gateway_of(changed), fleet=api, prune_listeners=False)


def test_F38_weights_changed_meanwhile_are_not_overwritten() -> None:
    api = FakeKube()
    do(ingress_of(), api)
    stale = api.get(ROUTE)
    ours = set_weights(a_topology(), Weights.of({"c1": 50, "c2": 50}), fleet=api, dry_run=False)
    assert ours.written
    read = api.get
    api.get = lambda id_: stale if id_ == ROUTE else read(id_)  # type: ignore[method-assign]  # a stale read
    with pytest.raises(Conflict):
        set_weights(a_topology(), Weights.of({"c1": 10, "c2": 90}), fleet=api, dry_run=False)
    live = read(ROUTE)
    assert live is not None
    assert weights_of(live.annotations) == {"c1": "50", "c2": "50"}


def test_F56_both_weights_go_in_one_patch() -> None:
    api = FakeKube()
    do(ingress_of(), api)
    api.calls.clear()
    set_weights(a_topology(), Weights.of({"c1": 0, "c2": 100}), fleet=api, dry_run=False)
    assert writes(api) == [f"patch {ROUTE}"]


def test_F55_weight_of_a_cluster_that_is_no_member_is_refused() -> None:
    api = FakeKube()
    do(ingress_of(), api)
    path = "/metadata/annotations/alb.ingress.kubernetes.io~1cluster-weight.gone"
    api.patch(ROUTE, [{"op": "add", "path": path, "value": "5"}])
    with pytest.raises(Conflict, match="gone") as caught:
        set_weights(a_topology(), Weights.of({"c1": 20, "c2": 80}), fleet=api, dry_run=False)
    assert caught.value.code == "ADR-STALE-WEIGHT"


def test_weights_can_be_given_where_none_were() -> None:
    api = FakeKube()
    (bare,) = ingress_of().of_kind(INGRESS)
    metadata = {k: v for k, v in bare.metadata.items() if k != "annotations"}
    do(ingress_of(), api)
    api.delete(ROUTE)
    api.create(Manifest(id=ROUTE, document={**bare.document, "metadata": metadata}))
    set_weights(a_topology(), Weights.of({"c1": 20, "c2": 80}), fleet=api, dry_run=False)
    live = api.get(ROUTE)
    assert live is not None
    assert weights_of(live.annotations) == {"c1": "20", "c2": "80"}


def test_a_gateway_in_use_is_not_deleted() -> None:
    api = FakeKube()
    do(gateway_of(), api)
    do(ingress_of(), api)

    def delete() -> None:
        delete_gateway(
            a_topology(),
            fleet=api,
            clock=StillClock(),
            narrator=TellTale(),
            timeout_s=30,
            dry_run=False,
        )

    with pytest.raises(Refused, match="still use class alb"):
        delete()
    api.delete(ROUTE)
    delete()
    assert api.get(GATEWAY) is None


def test_an_error_before_any_write_leaves_nothing() -> None:
    api = FakeKube()

    def refuse(call: str) -> AlbDrError | None:
        return Conflict("busy") if call.startswith("get") else None

    api.fail = refuse
    with pytest.raises(Conflict):
        do(gateway_of(), api)
    assert writes(api) == []
