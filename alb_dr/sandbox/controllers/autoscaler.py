"""HorizontalPodAutoscaler → replicas, without metrics: it keeps the number between its limits."""

from __future__ import annotations

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers import events
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.status import Json

SCALERS = "horizontalpodautoscalers.autoscaling"
DEPLOYMENTS = "deployments.apps"
IDLE = "sandbox.alb-dr.io/idle"
"""An autoscaler annotated so sees no load at all: it wants its least number, which may be 0."""


class AutoscalerController:
    """Every HorizontalPodAutoscaler of one member."""

    def __init__(self, member: KubeClient) -> None:
        self._member = member

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        return Reconciler([self._member.subscribe(SCALERS, DEPLOYMENTS)], self.reconcile)

    async def reconcile(self) -> float | None:
        """Bring every target in line, and say so in the autoscaler's status."""
        for scaler in self._member.list(SCALERS):
            if not scaler["metadata"].get("deletionTimestamp"):
                self._one(scaler)
        return None

    def _one(self, scaler: Json) -> None:
        spec, metadata = scaler["spec"], scaler["metadata"]
        target = spec["scaleTargetRef"]
        live = None
        if target.get("kind") == "Deployment":
            live = self._member.get(DEPLOYMENTS, target["name"], metadata["namespace"])
        if live is None:
            words = f'deployments/scale.apps "{target["name"]}" not found'
            self._report(scaler, {}, [("AbleToScale", False, "FailedGetScale", words)])
            return
        current = int(live["spec"].get("replicas", 1))
        asleep = _holds(scaler, "ScaledToZero")
        wanted, conditions = _decision(scaler, current, asleep=asleep)
        if wanted != current:
            patch = {"spec": {"replicas": wanted}}
            namespace = metadata["namespace"]
            self._member.merge(DEPLOYMENTS, target["name"], patch, namespace, subresource="scale")
            reason = "SuccessfulRescale"
            words = f"New size: {wanted}; reason: {_reason(scaler, current)}"
            events.record(self._member, scaler, reason=reason, message=words, warning=False)
        counts = {"currentReplicas": current, "desiredReplicas": wanted}
        self._report(scaler, counts, conditions)

    def _report(
        self, scaler: Json, counts: Json, conditions: list[tuple[str, bool, str, str]]
    ) -> None:
        live = scaler.get("status") or {}
        before = {c["type"]: c for c in live.get("conditions") or []}
        listed = []
        for kind, holds, reason, message in conditions:
            old = before.get(kind)
            since = old["lastTransitionTime"] if old and old["status"] == str(holds) else now_text()
            listed.append(
                {
                    "type": kind,
                    "status": str(holds),
                    "lastTransitionTime": since,
                    "reason": reason,
                    "message": message,
                }
            )
        status = {**counts, "conditions": listed}
        if all(live.get(key) == value for key, value in status.items()):
            return
        metadata = scaler["metadata"]
        self._member.merge(
            SCALERS,
            metadata["name"],
            {"status": status},
            metadata["namespace"],
            subresource="status",
        )


def _decision(
    scaler: Json, current: int, *, asleep: bool
) -> tuple[int, list[tuple[str, bool, str, str]]]:
    """The replicas wanted and the conditions, in the words of the real controller.

    At 0 it does nothing at all, unless it went there by itself.
    """
    able = ("AbleToScale", True, "ReadyForNewScale", "recommended size matches current size")
    least, most = int(scaler["spec"].get("minReplicas", 1)), int(scaler["spec"]["maxReplicas"])
    idle = _idle(scaler)
    if current == 0 and not (least == 0 and asleep):
        words = "scaling is disabled since the replica count of the target is zero"
        return 0, [able, ("ScalingActive", False, "ScalingDisabled", words)]
    wanted = least if idle else max(1, least, min(most, current))
    if wanted != current:
        able = ("AbleToScale", True, "SucceededRescale", _size_words(wanted))
    found = "the HPA was able to successfully calculate a replica count from the load of nobody"
    conditions = [able, ("ScalingActive", True, "ValidMetricFound", found)]
    if least == 0:
        words = "the target was scaled to zero by the HPA" if wanted == 0 else "the target has pods"
        reason = "ScaledToZero" if wanted == 0 else "NotScaledToZero"
        conditions.append(("ScaledToZero", wanted == 0, reason, words))
    return wanted, conditions


def _size_words(wanted: int) -> str:
    return f"the HPA controller was able to update the target scale to {wanted}"


def _reason(scaler: Json, current: int) -> str:
    spec = scaler["spec"]
    if current > int(spec["maxReplicas"]):
        return "Current number of replicas above Spec.MaxReplicas"
    if current < int(spec.get("minReplicas", 1)):
        return "Current number of replicas below Spec.MinReplicas"
    return "All metrics below target"


def _idle(scaler: Json) -> bool:
    return (scaler["metadata"].get("annotations") or {}).get(IDLE) == "true"


def _holds(scaler: Json, kind: str) -> bool:
    conditions = (scaler.get("status") or {}).get("conditions") or []
    return any(c["type"] == kind and c["status"] == "True" for c in conditions)
