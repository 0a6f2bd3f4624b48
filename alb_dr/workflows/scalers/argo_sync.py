"""Argo CD against drills: who syncs by itself, and whether a sync window holds it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alb_dr.errors import Forbidden, NotFound
from alb_dr.model.manifest import APP_PROJECT, APPLICATION, Manifest, ResourceId
from alb_dr.model.member import MemberCluster
from alb_dr.model.sync_window import denied_throughout, windows_of
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeReader
from alb_dr.render.annotations import weight_key
from alb_dr.workflows.live.syncing import UNFINISHED_PHASES, automated, heals
from alb_dr.workflows.records.drill_record import pointer
from alb_dr.workflows.scalers.obstacles import Obstacle

OWN_CLUSTER = frozenset({"https://kubernetes.default.svc", "in-cluster"})
"""How Argo CD calls the cluster it runs in: the Fleet."""
REPLICAS = frozenset({"/spec/replicas", ".spec.replicas"})
"""How ``ignoreDifferences`` names the replicas, as a JSON pointer or for jq."""
ANNOTATIONS = frozenset({"/metadata/annotations", ".metadata.annotations"})
"""How it names all annotations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What somebody wants to do with which field, and what to do where Argo CD undoes it."""

    deed: str
    field: str
    hint: str


_REPLICAS = _Words(
    deed="a drill",
    field="replicas",
    hint="turn selfHeal off in the ApplicationSet's template, or let Argo CD's admin make "
    "a deny sync window that lasts as long as the drill; the Application itself is no "
    "place to change it, its ApplicationSet puts it back",
)
_WEIGHTS = _Words(
    deed="every change of the weights",
    field="the weights",
    hint="let the Application ignore the weights' annotations (ignoreDifferences, with the sync "
    "option RespectIgnoreDifferences=true), or let Argo CD's admin make a deny sync window that "
    "lasts long enough; or change the weights in Git",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when Argo CD must keep its hands off."""

    begin: datetime
    end: datetime


def applications_in(topology: Topology, member: MemberCluster, fleet: KubeReader) -> list[Manifest]:
    """The Applications that put the workload into a member, whatever they are called.

    Those of our ApplicationSet, and whichever else lists the workload and leads there: also a
    workload that is distributed by policy may be somebody's Application.
    """
    application = topology.application
    generated = f"{member.id}-{application.name}"
    workload = application.workload
    found = []
    for live in _listed(topology, fleet):
        lists = _lists(live, workload.kind, application.namespace, workload.name)
        if live.id.name == generated or (lists and _leads_to(live, topology, member)):
            found.append(live)
    return found


def applications_over_ingress(topology: Topology, fleet: KubeReader) -> list[Manifest]:
    """The Applications that put the Ingress onto the Fleet."""
    ingress = topology.ingress
    return [
        live
        for live in _listed(topology, fleet)
        if _lists(live, "Ingress", ingress.namespace, ingress.name)
        and _destination(live) & OWN_CLUSTER
    ]


def sync_obstacles(
    topology: Topology, member: MemberCluster, fleet: KubeReader, *, span: Span
) -> Iterator[Obstacle]:
    """What of Argo CD is in the way of scaling the member's workload (safety F20, F21, G9)."""
    for live in applications_in(topology, member, fleet):
        yield from _of_application(live, fleet, span, _REPLICAS, spares=_spares_replicas(live))


def ingress_obstacles(topology: Topology, fleet: KubeReader, *, span: Span) -> Iterator[Obstacle]:
    """What of Argo CD is in the way of changing the weights on the Ingress (safety F20, F21)."""
    keys = [weight_key(member.id) for member in topology.members]
    for live in applications_over_ingress(topology, fleet):
        yield from _of_application(live, fleet, span, _WEIGHTS, spares=_spares_weights(live, keys))


def held_back(application: Manifest, fleet: KubeReader, span: Span) -> bool:
    """Whether sync windows deny Argo CD every sync of its own within a span.

    A project that cannot be read, or a window nobody understands, holds nothing back.
    """
    name = str(_spec(application).get("project") or "default")
    id_ = ResourceId(kind=APP_PROJECT, name=name, namespace=application.id.namespace)
    try:
        project = fleet.get(id_)
        windows = windows_of(project.document, application.document) if project else ()
    except (Forbidden, ValueError):
        return False
    return denied_throughout(windows, span.begin, span.end)


