"""The gateway: merge with what is live, wait until the ALB answers, take it down in order."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alb_dr.errors import Refused
from alb_dr.model.gateway import GatewayAddress
from alb_dr.model.manifest import (
    ALB_CONFIG,
    INGRESS,
    INGRESS_CLASS,
    Manifest,
    ManifestSet,
    ResourceId,
)
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator
from alb_dr.workflows.after_writing import after_writing
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.live.event_watch import EventWatch
from alb_dr.workflows.live.readiness import gateway_waits_for, sub_clusters

CREATION_ONLY = ("addressType", "addressIpVersion", "zoneMappings")
"""Fields of ``spec.config`` that the controller reads only when it creates the ALB."""


def albconfig_id(topology: Topology) -> ResourceId:
    """The AlbConfig of the project."""
    return ResourceId(kind=ALB_CONFIG, name=topology.gateway.name)


def merged_with_live(
    manifests: ManifestSet, *, fleet: KubeReader, prune_listeners: bool
) -> ManifestSet:
    """The gateway's manifests with the listeners that others added to the live AlbConfig.

    ``spec.listeners`` replaces the whole list, so leaving one out deletes it on the ALB.
    Raises Refused when a field differs that only a new ALB can have.
    """
    return ManifestSet(
        manifests=tuple(
            _merge(m, fleet.get(m.id), prune_listeners=prune_listeners)
            if m.id.kind == ALB_CONFIG
            else m
            for m in manifests
        )
    )


def _merge(wanted: Manifest, live: Manifest | None, *, prune_listeners: bool) -> Manifest:
    if live is None:
        return wanted
    different = creation_only_differences(wanted, live)
    if different:
        raise Refused(
            f"{wanted.id} needs a new ALB: {', '.join(different)} can only be chosen at creation",
            hint="put the live values into the project file, or delete the gateway and create it",
            code="ADR-NEEDS-REPLACEMENT",
        )
    return wanted if prune_listeners else with_live_listeners(wanted, live)


def with_live_listeners(wanted: Manifest, live: Manifest) -> Manifest:
    """The wanted AlbConfig with the live listeners on ports it does not name itself."""
    document = copy.deepcopy(dict(wanted.document))
    live_spec = live.document.get("spec") or {}
    document["spec"]["listeners"] = _joined(
        wanted.document["spec"].get("listeners") or [], live_spec.get("listeners") or []
    )
    return Manifest(id=wanted.id, document=document)


def _joined(
    wanted: Sequence[Mapping[str, Any]], live: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    ports = {str(listener.get("port")) for listener in wanted}
    return [*wanted, *(item for item in live if str(item.get("port")) not in ports)]


def creation_only_differences(wanted: Manifest, live: Manifest) -> list[str]:
    """Fields of ``spec.config`` that differ and that only a new ALB can have."""
    ours = wanted.document["spec"]["config"]
    theirs = (live.document.get("spec") or {}).get("config") or {}
    return [
        key
        for key in CREATION_ONLY
        if key in ours and key in theirs and _comparable(ours[key]) != _comparable(theirs[key])
    ]


def _comparable(value: object) -> object:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sorted(str(v.get("vSwitchId")) if isinstance(v, Mapping) else str(v) for v in value)
    return value


def address_of(topology: Topology, albconfig: Manifest) -> GatewayAddress:
    """Where to aim requests, read from the live status and the project's Ingress."""
    status = albconfig.document.get("status") or {}
    balancer = status.get("loadBalancer") or {}
    return GatewayAddress(
        dns_name=str(balancer.get("dnsname") or ""),
        port=topology.ingress.listen_port,
        host=topology.ingress.host,
        path=topology.ingress.path,
        protocol=topology.ingress.listen_protocol,
        alb_id=str(balancer.get("id") or ""),
        hosts_file=topology.gateway.hosts_file,
        sub_clusters=sub_clusters(status),
    )


