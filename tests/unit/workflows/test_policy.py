"""Distribution by policy: the dialect, the documents, the order, what is never taken away."""

from __future__ import annotations

import pytest

from alb_dr.errors import BadInput, Forbidden, NotFound, Refused
from alb_dr.model.application import DistributionMethod
from alb_dr.model.manifest import (
    DEPLOYMENT,
    NAMESPACE,
    OVERRIDE_POLICY,
    POLICY_GROUPS,
    PROPAGATION_POLICY,
    Manifest,
    ManifestSet,
    ResourceId,
)
from alb_dr.model.topology import Topology
from alb_dr.render.library import template_library
from alb_dr.render.manifests import render, render_distribution
from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from alb_dr.sandbox.kube.crds import fleet_crds
from alb_dr.workflows.delivery.apply import ApplyChoices, apply
from alb_dr.workflows.delivery.distribute import distribution_status
from alb_dr.workflows.delivery.policy import (
    copy_waits_for,
    policy_ids,
    refuse_taking_copies,
    with_dialect,
    with_method,
)
from alb_dr.workflows.project.down import DownChoices, DownPorts, survey
from tests.builders import PROJECT, a_topology
from tests.fakes.argo import a_namespace
from tests.fakes.fleet import a_fleet, planned, the_members
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale

BY_POLICY = PROJECT + "  method: policy\n  policy: {image: demo}\n"
NEWER, OLDER = POLICY_GROUPS


def a_fleet_serving(group: str) -> FakeKube:
    api = FakeKube()
    api.cluster = EmbeddedCluster("Fleet", crds=fleet_crds(group))
    return api


def applied(text: str = BY_POLICY) -> tuple[Topology, FakeKube]:
    topology, api = a_topology(text), FakeKube()
    manifests = render(topology, template_library())
    apply(manifests, api=api, choices=ApplyChoices(), narrator=TellTale())
    return topology, api


def surveyed(topology: Topology, api: FakeKube, *, with_applications: bool = False) -> list[str]:
    ports = DownPorts(fleet=api, members=the_members(), clock=StillClock(), narrator=TellTale())
    choices = DownChoices(with_applications=with_applications)
    return [str(m.id) for m in survey(topology, ports=ports, choices=choices).objects]


def one(manifests: ManifestSet, name: str) -> Manifest:
    (found,) = (m for m in manifests if m.id.kind.name == name)
    return found


@pytest.mark.parametrize("group", [NEWER, OLDER])
def test_the_dialect_is_the_group_the_fleet_serves(group: str) -> None:
    topology = with_dialect(a_topology(BY_POLICY), a_fleet_serving(group))
    manifests = render_distribution(topology, template_library())
    policies = {m.id.kind.group for m in manifests if m.id.kind.name.endswith("Policy")}
    assert policies == {group}
    assert {id_.kind.group for id_ in policy_ids(topology)} - {"", "apps"} == {group}


def test_a_fleet_that_serves_neither_group_is_refused_by_name() -> None:
    with pytest.raises(NotFound, match=f"{NEWER}, {OLDER}") as refusal:
        with_dialect(a_topology(BY_POLICY), a_fleet_serving(""))
    assert refusal.value.code == "ADR-POLICY-DIALECT"


def test_the_group_of_the_file_is_the_only_one_asked_for() -> None:
    text = BY_POLICY.replace("image: demo", f"image: demo, group: {OLDER}")
    with pytest.raises(NotFound, match=OLDER):
        with_dialect(a_topology(text), a_fleet_serving(NEWER))
    assert with_dialect(a_topology(text), a_fleet_serving(OLDER)).application.policy is not None


def test_a_right_that_is_lacking_is_not_taken_for_an_older_fleet() -> None:
    api = a_fleet_serving(NEWER)
    api.fail = lambda call: Forbidden("no") if call.startswith("list") else None
    with pytest.raises(Forbidden, match="cannot be known"):
        with_dialect(a_topology(BY_POLICY), api)


