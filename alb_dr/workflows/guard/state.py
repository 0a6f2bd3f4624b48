"""Whether the guard in a member works: an installed one that is silent is none (safety F29)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from alb_dr.errors import Forbidden, NotFound
from alb_dr.model.instant import instant_of
from alb_dr.model.manifest import CRON_JOB, POD, Manifest, ResourceId
from alb_dr.ports import Clock, KubeReader
from alb_dr.workflows.guard.sweeper import ALIVE_S, HEARTBEAT, is_alive
from alb_dr.workflows.live.events import warnings_since
from alb_dr.workflows.scalers.obstacles import Obstacle

NO_GUARD = "--no-guard"
"""The option that lets a drill begin though an installed guard is silent."""


def guard_obstacles(
    where: str, api: KubeReader, *, namespace: str, clock: Clock
) -> Iterator[Obstacle]:
    """Nothing while it beats; a word where none is installed; a refusal where one is silent."""
    try:
        if is_alive(api, namespace=namespace, clock=clock):
            return
        id_ = ResourceId(kind=CRON_JOB, name=HEARTBEAT, namespace=namespace)
        installed = api.get(id_)
    except Forbidden as error:
        yield _unknown(f"{where}: whether a guard works cannot be seen: {error.message}")
        return
    if installed is None:
        yield _unknown(f"{where}: no guard is installed; a drill relies on this machine")
        return
    reasons = "; ".join(dict.fromkeys(_reasons(installed, api)))
    yield (_waiting if _is_new(installed, clock.now()) else _silent)(where, installed, reasons)


def _silent(where: str, cron_job: Manifest, reasons: str) -> Obstacle:
    why = reasons or "nothing is known of why"
    return Obstacle(
        code="ADR-GUARD",
        text=f"{where}: the guard is installed, but has not looked for {ALIVE_S:g} s: {why}",
        hint=_describe(cron_job),
        override=f"{NO_GUARD} {where}",
    )


def _waiting(where: str, cron_job: Manifest, reasons: str) -> Obstacle:
    so_far = f": {reasons}" if reasons else ""
    return Obstacle(
        code="ADR-GUARD",
        text=f"{where}: the guard was installed just now and has not looked yet{so_far}",
        hint=f"wait a minute: it looks every minute; if it does not: {_describe(cron_job)}",
        override=f"{NO_GUARD} {where}",
    )


def _describe(cron_job: Manifest) -> str:
    name = f"-n {cron_job.id.namespace} {cron_job.id.name}"
    return f"kubectl describe cronjob {name}, with that member's kubeconfig"


def _is_new(cron_job: Manifest, now: datetime) -> bool:
    """Whether it had no time to look: what beat before, if anything, was another one.

    A suspended one is not waited for.
    """
    if _is_suspended(cron_job):
        return False
    created = instant_of(cron_job.metadata.get("creationTimestamp"))
    return created is not None and (now - created).total_seconds() < ALIVE_S


def _is_suspended(cron_job: Manifest) -> bool:
    return bool((cron_job.document.get("spec") or {}).get("suspend"))


def _unknown(text: str) -> Obstacle:
    return Obstacle(
        code="ADR-GUARD",
        text=text,
        hint="alb-dr failover install-guard",
        refuses=False,
        note=True,
    )


def _reasons(cron_job: Manifest, api: KubeReader) -> Iterator[str]:
    if _is_suspended(cron_job):
        yield "it is suspended"
    for event in warnings_since(api, cron_job.id, None):
        yield event.words
    for pod in _pods(cron_job, api):
        yield from _of_pod(pod, api)


def _pods(cron_job: Manifest, api: KubeReader) -> Iterator[Manifest]:
    """Its pods, known by the identity they run under."""
    try:
        listed = api.list(POD, namespace=cron_job.id.namespace)
    except (NotFound, Forbidden):
        return
    for pod in listed:
        if (pod.document.get("spec") or {}).get("serviceAccountName") == HEARTBEAT:
            yield pod


def _of_pod(pod: Manifest, api: KubeReader) -> Iterator[str]:
    status: Mapping[str, Any] = pod.document.get("status") or {}
    for container in status.get("containerStatuses") or []:
        state = container.get("state") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        if waiting.get("reason"):
            yield f"{waiting['reason']}: {waiting.get('message', container.get('image'))}"
        if ended.get("exitCode"):
            yield f"it ended with code {ended['exitCode']}: {ended.get('message', '')}".rstrip(": ")
    for event in warnings_since(api, pod.id, None):
        yield event.words
    if status.get("phase") == "Succeeded":
        yield "it runs, but leaves no heartbeat: it may not write Leases"
