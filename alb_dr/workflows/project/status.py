"""Status: one look at everything; what does not answer is said and does not hide the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from alb_dr.errors import AlbDrError
from alb_dr.model.away import Away
from alb_dr.model.drill import DrillRecord
from alb_dr.model.manifest import Manifest, ManifestSet
from alb_dr.model.member import MemberCluster
from alb_dr.model.plan import Action, Change, Fate, Plan, PlanChoices
from alb_dr.model.standby import weight_findings
from alb_dr.model.status import GatewayStatus, MemberStatus, Status, TrafficStatus
from alb_dr.model.topology import Topology
from alb_dr.model.weights import TOTAL
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator, Prober
from alb_dr.render.annotations import weights_of
from alb_dr.workflows.delivery.await_split import SplitSeen, look, target_of
from alb_dr.workflows.delivery.distribute import applications_of, member_status
from alb_dr.workflows.delivery.gateway import address_of, albconfig_id
from alb_dr.workflows.delivery.pins import live_pins, pin_words
from alb_dr.workflows.delivery.weights import ingress_id
from alb_dr.workflows.live.events import standing_warnings
from alb_dr.workflows.live.readiness import gateway_waits_for
from alb_dr.workflows.members.control_side import ready_endpoints
from alb_dr.workflows.project.planning import keepable, make_plan
from alb_dr.workflows.records.away import away_of, away_words
from alb_dr.workflows.records.drill_record import ANNOTATION, record_of
from alb_dr.workflows.records.fleet_record import read_records
from alb_dr.workflows.records.fleet_record import record_words as drill_words
from alb_dr.workflows.records.lease import words as lock_words
from alb_dr.workflows.records.shift_record import read_record, record_verb, record_words
from alb_dr.workflows.records.zone_record import read_zones, zone_words
from alb_dr.workflows.recover.marks import OpenDrill, Remedy, open_drills
from alb_dr.workflows.recover.unlock import live_lock

FRESH = timedelta(minutes=10)
"""How recent a Warning must be to be shown: controllers repeat a standing one within minutes."""
MOST_FIELDS = 3
"""Fields of one drifted object on the screen; `plan` shows all."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPorts:
    """What a look at everything needs of the world."""

    fleet: KubeApi
    members: Mapping[str, KubeReader]
    prober: Prober
    clock: Clock
    narrator: Narrator


def look_at_everything(
    topology: Topology, manifests: ManifestSet, *, ports: StatusPorts, requests: int
) -> Status:
    """The status; ``requests`` are sent to see the split, 0 sends none. Writes nothing."""
    return _Look(topology, ports).run(manifests, requests)


