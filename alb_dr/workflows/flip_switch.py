"""The kill switch of watches: a ConfigMap beside the Ingress by which anybody may stop them all."""

from __future__ import annotations

from alb_dr.model.manifest import CONFIG_MAP, ResourceId
from alb_dr.model.printable import printable
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeReader

CONTROL, FLIPS, ALLOWED = "alb-dr-control", "flips", "allowed"
"""The ConfigMap, its key, and the only value that does not forbid."""


def forbidden(topology: Topology, fleet: KubeReader) -> str | None:
    """Why no watch may move traffic now, or None; a switch that is not there forbids nothing."""
    id_ = ResourceId(kind=CONFIG_MAP, name=CONTROL, namespace=topology.ingress.namespace)
    live = fleet.get(id_)
    said = str(((live.document.get("data") or {}) if live else {}).get(FLIPS, ALLOWED))
    return None if said == ALLOWED else printable(f"{id_} says {FLIPS}: {said!r}, not {ALLOWED}")
