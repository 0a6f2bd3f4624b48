"""What a Deployment says of itself: counts and conditions, in the words of the real controller."""

from __future__ import annotations

import math
from collections.abc import Callable

from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.status import Json

REVISION = "deployment.kubernetes.io/revision"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MOST = "deployment.kubernetes.io/max-replicas"
_COMPLETE = "NewReplicaSetAvailable"


def is_ready(pod: Json) -> bool:
    """Whether a pod serves."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def is_leaving(pod: Json) -> bool:
    """Whether a pod is deleted and only waits for its processes to end."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def status_of(deployment: Json, pods: list[Json], updated: list[Json], newest: str) -> Json:
    """The status; ``updated`` are the pods of the ReplicaSet called ``newest``.

    A count of 0 is absent, but for pods that are ending.
    """
    staying = [p for p in pods if not is_leaving(p)]
    ready = sum(map(is_ready, staying))
    wanted = deployment["spec"].get("replicas", 1)
    current = sum(not is_leaving(p) for p in updated)
    counts = {
        "replicas": len(staying),
        "updatedReplicas": current,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(0, wanted - ready),
    }
    status: Json = {name: count or None for name, count in counts.items()}
    status["observedGeneration"] = deployment["metadata"]["generation"]
    status["terminatingReplicas"] = len(pods) - len(staying)
    enough = ready >= wanted - _unavailable(deployment["spec"], wanted)
    complete = current == len(staying) == ready == wanted
    conditions = list((deployment.get("status") or {}).get("conditions") or [])
    conditions = _with(conditions, "Available", *_availability(enough=enough))
    if not _stays_complete(conditions, len(staying), current):
        conditions = _with(conditions, "Progressing", *_progress(newest, complete=complete))
    status["conditions"] = conditions
    return status


def most_replicas(spec: Json) -> int:
    """Pods a rolling update may have at a time."""
    wanted = int(spec.get("replicas", 1))
    surge = (spec["strategy"].get("rollingUpdate") or {}).get("maxSurge", 0)
    return wanted + _part(surge, wanted, math.ceil)


def _unavailable(spec: Json, wanted: int) -> int:
    missing = (spec["strategy"].get("rollingUpdate") or {}).get("maxUnavailable", 0)
    return _part(missing, wanted, math.floor)


def _part(value: object, whole: int, rounded: Callable[[float], int]) -> int:
    """A number, or a percentage of the replicas."""
    text = str(value)
    return rounded(whole * int(text[:-1]) / 100) if text.endswith("%") else int(text)


def _availability(*, enough: bool) -> tuple[bool, str, str]:
    if enough:
        return True, "MinimumReplicasAvailable", "Deployment has minimum availability."
    words = "Deployment does not have minimum availability."
    return False, "MinimumReplicasUnavailable", words


def _progress(newest: str, *, complete: bool) -> tuple[bool, str, str]:
    if complete:
        return True, _COMPLETE, f'ReplicaSet "{newest}" has successfully progressed.'
    return True, "ReplicaSetUpdated", f'ReplicaSet "{newest}" is progressing.'


def _stays_complete(conditions: list[Json], replicas: int, updated: int) -> bool:
    """A finished rollout is not begun again by scaling."""
    reasons = {c["type"]: c["reason"] for c in conditions}
    return reasons.get("Progressing") == _COMPLETE and replicas == updated


def _with(conditions: list[Json], kind: str, holds: bool, reason: str, message: str) -> list[Json]:
    """The conditions with one set; an unchanged one keeps its place and its times."""
    status = str(holds)
    live = next((c for c in conditions if c["type"] == kind), None)
    if live is not None and (live["status"], live["reason"]) == (status, reason):
        return conditions
    now = now_text()
    since = live["lastTransitionTime"] if live and live["status"] == status else now
    changed = {
        "type": kind,
        "status": status,
        "lastUpdateTime": now,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }
    return [*(c for c in conditions if c["type"] != kind), changed]
