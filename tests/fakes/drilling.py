"""A whole estate in memory that can be drilled: members whose status and endpoints follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from alb_dr.model.drill import DrillPlan
from alb_dr.model.drill_report import DrillReport, DrillRun
from alb_dr.model.manifest import (
    ALB_CONFIG,
    CONFIG_MAP,
    DEPLOYMENT,
    LEASE,
    Kind,
    Manifest,
    ResourceId,
)
from alb_dr.model.sample import NO_ANSWER, Outcome, SampleColumns
from alb_dr.model.topology import Topology
from alb_dr.render.annotations import weights_of
from alb_dr.workflows.drill.drill import Drill
from alb_dr.workflows.drill.ports import DrillPorts
from alb_dr.workflows.rails.scene import RailRules
from alb_dr.workflows.records.drill_record import ANNOTATION, replicas_of
from alb_dr.workflows.records.fleet_record import Recorded, read_records
from alb_dr.workflows.records.lease import DRILL
from alb_dr.workflows.recover.case import RecoveryPorts
from tests.builders import a_topology
from tests.fakes.fleet import a_fleet, the_members
from tests.fakes.gateway import ROUTE, FakeGateway, FakeJournal, MovingClock, no_shield
from tests.fakes.kube import FakeKube
from tests.fakes.prober import MemoryLog
from tests.fakes.voice import TellTale

SPACE = "gateway-demo"
WORKLOAD = ResourceId(kind=DEPLOYMENT, name="web-demo", namespace=SPACE)
GATEWAY = ResourceId(kind=ALB_CONFIG, name="ackone-gateway-demo")
NAMES = {"c1": "poc-ack-1", "c2": "poc-ack-2"}
ID = "7f3a7f3a"
_ALB = {"loadBalancer": {"id": "alb-1", "dnsname": "alb-1.x", "subClusters": ["c1", "c2"]}}


class Pods:
    """What a member's controllers would show: as many ready pods as wanted, unless told so."""

    def __init__(self, api: FakeKube) -> None:
        self.api = api
        self.ready: Callable[[int], int] = lambda wanted: wanted
        self.restarts = 0
        self._get, self._list = api.get, api.list
        api.get = self.get  # type: ignore[method-assign]  # reads show what controllers write
        api.list = self.listed  # type: ignore[method-assign]

    def get(self, id_: ResourceId) -> Manifest | None:
        found = self._get(id_)
        return found if found is None or id_.kind != DEPLOYMENT else self._shown(found)

    def listed(self, kind: Kind, **words: Any) -> tuple[Manifest, ...]:
        if kind.name == "EndpointSlice":
            self._refuse("list endpointslices")
            return (_document(kind, {"endpoints": [{"conditions": {"ready": True}}] * self.now}),)
        if kind.name == "Pod":
            self._refuse("list pods")
            statuses = [{"restartCount": self.restarts}]
            return (_document(kind, {"status": {"containerStatuses": statuses}}),)
        found = self._list(kind, **words)
        return tuple(map(self._shown, found)) if kind == DEPLOYMENT else found

    @property
    def now(self) -> int:
        """How many pods are ready now."""
        at = self.api._at(WORKLOAD)
        found = self.api.cluster.store.find(at.resource, SPACE, WORKLOAD.name)
        return self.ready(int(found["spec"]["replicas"])) if found is not None else 0

    def _refuse(self, call: str) -> None:
        refused = self.api.fail(call)
        if refused is not None:
            raise refused

    def _shown(self, found: Manifest) -> Manifest:
        wanted = replicas_of(found)
        ready = self.ready(wanted)
        status = {
            "observedGeneration": found.metadata.get("generation", 1),
            "replicas": wanted,
            "readyReplicas": ready,
            "updatedReplicas": wanted,
        }
        return Manifest(id=found.id, document={**found.document, "status": status})


def _document(kind: Kind, content: Mapping[str, Any]) -> Manifest:
    id_ = ResourceId(kind=kind, name="x", namespace=SPACE)
    return Manifest(id=id_, document={"metadata": {"name": "x"}, **content})


class SpillingGateway(FakeGateway):
    """Members without ready pods get nothing; the others take their share over."""

    def __init__(self, fleet: FakeKube, clock: MovingClock, pods: Mapping[str, Pods]) -> None:
        super().__init__(fleet, clock, list(pods))
        self._pods = pods
        self.deaf: Callable[[], bool] = lambda: False
        """Whether this machine fails to send."""

    def take(self, *, wait_s: float = 0.0) -> SampleColumns:
        columns = super().take(wait_s=wait_s)
        if self.deaf():
            for n in range(len(columns)):
                columns.outcome[n], columns.member[n] = Outcome.LOCAL, NO_ANSWER
        return columns

    def _live(self) -> Mapping[str, int]:
        weights = super()._live()
        alive = {m: w for m, w in weights.items() if m in self._pods and self._pods[m].now}
        total = sum(alive.values())
        return {m: round(w * 100 / total) for m, w in alive.items()} if total else weights


