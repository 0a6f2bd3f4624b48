"""What ``alb-dr failover recover --execute`` does with what was found, and what it says of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alb_dr.cli.context import Context
from alb_dr.errors import AlbDrError, RestoreIncomplete
from alb_dr.model.drill import DrillRecord
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.records.drill_record import record_of
from alb_dr.workflows.recover.case import Case, RecoveryPorts, of_drill
from alb_dr.workflows.recover.close import Closing
from alb_dr.workflows.recover.observation import await_scalers, await_traffic, observed
from alb_dr.workflows.recover.recovery import Recovery
from alb_dr.workflows.recover.told import undone
from alb_dr.workflows.scalers.keda_pause import OpenPause

Done = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PuttingBack:
    """One execution of a recovery.

    ``accepted`` are drills whose missing record a person vouched for, ``only`` the one drill that
    was asked for, ``timeout_s`` how long each object may take, ``reason`` who does it, for records.
    """

    context: Context
    ports: RecoveryPorts
    accepted: Collection[str]
    timeout_s: float
    only: str | None
    reason: str

    def do(self, seen: Recovery, found: Sequence[Case]) -> tuple[Done, str | None]:
        """Put back, wait for the traffic, close the records; what was done, and the traffic.

        RestoreIncomplete for what could not be put back, or not be looked at.
        """
        done: Done = []
        problems: list[AlbDrError] = []
        ended = {case.drill for case in found if case.decision.writes}
        faults = [case for case in found if case.id is None and case.decision.writes]
        if faults and seen.unseen:
            # A fault of the sandbox may be what keeps a member silent.
            self._put_back(seen, faults, done, problems)
            seen = Recovery(self.ports)
            again = of_drill(seen.cases(), self.only)
            found = [case for case in again if case.id is not None or case.drill not in ended]
            ended |= {case.drill for case in found if case.decision.writes}
        self._carry_out(seen, found, done, problems)
        traffic = self._traffic(done) if done and self.ports.topology is not None else None
        self._close(seen, ended, done)
        return done, traffic

    def _carry_out(
        self, seen: Recovery, found: Sequence[Case], done: Done, problems: list[AlbDrError]
    ) -> None:
        """Everything that can be done; RestoreIncomplete at the end for what could not."""
        self._put_back(seen, found, done, problems)
        try:
            done += [_ended(pause) for pause in seen.end_pauses(self.only)]
            await_scalers(found, self.ports, Deadline(self.context.clock, self.timeout_s))
        except AlbDrError as error:
            problems.append(error)
        problem = undone(problems, seen.unseen)
        if problem is not None:
            for each in done:
                self.context.narrator.note(done_words(each))
            raise problem

    def _put_back(
        self, seen: Recovery, found: Sequence[Case], done: Done, problems: list[AlbDrError]
    ) -> None:
        for case in found:
            try:
                with self.context.narrator.phase(f"restoring {case.where}: {case.what}"):
                    deadline = Deadline(self.context.clock, self.timeout_s)
                    result = seen.carry_out(case, accepted=self.accepted, deadline=deadline)
                    words = observed(case, self.ports, deadline)
            except AlbDrError as error:
                problems.append(error)
                continue
            done.append({**as_data(case), "done": result, "observed": words})

    def _close(self, seen: Recovery, ended: Collection[str], done: Done) -> None:
        """Give back the locks of what ended, put back what came up late, close the records."""
        if self.ports.fleet is None or self.ports.topology is None:
            return
        verb = "put back" if ended else "was put back already"
        closing = Closing(
            topology=self.ports.topology,
            fleet=self.ports.fleet,
            namespace=self.ports.namespace,
            clock=self.ports.clock,
            narrator=self.context.narrator,
            why=f"{verb}: {self.reason}",
            before=lambda drills: self._look_again(drills, done),
        )
        if self.only is not None:
            closing.named(self.only)
        else:
            on_record = {r.drill for r in seen.open_records if r.record is not None}
            closing.found(ended, on_record)

    def _look_again(self, drills: Collection[str], done: Done) -> None:
        """Put back what drills did after we looked: they lived, and did not know of us.

        One may have done its harm while we watched its lock, or have held the weights for its
        ramp while we put its pods back.
        """
        again = Recovery(self.ports)
        late = [c for c in again.cases() if c.drill in drills and c.decision.writes]
        self._carry_out(again, late, done, [])

    def _traffic(self, done: Done) -> str | None:
        """Wait until the members serve again, and say so; None where the gateway says nothing."""
        context = self.context
        try:
            with context.narrator.phase("waiting until the traffic is back"):
                return await_traffic(
                    context.topology,
                    {each["member"] for each in done},
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


def done_words(each: Mapping[str, Any]) -> str:
    """One thing that was done, for a person."""
    return f"{each['member']}: {each['object']}: {each['done']}, {each['observed']}"


def _ended(pause: OpenPause) -> dict[str, Any]:
    """A pause that was ended, among what was recovered."""
    words = {"done": "pause ended", "observed": "its annotations are as they were"}
    return {"member": pause.member, "object": str(pause.live.id), "drill": pause.drill, **words}