def test_gitops_asks_the_fleet_nothing() -> None:
    api = a_fleet_serving("")
    topology = a_topology()
    assert with_dialect(topology, api) is topology
    assert api.calls == []


def test_via_policy_needs_to_know_what_to_place() -> None:
    with pytest.raises(BadInput, match="what distribution by policy places"):
        with_method(a_topology(), DistributionMethod.POLICY)
    described = a_topology(PROJECT + "  policy: {image: demo}\n")
    chosen = with_method(described, DistributionMethod.POLICY)
    assert len(render_distribution(chosen, template_library())) == 6


def test_a_file_that_says_policy_without_an_image_is_refused() -> None:
    with pytest.raises(BadInput, match=r"needs application\.policy"):
        a_topology(PROJECT + "  method: policy\n")


def test_everything_is_duplicated_and_each_member_gets_its_own_name() -> None:
    manifests = render_distribution(a_topology(BY_POLICY), template_library())
    placement = one(manifests, "PropagationPolicy").document["spec"]["placement"]
    assert placement["replicaScheduling"] == {"replicaSchedulingType": "Duplicated"}
    assert placement["clusterAffinity"]["clusterNames"] == ["c1", "c2"]
    rules = one(manifests, "OverridePolicy").document["spec"]["overrideRules"]
    values = {
        rule["targetCluster"]["clusterNames"][0]: rule["overriders"]["plaintext"][0]["value"]
        for rule in rules
    }
    assert values == {"c1": "poc-ack-1", "c2": "poc-ack-2"}


def test_the_propagation_policy_comes_last_and_the_namespace_once() -> None:
    manifests = render(a_topology(BY_POLICY), template_library())
    kinds = [m.id.kind for m in manifests]
    assert kinds.index(PROPAGATION_POLICY) > kinds.index(DEPLOYMENT) > kinds.index(OVERRIDE_POLICY)
    assert kinds.count(NAMESPACE) == 1


def test_a_copy_without_its_override_is_not_ready() -> None:
    topology, api = applied()
    member = topology.members[0]
    deployment = api.get(policy_ids(topology)[0])
    assert "not poc-ack-1" in str(copy_waits_for(topology, member, deployment))
    assert "not placed" in str(copy_waits_for(topology, member, None))
    seen = distribution_status(topology, fleet=api, members=the_members())
    assert not any(m.is_ready for m in seen)


def test_a_plan_of_what_is_there_differs_in_nothing() -> None:
    _, api = applied()
    assert not planned(api, BY_POLICY).differs


def test_the_older_method_is_named_as_a_stray() -> None:
    api = a_fleet()
    notes = " ".join(planned(api, BY_POLICY).notes)
    assert "ApplicationSet argocd/appset-web-demo was applied by alb-dr" in notes
    _, api = applied()
    api.create(a_namespace("argocd"))
    assert "PropagationPolicy gateway-demo/web-demo" in " ".join(planned(api).notes)


def test_F61_what_takes_the_copies_with_it_is_not_deleted_by_default() -> None:
    text = BY_POLICY + "  preserveResourcesOnDeletion: false\n"
    topology, api = applied(text)
    with pytest.raises(Refused, match="2 members"):
        refuse_taking_copies(topology, api)
    distributes = [str(id_) for id_ in policy_ids(topology)]
    assert not set(surveyed(topology, api)) & set(distributes)
    assert set(surveyed(topology, api, with_applications=True)) >= set(distributes)


def test_F61_what_preserves_the_copies_goes_placed_things_first() -> None:
    topology, api = applied()
    refuse_taking_copies(topology, api)
    distributes = [str(id_) for id_ in policy_ids(topology)]
    assert [name for name in surveyed(topology, api) if name in distributes] == distributes
    assert distributes[0].startswith("Deployment")


def test_F61_without_its_policy_a_deployment_is_taken_to_be_placed() -> None:
    topology, api = applied()
    space = topology.application.namespace
    api.delete(ResourceId(kind=PROPAGATION_POLICY, name="web-demo", namespace=space))
    with pytest.raises(Refused):
        refuse_taking_copies(topology, api)
