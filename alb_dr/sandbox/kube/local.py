"""In-process access for the stand-in controllers: the same store, without HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from alb_dr.sandbox.kube import writes
from alb_dr.sandbox.kube.address import Address
from alb_dr.sandbox.kube.documents import clone
from alb_dr.sandbox.kube.patch import merge_patch
from alb_dr.sandbox.kube.records import Event, Write
from alb_dr.sandbox.kube.status import Json
from alb_dr.sandbox.kube.store import Store
from alb_dr.sandbox.kube.subresources import scale_of, scaled


class Subscription:
    """Changes of some kinds, beginning with ADDED for what exists. Iterate, then close."""

    def __init__(self, store: Store, names: tuple[str, ...]) -> None:
        self._names = frozenset(names)
        self._queue: asyncio.Queue[Event] = asyncio.Queue()
        for name in names:
            resource = store.registry.named(name)
            for document in store.all(resource):
                self._queue.put_nowait(Event(store.version, "ADDED", resource, document, None))
        self._stop = store.listen(self._take)

    def _take(self, event: Event) -> None:
        if event.resource.name in self._names:
            self._queue.put_nowait(event)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        return await self._queue.get()

    def close(self) -> None:
        """Listen no longer."""
        self._stop()


class LocalClient:
    """One manager's access to one API. Synchronous; documents are copies."""

    def __init__(self, store: Store, manager: str) -> None:
        self._store = store
        self._manager = manager

    def get(self, resource: str, name: str, namespace: str = "") -> Json | None:
        """The document, or None."""
        found = self._store.find(self._store.registry.named(resource), namespace, name)
        return clone(found)

    def list(
        self, resource: str, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[Json]:
        """The documents whose labels include ``labels``."""
        wanted = dict(labels or {}).items()
        return [
            clone(document)
            for document in self._store.all(self._store.registry.named(resource), namespace)
            if wanted <= (document["metadata"].get("labels") or {}).items()
        ]

    def create(self, resource: str, document: Json) -> Json:
        """Store a new document."""
        kind = self._store.registry.named(resource)
        namespace = str(document["metadata"].get("namespace") or "")
        return self._store.create(kind, namespace, document, Write(manager=self._manager))

    def merge(
        self,
        resource: str,
        name: str,
        patch: Json,
        namespace: str = "",
        *,
        subresource: str = "",
    ) -> Json:
        """A merge patch, on the status or the scale if ``subresource`` says so."""
        kind = self._store.registry.named(resource)
        live = self._store.get(kind, namespace, name)
        if subresource == "scale":
            at = Address(resource=kind, namespace=namespace, name=name, subresource=subresource)
            scale: Any = merge_patch(scale_of(live), patch)
            return scaled(self._store, at, scale, Write(manager=self._manager))
        new: Any = merge_patch(clone(live), patch)
        write = Write(manager=self._manager, subresource=subresource)
        return self._store.update(kind, namespace, name, new, write)

    def apply(self, resource: str, document: Json, *, force: bool = True) -> Json:
        """Server-side apply."""
        kind = self._store.registry.named(resource)
        metadata = document["metadata"]
        at = Address(
            resource=kind,
            namespace=str(metadata.get("namespace") or ""),
            name=metadata["name"],
            subresource="",
        )
        return writes.patch(
            self._store,
            at,
            clone(document),
            Write(manager=self._manager),
            content_type=writes.APPLY_PATCH,
            force=force,
        )[0]

    def delete(
        self, resource: str, name: str, namespace: str = "", *, grace_s: int | None = None
    ) -> None:
        """Delete; nothing when it is not there. ``grace_s`` 0: the pod's processes are gone."""
        kind = self._store.registry.named(resource)
        if self._store.find(kind, namespace, name) is not None:
            self._store.delete(kind, namespace, name, grace_s=grace_s)

    def bind_pod(self, name: str, namespace: str, *, node: str) -> None:
        """Place a pod on a node, as a scheduler does."""
        self.merge("pods", name, {"spec": {"nodeName": node}}, namespace)

    def subscribe(self, *resources: str) -> Subscription:
        """Changes of some kinds from now on, beginning with what exists."""
        return Subscription(self._store, resources)
