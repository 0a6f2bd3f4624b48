"""Readiness: is this live document ready, and if not, why? Pure functions of documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alb_dr.model.manifest import Manifest
from alb_dr.workflows.live.syncing import UNFINISHED_PHASES, heals


def sub_clusters(status: Mapping[str, Any]) -> tuple[str, ...]:
    """The cluster ids of ``status.loadBalancer.subClusters``.

    Its element type is documented nowhere, so a list of strings, a list of objects with an
    id-like key and a comma-joined string are all understood.
    """
    raw = (status.get("loadBalancer") or {}).get("subClusters")
    if isinstance(raw, str):
        return tuple(part.strip() for part in raw.split(",") if part.strip())
    if not isinstance(raw, Sequence):
        return ()
    return tuple(found for item in raw if (found := _id_of(item)))


def _id_of(item: object) -> str | None:
    if isinstance(item, str):
        return item
    if isinstance(item, Mapping):
        for key in ("clusterId", "clusterID", "id", "name"):
            if isinstance(item.get(key), str):
                return str(item[key])
    return None


def gateway_waits_for(albconfig: Manifest | None, clusters: Iterable[str]) -> str | None:
    """What the gateway still lacks, in words; None when it is ready.

    Ready is: an ALB id, a DNS name, and every wanted cluster in ``subClusters``. Listeners are
    not looked at: the controller writes only HTTPS listeners there.
    """
    if albconfig is None:
        return "the AlbConfig does not exist"
    status = albconfig.document.get("status") or {}
    balancer = status.get("loadBalancer") or {}
    if not balancer.get("id"):
        return "no ALB yet"
    if not balancer.get("dnsname"):
        return f"{balancer['id']} has no DNS name yet"
    missing = [c for c in clusters if c not in sub_clusters(status)]
    if missing:
        return f"{balancer['id']} is not connected to {', '.join(missing)} yet"
    return None


def workload_waits_for(workload: Manifest | None) -> str | None:
    """What a Deployment still lacks, in words; None when all its pods are ready."""
    if workload is None:
        return "the Deployment does not exist yet"
    spec, status = workload.document.get("spec") or {}, workload.document.get("status") or {}
    if int(status.get("observedGeneration") or 0) < int(workload.metadata.get("generation") or 0):
        return "the Deployment's controller has not looked at it yet"
    wanted = int(spec.get("replicas", 1))
    ready = int(status.get("readyReplicas") or 0)
    updated = int(status.get("updatedReplicas") or 0)
    if ready < wanted or updated < wanted:
        return f"{ready} of {wanted} pods ready"
    return None


def application_waits_for(application: Manifest | None) -> str | None:
    """What an Argo CD Application still lacks, in words; None when synced and healthy."""
    if application is None:
        return "the Application is not generated yet"
    status = application.document.get("status") or {}
    problems = [
        f"{c.get('type')}: {c.get('message')}"
        for c in status.get("conditions") or []
        if str(c.get("type", "")).endswith("Error")
    ]
    if problems:
        return "; ".join(problems)
    sync = (status.get("sync") or {}).get("status", "Unknown")
    health = (status.get("health") or {}).get("status", "Unknown")
    phase = (status.get("operationState") or {}).get("phase")
    is_over = phase not in UNFINISHED_PHASES
    if sync == "Synced" and health == "Healthy" and is_over:
        return None
    words = f"{sync}, {health}"
    # It synced once, and will not do so again before the next commit.
    if sync == "OutOfSync" and phase is not None and is_over and not heals(application):
        words += "; selfHeal is off, so it must be synced by hand"
    return words


def application_set_problem(application_set: Manifest) -> str | None:
    """Why the ApplicationSet generates nothing, in words; None when it says nothing is wrong."""
    conditions = (application_set.document.get("status") or {}).get("conditions") or []
    for condition in conditions:
        if condition.get("type") == "ErrorOccurred" and condition.get("status") == "True":
            return f"{condition.get('reason')}: {condition.get('message')}"
    return None
