"""The simulated world: a Fleet, two members with their controllers, guards, machines, people."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from alb_dr.model.manifest import (
    ALB_CONFIG,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    INGRESS,
    KINDS,
    LEASE,
    SCALED_OBJECT,
    Manifest,
    ResourceId,
)
from alb_dr.model.topology import Topology
from alb_dr.render.annotations import weights_of
from tests.builders import a_topology
from tests.fakes.fleet import a_fleet, the_members
from tests.fakes.kube import FakeKube
from tests.histories.api import SimulatedApi, SimulatedClock, Trouble
from tests.histories.disk import Disk
from tests.histories.simulation import Machine, Process, Simulation
from tests.histories.store import Doc, History, Key, Revision, Store, key_of
from tests.histories.traffic import SimulatedProber

SPACE = "gateway-demo"
WORKLOAD = ResourceId(kind=DEPLOYMENT, name="web-demo", namespace=SPACE)
ROUTE = ResourceId(kind=INGRESS, name="web-demo", namespace=SPACE)
LOCK = ResourceId(kind=LEASE, name="alb-dr-web-demo", namespace=SPACE)
ENDPOINTS = ResourceId(kind=ENDPOINT_SLICE, name="web-demo-x1", namespace=SPACE)
MEMBERS = ("c1", "c2")
REPLICAS = {"c1": 2, "c2": 3}
NAMES = {"c1": "poc-ack-1", "c2": "poc-ack-2"}
PODS_LEAVE_S, PODS_COME_S, ENDPOINTS_FOLLOW_S = 1.0, 4.0, 0.1
ALB_STATUS = {"loadBalancer": {"id": "alb-1", "dnsname": "a.example", "subClusters": ["c1", "c2"]}}


class World:
    """Everything there is."""

    def __init__(self, seed: int) -> None:
        self.simulation = Simulation(seed)
        self.history = History(now=lambda: self.simulation.now)
        self.topology = the_topology()
        self.disk = Disk()
        self.troubles: list[Trouble] = []
        self.machines: dict[str, Machine] = {}
        self.broken_until = dict.fromkeys(MEMBERS, 0.0)
        """Until when new pods of a member do not become ready."""
        self.outage_until = 0.0
        """Until when the gateway answers nobody."""
        self.fleet = Store("Fleet", self.history)
        self.fleet.load(_fleet_objects())
        self.members = {id_: self._member(id_) for id_ in MEMBERS}
        self.before = {api.label: set(api.objects) for api in self.apis}

    @property
    def apis(self) -> Sequence[Store]:
        """The Fleet's and the members'."""
        return (self.fleet, *self.members.values())

    def _member(self, id_: str) -> Store:
        store = Store(NAMES[id_], self.history, unserved=[SCALED_OBJECT.plural])
        store.load(_member_objects(id_))
        store.listeners.append(lambda revision: self._reconcile(id_, revision))
        store.listeners.append(lambda revision: self._follow(id_, revision))
        return store

    def machine(self, name: str) -> Machine:
        """The machine of that name."""
        return self.machines.setdefault(name, Machine(name))

    def workload(self, id_: str) -> Doc | None:
        """A member's live workload."""
        return self.members[id_].find(key_of(WORKLOAD))

    # what a process gets -----------------------------------------------------------------------

    def api(self, store: Store, process: Process) -> SimulatedApi:
        """One API, for one process."""
        return SimulatedApi(store, process, self.history, self.troubles)

    def clock(self, process: Process) -> SimulatedClock:
        """The clocks of a process."""
        return SimulatedClock(process)

    def prober(self, process: Process) -> SimulatedProber:
        """Traffic."""
        return SimulatedProber(process, self.shares)

    def shares(self) -> Sequence[float]:
        """The part of the traffic that each member serves; what nobody serves is lost."""
        route = self.fleet.find(key_of(ROUTE))
        if route is None or self.outage_until > self.simulation.now:
            return [0.0] * len(MEMBERS)
        weights = weights_of(route["metadata"].get("annotations") or {})
        served = [float(weights.get(m, 0)) if self.ready(m) else 0.0 for m in MEMBERS]
        total = sum(served)
        return [share / total for share in served] if total else served

    def ready(self, id_: str) -> int:
        """How many pods of a member are ready."""
        live = self.workload(id_)
        return int(((live or {}).get("status") or {}).get("readyReplicas") or 0)

    # controllers -------------------------------------------------------------------------------

    def _reconcile(self, id_: str, revision: Revision) -> None:
        """The Deployment's controller notices a change and makes pods come or go."""
        if revision.key != key_of(WORKLOAD) or revision.after is None:
            return
        if _spec(revision.before) == _spec(revision.after):
            return
        wanted = revision.after["spec"].get("replicas", 1)
        now = self.simulation.now
        delay = PODS_LEAVE_S if wanted == 0 else PODS_COME_S
        uid = revision.after["metadata"]["uid"]
        when = now + delay if wanted == 0 else max(now + delay, self.broken_until[id_])
        self.simulation.at(now + 0.2, lambda: self._observe(id_, uid))
        self.simulation.at(when, lambda: self._settle(id_, uid))

    def _observe(self, id_: str, uid: str) -> None:
        """The controller has seen the newest generation."""
        live = self.workload(id_)
        if live is not None and live["metadata"]["uid"] == uid:
            status = {**(live.get("status") or {}), "observedGeneration": _generation(live)}
            self.members[id_].set_status(key_of(WORKLOAD), status, by="controller")

    def _settle(self, id_: str, uid: str) -> None:
        """As many pods are ready as are wanted."""
        live = self.workload(id_)
        if live is None or live["metadata"]["uid"] != uid:
            return
        wanted = live["spec"].get("replicas", 1)
        if wanted and self.broken_until[id_] > self.simulation.now:
            self.simulation.at(self.broken_until[id_], lambda: self._settle(id_, uid))
            return
        status = status_of(wanted, _generation(live))
        self.members[id_].set_status(key_of(WORKLOAD), status, by="controller")

    def _follow(self, id_: str, revision: Revision) -> None:
        """The Service's endpoints follow the pods that are ready."""
        if revision.key == key_of(WORKLOAD):
            when = self.simulation.now + ENDPOINTS_FOLLOW_S
            self.simulation.at(when, lambda: self._publish(id_))

    def _publish(self, id_: str) -> None:
        """As many endpoints as pods are ready."""
        document = endpoints_of(self.ready(id_))
        if self.members[id_].objects[key_of(ENDPOINTS)]["endpoints"] != document["endpoints"]:
            self.members[id_].replace(Manifest(id=ENDPOINTS, document=document), by="controller")


