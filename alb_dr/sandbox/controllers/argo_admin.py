"""Argo CD's administrator: self-heal in every ApplicationSet, and a window that denies syncs."""

from __future__ import annotations

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers.applicationset import SETS
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.status import Json

PROJECTS = "appprojects.argoproj.io"
PROJECT = {"name": "default", "namespace": "argocd"}


class ArgoAdministrator:
    """Writes as another manager than alb-dr what alb-dr never writes."""

    def __init__(self, fleet: KubeClient, *, self_heal: bool) -> None:
        self._fleet = fleet
        self.self_heal = self_heal
        self._meddles = self_heal

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        return Reconciler([self._fleet.subscribe(SETS)], self.reconcile)

    def set_self_heal(self, on: bool) -> None:
        """Switch it for the ApplicationSets there are and those to come."""
        self.self_heal, self._meddles = on, True

    async def reconcile(self) -> float | None:
        """Bring every ApplicationSet in line; one that Argo CD does not sync is left alone."""
        for application_set in self._fleet.list(SETS) if self._meddles else ():
            if not application_set["metadata"].get("deletionTimestamp"):
                self._one(application_set)
        return None

    def _one(self, application_set: Json) -> None:
        spec = application_set["spec"]["template"].get("spec") or {}
        automated = (spec.get("syncPolicy") or {}).get("automated")
        if automated is None or bool(automated.get("selfHeal")) == self.self_heal:
            return
        word = {"selfHeal": True if self.self_heal else None}
        patch = {"spec": {"template": {"spec": {"syncPolicy": {"automated": word}}}}}
        metadata = application_set["metadata"]
        self._fleet.merge(SETS, metadata["name"], patch, metadata["namespace"])

    def deny(self, duration: str | None) -> None:
        """Deny every sync from now on with a window that begins each minute; None: no more."""
        windows = None
        if duration is not None:
            windows = [
                {
                    "kind": "deny",
                    "schedule": "* * * * *",
                    "duration": duration,
                    "applications": ["*"],
                }
            ]
        patch = {"spec": {"syncWindows": windows}}
        self._fleet.merge(PROJECTS, PROJECT["name"], patch, PROJECT["namespace"])

    @property
    def denies(self) -> bool:
        """Whether the project has sync windows."""
        project = self._fleet.get(PROJECTS, PROJECT["name"], PROJECT["namespace"]) or {}
        return bool((project.get("spec") or {}).get("syncWindows"))
