"""Scale to zero: the member's pods go, and its endpoints are removed (the tutorial's drill)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from alb_dr.errors import AlbDrError, Conflict
from alb_dr.model.drill import DrillRecord
from alb_dr.model.manifest import Manifest
from alb_dr.model.member import MemberCluster
from alb_dr.ports import Clock, KubeApi, Narrator
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.drill_fault import FaultSeen
from alb_dr.workflows.drill_record import extend_patch, fire_patch, record_of, replicas_of
from alb_dr.workflows.recover import await_pods, restore_until


class ScaleToZero:
    """The victim's workload at 0 replicas, with the record on the workload itself."""

    path_tested = "endpoint-removal"
    not_tested = (
        "detection by health checks (a dead zone removes no endpoints)",
        "loss of the member's API server or of the Fleet",
        "network partition",
        "the data layer",
    )

    def __init__(
        self,
        workload: Manifest,
        record: DrillRecord,
        *,
        victim: MemberCluster,
        api: KubeApi,
        clock: Clock,
        narrator: Narrator,
    ) -> None:
        self._workload = workload
        self._record = record
        self._victim = victim
        self._api = api
        self._clock = clock
        self._narrator = narrator
        self._live = workload

    @property
    def title(self) -> str:
        """For the voice."""
        return f"scaling {self._victim.name} to 0"

    def intent(self) -> Mapping[str, object]:
        """The target and what it had."""
        return {"target": str(self._workload.id), "replicas": self._record.replicas}

    def harm(self) -> str:
        """Scale to 0 and write the record in one patch."""
        self._api.patch(self._workload.id, fire_patch(self._workload, self._record))
        return f"{self._victim.name} scaled from {self._record.replicas} to 0"

    def look(self) -> FaultSeen:
        """In force is: no pods are left. Over is: deleted, made anew, or scaled by another."""
        live = self._api.get(self._workload.id)
        if live is None or live.uid != self._workload.uid:
            return FaultSeen(ended=f"{self._workload.id} was deleted or made anew by somebody else")
        if replicas_of(live) != 0:
            return FaultSeen(
                ended=f"somebody else scaled {self._workload.id} to {replicas_of(live)}"
            )
        self._live = live
        gone = not (live.document.get("status") or {}).get("replicas")
        return FaultSeen(in_force="no pods are left" if gone else None)

    def extend(self, deadline: str) -> str | None:
        """An API that does not answer is no reason to end: the deadline is minutes away."""
        live = self._live
        record = record_of(live)
        if record is None or record.drill != self._record.drill:
            return f"the record of the drill on {live.id} is gone or another's"
        try:
            self._api.patch(live.id, extend_patch(live, replace(record, deadline=deadline)))
        except Conflict:
            return f"somebody else changed the record on {live.id}"
        except AlbDrError as error:
            self._narrator.warn(f"the deadline could not be moved on: {error.message}")
        return None

    def take_back(self, deadline: Deadline) -> None:
        """The record on the workload says whether there is anything to take back."""
        restore_until(
            self._workload.id,
            self._record.drill,
            api=self._api,
            clock=self._clock,
            deadline=deadline,
            note=self._narrator.warn,
        )

    def prove(self, deadline: Deadline) -> str:
        """All pods are ready."""
        await_pods(self._workload.id, api=self._api, deadline=deadline, narrator=self._narrator)
        return "all pods are ready"
