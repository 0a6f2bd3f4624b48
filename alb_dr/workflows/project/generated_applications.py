"""The Applications an ApplicationSet will generate, against those it has generated (safety F62)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from alb_dr.errors import Forbidden, NotFound
from alb_dr.model.manifest import APPLICATION, SECRET, Document, Manifest
from alb_dr.model.plan import Change, Fate, FieldChange, Generated
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeReader
from alb_dr.render.generated import ArgoCluster, UnknownPlace, generated, has_places
from alb_dr.workflows.live.differences import differences

CLUSTER_SECRETS = "argocd.argoproj.io/secret-type=cluster"
"""How Argo CD marks the Secrets in which it keeps its clusters."""
KEEPS_APPLICATIONS = frozenset({"create-only", "create-update"})
"""Values of ``applicationsSync`` under which Argo CD deletes no Application."""


def generated_applications(
    topology: Topology, change: Change, *, fleet: KubeReader, may_delete: bool
) -> tuple[tuple[Generated, ...], tuple[str, ...]]:
    """What becomes of each Application, and notes on what could not be known.

    An Application that Argo CD would delete is a problem unless ``may_delete``: its workload may
    go with it.
    """
    namespace = topology.application.argocd_namespace
    clusters, notes = _clusters(topology, fleet, namespace)
    try:
        wanted = generated(change.wanted.document, clusters, selected=bool(notes))
    except UnknownPlace as error:
        return (), (*notes, f"the generated Applications cannot be foreseen: {error}")
    live = _live(fleet, namespace)
    found = [_one(name, spec, live.get(name)) for name, spec in sorted(wanted.items())]
    sync = _sync_policy(change.wanted.document)
    owner = change.live.uid if change.live is not None else None
    gone = [a for name, a in sorted(live.items()) if name not in wanted and _owned_by(a, owner)]
    found += [_gone(application, sync, may_delete=may_delete) for application in gone]
    return tuple(found), notes


def _clusters(
    topology: Topology, fleet: KubeReader, namespace: str
) -> tuple[Sequence[ArgoCluster], tuple[str, ...]]:
    """The clusters Argo CD knows; the project's members when its Secrets may not be read."""
    try:
        secrets = fleet.list(SECRET, namespace=namespace, labels=CLUSTER_SECRETS)
    except Forbidden:
        known = [_of_member(m.id, m.name) for m in topology.members]
        note = "Argo CD's clusters may not be read; its Applications are foreseen for the members"
        return known, (note,)
    return [_cluster(secret) for secret in secrets], ()


def _of_member(id_: str, name: str) -> ArgoCluster:
    annotations = {"cluster_id": id_, "cluster_name": name}
    return ArgoCluster(name=None, server=None, labels={}, annotations=annotations)


def _cluster(secret: Manifest) -> ArgoCluster:
    """Name, address, labels and annotations; the credentials beside them are not looked at."""
    return ArgoCluster(
        name=_text(secret.document, "name") or secret.id.name,
        server=_text(secret.document, "server"),
        labels=secret.labels,
        annotations=secret.annotations,
    )


def _text(secret: Document, key: str) -> str | None:
    try:
        return base64.b64decode(str((secret.get("data") or {})[key])).decode()
    except (KeyError, binascii.Error, UnicodeDecodeError):
        return None


def _live(fleet: KubeReader, namespace: str) -> dict[str, Manifest]:
    """Every Application by name: Argo CD also takes over one that an older set left behind."""
    try:
        return {a.id.name: a for a in fleet.list(APPLICATION, namespace=namespace)}
    except NotFound:
        return {}


def _owned_by(application: Manifest, uid: str | None) -> bool:
    owners = application.metadata.get("ownerReferences") or []
    return any(isinstance(o, Mapping) and o.get("uid") == uid for o in owners)


def _one(name: str, spec: Document, live: Manifest | None) -> Generated:
    if live is None:
        return Generated(name=name, fate=Fate.CREATE)
    fields = tuple(f for f in _spec_fields(live, spec) if not has_places(f.after))
    return Generated(name=name, fate=Fate.UPDATE if fields else Fate.KEEP, fields=fields)


def _spec_fields(live: Manifest, spec: Document) -> tuple[FieldChange, ...]:
    before: dict[str, Any] = {"spec": live.document.get("spec") or {}}
    return differences(before, {"spec": spec})


def _gone(live: Manifest, sync: str, *, may_delete: bool) -> Generated:
    if sync in KEEPS_APPLICATIONS:
        return Generated(name=live.id.name, fate=Fate.ORPHAN)
    with_workload = bool(live.metadata.get("finalizers"))
    words = "its workload goes with it" if with_workload else "its workload stays"
    problem = "" if may_delete else f"would be deleted ({words}); --allow-deletions lets it go"
    return Generated(name=live.id.name, fate=Fate.DELETE, problem=problem)


def _sync_policy(application_set: Document) -> str:
    policy = (application_set.get("spec") or {}).get("syncPolicy") or {}
    return str(policy.get("applicationsSync") or "sync")
