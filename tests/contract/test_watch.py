"""Watches as they travel: the order of events, selectors, bookmarks, forgotten versions."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import pytest

from tests.contract.objects import config_map
from tests.contract.raw import MERGE_PATCH, Raw
from tests.contract.servers import Api

SECONDS = "5"
"""What a watch here asks for at most; those that end early need not wait for it."""


def seen(events: Iterable[dict[str, Any]], count: int) -> list[tuple[str, str]]:
    """The type and name of the next events, without bookmarks."""
    told = (e for e in events if e["type"] != "BOOKMARK")
    return [(e["type"], e["object"]["metadata"]["name"]) for e in itertools.islice(told, count)]


def make(http: Raw, maps: str, namespace: str, name: str, mark: str) -> str:
    """A ConfigMap with a label; its version."""
    reply = http.post(maps, dict(config_map(namespace, name, labels={"mark": mark}).document))
    return reply.version


def test_a_watch_tells_of_a_life(http: Raw, maps: str, namespace: str) -> None:
    version = http.get(maps, labelSelector="mark").version
    query = {"resourceVersion": version, "labelSelector": "mark=1", "timeoutSeconds": SECONDS}
    with http.watch(maps, **query) as events:
        make(http, maps, namespace, "a", "1")
        http.patch(f"{maps}/a", {"data": {"x": "1"}}, MERGE_PATCH)
        http.delete(f"{maps}/a")
        assert seen(events, 3) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_a_watch_without_a_version_begins_with_what_is_there(
    http: Raw, maps: str, namespace: str
) -> None:
    make(http, maps, namespace, "a", "1")
    make(http, maps, namespace, "b", "1")
    with http.watch(maps, labelSelector="mark=1", timeoutSeconds=SECONDS) as events:
        assert sorted(seen(events, 2)) == [("ADDED", "a"), ("ADDED", "b")]


def test_a_watch_goes_on_from_a_version(http: Raw, maps: str, namespace: str) -> None:
    first = make(http, maps, namespace, "a", "1")
    make(http, maps, namespace, "b", "1")
    http.delete(f"{maps}/a")
    query = {"resourceVersion": first, "labelSelector": "mark=1", "timeoutSeconds": SECONDS}
    with http.watch(maps, **query) as events:
        assert seen(events, 2) == [("ADDED", "b"), ("DELETED", "a")]


def test_what_leaves_the_selection_is_deleted_and_what_comes_is_added(
    http: Raw, maps: str, namespace: str
) -> None:
    make(http, maps, namespace, "a", "1")
    version = make(http, maps, namespace, "b", "2")
    query = {"resourceVersion": version, "labelSelector": "mark=1", "timeoutSeconds": SECONDS}
    with http.watch(maps, **query) as events:
        http.patch(f"{maps}/b", {"metadata": {"labels": {"mark": "1"}}}, MERGE_PATCH)
        http.patch(f"{maps}/a", {"metadata": {"labels": {"mark": "2"}}}, MERGE_PATCH)
        assert seen(events, 2) == [("ADDED", "b"), ("DELETED", "a")]


def test_a_deletion_carries_its_own_version(http: Raw, maps: str, namespace: str) -> None:
    version = make(http, maps, namespace, "a", "1")
    query = {"resourceVersion": version, "labelSelector": "mark=1", "timeoutSeconds": SECONDS}
    with http.watch(maps, **query) as events:
        http.delete(f"{maps}/a")
        gone = next(e for e in events if e["type"] == "DELETED")
    assert int(gone["object"]["metadata"]["resourceVersion"]) > int(version)


def test_bookmarks_come_when_they_are_asked_for(http: Raw, maps: str, namespace: str) -> None:
    version = make(http, maps, namespace, "a", "1")
    query = {
        "resourceVersion": version,
        "labelSelector": "mark=1",
        "timeoutSeconds": "4",
        "allowWatchBookmarks": "true",
    }
    with http.watch(maps, **query) as events:
        # Older versions mark only what came after the version the watch began with.
        make(http, maps, namespace, "b", "2")
        marks = [e for e in events if e["type"] == "BOOKMARK"]
    assert marks
    for mark in marks:
        assert int(mark["object"]["metadata"]["resourceVersion"]) >= int(version)
        assert mark["object"]["kind"] == "ConfigMap"
        assert "name" not in mark["object"]["metadata"]


def test_a_watch_ends_when_it_wanted_to(http: Raw, maps: str) -> None:
    version = http.get(maps).version
    with http.watch(maps, resourceVersion=version, timeoutSeconds="1") as events:
        assert list(events) == []


def test_a_forgotten_version_is_gone(served: Api, http: Raw, maps: str) -> None:
    if served.forgotten is None:
        pytest.skip("this API is too young to have forgotten anything")
    query = {"resourceVersion": served.forgotten, "timeoutSeconds": SECONDS}
    with http.watch(maps, **query) as events:
        first = next(events)
    assert first["type"] == "ERROR"
    assert first["object"]["code"] == 410
    assert first["object"]["reason"] == "Expired"


def test_a_version_that_is_none_is_refused(http: Raw, maps: str) -> None:
    reply = http.get(maps, watch="1", resourceVersion="abc", timeoutSeconds="1")
    assert reply.status == 500
    assert "invalid syntax" in reply.body["message"]


def test_every_request_is_remembered(embedded_api: Api) -> None:
    assert embedded_api.history is not None
    assert embedded_api.http is not None
    before = len(embedded_api.history())
    embedded_api.http.get("/api/v1/nodes", watch="1", timeoutSeconds="1")
    embedded_api.http.get("/api/v1/namespaces/default/configmaps/absent")
    # Watches of other tests may end, and be remembered, meanwhile.
    mine = [c for c in embedded_api.history()[before:] if "/nodes" in c or "/absent" in c]
    assert mine == [
        "watch /api/v1/nodes 200",
        "get /api/v1/namespaces/default/configmaps/absent 404",
    ]
