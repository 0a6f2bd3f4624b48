"""Argo CD on the sandbox's Fleet: its controllers, its administrator, and Git behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from alb_dr.errors import BadInput
from alb_dr.sandbox.clients import Cluster
from alb_dr.sandbox.controllers.application import ApplicationController
from alb_dr.sandbox.controllers.applicationset import ApplicationSetController
from alb_dr.sandbox.controllers.argo_admin import ArgoAdministrator
from alb_dr.sandbox.controllers.argo_ingress import IngressFromGit
from alb_dr.sandbox.controllers.reconciler import Reconciler


class Synced(Protocol):
    """A member cluster that Argo CD deploys to."""

    id: str
    cluster: Cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgoOrder:
    """What is to change; None leaves a thing as it is.

    ``self_heal``: in every ApplicationSet · ``ingress``: the Ingress as it is now is what Git says,
    and is healed · ``deny``: a duration for which syncs are denied, empty for no more ·
    ``commit``: a commit lands.
    """

    self_heal: bool | None = None
    ingress: bool | None = None
    deny: str | None = None
    commit: bool = False

    def __post_init__(self) -> None:
        if self.deny and not re.fullmatch(r"(\d+[hms])+", self.deny):
            raise BadInput(f"{self.deny!r} is no duration", hint="say 1h, 30m or off")


class Argo:
    """Argo CD and who looks after it."""

    def __init__(
        self, fleet: Cluster, members: Sequence[Synced], *, replicas: int, self_heal: bool
    ) -> None:
        self._fleet = fleet
        by_name = {m.id: m.cluster.client("argocd-controller") for m in members}
        argo = fleet.client("argocd-application-controller")
        self._application = ApplicationController(argo, by_name, replicas=replicas)
        self._admin = ArgoAdministrator(fleet.client("argocd-admin"), self_heal=self_heal)
        self._ingress = IngressFromGit(fleet.client("argocd-controller"))
        self._loops: list[Reconciler] = []

    def reconcilers(self) -> list[Reconciler]:
        """The loops that run it."""
        sets = ApplicationSetController(self._fleet.client("argocd-applicationset-controller"))
        self._loops = [
            sets.reconciler(),
            self._application.reconciler(),
            self._admin.reconciler(),
            self._ingress.reconciler(),
        ]
        return self._loops

    def do(self, order: ArgoOrder) -> None:
        """Carry an order out."""
        if order.self_heal is not None:
            self._admin.set_self_heal(order.self_heal)
        if order.ingress is not None:
            self._ingress.follow(order.ingress)
        if order.deny is not None:
            self._admin.deny(order.deny or None)
        if order.commit:
            self._application.commit()
        for loop in self._loops:
            loop.poke()

    def status(self) -> Mapping[str, Any]:
        """What is switched on."""
        return {
            "self_heal": self._admin.self_heal,
            "ingress": self._ingress.follows,
            "denies": self._admin.denies,
            "commits": self._application.commits,
        }
