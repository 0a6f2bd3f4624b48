"""Leftovers: what of the project is still there after a teardown, and what still costs money.

The cloud itself is not asked: this is what the Fleet and the members show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from alb_dr.errors import AlbDrError, NotFound
from alb_dr.model.manifest import (
    ALB_CONFIG,
    APPLICATION,
    NAMESPACE,
    PROPAGATION_POLICY,
    Manifest,
    ResourceId,
)
from alb_dr.model.teardown import Remainder
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeReader
from alb_dr.workflows.delivery.apply import is_ours, makers
from alb_dr.workflows.delivery.distribute import applications_of, distribution_ids, workload_id
from alb_dr.workflows.delivery.gateway import albconfig_id
from alb_dr.workflows.delivery.policy import takes_copies
from alb_dr.workflows.delivery.weights import ingress_id
from alb_dr.workflows.records.fleet_record import read_records


def takes_workload(application: Manifest) -> bool:
    """Whether deleting this deletes workloads in members, too.

    So does an Application with Argo CD's finalizer, and what a PropagationPolicy placed that does
    not preserve it.
    """
    if application.id.kind.name == PROPAGATION_POLICY.name:
        return takes_copies(application)
    finalizers = application.metadata.get("finalizers") or []
    return application.id.kind == APPLICATION and any(
        str(name).startswith("resources-finalizer.argocd") for name in finalizers
    )


def leftovers(
    topology: Topology,
    before: Sequence[Manifest],
    *,
    fleet: KubeReader,
    members: Mapping[str, KubeReader],
    foreseen: bool,
) -> Iterator[Remainder]:
    """What stays. ``before`` is what was to be deleted; ``foreseen`` takes it for gone already."""
    gone = {live.id for live in before} if foreseen else set()
    yield from _objects(topology, fleet, gone)
    yield from _albs(topology, before, fleet, gone)
    yield from _applications(topology, fleet, gone)
    yield from _evidence(topology, fleet, gone)
    if foreseen and any(takes_workload(live) for live in before):
        return
    for member in topology.members:
        yield from _workload(topology, member.name, members[member.id])


def _objects(topology: Topology, fleet: KubeReader, gone: set[ResourceId]) -> Iterator[Remainder]:
    for id_ in (ingress_id(topology), *distribution_ids(topology)):
        live = fleet.get(id_) if id_ not in gone else None
        if live is not None:
            why = f"made by {makers(live)}, not by alb-dr"
            if is_ours(live):
                why = "the members' workloads would go with it; --with-applications"
            yield Remainder(what=str(id_), why=why, costs_money=False)
    namespace = ResourceId(kind=NAMESPACE, name=topology.ingress.namespace)
    if namespace not in gone and fleet.get(namespace) is not None:
        yield Remainder(
            what=str(namespace),
            why="a Fleet may hand a Namespace's deletion on to its members; --with-namespace",
            costs_money=False,
        )


def _albs(
    topology: Topology, before: Sequence[Manifest], fleet: KubeReader, gone: set[ResourceId]
) -> Iterator[Remainder]:
    try:
        live = fleet.list(ALB_CONFIG)
    except NotFound:
        live = ()
    for albconfig in live:
        if albconfig.id not in gone:
            ours = albconfig.id == albconfig_id(topology)
            why = f"made by {makers(albconfig)}" if ours else "another gateway of this Fleet"
            yield Remainder(what=f"{albconfig.id} with its ALB", why=why, costs_money=True)
    for albconfig in before:
        if albconfig.id.kind == ALB_CONFIG:
            yield from _reused((albconfig.document.get("spec") or {}).get("config") or {})


def _reused(config: Mapping[str, object]) -> Iterator[Remainder]:
    """What the controller did not make it does not release."""
    if config.get("id"):
        why = "it was there before the AlbConfig and is not released with it"
        yield Remainder(what=f"ALB {config['id']}", why=why, costs_money=True)
    zones = config.get("zoneMappings")
    for zone in zones if isinstance(zones, list) else []:
        if isinstance(zone, Mapping) and zone.get("allocationId"):
            why = "an address of your own is not released with the ALB"
            yield Remainder(what=f"EIP {zone['allocationId']}", why=why, costs_money=True)


def _applications(
    topology: Topology, fleet: KubeReader, gone: set[ResourceId]
) -> Iterator[Remainder]:
    names = {f"{m.id}-{topology.application.name}" for m in topology.members}
    for application in applications_of(topology, fleet):
        if application.id.name in names and application.id not in gone:
            why = "Applications go on without their ApplicationSet; --with-applications"
            yield Remainder(what=str(application.id), why=why, costs_money=False)


def _evidence(topology: Topology, fleet: KubeReader, gone: set[ResourceId]) -> Iterator[Remainder]:
    """The records of drills, which a drill leaves on purpose."""
    namespace = topology.ingress.namespace
    if ResourceId(kind=NAMESPACE, name=namespace) in gone:
        return
    try:
        records = read_records(fleet, namespace)
    except AlbDrError as error:
        why = f"the Fleet could not be asked: {error.message}"
        yield Remainder(what="perhaps records of drills", why=why, costs_money=False)
        return
    if records:
        why = "kept as evidence; they go with the Namespace"
        what = f"{len(records)} ConfigMaps alb-dr-drill-… in {namespace}"
        yield Remainder(what=what, why=why, costs_money=False)


def _workload(topology: Topology, member: str, api: KubeReader) -> Iterator[Remainder]:
    id_ = workload_id(topology)
    try:
        live = api.get(id_)
    except AlbDrError as error:
        why = f"{member} could not be asked: {error.message}"
        yield Remainder(what=f"{member}: perhaps {id_}", why=why, costs_money=True)
        return
    if live is not None:
        pods = int((live.document.get("status") or {}).get("replicas") or 0)
        why = f"{pods} pods still run on the member's nodes"
        yield Remainder(what=f"{member}: {id_}", why=why, costs_money=pods > 0)
