"""Down: take the project off the Fleet in order, only what is ours, and name what stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alb_dr.errors import (
    AlbDrError,
    DeadlineExceeded,
    Forbidden,
    NotFound,
    PartlyApplied,
    Refused,
)
from alb_dr.model.manifest import (
    ALB_CONFIG,
    APPLICATION_SET,
    CONFIG_MAP,
    DEPLOYMENT,
    INGRESS,
    INGRESS_CLASS,
    NAMESPACE,
    OVERRIDE_POLICY,
    PROPAGATION_POLICY,
    SECRET,
    SERVICE,
    Manifest,
    ResourceId,
)
from alb_dr.model.teardown import Remainder, Teardown, TornDown
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator
from alb_dr.render.variables import LABELS
from alb_dr.workflows.after_writing import after_writing, hint_after_writing
from alb_dr.workflows.delivery.apply import is_ours, makers
from alb_dr.workflows.delivery.distribute import applications_of, distribution_ids, workload_id
from alb_dr.workflows.delivery.gateway import albconfig_id, await_absence
from alb_dr.workflows.delivery.pins import own_pins
from alb_dr.workflows.delivery.policy import by_policy, propagation_id, takes_copies
from alb_dr.workflows.delivery.weights import ingress_id
from alb_dr.workflows.project.leftovers import leftovers, takes_workload
from alb_dr.workflows.rails.of_fleet import refuse_open_marks, refuse_open_records
from alb_dr.workflows.records.drill_record import WAIT_OR_RECOVER
from alb_dr.workflows.records.shift_record import read_record, refuse_open_shift
from alb_dr.workflows.recover.marks import open_drills

HELD = (INGRESS, SERVICE, DEPLOYMENT, CONFIG_MAP, SECRET, PROPAGATION_POLICY, OVERRIDE_POLICY)
"""Kinds whose objects somebody would miss when their Namespace is deleted."""
ROOT_CERTIFICATE = "kube-root-ca.crt"
"""The ConfigMap Kubernetes puts into every Namespace."""
MOST_NAMED = 5
"""Objects named in a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DownChoices:
    """What goes beside the gateway: the Applications with their workloads, the Namespace."""

    with_applications: bool = False
    with_namespace: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DownPorts:
    """What taking down needs of the world."""

    fleet: KubeApi
    members: Mapping[str, KubeReader]
    clock: Clock
    narrator: Narrator


def survey(topology: Topology, *, ports: DownPorts, choices: DownChoices) -> Teardown:
    """What there is to delete. Raises Refused for a gateway others use and for open drills."""
    for api in ports.members.values():
        _refuse_open_drills(api, ports.narrator)
    fleet = ports.fleet
    _refuse_drills_of_fleet(topology, fleet, ports.narrator)
    refuse_open_shift(read_record(topology, fleet))
    ours = [live for id_ in _ids(topology) if (live := fleet.get(id_)) is not None]
    ours = [*own_pins(topology, fleet), *(live for live in ours if is_ours(live))]
    if by_policy(topology) and not choices.with_applications:
        ours = _sparing(topology, fleet, ours)
    _refuse_other_users(topology, fleet, ours)
    if choices.with_applications:
        ours += _generated(topology, fleet, ours)
    if choices.with_namespace:
        ours += _namespace(topology, fleet, ours)
    albconfig = next((live for live in ours if live.id.kind == ALB_CONFIG), None)
    workloads_go = any(takes_workload(live) for live in ours)
    return Teardown(
        objects=tuple(ours),
        pods=sum(_pods(topology, api) for api in ports.members.values()) if workloads_go else 0,
        alb_id=_alb_id(albconfig) if albconfig is not None else "",
    )


def _ids(topology: Topology) -> Iterator[ResourceId]:
    """In the order of deletion: what sends traffic first."""
    yield ingress_id(topology)
    yield albconfig_id(topology)
    yield ResourceId(kind=INGRESS_CLASS, name=topology.gateway.ingress_class)
    yield from distribution_ids(topology)


def _sparing(topology: Topology, fleet: KubeReader, ours: list[Manifest]) -> list[Manifest]:
    """Without what distributes, when deleting that would take the members' copies (F61)."""
    if not takes_copies(fleet.get(propagation_id(topology))):
        return ours
    kept = set(distribution_ids(topology))
    return [live for live in ours if live.id not in kept]


def _refuse_open_drills(api: KubeReader, narrator: Narrator) -> None:
    try:
        drills = open_drills(api)
    except AlbDrError as error:
        narrator.warn(f"{api.label} could not be asked for open drills: {error.message}")
        return
    for drill in drills:
        raise Refused(
            f"{api.label}: {drill.words}",
            hint=WAIT_OR_RECOVER,
            code="ADR-DRILL-OPEN",
        )


def _refuse_drills_of_fleet(topology: Topology, fleet: KubeReader, narrator: Narrator) -> None:
    """A drill about to harm a member, or that took its weight, is seen on the Fleet only.

    Without the right to look it is warned about; a Fleet that fails to answer now is asked again
    by whoever comes again: nothing is deleted on a guess.
    """
    namespace = ingress_id(topology).namespace
    try:
        refuse_open_records(fleet, namespace=namespace)
        refuse_open_marks(fleet, {}, namespace=namespace)
    except (Forbidden, NotFound) as error:
        narrator.warn(f"the Fleet could not be asked for open drills: {error.message}")


