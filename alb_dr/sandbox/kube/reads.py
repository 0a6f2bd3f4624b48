"""The reading verbs on one address: get, list with selectors and pages, and what a watch sends."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping

from alb_dr.sandbox.kube.address import Address
from alb_dr.sandbox.kube.records import Event
from alb_dr.sandbox.kube.selectors import field_selector, label_selector
from alb_dr.sandbox.kube.status import ApiError, Json, bad_request
from alb_dr.sandbox.kube.store import Store

Filter = Callable[[Json], bool]

KNOWN_FIELDS = {
    "pods": frozenset({"spec.nodeName", "spec.restartPolicy", "status.phase", "status.podIP"}),
    "events": frozenset(
        {
            "involvedObject.kind",
            "involvedObject.name",
            "involvedObject.namespace",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        }
    ),
    "secrets": frozenset({"type"}),
    "namespaces": frozenset({"status.phase"}),
    "replicasets": frozenset({"status.replicas"}),
}
"""Field selectors beyond name and namespace, by kind."""


def filter_of(at: Address, query: Mapping[str, str]) -> Filter:
    """Whether a document belongs to what was asked for."""
    labels = label_selector(query.get("labelSelector", ""))
    fields = field_selector(
        query.get("fieldSelector", ""), known=KNOWN_FIELDS.get(at.resource.plural, frozenset())
    )

    def matches(document: Json) -> bool:
        metadata = document["metadata"]
        if at.namespace and metadata.get("namespace") != at.namespace:
            return False
        if at.name and metadata["name"] != at.name:
            return False
        return labels(metadata.get("labels") or {}) and fields(document)

    return matches


def page(store: Store, at: Address, query: Mapping[str, str]) -> tuple[list[Json], Json]:
    """The documents of a list request and the list's metadata; 410 for a forgotten page."""
    matches = filter_of(at, query)
    start, version = _continued(query.get("continue", ""), store)
    found = [d for d in _as_of(store, at, version) if matches(d)]
    metadata: Json = {"resourceVersion": str(version)}
    limit = int(query.get("limit") or 0)
    if limit and start + limit < len(found):
        token = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": start + limit})
        metadata["continue"] = base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")
        if not query.get("labelSelector") and not query.get("fieldSelector"):
            metadata["remainingItemCount"] = len(found) - start - limit
    return (found[start : start + limit] if limit else found[start:]), metadata


def _as_of(store: Store, at: Address, version: int) -> list[Json]:
    """The documents as they were at a version: all pages of a list show one moment."""
    resource = at.resource
    found = {_key(d): d for d in store.all(resource, at.namespace)}
    for event in reversed(store.log):
        if event.version <= version:
            break
        if (event.resource.group, event.resource.plural) != (resource.group, resource.plural):
            continue
        if event.old is None:
            found.pop(_key(event.object), None)
        elif at.namespace in {"", event.old["metadata"].get("namespace", "")}:
            found[_key(event.old)] = event.old
    return [found[key] for key in sorted(found)]


def _key(document: Json) -> tuple[str, str]:
    return document["metadata"].get("namespace", ""), document["metadata"]["name"]


def _continued(token: str, store: Store) -> tuple[int, int]:
    """Where a page begins, and the version it shows; the first one shows the newest."""
    if not token:
        return 0, store.version
    try:
        content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        start, version = int(content["start"]), int(content["rv"])
    except (ValueError, KeyError, TypeError):
        raise bad_request(f"invalid continue token: {_key_problem(token)}") from None
    if store.log and version < store.log[0].version - 1:
        message = "The provided continue parameter is too old to display a consistent list result."
        raise ApiError(410, "Expired", message)
    return start, version


def _key_problem(token: str) -> str:
    """What a real decoder says about a token that is not one of its own."""
    try:
        first = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[:1]
    except ValueError:
        return "illegal base64 data"
    shown = first.decode() if first.isascii() else f"\\x{first.hex()}"
    return f"continue key is not valid: invalid character '{shown}' looking for beginning of value"


def backlog(store: Store, at: Address, query: Mapping[str, str]) -> Iterator[Event]:
    """What a watch sends before anything new happens: all that exists, or what it missed."""
    version = query.get("resourceVersion", "")
    if version in {"", "0"}:
        return iter(
            [
                Event(int(d["metadata"]["resourceVersion"]), "ADDED", at.resource, d, None)
                for d in store.all(at.resource, at.namespace)
            ]
        )
    if not version.isdecimal():
        message = (
            f'resourceVersion: Invalid value: "{version}": strconv.ParseUint: parsing '
            f'"{version}": invalid syntax'
        )
        raise ApiError(500, "", message)
    return store.since(int(version))


def seen_as(event: Event, at: Address, matches: Filter) -> tuple[str, Json] | None:
    """How a watcher with a filter sees an event; None when it does not concern it.

    An object that comes to match is ADDED, one that matches no more is DELETED.
    """
    if (event.resource.group, event.resource.plural) != (at.resource.group, at.resource.plural):
        return None
    now = matches(event.object)
    was = matches(event.old) if event.old is not None else False
    if event.type == "MODIFIED":
        if now:
            return ("MODIFIED" if was else "ADDED"), event.object
        return ("DELETED", event.object) if was else None
    return (event.type, event.object) if now or was else None