class _Look:
    """One look; collects what could not be asked."""

    def __init__(self, topology: Topology, ports: StatusPorts) -> None:
        self._topology = topology
        self._ports = ports
        self._unknown: list[str] = []
        self._drills: set[str] = set()
        """Ids of the drills that were found at what they harm."""
        self._drilled: list[str] = []
        """What drills keep other than the file says, in words."""

    def run(self, manifests: ManifestSet, requests: int) -> Status:
        """Ask everybody once."""
        topology, fleet = self._topology, self._ports.fleet
        gateway = self._asked("the gateway", self._gateway)
        live = self._asked("the Ingress", lambda: fleet.get(ingress_id(topology)))
        weights = weights_of(live.annotations) if live is not None else {}
        applications = self._asked("Argo CD", lambda: applications_of(topology, fleet))
        seen = None
        if live is not None and requests:
            seen = self._asked("the data plane", lambda: self._seen(weights, requests))
        members = [self._member(m, gateway, applications) for m in topology.members]
        plan = self._asked("the drift", lambda: self._plan(manifests))
        away = away_of(live) if live is not None else None
        unfinished = (*self._held_weights(live), *self._records(), *self._unfinished())
        lock = self._asked("the lock", lambda: live_lock(topology, fleet=fleet))
        return Status(
            gateway=gateway,
            members=tuple(_with_traffic(m, weights, seen) for m in members),
            traffic=_traffic(seen),
            drift=None if plan is None else (*self._drilled, *_drift(plan)),
            unfinished=(*_returns(topology, away), *unfinished),
            unknown=tuple(self._unknown),
            notes=() if _is_held(live) else _notes(topology, weights),
            lock=lock_words(lock, self._ports.clock.now()) if lock is not None else "",
        )

    def _asked(self, what: str, question: Callable[[], T]) -> T | None:
        try:
            return question()
        except AlbDrError as error:
            self._unknown.append(f"{what} could not be asked: {error.message}")
            return None

    def _gateway(self) -> GatewayStatus:
        topology, fleet = self._topology, self._ports.fleet
        id_ = albconfig_id(topology)
        live = fleet.get(id_)
        ours = [f"{x.port}/{x.protocol}" for x in topology.gateway.listeners]
        spec = (live.document.get("spec") or {}) if live is not None else {}
        there = [f"{x.get('port')}/{x.get('protocol')}" for x in spec.get("listeners") or []]
        address = address_of(topology, live) if live is not None else None
        since = self._ports.clock.now() - FRESH
        warnings = (w.words for w in standing_warnings(fleet, id_, since))
        return GatewayStatus(
            name=topology.gateway.name,
            alb_id=(address.alb_id or "") if address else "",
            dns_name=address.dns_name if address else "",
            lacking=gateway_waits_for(live, [m.id for m in topology.members]),
            listeners=ours,
            strange_listeners=[x for x in there if x not in ours],
            connected=address.sub_clusters if address else (),
            warnings=tuple(dict.fromkeys(warnings)),
        )

    def _seen(self, weights: Mapping[str, str], requests: int) -> SplitSeen:
        target = target_of(self._topology, fleet=self._ports.fleet)
        wanted = [_number(weights.get(m.id)) / TOTAL for m in self._topology.members]
        return look(target, wanted, self._ports.prober, requests=requests)

    def _member(
        self,
        member: MemberCluster,
        gateway: GatewayStatus | None,
        applications: Sequence[Manifest] | None,
    ) -> MemberStatus:
        topology, api = self._topology, self._ports.members[member.id]
        found = MemberStatus(
            name=member.name,
            id=member.id,
            zone=member.zone,
            connected=member.id in gateway.connected if gateway is not None else None,
            ready_pods=None,
            wanted_pods=None,
            endpoints=None,
            application=None,
            file_weight=topology.weights[member.id],
            live_weight=None,
            share=None,
        )
        try:
            workload = member_status(topology, member, applications or (), api)
            application = workload.application or "Synced, Healthy"
            drills = open_drills(api)
            self._drilled += filter(None, (_drilled(member, drill) for drill in drills))
            return replace(
                found,
                ready_pods=workload.ready_pods,
                wanted_pods=workload.wanted_pods,
                application=application if applications is not None else None,
                endpoints=ready_endpoints(topology, api),
                open_drills=tuple(self._drill_words(drill) for drill in drills),
                problem=workload.workload,
            )
        except AlbDrError as error:
            return replace(found, problem=f"could not be asked: {error.message}")

    def _held_weights(self, ingress: Manifest | None) -> Iterator[str]:
        """A drill that holds the weights has its record beside them."""
        if ingress is not None and _is_held(ingress):
            held = OpenDrill(member="Fleet", target=ingress, record=record_of(ingress))
            yield self._drill_words(held)

    def _records(self) -> Iterator[str]:
        """Drills that are on record only: before their harm, after it, or of a sandbox's fault."""
        fleet, space = self._ports.fleet, self._topology.ingress.namespace
        for found in self._asked("the drills' records", lambda: read_records(fleet, space)) or ():
            if found.is_open and found.drill not in self._drills:
                yield f"drill {drill_words(found)} (alb-dr failover recover)"

    def _drill_words(self, drill: OpenDrill) -> str:
        record = drill.record
        told = "a drill"
        if record is not None:
            self._drills.add(record.drill)
            told = f"drill {record.drill} of {record.by}, until {record.deadline}"
        return f"{told} is open on {drill.target.id} (alb-dr failover recover)"

    def _unfinished(self) -> tuple[str, ...]:
        fleet = self._ports.fleet
        found = self._asked("the shift's record", lambda: read_record(self._topology, fleet))
        pins = self._asked("the pins", lambda: live_pins(self._topology, fleet)) or ()
        zones = self._asked("the shifted zones", lambda: read_zones(self._topology, fleet))
        lines = [f"{pin_words(self._topology, p)} (alb-dr ingress unpin)" for p in pins]
        if found is not None and found.is_open:
            verb, words = record_verb(found), record_words(found)
            lines.append(f"{verb} {words} (alb-dr ingress abort ends it)")
        if zones is not None and zones.is_open:
            lines.append(f"{zone_words(zones)} (alb-dr failover back)")
        return tuple(lines)

    def _plan(self, manifests: ManifestSet) -> Plan:
        return make_plan(
            self._topology,
            manifests,
            fleet=self._ports.fleet,
            clock=self._ports.clock,
            narrator=self._ports.narrator,
            choices=PlanChoices(),
        )


