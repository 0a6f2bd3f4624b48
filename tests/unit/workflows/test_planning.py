"""Planning: object by object, field by field, with everything that stands in the way."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from alb_dr.errors import BadInput, Conflict, Forbidden
from alb_dr.journal.plan_file import read_plan, write_plan
from alb_dr.model.manifest import ALB_CONFIG, INGRESS, Manifest, ResourceId
from alb_dr.model.plan import Action, Change, Fate, Plan
from alb_dr.model.weights import Weights
from alb_dr.render.library import template_library
from alb_dr.render.manifests import render
from alb_dr.report.plan_report import plan_data, plan_text
from alb_dr.workflows.delivery.weights import set_weights
from alb_dr.workflows.project.stale import refuse_stale
from tests.builders import PROJECT, a_topology
from tests.fakes.argo import an_application, owned_by
from tests.fakes.fleet import a_fleet, planned

GATEWAY = ResourceId(kind=ALB_CONFIG, name="ackone-gateway-demo")
ROUTE = ResourceId(kind=INGRESS, name="web-demo", namespace="gateway-demo")


def of_kind(plan: Plan, kind: str) -> Change:
    """The change of one object."""
    return next(c for c in plan.changes if c.id.kind.name == kind)


def test_an_empty_fleet_needs_everything() -> None:
    api = a_fleet(applied=False)
    api.calls.clear()
    plan = planned(api)
    assert {c.action for c in plan.changes} == {Action.CREATE}
    assert [(a.name, a.fate) for a in plan.applications] == [
        ("c1-web-demo", Fate.CREATE),
        ("c2-web-demo", Fate.CREATE),
    ]
    assert plan.differs
    assert not plan.moves_traffic, "there is no traffic yet"
    assert {c.split()[0] for c in api.calls} <= {"get", "list", "dry-run"}


def test_what_is_as_the_file_says_is_left_alone() -> None:
    plan = planned(a_fleet())
    assert not plan.differs
    assert plan.problems == ()
    assert plan_text(plan, colour=False).endswith("everything is as the file says")


def test_a_changed_field_is_named_with_both_values() -> None:
    changed = PROJECT.replace("host: alb.ingress.alibaba.com", "host: shop.example.com")
    plan = planned(a_fleet(), changed)
    (field,) = of_kind(plan, "Ingress").fields
    assert (field.path, field.before, field.after) == (
        "spec.rules[0].host",
        "alb.ingress.alibaba.com",
        "shop.example.com",
    )
    text = plan_text(plan, colour=False)
    assert "~ spec.rules[0].host: 'alb.ingress.alibaba.com' -> 'shop.example.com'" in text
    assert "\x1b" not in text
    assert "\x1b[" in plan_text(plan, colour=True)


def test_live_weights_stay_unless_they_are_to_be_reset() -> None:
    api = a_fleet()
    set_weights(a_topology(), Weights.of({"c1": 100, "c2": 0}), fleet=api, dry_run=False)
    plan = planned(api)
    assert not plan.differs
    assert not plan.moves_traffic
    assert "poc-ack-1 100, poc-ack-2 0) stay; the file says poc-ack-1 20" in plan.notes[0]
    reset = planned(api, reset_weights=True)
    fields = {f.before: f.after for f in of_kind(reset, "Ingress").fields}
    assert fields == {"100": "20", "0": "80"}
    assert reset.moves_traffic
    assert reset.problems == (), "our own patches are no conflict with ourselves"


def test_F53_what_somebody_else_made_is_shown_with_its_diff_and_blocks() -> None:
    api = a_fleet(applied=False)
    (albconfig,) = render(a_topology(), template_library()).of_kind(ALB_CONFIG)
    spec = {**albconfig.document["spec"], "listeners": [{"port": 8001, "protocol": "QUIC"}]}
    theirs = Manifest(id=albconfig.id, document={**albconfig.document, "spec": spec})
    api.as_manager("kubectl-client-side-apply").create(theirs)
    plan = planned(api)
    change = of_kind(plan, "AlbConfig")
    assert change.action is Action.FOREIGN
    assert "made by kubectl-client-side-apply" in plan.problems[0]
    assert ("QUIC", "HTTP") in {(f.before, f.after) for f in change.fields}
    adopted = planned(api, adopt=True, force_conflicts=True)
    assert adopted.problems == ()
    assert of_kind(adopted, "AlbConfig").action is Action.UPDATE


def test_F52_a_field_somebody_else_owns_blocks_until_it_is_forced() -> None:
    api = a_fleet()
    other = api.as_manager("ops")
    other.patch(ROUTE, [{"op": "replace", "path": "/spec/ingressClassName", "value": "nginx"}])
    plan = planned(api)
    assert of_kind(plan, "Ingress").action is Action.FOREIGN
    assert '"ops"' in plan.problems[0]
    assert planned(api, force_conflicts=True).problems == ()


def test_F55_weight_of_a_stranger_blocks() -> None:
    api = a_fleet()
    path = "/metadata/annotations/alb.ingress.kubernetes.io~1cluster-weight.gone"
    api.patch(ROUTE, [{"op": "add", "path": path, "value": "5"}])
    assert "gives weight to gone" in planned(api).problems[0]


def test_what_only_a_new_alb_can_have_needs_replacement() -> None:
    changed = PROJECT.replace("gateway:\n", "gateway:\n  addressType: Intranet\n")
    plan = planned(a_fleet(), changed)
    assert of_kind(plan, "AlbConfig").action is Action.REPLACE
    assert "addressType can only be chosen at creation" in plan.problems[0]


def test_foreign_listeners_stay_unless_pruned() -> None:
    api = a_fleet()
    listener = {"port": 443, "protocol": "HTTPS"}
    api.patch(GATEWAY, [{"op": "add", "path": "/spec/listeners/-", "value": listener}])
    assert not of_kind(planned(api), "AlbConfig").fields
    pruned = of_kind(planned(api, prune_listeners=True, force_conflicts=True), "AlbConfig")
    assert [f.path for f in pruned.fields] == ["spec.listeners"]


def test_F62_an_application_that_would_be_deleted_blocks() -> None:
    api = a_fleet()
    api.create(owned_by(api, an_application("c3", "poc-ack-3")))
    plan = planned(api)
    assert plan.problems == (), "create-update deletes nothing"
    assert [a.fate for a in plan.applications] == [Fate.KEEP, Fate.KEEP, Fate.ORPHAN]
    syncing = PROJECT + "profile: tutorial\n"
    plan = planned(api, syncing)
    assert plan.applications[-1].fate is Fate.DELETE
    assert "c3-web-demo" in plan.problems[0]
    assert planned(api, syncing, delete_applications=True).problems == ()


def test_F62_a_changed_chart_is_shown_in_the_generated_applications() -> None:
    changed = PROJECT.replace("application:\n", "application:\n  revision: v2\n")
    plan = planned(a_fleet(), changed)
    fields = {(a.name, f.path, f.before, f.after) for a in plan.applications for f in a.fields}
    assert fields == {
        (name, "spec.source.targetRevision", "main", "v2")
        for name in ("c1-web-demo", "c2-web-demo")
    }


def test_F61_what_a_renamed_file_leaves_behind_is_named() -> None:
    renamed = PROJECT.replace("application:\n", "application:\n  name: shop\n").replace(
        "ingress:\n", "ingress:\n  name: shop\n"
    )
    plan = planned(a_fleet(), renamed)
    assert {n.partition(" was applied")[0] for n in plan.notes if "no longer in the file" in n} == {
        "ApplicationSet argocd/appset-web-demo",
        "Ingress gateway-demo/web-demo",
    }
    assert planned(a_fleet()).notes == ()


def test_applications_are_foreseen_for_the_members_when_secrets_may_not_be_read() -> None:
    api = a_fleet()
    api.fail = lambda call: Forbidden("no") if call == "list secrets" else None
    plan = planned(api)
    assert [(a.name, a.fate) for a in plan.applications] == [
        ("c1-web-demo", Fate.KEEP),
        ("c2-web-demo", Fate.KEEP),
    ]
    assert "may not be read" in plan.notes[0]


def saved(plan: Plan, folder: Path) -> Plan:
    """The plan after a journey through its file."""
    write_plan(folder / "plan.json", plan)
    return read_plan(folder / "plan.json")


def test_a_saved_plan_is_good_while_nothing_changed(tmp_path: Path) -> None:
    api = a_fleet()
    old = saved(planned(api), tmp_path)
    live = api.get(GATEWAY)
    assert live is not None
    metadata = {**live.metadata, "resourceVersion": "999999"}
    status = {"loadBalancer": {"id": "alb-1"}}
    document = {**live.document, "metadata": metadata, "status": status}
    read = api.get
    api.get = lambda id_: Manifest(id=id_, document=document) if id_ == GATEWAY else read(id_)  # type: ignore[method-assign]  # a controller wrote the status
    refuse_stale(old, planned(api))


def test_F57_a_stale_plan_is_refused_naming_what_changed(tmp_path: Path) -> None:
    api = a_fleet()
    old = saved(planned(api), tmp_path)
    set_weights(a_topology(), Weights.of({"c1": 50, "c2": 50}), fleet=api, dry_run=False)
    with pytest.raises(Conflict, match=r"cluster-weight\.c1\] \('20' -> '50'\)") as caught:
        refuse_stale(old, planned(api))
    assert caught.value.code == "ADR-STALE-PLAN"


def test_F57_an_object_made_deleted_or_made_anew_is_named(tmp_path: Path) -> None:
    api = a_fleet()
    old = saved(planned(api), tmp_path)
    live = api.get(ROUTE)
    assert live is not None
    api.delete(ROUTE)
    with pytest.raises(Conflict, match="Ingress gateway-demo/web-demo was deleted meanwhile"):
        refuse_stale(old, planned(api))
    metadata = {k: v for k, v in live.metadata.items() if k not in {"uid", "resourceVersion"}}
    api.create(Manifest(id=ROUTE, document={**live.document, "metadata": metadata}))
    with pytest.raises(Conflict, match="deleted and made anew"):
        refuse_stale(old, planned(api))


def test_a_plan_that_was_carried_out_half_way_can_be_carried_on(tmp_path: Path) -> None:
    api = a_fleet(applied=False)
    old = saved(planned(api), tmp_path)
    api.apply(old.changes[0].wanted)
    refuse_stale(old, planned(api))
    api.as_manager("ops").create(old.changes[1].wanted)
    with pytest.raises(Conflict, match="AlbConfig ackone-gateway-demo was made meanwhile"):
        refuse_stale(old, planned(api))


def test_F57_a_changed_project_file_and_another_fleet_are_named(tmp_path: Path) -> None:
    api = a_fleet()
    old = saved(planned(api), tmp_path)
    changed = PROJECT.replace("host: alb.ingress.alibaba.com", "host: shop.example.com")
    with pytest.raises(Conflict, match=r"project file or a template changed spec\.rules"):
        refuse_stale(old, planned(api, changed))
    elsewhere = dataclasses.replace(planned(api), cluster_uid="other")
    with pytest.raises(Conflict, match="another Fleet"):
        refuse_stale(old, elsewhere)


@pytest.mark.parametrize("text", ["", "[]", '{"schema": "alb-dr/plan/2"}', "\x00"])
def test_what_is_no_plan_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(BadInput):
        read_plan(path)


def test_a_damaged_plan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text('{"schema": "alb-dr/plan/1", "objects": [{}]}')
    with pytest.raises(BadInput, match="damaged"):
        read_plan(path)


def test_F73_words_of_others_cannot_steer_the_terminal() -> None:
    api = a_fleet()
    api.patch(ROUTE, [{"op": "replace", "path": "/spec/rules/0/host", "value": "evil.example"}])
    plan = planned(api)
    change = of_kind(plan, "Ingress")
    fields = tuple(dataclasses.replace(f, before="a\x1b[31m\u202eb") for f in change.fields)
    changes = tuple(
        dataclasses.replace(c, fields=fields) if c is change else c for c in plan.changes
    )
    text = plan_text(dataclasses.replace(plan, changes=changes), colour=False)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_the_data_of_a_plan_has_every_object() -> None:
    data = plan_data(planned(a_fleet()))
    assert [c["action"] for c in data["changes"]] == ["keep"] * 5
    assert data["weights"] == {"c1": 20, "c2": 80}