def _of_application(
    live: Manifest, fleet: KubeReader, span: Span, words: _Words, *, spares: bool
) -> Iterator[Obstacle]:
    if _is_syncing(live):
        yield Obstacle(
            code="ADR-SYNC-PENDING",
            text=f"{live.id} is being synced",
            hint="wait until the sync is over, then try again",
        )
    if automated(live) is None:
        return
    if held_back(live, fleet, span):
        yield Obstacle(
            code="ADR-SELF-HEAL",
            text=f"{live.id} syncs by itself; a sync window holds it back for long enough",
            hint="nothing: the window was made for this",
            refuses=False,
            note=True,
        )
        return
    if _is_pending(live):
        yield Obstacle(
            code="ADR-SYNC-PENDING",
            text=f"{live.id} has not synced its newest revision yet",
            hint="wait until it is Synced; while it is held back, wait until its window closes",
        )
    if heals(live) and spares:
        yield Obstacle(
            code="ADR-SELF-HEAL",
            text=f"{live.id} has selfHeal on but ignores {words.field}; another difference resets "
            "them",
            hint="turn selfHeal off for now, or let a deny sync window be made",
            refuses=False,
        )
    elif heals(live):
        yield Obstacle(
            code="ADR-SELF-HEAL",
            text=f"{live.id} has selfHeal on and undoes {words.deed}",
            hint=words.hint,
        )


def _listed(topology: Topology, fleet: KubeReader) -> tuple[Manifest, ...]:
    try:
        return fleet.list(APPLICATION, namespace=topology.application.argocd_namespace)
    except NotFound:
        return ()


def _lists(application: Manifest, kind: str, namespace: str, name: str) -> bool:
    """Whether the status lists an object among those managed."""
    listed = (application.document.get("status") or {}).get("resources") or []
    wanted = (kind, namespace, name)
    return any((r.get("kind"), r.get("namespace"), r.get("name")) == wanted for r in listed)


def _leads_to(application: Manifest, topology: Topology, member: MemberCluster) -> bool:
    """Whether it deploys to this member: by a name that begins with the member's id.

    One that names an address may lead anywhere but to the Fleet, so it is counted.
    """
    destination = _spec(application).get("destination") or {}
    name, server = str(destination.get("name") or ""), str(destination.get("server") or "")
    if name:
        ids = [m.id for m in topology.members if name.startswith(m.id)]
        return max(ids, key=len, default="") == member.id
    return bool(server) and server not in OWN_CLUSTER


def _destination(application: Manifest) -> frozenset[str]:
    destination = _spec(application).get("destination") or {}
    return frozenset(str(destination.get(key) or "") for key in ("name", "server"))


def _is_syncing(application: Manifest) -> bool:
    state = (application.document.get("status") or {}).get("operationState") or {}
    return state.get("phase") in UNFINISHED_PHASES or bool(application.document.get("operation"))


def _is_pending(application: Manifest) -> bool:
    """Whether a revision waits to be synced; the same revision is synced only once."""
    status = application.document.get("status") or {}
    sync, state = status.get("sync") or {}, status.get("operationState") or {}
    synced = (state.get("syncResult") or {}).get("revision")
    newer = sync.get("revision") and synced and sync["revision"] != synced
    return sync.get("status") == "OutOfSync" and bool(newer)


def _spares_replicas(application: Manifest) -> bool:
    """Whether a Deployment's replicas are no difference to it (``ignoreDifferences``)."""
    for entry in _spec(application).get("ignoreDifferences") or []:
        paths = {*(entry.get("jsonPointers") or ()), *(entry.get("jqPathExpressions") or ())}
        if entry.get("kind") in {"Deployment", "*"} and paths & REPLICAS:
            return True
    return False


def _spares_weights(application: Manifest, keys: Sequence[str]) -> bool:
    """Whether none of these annotations of an Ingress is a difference to it."""
    paths: set[str] = set()
    for entry in _spec(application).get("ignoreDifferences") or []:
        if entry.get("kind") in {"Ingress", "*"}:
            paths |= {*(entry.get("jsonPointers") or ()), *(entry.get("jqPathExpressions") or ())}
    return bool(paths & ANNOTATIONS) or all(
        paths & {pointer("metadata", "annotations", key), f'.metadata.annotations["{key}"]'}
        for key in keys
    )


def _spec(live: Manifest) -> Mapping[str, Any]:
    found: Mapping[str, Any] = live.document.get("spec") or {}
    return found