class FakeBox:
    """The faults of a sandbox that only remembers them."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}
        self.done: list[str] = []
        self.fail: Exception | None = None

    def inject(self, fault: str, member: str, *, drill: str, value: int) -> None:
        self.done.append(f"{fault} {member} {value}")
        self.faults[member] = drill

    def clear(self, member: str, *, drill: str) -> bool:
        if self.fail is not None:
            raise self.fail
        return self.faults.get(member) == drill and self.faults.pop(member) == drill

    def open(self) -> Mapping[str, str]:
        return dict(self.faults)


class Estate:
    """Weights 20:80, two pods each, a gateway that follows both."""

    def __init__(self) -> None:
        self.topology: Topology = a_topology()
        self.fleet = a_fleet()
        self._connect()
        self.members = the_members()
        self.pods = {id_: Pods(api) for id_, api in self.members.items()}
        self.clock = MovingClock()
        for api in self.members.values():
            api.clock = self.clock
        self.gateway = SpillingGateway(self.fleet, self.clock, self.pods)
        self.book, self.voice, self.box = FakeJournal(), TellTale(), FakeBox()
        self.shield: Callable[[], Any] = no_shield
        self.log, self.kept = MemoryLog(), list[DrillRun]()

    def _connect(self) -> None:
        read = self.fleet.get

        def get(wanted: ResourceId) -> Manifest | None:
            found = read(wanted)
            if found is None or wanted != GATEWAY:
                return found
            return Manifest(id=wanted, document={**found.document, "status": _ALB})

        self.fleet.get = get  # type: ignore[method-assign]  # what the controller would write

    def plan(self, **changes: Any) -> DrillPlan:
        values: dict[str, Any] = {
            "drill_id": ID,
            "victim": "poc-ack-2",
            "reason": "test",
            "rate": 100.0,
            "baseline_s": 2.0,
            "observe_s": 6.0,
            "restore_timeout_s": 20.0,
        }
        return DrillPlan(**(values | changes))

    def make(self, rules: RailRules | None = None, **changes: Any) -> Drill:
        """A drill that has not begun."""
        ports = DrillPorts(
            fleet=self.fleet,
            members=self.members,
            prober=self.gateway,
            clock=self.clock,
            narrator=self.voice,
            journal=self.book,
            shield=self.shield,
            operator="ann@bastion",
            log=self.log,
            keep=self.kept.append,
            box=self.box,
        )
        return Drill(self.plan(**changes), self.topology, ports, rules)

    def drill(self, rules: RailRules | None = None, **changes: Any) -> DrillReport:
        """A whole drill."""
        return self.make(rules, **changes).run()

    def recovery_ports(self, **changes: Any) -> RecoveryPorts:
        values: dict[str, Any] = {
            "members": {NAMES[id_]: api for id_, api in self.members.items()},
            "fleet": self.fleet,
            "namespace": SPACE,
            "box": self.box,
            "clock": self.clock,
            "narrator": self.voice,
            "topology": self.topology,
        }
        return RecoveryPorts(**(values | changes))

    def during(self, at_s: float, what: Callable[[], object]) -> None:
        """Let something happen once, so many seconds from now."""
        due = self.clock.elapsed_s + at_s
        before = self.gateway.each
        done: list[bool] = []

        def each() -> None:
            before()
            if not done and self.clock.elapsed_s >= due:
                done.append(True)
                what()

        self.gateway.each = each

    # what is there afterwards ------------------------------------------------------------------

    def workload(self, id_: str = "c2") -> Manifest:
        """A member's workload."""
        found = self.members[id_].get(WORKLOAD)
        assert found is not None
        return found

    @property
    def replicas(self) -> int:
        """The victim's."""
        return replicas_of(self.workload())

    @property
    def weights(self) -> dict[str, str]:
        """The live weights."""
        return weights_of(self.ingress.annotations)

    @property
    def ingress(self) -> Manifest:
        """The live Ingress."""
        found = self.fleet.get(ROUTE)
        assert found is not None
        return found

    @property
    def records(self) -> tuple[Recorded, ...]:
        """Records on the Fleet."""
        return read_records(self.fleet, SPACE)

    @property
    def is_clean(self) -> bool:
        """Whether everything is as before and nothing but closed records is left."""
        marks = [ANNOTATION in m.annotations for m in (self.workload(), self.ingress)]
        locks = [lease for lease in self.fleet.list(LEASE) if DRILL in lease.annotations]
        whole = self.replicas == 2 and self.weights == {"c1": "20", "c2": "80"}
        return whole and not any(marks) and not locks and not any(r.is_open for r in self.records)

    def control(self, **data: str) -> None:
        """Make the kill switch, or change it."""
        id_ = ResourceId(kind=CONFIG_MAP, name="alb-dr-control", namespace=SPACE)
        metadata = {"name": id_.name, "namespace": SPACE}
        document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
        live = self.fleet.get(id_)
        if live is None:
            self.fleet.create(Manifest(id=id_, document=document))
        else:
            self.fleet.replace(Manifest(id=id_, document={**live.document, "data": data}))
