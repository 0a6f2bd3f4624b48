"""ScaledObject → replicas and an HPA, as KEDA does it, its reported misbehaviour included.

The triggers always ask for something: what is below the least number is scaled up to it, also
from 0, and that is what ends a drill. Three ways to misbehave can be switched on by annotation.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers.autoscaler import DEPLOYMENTS, SCALERS
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.status import Json

SCALED_OBJECTS = "scaledobjects.keda.sh"
PAUSED = "autoscaling.keda.sh/paused"
PAUSED_REPLICAS = "autoscaling.keda.sh/paused-replicas"
UNPAUSE = "sandbox.alb-dr.io/unpause"
"""How pausing ends: ``prompt``, ``late`` (kedacore/keda#4642) or ``never`` (kedacore/keda#5526)."""
BOUNCE = "sandbox.alb-dr.io/bounce"
"""``true``: one pausing annotation alone is not obeyed, only both are (kedacore/keda#5165)."""
POLL_S = 0.5
"""Between two looks at the triggers; 30 s in KEDA."""
LATE_S = 3.0
"""How much later a ``late`` pause ends; minutes, as it was reported."""


class KedaController:
    """Every ScaledObject of one member."""

    def __init__(self, member: KubeClient, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._member = member
        self._monotonic = monotonic
        self._released: dict[str, float] = {}

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        return Reconciler([self._member.subscribe(SCALED_OBJECTS)], self.reconcile)

    async def reconcile(self) -> float | None:
        """Look at every ScaledObject; replicas are only looked at so often, as triggers are."""
        found = self._member.list(SCALED_OBJECTS)
        for scaled in found:
            if not scaled["metadata"].get("deletionTimestamp"):
                self._one(scaled)
        return POLL_S if found else None

    def _one(self, scaled: Json) -> None:
        metadata, target = scaled["metadata"], scaled["spec"]["scaleTargetRef"]
        live = self._member.get(DEPLOYMENTS, target["name"], metadata["namespace"])
        if live is None:
            words = "ScaledObject doesn't have correct scaleTargetRef specification"
            self._report(scaled, [("Ready", False, "ScaledObjectCheckFailed", words)], None)
            return
        current, hpa = int(live["spec"].get("replicas", 1)), f"keda-hpa-{metadata['name']}"
        held, replicas = self._held(scaled)
        if held:
            self._member.delete(SCALERS, hpa, metadata["namespace"])
            # Only a new number is acted on: a paused KEDA's loop stands still.
            if replicas is not None and replicas not in {current, _paused_at(scaled)}:
                self._scale(scaled, replicas)
            paused = ("Paused", True, "ScaledObjectPaused", "ScaledObject is paused")
            self._report(scaled, [_READY, paused], replicas)
            return
        least, most = _limits(scaled)
        self._hpa(scaled, hpa, max(1, least), most)
        if current < max(1, least):
            self._scale(scaled, max(1, least))
        paused = ("Paused", False, "ScaledObjectUnpaused", "pause annotation removed")
        self._report(scaled, [_READY, _ACTIVE, paused], None)

    def _held(self, scaled: Json) -> tuple[bool, int | None]:
        """Whether it is paused, and at which number; a pause may outlive its annotations."""
        annotations = scaled["metadata"].get("annotations") or {}
        uid = scaled["metadata"]["uid"]
        asked, number = _asked(annotations)
        if asked:
            self._released.pop(uid, None)
            return True, number
        manner = annotations.get(UNPAUSE, "prompt")
        if manner == "prompt" or not _is_paused(scaled):
            self._released.pop(uid, None)
            return False, None
        since = self._released.setdefault(uid, self._monotonic())
        return manner == "never" or self._monotonic() - since < LATE_S, None

    def _scale(self, scaled: Json, replicas: int) -> None:
        name = scaled["spec"]["scaleTargetRef"]["name"]
        patch, namespace = {"spec": {"replicas": replicas}}, scaled["metadata"]["namespace"]
        self._member.merge(DEPLOYMENTS, name, patch, namespace, subresource="scale")

    def _hpa(self, scaled: Json, name: str, least: int, most: int) -> None:
        metadata = scaled["metadata"]
        limits = {"minReplicas": least, "maxReplicas": most}
        live = self._member.get(SCALERS, name, metadata["namespace"])
        if live is not None:
            if not limits.items() <= live["spec"].items():
                self._member.merge(SCALERS, name, {"spec": limits}, metadata["namespace"])
            return
        owner = {k: scaled[k] for k in ("apiVersion", "kind")}
        owner |= {"name": metadata["name"], "uid": metadata["uid"], "controller": True}
        target = {"apiVersion": "apps/v1", "kind": "Deployment"}
        self._member.create(
            SCALERS,
            {
                "apiVersion": "autoscaling/v2",
                "kind": "HorizontalPodAutoscaler",
                "metadata": {
                    "name": name,
                    "namespace": metadata["namespace"],
                    "ownerReferences": [{**owner, "blockOwnerDeletion": True}],
                    "labels": {"scaledobject.keda.sh/name": metadata["name"]},
                },
                "spec": {
                    "scaleTargetRef": {**target, "name": scaled["spec"]["scaleTargetRef"]["name"]},
                    **limits,
                },
            },
        )

    def _report(
        self, scaled: Json, rows: list[tuple[str, bool, str, str]], paused_at: int | None
    ) -> None:
        conditions = [
            {"type": t, "status": str(s), "reason": r, "message": m} for t, s, r, m in rows
        ]
        status: Json = {"conditions": conditions, "pausedReplicaCount": paused_at}
        live = scaled.get("status") or {}
        if all(live.get(key) == value for key, value in status.items()):
            return
        metadata = scaled["metadata"]
        status["lastActiveTime"] = now_text()
        self._member.merge(
            SCALED_OBJECTS,
            metadata["name"],
            {"status": status},
            metadata["namespace"],
            subresource="status",
        )


_READY = ("Ready", True, "ScaledObjectReady", "ScaledObject is defined correctly")
_ACTIVE = ("Active", True, "ScalerActive", "Scaling is performed because triggers are active")


def _asked(annotations: Json) -> tuple[bool, int | None]:
    """Whether the annotations ask for a pause, and at which number."""
    number, word = annotations.get(PAUSED_REPLICAS), annotations.get(PAUSED)
    if annotations.get(BOUNCE) == "true" and (number is None or word != "true"):
        return False, None
    if number is not None:
        return True, int(number)
    # What is no boolean counts as a wish to pause; only a "no" is none.
    return word is not None and word.lower() not in {"false", "f", "0"}, None


def _paused_at(scaled: Json) -> int | None:
    """The number at which it was paused when it was looked at last."""
    found = (scaled.get("status") or {}).get("pausedReplicaCount")
    return int(found) if found is not None else None


def _limits(scaled: Json) -> tuple[int, int]:
    spec: dict[str, Any] = scaled["spec"]
    return int(spec.get("minReplicaCount", 0)), int(spec.get("maxReplicaCount", 100))


def _is_paused(scaled: Json) -> bool:
    conditions = (scaled.get("status") or {}).get("conditions") or []
    return any(c["type"] == "Paused" and c["status"] == "True" for c in conditions)
