"""The API's own controllers: garbage collection by owner, emptying of namespaces."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from alb_dr.sandbox.kube.records import Write
from alb_dr.sandbox.kube.status import Json

if TYPE_CHECKING:
    from alb_dr.sandbox.kube.resources import Resource
    from alb_dr.sandbox.kube.store import Store

FOREGROUND = "foregroundDeletion"
"""The finalizer of an owner that waits until its dependents are gone."""
ORPHAN = "orphan"
"""The finalizer of an owner that waits until its dependents have lost it."""
NOTICE_S = 0.2
"""From a deletion to the moment these controllers act on it, as on a quiet cluster."""
RETRY_S = 0.1
"""Pause before a namespace or an owner that is held by something is looked at again."""


def collect(store: Store, uid: str) -> None:
    """Delete what only the deleted object (its uid) owned; others lose it as an owner."""
    for resource, document in _owned(store, uid):
        name, namespace = document["metadata"]["name"], _namespace(document)
        if all(owner["uid"] == uid for owner in document["metadata"]["ownerReferences"]):
            if store.find(resource, namespace, name) is not None:
                store.delete(resource, namespace, name)
        else:
            _disown(store, resource, document, uid)


def orphan(store: Store, owner: Json) -> None:
    """Take the owner out of everything it owns, so that nothing goes with it."""
    uid = owner["metadata"]["uid"]
    for resource, document in _owned(store, uid):
        _disown(store, resource, document, uid)


def _owned(store: Store, uid: str) -> list[tuple[Resource, Json]]:
    return [
        (resource, document)
        for resource, document in store.everything()
        if any(o["uid"] == uid for o in document["metadata"].get("ownerReferences") or [])
    ]


def _disown(store: Store, resource: Resource, document: Json, uid: str) -> None:
    metadata = {**document["metadata"]}
    left = [o for o in metadata.pop("ownerReferences") if o["uid"] != uid]
    if left:
        metadata["ownerReferences"] = left
    changed = {**document, "metadata": metadata}
    writer = Write(manager="kube-controller-manager")
    store.update(resource, _namespace(document), metadata["name"], changed, writer)


def finish_foreground(store: Store, resource: Resource, owner: Json) -> None:
    """Delete what the owner owns, then let the owner go unless something else holds it."""
    metadata = owner["metadata"]
    collect(store, metadata["uid"])
    live = store.find(resource, _namespace(owner), metadata["name"])
    if live is None or live["metadata"]["uid"] != metadata["uid"]:
        return
    if any(_blocks(document, metadata["uid"]) for _, document in _owned(store, metadata["uid"])):
        _again(lambda: finish_foreground(store, resource, owner))
        return
    left = [f for f in live["metadata"].get("finalizers") or [] if f != FOREGROUND]
    released = {**live, "metadata": {**live["metadata"], "finalizers": left}}
    # Nobody owns a finalizer the server added itself.
    write = Write(manager="kube-controller-manager", owned=True)
    store.update(resource, _namespace(owner), metadata["name"], released, write)


def _blocks(document: Json, uid: str) -> bool:
    """Whether an object that is still there holds back this owner of it."""
    owners = document["metadata"]["ownerReferences"]
    return any(o["uid"] == uid and o.get("blockOwnerDeletion") for o in owners)


def _again(job: Callable[[], None]) -> None:
    """Look again later; without a loop there is no later."""
    try:
        asyncio.get_running_loop().call_later(RETRY_S, job)
    except RuntimeError:
        return


def empty_namespace(store: Store, name: str) -> None:
    """Delete what is inside a namespace; the namespace itself when nothing is left."""
    inside = [(r, d) for r, d in store.everything() if r.namespaced and _namespace(d) == name]
    for resource, document in inside:
        held = store.find(resource, name, document["metadata"]["name"])
        if held is not None and not held["metadata"].get("deletionTimestamp"):
            store.delete(resource, name, document["metadata"]["name"])
    if any(r.namespaced and _namespace(d) == name for r, d in store.everything()):
        _again(lambda: empty_namespace(store, name))
        return
    namespaces = store.registry.named("namespaces")
    home = store.find(namespaces, "", name)
    if home is not None:
        store.remove(namespaces, home)


def _namespace(document: Json) -> str:
    return str(document["metadata"].get("namespace") or "")
