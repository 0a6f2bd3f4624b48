"""Ingresses that Git decides: an Application with self-heal puts back whatever somebody changes."""

from __future__ import annotations

from typing import Any

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers.application import OWN_CLUSTER, SELF_HEAL_S, contains
from alb_dr.sandbox.controllers.applicationset import APPLICATIONS
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.status import Json

INGRESSES = "ingresses.networking.k8s.io"
NAME, NAMESPACE = "ingress-of-git", "argocd"


class IngressFromGit:
    """What the Ingresses were when it was switched on is what Git says from then on."""

    def __init__(self, fleet: KubeClient) -> None:
        self._fleet = fleet
        self._git: list[Json] = []
        self._drifted = False

    @property
    def follows(self) -> bool:
        """Whether it is switched on."""
        return bool(self._git)

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        return Reconciler([self._fleet.subscribe(INGRESSES)], self.reconcile)

    def follow(self, on: bool) -> None:
        """Take the Ingresses as they are for what Git says, or forget about Git."""
        self._git = [_committed(i) for i in self._fleet.list(INGRESSES)] if on else []
        self._fleet.delete(APPLICATIONS, NAME, NAMESPACE)
        if self._git:
            self._fleet.create(APPLICATIONS, _application(self._git))
            patch = {"status": {"resources": [_resource(d) for d in self._git]}}
            self._fleet.merge(APPLICATIONS, NAME, patch, NAMESPACE, subresource="status")

    async def reconcile(self) -> float | None:
        """Put drift back one look after it was seen."""
        drifted = [document for document in self._git if not self._holds(document)]
        if drifted and not self._drifted:
            self._drifted = True
            return SELF_HEAL_S
        self._drifted = False
        for document in drifted:
            self._fleet.apply(INGRESSES, document)
        return None

    def _holds(self, wanted: Json) -> bool:
        metadata = wanted["metadata"]
        live: Any = self._fleet.get(INGRESSES, metadata["name"], metadata["namespace"])
        return live is not None and contains(live, wanted)


def _committed(ingress: Json) -> Json:
    """An Ingress as it would stand in Git."""
    metadata = {k: ingress["metadata"][k] for k in ("name", "namespace")}
    for field in ("annotations", "labels"):
        if ingress["metadata"].get(field):
            metadata[field] = dict(ingress["metadata"][field])
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata,
        "spec": ingress["spec"],
    }


def _resource(ingress: Json) -> Json:
    metadata = ingress["metadata"]
    return {
        "group": "networking.k8s.io",
        "version": "v1",
        "kind": "Ingress",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "status": "Synced",
    }


def _application(git: list[Json]) -> Json:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "project": "default",
            "destination": {"server": OWN_CLUSTER, "namespace": git[0]["metadata"]["namespace"]},
            "source": {
                "repoURL": "https://git.sandbox/ingresses.git",
                "path": "ingresses",
                "targetRevision": "main",
            },
            "syncPolicy": {"automated": {"selfHeal": True}},
        },
    }