def _drilled(member: MemberCluster, drill: OpenDrill) -> str | None:
    """How many pods a drill leaves a member that should have more; None where it leaves all."""
    record = drill.record
    if not isinstance(record, DrillRecord) or drill.remedy is not Remedy.RESTORE:
        return None
    return f"{member.name} at 0 of {record.goal} replicas by the open drill {record.drill}"


def _returns(topology: Topology, away: Away | None) -> Iterator[str]:
    if away is not None:
        yield f"{away_words(topology, away)} (alb-dr failover back returns it)"


def _is_held(ingress: Manifest | None) -> bool:
    """Whether a drill holds the live weights: nobody is to mend what will be taken back."""
    return ingress is not None and ANNOTATION in ingress.annotations


def _notes(topology: Topology, live: Mapping[str, str]) -> tuple[str, ...]:
    """What the live weights mean for a takeover; nothing while they are no whole split."""
    split = keepable(topology, live)
    found = weight_findings(topology, split) if split is not None else ()
    return tuple(f.text if f.hint is None else f"{f.text} ({f.hint})" for f in found)


def _number(weight: str | None) -> int:
    """A live weight as a number; 0 for what is none, since nothing follows it."""
    return int(weight) if weight is not None and weight.isascii() and weight.isdigit() else 0


def _with_traffic(
    member: MemberStatus, weights: Mapping[str, str], seen: SplitSeen | None
) -> MemberStatus:
    share = seen.shares.get(member.name) if seen is not None else None
    return replace(member, live_weight=weights.get(member.id), share=share)


def _traffic(seen: SplitSeen | None) -> TrafficStatus:
    if seen is None:
        return TrafficStatus(requests=0, agrees=None, words="no request was sent")
    return TrafficStatus(requests=seen.requests, agrees=seen.agrees, words=seen.words)


def _drift(plan: Plan) -> Iterator[str]:
    """One line for each thing that is not as the file says."""
    for change in plan.changes:
        if change.action is not Action.KEEP:
            yield f"{change.id}: {_drifted(change)}"
    for application in plan.applications:
        if application.fate is not Fate.KEEP:
            yield f"Application {application.name}: {application.fate}"
    yield from plan.notes


def _drifted(change: Change) -> str:
    if change.action is Action.CREATE:
        return "is missing"
    fields = [f"{f.path} is {f.before!r}, file {f.after!r}" for f in change.fields[:MOST_FIELDS]]
    more = len(change.fields) - MOST_FIELDS
    if more > 0:
        fields.append(f"and {more} more")
    return "; ".join([*([change.problem] if change.problem else []), *fields]) or "is not ours"
