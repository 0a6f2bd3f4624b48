"""The stand-in controllers bring an embedded cluster in line, as the real ones would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import pytest

from alb_dr.sandbox.controllers.applicationset import ApplicationSetController
from alb_dr.sandbox.controllers.deployment import DeploymentController
from alb_dr.sandbox.controllers.endpointslice import EndpointSliceController
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from alb_dr.sandbox.kube.crds import FLEET_CRDS
from alb_dr.sandbox.kube.local import LocalClient

Json = dict[str, Any]
APPS = "applications.argoproj.io"
SETS = "applicationsets.argoproj.io"


def play(body: Callable[[LocalClient, AsyncExitStack], Coroutine[Any, Any, None]]) -> None:
    """Run a scene on a fresh cluster with the namespaces ``demo`` and ``argocd``; ten seconds."""

    async def scene() -> None:
        client = EmbeddedCluster("test", crds=FLEET_CRDS).client("test")
        for name in ("demo", "argocd"):
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            client.create("namespaces", namespace)
        async with AsyncExitStack() as stack, asyncio.timeout(10):
            await body(client, stack)

    asyncio.run(scene())


def run(stack: AsyncExitStack, *reconcilers: Reconciler) -> None:
    """Start controllers; the stack stops them."""
    for reconciler in reconcilers:
        reconciler.start()
        stack.push_async_callback(reconciler.stop)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something is true; the scene's time-out ends it."""
    while not holds():
        await asyncio.sleep(0.01)


def deployment(replicas: int) -> Json:
    container = {"name": "web", "image": "web:1"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "demo"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container]},
            },
        },
    }


def make_ready(client: LocalClient) -> None:
    """Do the kubelet's part for every pod."""
    for number, pod in enumerate(client.list("pods", "demo")):
        status = {
            "podIP": f"127.8.0.{number + 1}",
            "conditions": [{"type": "Ready", "status": "True"}],
        }
        name = pod["metadata"]["name"]
        client.merge("pods", name, {"status": status}, "demo", subresource="status")


def status(client: LocalClient) -> Json:
    found = client.get("deployments.apps", "web", "demo")
    assert found is not None
    return dict(found.get("status") or {})


def test_a_deployment_has_as_many_pods_as_it_wants_and_counts_the_ready_ones() -> None:
    async def scene(client: LocalClient, stack: AsyncExitStack) -> None:
        run(stack, DeploymentController(client).reconciler())
        client.create("deployments.apps", deployment(3))
        await until(lambda: len(client.list("pods", "demo")) == 3)
        assert status(client).get("readyReplicas") is None
        make_ready(client)
        await until(lambda: status(client).get("readyReplicas") == 3)
        client.merge("deployments.apps", "web", {"spec": {"replicas": 0}}, "demo")
        await until(lambda: not client.list("pods", "demo"))
        await until(lambda: status(client).get("observedGeneration") == 2)
        assert status(client).get("replicas") is None

    play(scene)


def test_a_new_template_replaces_the_pods_only_once_the_new_ones_are_ready() -> None:
    async def scene(client: LocalClient, stack: AsyncExitStack) -> None:
        run(stack, DeploymentController(client).reconciler())
        client.create("deployments.apps", deployment(2))
        await until(lambda: len(client.list("pods", "demo")) == 2)
        make_ready(client)
        await until(lambda: status(client).get("readyReplicas") == 2)
        old = {p["metadata"]["uid"] for p in client.list("pods", "demo")}
        container = [{"name": "web", "image": "web:2"}]
        patch = {"spec": {"template": {"spec": {"containers": container}}}}
        client.merge("deployments.apps", "web", patch, "demo")
        await until(lambda: len(client.list("pods", "demo")) == 4)
        make_ready(client)
        await until(lambda: len(client.list("pods", "demo")) == 2)
        left = client.list("pods", "demo")
        assert not old & {p["metadata"]["uid"] for p in left}
        assert {p["spec"]["containers"][0]["image"] for p in left} == {"web:2"}

    play(scene)


