"""Strays: what alb-dr applied for this project once and the file no longer names (safety F61).

Renaming something in the file leaves the old object behind: a second ApplicationSet goes on
generating Applications, a second Ingress goes on taking requests. Other projects on the same
Fleet are none of this one's business, so only what touches this project's own is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alb_dr.errors import Forbidden, NotFound
from alb_dr.model.manifest import (
    APPLICATION_SET,
    INGRESS,
    INGRESS_CLASS,
    POLICY_GROUPS,
    PROPAGATION_POLICY,
    Kind,
    Manifest,
    ManifestSet,
)
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeReader
from alb_dr.render.annotations import PIN_LABEL
from alb_dr.workflows.delivery.apply import is_ours


def strays(topology: Topology, manifests: ManifestSet, *, fleet: KubeReader) -> tuple[str, ...]:
    """One line for each; nothing for kinds that may not be listed."""
    wanted = {manifest.id for manifest in manifests}
    found = [
        live
        for kind, namespace in (
            (APPLICATION_SET, topology.application.argocd_namespace),
            *(
                (PROPAGATION_POLICY.in_group(group), topology.application.namespace)
                for group in POLICY_GROUPS
            ),
            (INGRESS_CLASS, None),
            (INGRESS, topology.ingress.namespace),
        )
        for live in _listed(fleet, kind, namespace)
        if live.id not in wanted and is_ours(live) and _touches(live, topology)
    ]
    return tuple(f"{m.id} was applied by alb-dr and is no longer in the file" for m in found)


def _listed(fleet: KubeReader, kind: Kind, namespace: str | None) -> Iterator[Manifest]:
    try:
        yield from fleet.list(kind, namespace=namespace)
    except (Forbidden, NotFound):
        return


def _touches(live: Manifest, topology: Topology) -> bool:
    """Whether it delivers to our namespace, or leads to our gateway."""
    if live.id.kind == APPLICATION_SET:
        where = ("template", "spec", "destination", "namespace")
        return bool(_at(live, *where) == topology.application.namespace)
    if live.id.kind.name == PROPAGATION_POLICY.name:
        # It was listed in our namespace; another project may place another workload from there.
        named = {s.get("name") for s in _at(live, "resourceSelectors") or [] if isinstance(s, dict)}
        return topology.application.workload.name in named
    if live.id.kind == INGRESS_CLASS:
        return bool(_at(live, "parameters", "name") == topology.gateway.name)
    if PIN_LABEL in live.labels:
        return False
    return bool(_at(live, "ingressClassName") == topology.gateway.ingress_class)


def _at(live: Manifest, *path: str) -> Any:
    node: Any = live.document.get("spec")
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return node
