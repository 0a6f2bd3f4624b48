"""What the ALB controller says of Ingresses and AlbConfigs, in events: complaint and success."""

from __future__ import annotations

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers.events import record
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.status import Json

NEXT_LOOK_S = 0.2
"""Pause before it is tried again to say something, in seconds."""


class Verdicts:
    """One event for every object that was reconciled anew, one for every look at a bad one."""

    def __init__(self, fleet: KubeClient) -> None:
        self._fleet = fleet
        self._reconciled: dict[str, Json] = {}
        self._complained: dict[str, str] = {}

    def complain(self, about: Json, problem: str) -> None:
        """Say what is wrong with an object."""
        record(self._fleet, about, reason="FailedBuildModel", message=problem, warning=True)
        self._complained[about["metadata"]["uid"]] = now_text()
        self._reconciled.pop(about["metadata"]["uid"], None)

    def blocked(self) -> None:
        """Nothing counts as reconciled any more: one bad object held up all."""
        self._reconciled.clear()

    def approve(self, about: Json) -> float | None:
        """Say that an object was reconciled, once for each change of it.

        Returns seconds after which to try again: times of events are whole seconds, and a
        success must be told from the complaint it ends.
        """
        uid = about["metadata"]["uid"]
        done = {"spec": about.get("spec"), "annotations": about["metadata"].get("annotations")}
        if self._reconciled.get(uid) == done:
            return None
        if self._complained.get(uid) == now_text():
            return NEXT_LOOK_S
        reason = "SuccessfullyReconciled"
        record(self._fleet, about, reason=reason, message="reconciled", warning=False)
        self._reconciled[uid] = done
        return None
