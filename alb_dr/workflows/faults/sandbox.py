"""Faults only a sandbox can do: what becomes of a member that does not say good-bye.

The record is in the sandbox's own state, under the drill's id, and in the Fleet record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alb_dr.errors import AlbDrError, BadInput, RestoreIncomplete
from alb_dr.model.fleet_record import FleetTarget
from alb_dr.ports import FaultBox
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.faults.fault import Extended, FaultSeen, FaultSetting
from alb_dr.workflows.members.control_side import ready_endpoints
from alb_dr.workflows.recover.marks import await_pods

RETRY_S = 0.5
"""Pause between two tries while the sandbox does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxKind:
    """One fault of the sandbox: the path it tests, what it leaves untested."""

    path_tested: str
    not_tested: Sequence[str]
    value: int = 0
    moves_traffic: bool = True
    slows_answers: bool = False
    silences_api: bool = False


_DATA = "the data layer"
KINDS = {
    "pods-down": SandboxKind(
        path_tested="endpoint-removal",
        not_tested=("loss of the member's API server", "a network partition", _DATA),
    ),
    "zone-down": SandboxKind(
        path_tested="cluster-unreachable",
        not_tested=("loss of the Fleet", "a zone of the ALB itself", _DATA),
        silences_api=True,
    ),
    "api-down": SandboxKind(
        path_tested="control-plane-only",
        not_tested=("loss of pods: they go on serving, and nothing should move", _DATA),
        moves_traffic=False,
        silences_api=True,
    ),
    "hung": SandboxKind(
        path_tested="health-check",
        not_tested=("removal of endpoints (the member reports nothing)", _DATA),
    ),
    "errors": SandboxKind(
        path_tested="health-check",
        not_tested=("removal of endpoints (the pods stay ready for their member)", _DATA),
        value=100,
    ),
    "slow": SandboxKind(
        path_tested="application-latency",
        not_tested=("removal of endpoints", "health checks: a late answer is an answer", _DATA),
        value=1000,
        moves_traffic=False,
        slows_answers=True,
    ),
}
"""By the names of ``sandbox fault``; the value is per cent of errors, or milliseconds."""


def check_strength(kind: str, value: int) -> None:
    """BadInput for a value that a fault cannot have: errors are a percentage."""
    if kind == "errors" and not 1 <= value <= 100:
        raise BadInput(f"errors take a percentage from 1 to 100, not {value}")


class SandboxFault:
    """One fault of one member of the sandbox."""

    holds_weights = False
    is_foreign = False

    def __init__(self, name: str, setting: FaultSetting, box: FaultBox, *, value: int) -> None:
        self._name = name
        self._kind = KINDS[name]
        self._setting = setting
        self._box = box
        self._value = value or self._kind.value
        self.path_tested = self._kind.path_tested
        self.not_tested = self._kind.not_tested
        self.moves_traffic = self._kind.moves_traffic
        self.slows_answers = self._kind.slows_answers
        self.silences_api = self._kind.silences_api

    @property
    def title(self) -> str:
        """For the voice."""
        return f"doing {self._name} to {self._setting.victim.name}"

    def targets(self) -> tuple[FleetTarget, ...]:
        """The member's fault: no object of an API."""
        target = FleetTarget(
            cluster=self._setting.victim.name,
            kind="Sandbox",
            namespace="",
            name=self._name,
            uid="",
        )
        return (target,)

    def harm(self) -> str:
        """Tell the sandbox, which keeps the drill's id with it."""
        victim = self._setting.victim.name
        self._box.inject(self._name, victim, drill=self._setting.drill, value=self._value)
        return f"{victim} suffers {self._name}"

    def look(self) -> FaultSeen:
        """In force is: the sandbox says so. Over is: it says that the fault is not there."""
        if self._box.open().get(self._setting.victim.name) != self._setting.drill:
            return FaultSeen(ended="somebody else cleared the fault of the sandbox")
        if self._name == "pods-down":
            gone = ready_endpoints(self._setting.topology, self._setting.member) == 0
            return FaultSeen(in_force="no endpoint is left" if gone else None)
        return FaultSeen(in_force=f"the sandbox does {self._name}")

    def extend(self, deadline: str) -> Extended:
        """A sandbox's fault has no deadline: it ends with the sandbox."""
        del deadline
        return Extended(moved=True)

    def take_back(self, deadline: Deadline) -> str:
        """Clear it, trying again while the sandbox does not answer."""
        victim = self._setting.victim.name
        while True:
            try:
                cleared = self._box.clear(victim, drill=self._setting.drill)
            except AlbDrError as error:
                if deadline.passed:
                    raise RestoreIncomplete(
                        f"{victim}: the fault {self._name} is not cleared: {error.message}",
                        hint="do this now: alb-dr failover recover --execute",
                    ) from error
                deadline.pause(RETRY_S)
            else:
                return "the fault is cleared" if cleared else "already put back"

    def prove(self, deadline: Deadline) -> str:
        """The member answers and all its pods are ready."""
        id_, api = self._setting.workload.id, self._setting.member
        seen = await_pods(id_, api=api, deadline=deadline, narrator=self._setting.narrator)
        return f"its API answers and {seen}"
