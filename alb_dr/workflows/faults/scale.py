"""Scale to zero: the member's pods go, and its endpoints are removed (the tutorial's drill)."""

from __future__ import annotations

from alb_dr.model.drill import DrillRecord
from alb_dr.model.fleet_record import FleetTarget
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.faults.carried_record import CarriedRecord
from alb_dr.workflows.faults.fault import Extended, FaultSeen, FaultSetting
from alb_dr.workflows.live.field_owners import changed_by
from alb_dr.workflows.members.control_side import ready_endpoints
from alb_dr.workflows.records.drill_record import ANNOTATION, fire_patch, replicas_of
from alb_dr.workflows.recover.marks import await_pods


class ScaleToZero:
    """The victim's workload at 0 replicas, with the record on the workload itself."""

    path_tested = "endpoint-removal"
    not_tested = (
        "detection by health checks (a dead zone removes no endpoints)",
        "loss of the member's API server or of the Fleet",
        "network partition",
        "the data layer",
    )
    moves_traffic = True
    silences_api = False
    slows_answers = False
    holds_weights = False

    def __init__(self, setting: FaultSetting) -> None:
        self._setting = setting
        self._workload = setting.workload
        self._api = setting.member
        self._live = setting.workload
        self._record = DrillRecord(
            drill=setting.drill,
            replicas=replicas_of(setting.workload),
            deadline=setting.deadline,
            reason=setting.reason,
            by=setting.by,
            least=setting.least,
        )
        self._carried = CarriedRecord(setting, setting.workload, api=setting.member)
        self._replicas_after: int | None = None

    @property
    def title(self) -> str:
        """For the voice."""
        return f"scaling {self._setting.victim.name} to 0"

    def targets(self) -> tuple[FleetTarget, ...]:
        """The workload."""
        target = FleetTarget(
            cluster=self._setting.victim.name,
            kind=self._workload.id.kind.name,
            namespace=self._workload.id.namespace or "",
            name=self._workload.id.name,
            uid=self._workload.uid,
            replicas=self._record.replicas,
            least=self._record.least,
        )
        return (target,)

    def harm(self) -> str:
        """Scale to 0 and write the record in one patch."""
        self._api.patch(self._workload.id, fire_patch(self._workload, self._record))
        return f"{self._setting.victim.name} scaled from {self._record.replicas} to 0"

    def look(self) -> FaultSeen:
        """In force: no endpoint is left (F28). Over: deleted, made anew, scaled by another."""
        live = self._api.get(self._workload.id)
        if live is None or live.uid != self._workload.uid:
            return FaultSeen(ended=f"{self._workload.id} was deleted or made anew by somebody else")
        if replicas_of(live) == self._record.goal and ANNOTATION not in live.annotations:
            who = changed_by(live, "spec", "replicas")
            return FaultSeen(
                ended=f"{self._workload.id} was put back meanwhile{who}: by the guard, "
                "or by another operator's failover recover"
            )
        if replicas_of(live) != 0:
            who = changed_by(live, "spec", "replicas")
            return FaultSeen(
                ended=f"somebody else scaled {self._workload.id} to {replicas_of(live)}{who}"
            )
        self._live = live
        gone = ready_endpoints(self._setting.topology, self._api) == 0
        return FaultSeen(in_force="no endpoint is left" if gone else None)

    def extend(self, deadline: str) -> Extended:
        """In the record on the workload."""
        return self._carried.extend(self._live, deadline)

    def take_back(self, deadline: Deadline) -> str:
        """The record on the workload says whether there is anything to take back."""
        done = self._carried.take_back(self._record, deadline)
        self._replicas_after = replicas_of(done.live)
        return done.words

    def prove(self, deadline: Deadline) -> str:
        """All pods are ready."""
        return await_pods(
            self._workload.id, api=self._api, deadline=deadline, narrator=self._setting.narrator
        )

    @property
    def is_foreign(self) -> bool:
        """Whether the replicas are other than those a restore writes."""
        return self._replicas_after not in {None, self._record.goal}