def test_a_slice_lists_the_pods_of_a_service_and_says_which_are_ready() -> None:
    async def scene(client: LocalClient, stack: AsyncExitStack) -> None:
        run(
            stack,
            DeploymentController(client).reconciler(),
            EndpointSliceController(client).reconciler(),
        )
        client.create("deployments.apps", deployment(2))
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "svc", "namespace": "demo"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]},
        }
        client.create("services", service)

        def endpoints() -> list[Json]:
            slices = client.list("endpointslices.discovery.k8s.io", "demo")
            return [e for s in slices for e in s.get("endpoints") or []]

        await until(lambda: len(client.list("pods", "demo")) == 2)
        assert endpoints() == []
        make_ready(client)
        await until(lambda: len(endpoints()) == 2)
        assert all(e["conditions"]["ready"] for e in endpoints())
        assert {e["addresses"][0] for e in endpoints()} == {"127.8.0.1", "127.8.0.2"}
        client.merge("deployments.apps", "web", {"spec": {"replicas": 0}}, "demo")
        await until(lambda: endpoints() == [])

    play(scene)


def secret(cluster_id: str, annotated: bool = True) -> Json:
    annotations = {"cluster_id": cluster_id, "cluster_name": f"{cluster_id}-name"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": f"cluster-{cluster_id}",
            "namespace": "argocd",
            "labels": {"argocd.argoproj.io/secret-type": "cluster"},
            "annotations": annotations if annotated else {},
        },
    }


def application_set(generator: Json, name: str, **sync: Any) -> Json:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "set", "namespace": "argocd"},
        "spec": {
            "goTemplate": True,
            "generators": [generator],
            "syncPolicy": sync,
            "template": {
                "metadata": {"name": name},
                "spec": {"project": "default", "destination": {"namespace": "demo"}},
            },
        },
    }


CLUSTERS: Json = {"clusters": {"selector": {}}}
BY_ID = "{{.metadata.annotations.cluster_id}}-web"


def names(client: LocalClient) -> list[str]:
    return [a["metadata"]["name"] for a in client.list(APPS, "argocd")]


def condition(client: LocalClient, kind: str) -> Json:
    found = client.get(SETS, "set", "argocd") or {}
    conditions = (found.get("status") or {}).get("conditions") or []
    return next((c for c in conditions if c["type"] == kind), {})


def test_every_cluster_secret_becomes_an_application() -> None:
    async def scene(client: LocalClient, stack: AsyncExitStack) -> None:
        run(stack, ApplicationSetController(client).reconciler())
        for cluster_id in ("c1", "c2"):
            client.create("secrets", secret(cluster_id))
        client.create(SETS, application_set(CLUSTERS, BY_ID))
        await until(lambda: condition(client, "ResourcesUpToDate").get("status") == "True")
        assert names(client) == ["c1-web", "c2-web"]
        first = client.list(APPS, "argocd")[0]["metadata"]
        assert first["ownerReferences"][0]["kind"] == "ApplicationSet"
        assert first["finalizers"] == ["resources-finalizer.argocd.argoproj.io"]

    play(scene)


def test_a_list_generator_needs_no_secrets() -> None:
    async def scene(client: LocalClient, stack: AsyncExitStack) -> None:
        run(stack, ApplicationSetController(client).reconciler())
        generator = {"list": {"elements": [{"id": "a"}, {"id": "b"}]}}
        preserve = {"preserveResourcesOnDeletion": True}
        client.create(SETS, application_set(generator, "{{.id}}-web", **preserve))
        await until(lambda: names(client) == ["a-web", "b-web"])
        assert not client.list(APPS, "argocd")[0]["metadata"].get("finalizers")

    play(scene)


def test_a_secret_without_the_annotation_fails_the_whole_generation() -> None:
    async def scene(client: LocalClient, stack: AsyncExitStack) -> None:
        run(stack, ApplicationSetController(client).reconciler())
        client.create("secrets", secret("c1"))
        client.create("secrets", secret("c2", annotated=False))
        client.create(SETS, application_set(CLUSTERS, BY_ID))
        await until(lambda: condition(client, "ErrorOccurred").get("status") == "True")
        assert condition(client, "ErrorOccurred")["reason"] == "RenderTemplateParamsError"
        assert "cluster_id" in condition(client, "ErrorOccurred")["message"]
        assert names(client) == []

    play(scene)


