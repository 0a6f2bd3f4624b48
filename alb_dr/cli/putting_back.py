"""What ``alb-dr failover recover --execute`` does with what was found, and what it says of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from alb_dr.cli.context import Context
from alb_dr.errors import AlbDrError, RestoreIncomplete
from alb_dr.model.drill import DrillRecord
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.records.drill_record import record_of
from alb_dr.workflows.recover.close import Closing
from alb_dr.workflows.recover.observation import await_traffic, observed
from alb_dr.workflows.recover.recovery import FLEET, Case, Recovery, RecoveryPorts, undone
from alb_dr.workflows.scalers.keda_pause import OpenPause

Done = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PuttingBack:
    """One execution of a recovery.

    ``accepted`` are drills whose missing record a person vouched for, ``only`` the one drill that
    was asked for, ``timeout_s`` how long each object may take, ``why`` what records will say.
    """

    context: Context
    ports: RecoveryPorts
    accepted: Collection[str]
    timeout_s: float
    only: str | None
    why: str

    def do(self, seen: Recovery, found: Sequence[Case]) -> tuple[Done, str | None]:
        """Put back, wait for the traffic, close the records; what was done, and the traffic.

        RestoreIncomplete for what could not be put back, or not be looked at.
        """
        done = self._carry_out(seen, found)
        traffic = self._traffic(found) if done and self.ports.topology is not None else None
        return done + self._close(seen, found), traffic

    def _carry_out(self, seen: Recovery, found: Sequence[Case]) -> Done:
        """Everything that can be done; RestoreIncomplete at the end for what could not."""
        done: Done = []
        problems: list[AlbDrError] = []
        for case in found:
            try:
                done.append(self._put_back(seen, case))
            except AlbDrError as error:
                problems.append(error)
        try:
            done += [_ended(pause) for pause in seen.end_pauses(self.only)]
        except AlbDrError as error:
            problems.append(error)
        problem = undone(problems, seen.silent)
        if problem is not None:
            raise problem
        return done

    def _put_back(self, seen: Recovery, case: Case) -> dict[str, Any]:
        with self.context.narrator.phase(f"restoring {case.where}: {case.what}"):
            deadline = Deadline(self.context.clock, self.timeout_s)
            result = seen.carry_out(case, accepted=self.accepted, deadline=deadline)
            words = observed(case, self.ports, deadline)
        return {**as_data(case), "done": result, "observed": words}

    def _close(self, seen: Recovery, found: Sequence[Case]) -> Done:
        """Close the records of what was put back, and give back its lock; what came up late."""
        late: Done = []
        if self.ports.fleet is None or self.ports.topology is None:
            return late
        closing = Closing(
            topology=self.ports.topology,
            fleet=self.ports.fleet,
            namespace=self.ports.namespace,
            clock=self.ports.clock,
            narrator=self.context.narrator,
            why=self.why,
            before=lambda drills: late.extend(self._look_again(drills)),
        )
        if self.only is not None:
            closing.named(self.only)
        else:
            ended = {case.drill for case in found if case.decision.writes}
            on_record = {r.drill for r in seen.open_records if r.record is not None}
            closing.found(ended, on_record)
        return late

    def _look_again(self, drills: Collection[str]) -> Done:
        """Put back what drills did after we looked: they lived, and did not know of us.

        One may have done its harm while we watched its lock, or have held the weights for its
        ramp while we put its pods back.
        """
        again = Recovery(self.ports)
        late = [c for c in again.cases() if c.drill in drills and c.decision.writes]
        return self._carry_out(again, late)

    def _traffic(self, found: Sequence[Case]) -> str | None:
        """Wait until the members serve again, and say so; None where the gateway says nothing."""
        context = self.context
        put_back = {case.where for case in found}
        if FLEET in put_back:
            put_back = {member.name for member in context.topology.members}
        try:
            with context.narrator.phase("waiting until the traffic is back"):
                return await_traffic(
                    context.topology,
                    put_back,
                    fleet=context.fleet,
                    prober=context.prober,
                    clock=context.clock,
                    deadline=Deadline(context.clock, self.timeout_s),
                )
        except RestoreIncomplete:
            raise
        except AlbDrError as error:
            context.narrator.warn(f"no traffic was seen: {error.message}")
            return None


def as_data(case: Case) -> dict[str, Any]:
    """An object that a drill left, for JSON."""
    record = record_of(case.live) if case.live is not None else None
    replicas = record.replicas if isinstance(record, DrillRecord) else None
    return {
        "member": case.where,
        "object": case.what,
        "drill": case.drill,
        "replicas": replicas,
        "was": case.words,
        "deadline": record.deadline if record else None,
        "by": record.by if record else None,
        "remedy": str(case.decision),
    }


def _ended(pause: OpenPause) -> dict[str, Any]:
    """A pause that was ended, among what was recovered."""
    words = {"done": "pause ended", "observed": "its annotations are as they were"}
    return {"member": pause.member, "object": str(pause.live.id), "drill": pause.drill, **words}