def await_gateway(
    topology: Topology, *, fleet: KubeReader, clock: Clock, narrator: Narrator, timeout_s: float
) -> GatewayAddress:
    """Watch the AlbConfig until it has an id, a DNS name and every member.

    Each fresh Warning event is said once, as soon as it is seen, with advice. Raises
    DeadlineExceeded with the last state and the last warning.
    """
    id_ = albconfig_id(topology)
    deadline = Deadline(clock, timeout_s)
    complaints = EventWatch(fleet, id_, since=clock.now(), narrator=narrator)
    wanted = [member.id for member in topology.members]
    waiting = "nothing"
    for snapshot in fleet.watch(ALB_CONFIG, namespace=None, name=id_.name, timeout_s=timeout_s):
        live = snapshot[0] if snapshot else None
        lacking = gateway_waits_for(live, wanted)
        if lacking is None and live is not None:
            return address_of(topology, live)
        waiting = lacking or waiting
        narrator.progress(deadline.timeout_s - deadline.left_s, deadline.timeout_s, waiting)
        complaints.look()
        if deadline.passed:
            break
    last = f"{waiting}; {complaints.last}" if complaints.last else waiting
    raise deadline.exceeded(
        f"{id_} is not ready",
        last,
        hint=f"kubectl get events -n default --field-selector involvedObject.name={id_.name}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What a deletion removed and what was already gone."""

    removed: tuple[ResourceId, ...]
    absent: tuple[ResourceId, ...]
    dry_run: bool


def delete_gateway(
    topology: Topology,
    *,
    fleet: KubeApi,
    clock: Clock,
    narrator: Narrator,
    timeout_s: float,
    dry_run: bool,
) -> Deleted:
    """Delete AlbConfig, wait for its finalizer (the ALB is gone then), then the IngressClass.

    Raises Refused while an Ingress still uses the class: its traffic would be lost.
    """
    class_name = topology.gateway.ingress_class
    users = [
        m.id
        for m in fleet.list(INGRESS)
        if (m.document.get("spec") or {}).get("ingressClassName") == class_name
    ]
    if users:
        raise Refused(
            f"{len(users)} Ingress still use class {class_name}: {', '.join(map(str, users))}",
            hint="delete them first (alb-dr ingress delete), or their traffic is lost",
            code="ADR-IN-USE",
        )
    ids = (albconfig_id(topology), ResourceId(kind=INGRESS_CLASS, name=class_name))
    removed: list[ResourceId] = []
    with after_writing([] if dry_run else removed):
        removed.extend(id_ for id_ in ids if delete_own(id_, api=fleet, dry_run=dry_run))
        if not dry_run and ids[0] in removed:
            with narrator.phase(f"waiting until {ids[0]} is gone"):
                await_absence(ids[0], api=fleet, clock=clock, timeout_s=timeout_s)
    absent = tuple(id_ for id_ in ids if id_ not in removed)
    return Deleted(removed=tuple(removed), absent=absent, dry_run=dry_run)


def delete_own(id_: ResourceId, *, api: KubeApi, dry_run: bool, orphan: bool = False) -> bool:
    """Delete one object that alb-dr applied; False when it is not there.

    Raises Refused when somebody else made it.
    """
    live = api.get(id_)
    if live is None:
        return False
    managers = {str(m.get("manager")) for m in live.metadata.get("managedFields") or []}
    if managers and "alb-dr" not in managers:
        raise Refused(
            f"{id_} was made by {', '.join(sorted(managers))}, not by alb-dr",
            hint="delete it with kubectl if you are sure",
            code="ADR-FOREIGN",
        )
    return api.delete(id_, uid=live.uid, dry_run=dry_run, orphan=orphan)


def await_absence(id_: ResourceId, *, api: KubeReader, clock: Clock, timeout_s: float) -> None:
    """Watch until the object is gone; DeadlineExceeded names its finalizers."""
    deadline = Deadline(clock, timeout_s)
    held = "nothing"
    for snapshot in api.watch(
        id_.kind, namespace=id_.namespace, name=id_.name, timeout_s=timeout_s
    ):
        if not snapshot:
            return
        held = ", ".join(snapshot[0].metadata.get("finalizers") or []) or "no finalizer"
        if deadline.passed:
            break
    raise deadline.exceeded(
        f"{id_} is still there", f"held by {held}", hint="its controller must let it go"
    )
