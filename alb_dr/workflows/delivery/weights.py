"""Weights on the live Ingress: read them, change all of them in one guarded patch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from alb_dr.errors import Conflict, NotFound
from alb_dr.model.away import Away
from alb_dr.model.manifest import INGRESS, Manifest, ResourceId
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.ports import KubeApi, KubeReader
from alb_dr.render.annotations import weight_key, weights_of
from alb_dr.workflows.records.away import away_operations, escaped


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightChange:
    """Weights before (as the live object had them, which may be anything) and after."""

    before: Mapping[str, str]
    after: Weights
    written: bool

    @property
    def differs(self) -> bool:
        """Whether there was something to change."""
        return dict(self.before) != {member: str(weight) for member, weight in self.after}


def ingress_id(topology: Topology) -> ResourceId:
    """The weighted Ingress of the project."""
    ingress = topology.ingress
    return ResourceId(kind=INGRESS, name=ingress.name, namespace=ingress.namespace)


def live_ingress(topology: Topology, *, fleet: KubeReader) -> Manifest:
    """The live Ingress; NotFound with the command that makes it."""
    id_ = ingress_id(topology)
    live = fleet.get(id_)
    if live is None:
        raise NotFound(f"{id_} does not exist on the Fleet", hint="make it: alb-dr ingress apply")
    return live


def set_weights(
    topology: Topology,
    weights: Weights,
    *,
    fleet: KubeApi,
    dry_run: bool,
    away: Away | None = None,
) -> WeightChange:
    """Give every member its weight in one JSON Patch guarded by the values that were read.

    The patch holds a ``test`` for the object's uid and for each old value, so it changes all
    weights or none, and never those somebody else has just changed (safety F38, F55, F56).
    ``away`` is written with weights that leave a member with less than its former share; a record
    that is there goes with the weights that end it.
    """
    live = live_ingress(topology, fleet=fleet)
    return change_weights(live, weights, fleet=fleet, dry_run=dry_run, away=away)


def change_weights(
    live: Manifest,
    weights: Weights,
    *,
    fleet: KubeApi,
    dry_run: bool,
    away: Away | None = None,
) -> WeightChange:
    """The same for an Ingress that was read already."""
    before = weights_of(live.annotations)
    _refuse_strangers(before, weights)
    wanted = {member: str(weight) for member, weight in weights}
    operations = away_operations(live, weights, away)
    if dict(before) == wanted and not operations:
        return WeightChange(before=before, after=weights, written=False)
    fleet.patch(live.id, [*weight_patch(live, wanted), *operations], dry_run=dry_run)
    return WeightChange(before=before, after=weights, written=not dry_run)


def weight_patch(live: Manifest, wanted: Mapping[str, str]) -> list[dict[str, object]]:
    """The operations that turn the live weights into the wanted ones, tests first."""
    before = weights_of(live.annotations)
    tests: list[dict[str, object]] = [{"op": "test", "path": "/metadata/uid", "value": live.uid}]
    writes: list[dict[str, object]] = []
    for member, weight in wanted.items():
        path = f"/metadata/annotations/{escaped(weight_key(member))}"
        if member in before:
            tests.append({"op": "test", "path": path, "value": before[member]})
        writes.append({"op": "add", "path": path, "value": weight})
    if any(member not in before for member in wanted):
        # Absence cannot be tested by value, so the whole object must be the one that was read.
        version = {"path": "/metadata/resourceVersion", "value": live.resource_version}
        tests.append({"op": "test", **version})
    if not live.annotations:
        writes.insert(0, {"op": "add", "path": "/metadata/annotations", "value": {}})
    return tests + writes


def _refuse_strangers(before: Mapping[str, str], weights: Weights) -> None:
    strangers = [member for member in before if weights.get(member) is None]
    if strangers:
        key = weight_key(strangers[0])
        raise Conflict(
            f"the live Ingress also gives weight to {', '.join(strangers)}, "
            "no member of the project file; the sum would not be 100",
            hint=f"add the member to the project file, or remove the annotation {key}",
            code="ADR-STALE-WEIGHT",
        )
