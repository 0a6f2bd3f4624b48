"""The garbage collector of a cluster in which no kube-controller-manager runs."""

from __future__ import annotations

from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.garbage import FOREGROUND, ORPHAN
from alb_dr.sandbox.kube.resources import Registry
from alb_dr.sandbox.kube.status import Json
from alb_dr.sandbox.real.client import RemoteClient

KINDS = (
    "applicationsets.argoproj.io",
    "applications.argoproj.io",
    "deployments.apps",
    "replicasets.apps",
    "services",
    "pods",
    "endpointslices.discovery.k8s.io",
)
"""The kinds that own one another in a sandbox."""


class GarbageCollector:
    """Deletes what has lost its owner; lets owners go that wait for their dependents."""

    def __init__(self, client: RemoteClient, registry: Registry) -> None:
        self._client = client
        served = {resource.name for resource in registry}
        self._kinds = tuple(kind for kind in KINDS if kind in served)
        self._by_kind = {r.kind: r.name for r in registry if r.name in self._kinds}

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        return Reconciler([self._client.subscribe(*self._kinds)], self.reconcile)

    async def reconcile(self) -> float | None:
        """One look at every object that can own or be owned."""
        seen = {kind: self._client.list(kind) for kind in self._kinds}
        held = {
            d["metadata"]["uid"]: name
            for documents in seen.values()
            for d in documents
            for name in (FOREGROUND, ORPHAN)
            if name in (d["metadata"].get("finalizers") or [])
        }
        waited_for: set[str] = set()
        for kind, documents in seen.items():
            for document in documents:
                waited_for |= self._dependent(kind, document, held)
        for kind, documents in seen.items():
            for document in documents:
                if document["metadata"]["uid"] in held.keys() - waited_for:
                    self._let_go(kind, document)
        return None

    def _dependent(self, kind: str, document: Json, held: dict[str, str]) -> set[str]:
        """Bring one dependent in line; the uids of owners that must wait for it."""
        metadata = document["metadata"]
        owners = [o for o in metadata.get("ownerReferences") or [] if o["kind"] in self._by_kind]
        orphaned = [o for o in owners if held.get(o["uid"]) == ORPHAN]
        if orphaned:
            left = [o for o in metadata["ownerReferences"] if o not in orphaned]
            patch = {"metadata": {"ownerReferences": left or None}}
            self._client.merge(kind, metadata["name"], patch, metadata.get("namespace") or "")
            return {o["uid"] for o in orphaned}
        waiting = {o["uid"] for o in owners if held.get(o["uid"]) == FOREGROUND}
        namespace = metadata.get("namespace") or ""
        if owners and not metadata.get("deletionTimestamp"):
            gone = all(o["uid"] in waiting or not self._exists(o, namespace) for o in owners)
            if gone:
                self._client.delete(kind, metadata["name"], namespace)
        return waiting

    def _exists(self, owner: Json, namespace: str) -> bool:
        """Asked of the API itself: an owner may have been made after the lists were."""
        found = self._client.get(self._by_kind[owner["kind"]], owner["name"], namespace)
        return found is not None and found["metadata"]["uid"] == owner["uid"]

    def _let_go(self, kind: str, owner: Json) -> None:
        metadata = owner["metadata"]
        left = [f for f in metadata["finalizers"] if f not in {FOREGROUND, ORPHAN}]
        patch = {"metadata": {"finalizers": left or None}}
        self._client.merge(kind, metadata["name"], patch, metadata.get("namespace") or "")
