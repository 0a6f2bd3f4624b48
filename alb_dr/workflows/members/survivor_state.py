"""The state of a survivor: are those who must take over whole, and do they stay so?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alb_dr.model.instant import instant_of
from alb_dr.model.manifest import POD, Manifest
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeReader
from alb_dr.workflows.delivery.distribute import workload_id
from alb_dr.workflows.live.readiness import workload_waits_for


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivorState:
    """One member's workload: what it lacks, its ready pods, restarts of its containers.

    ``since`` is when the Deployment last became available, ``restarted`` when a container last
    ended; None when that is not said.
    """

    lacking: str | None
    ready: int
    restarts: int
    since: datetime | None
    restarted: datetime | None


def survivor_state(topology: Topology, api: KubeReader) -> SurvivorState:
    """Look at a member's workload and its pods."""
    live = api.get(workload_id(topology))
    pods = _pods(live, api) if live is not None else ()
    return SurvivorState(
        lacking=workload_waits_for(live),
        ready=ready_pods(live),
        restarts=sum(int(c.get("restartCount") or 0) for pod in pods for c in _containers(pod)),
        since=_available_since(live),
        restarted=max(filter(None, map(_last_end, pods)), default=None),
    )


def ready_pods(live: Manifest | None) -> int:
    """How many pods of a workload are ready."""
    return int(((live.document.get("status") or {}) if live else {}).get("readyReplicas") or 0)


def _pods(live: Manifest, api: KubeReader) -> tuple[Manifest, ...]:
    labels = ((live.document.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return api.list(POD, namespace=live.id.namespace, labels=selector) if selector else ()


def _containers(pod: Manifest) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (pod.document.get("status") or {}).get(
        "containerStatuses"
    ) or ()
    return found


def _last_end(pod: Manifest) -> datetime | None:
    """When a container of the pod last ended by itself."""
    ends = []
    for container in _containers(pod):
        ended = (container.get("lastState") or {}).get("terminated") or {}
        ends.append(instant_of(ended.get("finishedAt")))
    return max(filter(None, ends), default=None)


def _available_since(live: Manifest | None) -> datetime | None:
    for condition in ((live.document.get("status") or {}) if live else {}).get("conditions") or []:
        if condition.get("type") == "Available" and condition.get("status") == "True":
            return instant_of(condition.get("lastTransitionTime"))
    return None
