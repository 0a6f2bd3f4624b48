"""Why pods do not become ready, in the words of kubelet, scheduler and quota (safety F25)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alb_dr.errors import AlbDrError
from alb_dr.model.manifest import POD, REPLICA_SET, Manifest
from alb_dr.ports import KubeReader
from alb_dr.workflows.live.events import warnings_since
from alb_dr.workflows.members.drill_target import pod_labels
from alb_dr.workflows.records.drill_record import replicas_of

MOST = 3
"""Reasons that are told; the rest are mostly the same once more."""
STARTING = frozenset({"ContainerCreating", "PodInitializing"})
"""What a healthy pod waits for, too."""


def pod_troubles(api: KubeReader, workload: Manifest) -> tuple[str, ...]:
    """The reasons, each once, at most a few; none that could not be read.

    A pod's own state first, then the Warning events of pods and of what makes them.
    """
    try:
        found = list(dict.fromkeys(_reasons(api, workload)))
    except AlbDrError:
        return ()
    return tuple(found[:MOST])


def _reasons(api: KubeReader, workload: Manifest) -> Iterator[str]:
    selector = ",".join(f"{k}={v}" for k, v in sorted(pod_labels(workload).items()))
    listed = api.list(POD, namespace=workload.id.namespace, labels=selector)
    pods = [pod for pod in listed if not pod.metadata.get("deletionTimestamp")]
    unready = [pod for pod in pods if not _is_ready(pod)]
    for pod in unready:
        yield from _states(pod)
    makers: list[Manifest] = []
    if len(pods) < replicas_of(workload):
        sets = api.list(REPLICA_SET, namespace=workload.id.namespace)
        makers = [made for made in sets if _of(made, workload)]
    for about in (*unready, *makers):
        for event in warnings_since(api, about.id, None):
            yield event.words


def _states(pod: Manifest) -> Iterator[str]:
    status = pod.document.get("status") or {}
    for condition in status.get("conditions") or []:
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield f"{condition.get('reason')}: {condition.get('message')}"
    for container in status.get("containerStatuses") or []:
        waiting: Mapping[str, Any] = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") and waiting["reason"] not in STARTING:
            yield f"{waiting['reason']}: {waiting.get('message', container.get('image'))}"


def _is_ready(pod: Manifest) -> bool:
    conditions = (pod.document.get("status") or {}).get("conditions") or []
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def _of(made: Manifest, owner: Manifest) -> bool:
    owners = made.metadata.get("ownerReferences") or []
    return any(o.get("uid") == owner.uid for o in owners)