@pytest.mark.parametrize(("sync", "kept"), [("sync", ["c1-web"]), ("create-update", None)])
def test_a_dropped_cluster_loses_its_application_unless_deletion_is_off(
    sync: str, kept: list[str] | None
) -> None:
    async def scene(client: LocalClient, stack: AsyncExitStack) -> None:
        run(stack, ApplicationSetController(client).reconciler())
        for cluster_id in ("c1", "c2"):
            client.create("secrets", secret(cluster_id))
        policy = {"applicationsSync": sync, "preserveResourcesOnDeletion": True}
        client.create(SETS, application_set(CLUSTERS, BY_ID, **policy))
        await until(lambda: len(names(client)) == 2)
        client.delete("secrets", "cluster-c2", "argocd")
        client.create("secrets", secret("c3"))
        await until(lambda: "c3-web" in names(client))
        expected = [*(kept or ["c1-web", "c2-web"]), "c3-web"]
        await until(lambda: names(client) == expected)

    play(scene)


def test_F24_what_stood_on_a_deployment_stays_on_its_replica_set() -> None:
    """So ``kubectl rollout undo``, which copies annotations back, can revive a closed record."""

    async def scene(client: LocalClient, stack: AsyncExitStack) -> None:
        run(stack, DeploymentController(client).reconciler())
        client.create("deployments.apps", deployment(1))
        sets = "replicasets.apps"
        await until(lambda: len(client.list(sets, "demo")) == 1)
        for value in ("open", None):
            patch: Json = {"metadata": {"annotations": {"alb-dr.io/drill": value}}}
            client.merge("deployments.apps", "web", patch, "demo")
            await until(lambda: bool(status(client)))
            (found,) = client.list(sets, "demo")
            await until(
                lambda: "alb-dr.io/drill" in client.list(sets, "demo")[0]["metadata"]["annotations"]
            )
        assert found["metadata"]["annotations"]["alb-dr.io/drill"] == "open"
        live = client.get("deployments.apps", "web", "demo")
        assert live is not None
        assert "alb-dr.io/drill" not in live["metadata"]["annotations"]

    play(scene)


def test_a_template_taken_up_again_is_the_newest_revision() -> None:
    async def scene(client: LocalClient, stack: AsyncExitStack) -> None:
        run(stack, DeploymentController(client).reconciler())
        client.create("deployments.apps", deployment(1))
        for image, revision in (("web:1", "1"), ("web:2", "2"), ("web:1", "3")):
            container = [{"name": "web", "image": image}]
            patch = {"spec": {"template": {"spec": {"containers": container}}}}
            client.merge("deployments.apps", "web", patch, "demo")

            def arrived(wanted: str = revision) -> bool:
                live = client.get("deployments.apps", "web", "demo") or {}
                noted = (live.get("metadata") or {}).get("annotations") or {}
                return bool(noted.get("deployment.kubernetes.io/revision") == wanted)

            await until(arrived)
        assert len(client.list("replicasets.apps", "demo")) == 2

    play(scene)


def test_F25_without_quota_no_pod_is_made_and_an_event_says_why() -> None:
    async def scene(client: LocalClient, stack: AsyncExitStack) -> None:
        full = [True]
        controller = DeploymentController(client, out_of_quota=lambda: full[0]).reconciler()
        run(stack, controller)
        client.create("deployments.apps", deployment(2))
        await until(lambda: bool(client.list("events", "demo")))
        (event,) = client.list("events", "demo")
        assert (event["reason"], event["involvedObject"]["kind"]) == ("FailedCreate", "ReplicaSet")
        assert "exceeded quota" in event["message"]
        assert client.list("pods", "demo") == []
        full[0] = False
        controller.poke()
        await until(lambda: len(client.list("pods", "demo")) == 2)

    play(scene)