def endpoints_of(ready: int) -> Doc:
    """The slice of the Service's endpoints."""
    metadata = {
        "name": ENDPOINTS.name,
        "namespace": SPACE,
        "labels": {"kubernetes.io/service-name": the_topology().ingress.backend.service},
    }
    return {
        "apiVersion": ENDPOINT_SLICE.api_version,
        "kind": ENDPOINT_SLICE.name,
        "metadata": metadata,
        "endpoints": [{"conditions": {"ready": True}}] * ready,
    }


def status_of(replicas: int, generation: int) -> Doc:
    """The status of a Deployment all of whose pods are ready."""
    counts = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
    status: dict[str, Any] = {name: replicas for name in counts if replicas}
    return {**status, "observedGeneration": generation}


def _spec(document: Doc | None) -> tuple[Any, Any]:
    return (
        (document or {}).get("spec"),
        ((document or {}).get("metadata") or {}).get("generation"),
    )


def _generation(document: Doc) -> int:
    return int(document["metadata"]["generation"])


@cache
def the_topology() -> Topology:
    """The project of the other tests."""
    return a_topology()


@cache
def _fleet_objects() -> tuple[Manifest, ...]:
    found = _everything(a_fleet())
    gateways = [m for m in found if m.id.kind == ALB_CONFIG]
    shown = [Manifest(id=m.id, document={**m.document, "status": ALB_STATUS}) for m in gateways]
    return (*(m for m in found if m.id.kind != ALB_CONFIG), *shown)


@cache
def _member_objects(id_: str) -> tuple[Manifest, ...]:
    found = _everything(the_members(replicas=REPLICAS[id_])[id_])
    endpoints = Manifest(id=ENDPOINTS, document=endpoints_of(REPLICAS[id_]))
    shown = (
        Manifest(id=m.id, document={**m.document, "status": status_of(REPLICAS[id_], 1)})
        if m.id.kind == DEPLOYMENT
        else m
        for m in found
    )
    return (*shown, endpoints)


def _everything(api: FakeKube) -> list[Manifest]:
    known = {(kind.api_version, kind.name) for kind in KINDS}
    return [
        Manifest.of(document)
        for _, document in api.cluster.store.everything()
        if (document["apiVersion"], document["kind"]) in known
    ]


def key_words(key: Key) -> str:
    """An object's key for a person."""
    return "/".join(filter(None, key))