def _refuse_other_users(topology: Topology, fleet: KubeReader, ours: list[Manifest]) -> None:
    mine = {live.id for live in ours}
    others = [
        f"{m.id} (made by {makers(m)})"
        for m in fleet.list(INGRESS)
        if (m.document.get("spec") or {}).get("ingressClassName") == topology.gateway.ingress_class
        and m.id not in mine
    ]
    if others:
        raise Refused(
            f"the gateway is also used by {', '.join(others)}; their traffic would be lost",
            hint="their owners must delete them or move them to another class first",
            code="ADR-IN-USE",
        )


def _namespace(topology: Topology, fleet: KubeReader, ours: list[Manifest]) -> list[Manifest]:
    """The Namespace, if it is ours. Deleting it deletes everything in it, whoever made it."""
    live = fleet.get(ResourceId(kind=NAMESPACE, name=topology.ingress.namespace))
    if live is None or not is_ours(live):
        return []
    mine = {manifest.id for manifest in ours}
    others = [str(m.id) for m in _inside(fleet, live.id.name) if m.id not in mine]
    if others:
        more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
        raise Refused(
            f"{live.id} also holds {', '.join(others[:MOST_NAMED])}{more}",
            hint="go down without --with-namespace",
            code="ADR-IN-USE",
        )
    return [live]


def _inside(fleet: KubeReader, namespace: str) -> Iterator[Manifest]:
    """What a Namespace holds beside what alb-dr and Kubernetes itself put there.

    Raises Forbidden when that cannot be known.
    """
    for kind in HELD:
        try:
            found = fleet.list(kind, namespace=namespace)
        except NotFound:
            continue
        for manifest in found:
            ours = LABELS.items() <= manifest.labels.items()
            if not ours and manifest.id.name != ROOT_CERTIFICATE:
                yield manifest


def _generated(topology: Topology, fleet: KubeReader, ours: list[Manifest]) -> Iterator[Manifest]:
    """Applications of our ApplicationSet, and those it left behind under the members' names."""
    owner = next((live.uid for live in ours if live.id.kind == APPLICATION_SET), None)
    names = {f"{m.id}-{topology.application.name}" for m in topology.members}
    for application in applications_of(topology, fleet):
        owners = [r.get("uid") for r in application.metadata.get("ownerReferences") or []]
        if owner in owners or (not owners and application.id.name in names):
            yield application


def _pods(topology: Topology, api: KubeReader) -> int:
    try:
        live = api.get(workload_id(topology))
    except AlbDrError:
        # An unreachable member must not keep a gateway from being taken down.
        return 0
    return int(((live.document.get("status") or {}) if live else {}).get("replicas") or 0)


def _alb_id(albconfig: Manifest) -> str:
    balancer = (albconfig.document.get("status") or {}).get("loadBalancer") or {}
    return str(balancer.get("id") or "")


def take_down(
    topology: Topology,
    found: Teardown,
    *,
    ports: DownPorts,
    choices: DownChoices,
    timeout_s: float,
) -> TornDown:
    """Delete what the survey found, one after the other, each gone before the next.

    Raises DeadlineExceeded naming the finalizers that hold an object, PartlyApplied when another
    error strikes half-way; running it again is safe.
    """
    deleted: list[ResourceId] = []
    total = len(found.objects)
    for n, live in enumerate(found.objects, start=1):
        doing = "asking whether it may be deleted:" if choices.dry_run else "deleting"
        with ports.narrator.phase(f"[{n}/{total}] {doing} {live.id}"):
            try:
                _delete(live, found, ports=ports, choices=choices, timeout_s=timeout_s)
            except DeadlineExceeded:
                raise
            except AlbDrError as error:
                if not deleted:
                    raise
                raise PartlyApplied(
                    f"{live.id} could not be deleted, or not seen gone: {error.message}",
                    applied=[f"{id_} deleted" for id_ in deleted],
                    not_applied=[str(left.id) for left in found.objects[n - 1 :]],
                    hint=hint_after_writing(error.hint, again="alb-dr down"),
                ) from error
        deleted.append(live.id)
    with after_writing([] if choices.dry_run else [f"{id_} deleted" for id_ in deleted]):
        remainders = _remainders(topology, found, ports=ports, choices=choices)
    return TornDown(deleted=tuple(deleted), remainders=remainders, dry_run=choices.dry_run)


def _remainders(
    topology: Topology, found: Teardown, *, ports: DownPorts, choices: DownChoices
) -> tuple[Remainder, ...]:
    with ports.narrator.phase("looking for what stays"):
        return tuple(
            leftovers(
                topology,
                found.objects,
                fleet=ports.fleet,
                members=ports.members,
                foreseen=choices.dry_run,
            )
        )


def _delete(
    live: Manifest,
    found: Teardown,
    *,
    ports: DownPorts,
    choices: DownChoices,
    timeout_s: float,
) -> None:
    # The Applications are never swept away by their owner's deletion: each is deleted by itself,
    # when that is wanted, and its finalizer decides about its workload (safety F61).
    orphan = live.id.kind == APPLICATION_SET
    ports.fleet.delete(live.id, uid=live.uid, dry_run=choices.dry_run, orphan=orphan)
    if choices.dry_run:
        return
    try:
        with after_writing([f"{live.id} deleted"]):
            await_absence(live.id, api=ports.fleet, clock=ports.clock, timeout_s=timeout_s)
    except DeadlineExceeded as error:
        if live.id.kind == ALB_CONFIG and found.alb_id:
            words = f"{error.message}; the ALB {found.alb_id} still exists and still costs money"
            raise DeadlineExceeded(words, hint=error.hint) from error
        raise
