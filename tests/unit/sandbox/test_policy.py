"""The stand-in for distribution by policy: copies, overrides, counts, what it leaves alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from alb_dr.sandbox.controllers.policy import PolicyController
from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from alb_dr.sandbox.kube.crds import fleet_crds
from alb_dr.sandbox.kube.local import LocalClient

Json = dict[str, Any]
Scene = Callable[[LocalClient, Mapping[str, LocalClient], PolicyController], Awaitable[None]]
GROUP = "one.alibabacloud.com"
VERSION = f"{GROUP}/v1alpha1"
WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
ENV = "/spec/template/spec/containers/0/env/0/value"


def play(body: Scene, *, reverts: bool = False) -> None:
    """Run a scene on a Fleet with two members; every look is asked for."""
    fleet = EmbeddedCluster("fleet", crds=fleet_crds(GROUP)).client("test")
    members = {name: EmbeddedCluster(name, crds=()).client("test") for name in ("c1", "c2")}
    for client in (fleet, *members.values()):
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "demo"}}
        client.create("namespaces", namespace)
    fleet.create("deployments.apps", deployment())
    controller = PolicyController(fleet, members, group=GROUP, reverts=reverts)

    async def scene() -> None:
        await body(fleet, members, controller)

    asyncio.run(scene())


def deployment() -> Json:
    container = {"name": "web", "image": "web:1", "env": [{"name": "WHO", "value": "nobody"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "demo"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container]},
            },
        },
    }


def propagation(*clusters: str, preserve: bool = True, scheduling: str = "Duplicated") -> Json:
    return {
        "apiVersion": VERSION,
        "kind": "PropagationPolicy",
        "metadata": {"name": "web", "namespace": "demo"},
        "spec": {
            "preserveResourcesOnDeletion": preserve,
            "resourceSelectors": [WEB],
            "placement": {
                "clusterAffinity": {"clusterNames": list(clusters)},
                "replicaScheduling": {"replicaSchedulingType": scheduling},
            },
        },
    }


def override(cluster: str, value: str) -> Json:
    plain = [{"path": ENV, "operator": "replace", "value": value}]
    rule = {
        "targetCluster": {"clusterNames": [cluster]},
        "overriders": {"plaintext": plain},
    }
    return {
        "apiVersion": VERSION,
        "kind": "OverridePolicy",
        "metadata": {"name": "web", "namespace": "demo"},
        "spec": {"resourceSelectors": [WEB], "overrideRules": [rule]},
    }


def replicas(client: LocalClient) -> int | None:
    live = client.get("deployments.apps", "web", "demo")
    return None if live is None else int(live["spec"]["replicas"])


def scale(client: LocalClient, count: int) -> None:
    client.merge("deployments.apps", "web", {"spec": {"replicas": count}}, "demo")


def test_only_the_named_members_get_a_copy_and_each_its_own_value() -> None:
    async def scene(
        fleet: LocalClient, members: Mapping[str, LocalClient], controller: PolicyController
    ) -> None:
        fleet.create(f"overridepolicies.{GROUP}", override("c1", "one"))
        fleet.create(f"propagationpolicies.{GROUP}", propagation("c1"))
        await controller.reconcile()
        live = members["c1"].get("deployments.apps", "web", "demo")
        assert live is not None
        assert live["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] == "one"
        assert replicas(members["c2"]) is None

    play(scene)


def test_the_fleet_says_how_many_pods_all_copies_have_together() -> None:
    async def scene(
        fleet: LocalClient, members: Mapping[str, LocalClient], controller: PolicyController
    ) -> None:
        fleet.create(f"propagationpolicies.{GROUP}", propagation("c1", "c2"))
        await controller.reconcile()
        for client in members.values():
            status = {"status": {"replicas": 2, "readyReplicas": 2}}
            client.merge("deployments.apps", "web", status, "demo", subresource="status")
        await controller.reconcile()
        live = fleet.get("deployments.apps", "web", "demo")
        assert live is not None
        assert live["status"]["readyReplicas"] == 4

    play(scene)


@pytest.mark.parametrize("reverts", [False, True])
def test_a_scaled_copy_is_scaled_back_only_if_that_was_chosen(reverts: bool) -> None:
    async def scene(
        fleet: LocalClient, members: Mapping[str, LocalClient], controller: PolicyController
    ) -> None:
        fleet.create(f"propagationpolicies.{GROUP}", propagation("c1"))
        await controller.reconcile()
        scale(members["c1"], 0)
        again = await controller.reconcile()
        assert replicas(members["c1"]) == 0, "the change can be seen for a while"
        assert (again is not None) == reverts
        await controller.reconcile()
        assert replicas(members["c1"]) == (2 if reverts else 0)

    play(scene, reverts=reverts)


@pytest.mark.parametrize("preserve", [True, False])
def test_a_copy_goes_with_its_original_unless_it_is_preserved(preserve: bool) -> None:
    async def scene(
        fleet: LocalClient, members: Mapping[str, LocalClient], controller: PolicyController
    ) -> None:
        fleet.create(f"propagationpolicies.{GROUP}", propagation("c1", preserve=preserve))
        await controller.reconcile()
        fleet.delete("deployments.apps", "web", "demo")
        await controller.reconcile()
        assert (replicas(members["c1"]) is not None) == preserve

    play(scene)


def test_a_copy_stays_while_its_original_is_there() -> None:
    async def scene(
        fleet: LocalClient, members: Mapping[str, LocalClient], controller: PolicyController
    ) -> None:
        fleet.create(f"propagationpolicies.{GROUP}", propagation("c1", preserve=False))
        await controller.reconcile()
        fleet.delete(f"propagationpolicies.{GROUP}", "web", "demo")
        await controller.reconcile()
        assert replicas(members["c1"]) == 2

    play(scene)


def test_what_is_not_stood_in_for_is_said_once_and_places_nothing() -> None:
    async def scene(
        fleet: LocalClient, members: Mapping[str, LocalClient], controller: PolicyController
    ) -> None:
        fleet.create(f"propagationpolicies.{GROUP}", propagation("c1", scheduling="Divided"))
        await controller.reconcile()
        await controller.reconcile()
        (event,) = fleet.list("events", "demo")
        assert "replicaSchedulingType Divided" in event["message"]
        assert event["count"] == 1
        assert replicas(members["c1"]) is None

    play(scene)
