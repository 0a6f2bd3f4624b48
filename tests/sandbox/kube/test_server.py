"""What only the embedded API has: rules a test can set, a history, a memory that ends."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from alb_dr.sandbox.kube.access import Deny
from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from alb_dr.sandbox.kube.server import MAX_BODY
from alb_dr.sandbox.kube.store import LOG_LENGTH

TOKEN = "canary-51c7"
MAPS = "/api/v1/namespaces/default/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
MERGE = {"Content-Type": "application/merge-patch+json"}
Story = Callable[[EmbeddedCluster, aiohttp.ClientSession], Awaitable[None]]


def told(story: Story) -> None:
    """Run a story against an API of its own."""

    async def run() -> None:
        cluster = EmbeddedCluster("test")
        port = await cluster.serve(host="127.0.0.1", port=0, tls=None, tokens={TOKEN: "ann"})
        headers = {"Authorization": f"Bearer {TOKEN}"}
        address = f"http://127.0.0.1:{port}"
        try:
            async with aiohttp.ClientSession(address, headers=headers) as session:
                await story(cluster, session)
        finally:
            await cluster.stop_serving()

    asyncio.run(run())


def config_map(name: str = "settings") -> dict[str, Any]:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}


def deployment() -> dict[str, Any]:
    """A Deployment."""
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "example.com/web:1"}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": template},
    }


def review(verb: str, resource: str, **more: str) -> dict[str, Any]:
    """May I?"""
    attributes = {"verb": verb, "group": "apps", "resource": resource, **more}
    return {"spec": {"resourceAttributes": {"namespace": "default", **attributes}}}


def test_a_rule_forbids_one_subresource_and_the_review_says_so() -> None:
    async def story(cluster: EmbeddedCluster, session: aiohttp.ClientSession) -> None:
        await session.post(DEPLOYMENTS, json=deployment())
        cluster.deny.append(Deny(verb="patch", resource="deployments/scale"))
        patch = {"json": {"spec": {"replicas": 0}}, "headers": MERGE}
        assert (await session.patch(f"{DEPLOYMENTS}/web/scale", **patch)).status == 403
        assert (await session.patch(f"{DEPLOYMENTS}/web", **patch)).status == 200
        for subresource, allowed in (("scale", False), ("", True)):
            asked = review("patch", "deployments", subresource=subresource)
            answer = await (await session.post(REVIEWS, json=asked)).json()
            assert answer["status"]["allowed"] is allowed

    told(story)


def test_a_rule_forbids_in_one_namespace_and_for_one_user() -> None:
    async def story(cluster: EmbeddedCluster, session: aiohttp.ClientSession) -> None:
        cluster.deny.append(Deny(namespace="default", user="ann"))
        assert (await session.get(MAPS)).status == 403
        assert (await session.get(MAPS.replace("default", "kube-system"))).status == 200
        cluster.deny[:] = [Deny(namespace="default", user="bob")]
        assert (await session.get(MAPS)).status == 200

    told(story)


def test_asking_is_forbidden_only_by_a_rule_that_names_it() -> None:
    async def story(cluster: EmbeddedCluster, session: aiohttp.ClientSession) -> None:
        asked = review("get", "deployments")
        cluster.deny.append(Deny())
        answer = await session.post(REVIEWS, json=asked)
        assert (await answer.json())["status"]["allowed"] is False
        cluster.deny.append(Deny(resource="selfsubjectaccessreviews"))
        assert (await session.post(REVIEWS, json=asked)).status == 403

    told(story)


def test_the_history_tells_who_asked_what_without_the_token() -> None:
    async def story(cluster: EmbeddedCluster, session: aiohttp.ClientSession) -> None:
        await session.post(MAPS, json=config_map(), params={"fieldManager": "ann", "dryRun": "All"})
        (record,) = cluster.history
        assert (record.method, record.verb, record.path) == ("POST", "create", MAPS)
        assert (record.user, record.manager, record.dry_run) == ("ann", "ann", True)
        assert (record.status, record.body) == (201, config_map())
        assert TOKEN not in repr(record)

    told(story)


def test_a_refused_request_is_in_the_history_too() -> None:
    async def story(cluster: EmbeddedCluster, session: aiohttp.ClientSession) -> None:
        await session.get(MAPS, headers={"Authorization": "Bearer nonsense"})
        assert [(r.verb, r.status) for r in cluster.history][-1][1] == 401

    told(story)


def test_a_body_of_more_than_three_mebibytes_is_refused() -> None:
    async def story(cluster: EmbeddedCluster, session: aiohttp.ClientSession) -> None:
        large = json.dumps({**config_map(), "data": {"a": "x" * MAX_BODY}}).encode()
        kind = {"Content-Type": "application/json"}
        answer = await session.post(MAPS, data=io.BytesIO(large), headers=kind)
        assert answer.status == 413
        assert (await answer.json())["reason"] == "RequestEntityTooLarge"

    told(story)


def test_a_page_that_took_too_long_is_gone() -> None:
    async def story(cluster: EmbeddedCluster, session: aiohttp.ClientSession) -> None:
        for name in ("a", "b", "c"):
            await session.post(MAPS, json=config_map(name))
        page = await (await session.get(MAPS, params={"limit": "1"})).json()
        token = page["metadata"]["continue"]
        assert page["metadata"]["remainingItemCount"] == 2
        writer = cluster.client("busy")
        for n in range(LOG_LENGTH + 1):
            writer.merge("configmaps", "a", {"data": {"n": str(n)}}, "default")
        answer = await session.get(MAPS, params={"limit": "1", "continue": token})
        assert answer.status == 410
        assert (await answer.json())["reason"] == "Expired"

    told(story)


def test_an_api_that_is_down_keeps_what_it_knows() -> None:
    async def story(cluster: EmbeddedCluster, session: aiohttp.ClientSession) -> None:
        await session.post(MAPS, json=config_map())
        assert cluster.serving
        await cluster.stop_serving()
        assert not cluster.serving
        port = await cluster.serve(host="127.0.0.1", port=0, tls=None, tokens={TOKEN: "ann"})
        answer = await session.get(f"http://127.0.0.1:{port}{MAPS}/settings")
        assert answer.status == 200

    told(story)
