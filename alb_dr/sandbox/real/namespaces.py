"""The namespace controller of a cluster in which no kube-controller-manager runs."""

from __future__ import annotations

from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.resources import REVIEWS, Registry
from alb_dr.sandbox.real.client import RemoteClient

RETRY_S = 0.2
"""Pause before a namespace that is not empty yet is looked at again."""


class NamespaceController:
    """Empties namespaces that are to go, then lets them go."""

    def __init__(self, client: RemoteClient, registry: Registry) -> None:
        self._client = client
        self._kinds = [r.name for r in registry if r.namespaced and r not in REVIEWS]

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        return Reconciler([self._client.subscribe("namespaces")], self.reconcile)

    async def reconcile(self) -> float | None:
        """Bring every namespace that is to go one step nearer to its end."""
        again = None
        for namespace in self._client.list("namespaces"):
            metadata = namespace["metadata"]
            if not metadata.get("deletionTimestamp"):
                continue
            if self._emptied(metadata["name"]):
                self._client.finalize_namespace(metadata["name"])
            else:
                again = RETRY_S
        return again

    def _emptied(self, namespace: str) -> bool:
        """Whether nothing was left; what was left is deleted."""
        empty = True
        for kind in self._kinds:
            for document in self._client.list(kind, namespace):
                empty = False
                if not document["metadata"].get("deletionTimestamp"):
                    self._client.delete(kind, document["metadata"]["name"], namespace)
        return empty
