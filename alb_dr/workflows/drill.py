"""The drill: baseline, harm, observe, take back, prove it; the traffic never stops in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from alb_dr.errors import AlbDrError, Conflict, RestoreIncomplete
from alb_dr.model.drill import (
    DrillOutcome,
    DrillPlan,
    DrillRecord,
    DrillReport,
    Marks,
    Step,
)
from alb_dr.model.load import OpenLoad, Target
from alb_dr.model.manifest import Manifest
from alb_dr.model.sample import SampleColumns
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeApi, Narrator, Prober, Stream
from alb_dr.stats.outage import clean_since, losses, recovery, shares
from alb_dr.workflows.await_split import target_of
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.drill_record import extend_patch, fire_patch, record_of, replicas_of
from alb_dr.workflows.guardrails import check_guardrails
from alb_dr.workflows.lease import DrillLock, lease_id
from alb_dr.workflows.recover import await_pods, restore_until

NOT_TESTED = (
    "detection by health checks (a dead zone removes no endpoints)",
    "loss of the member's API server or of the Fleet",
    "network partition",
    "the data layer",
)
"""What scaling to 0 never touches; said in every report."""
BACK = 0.8
"""Part of its former share that a restored member must serve again."""
LOOK_S = 0.1
"""Between two looks at the samples."""
HEARTBEAT_S = 10.0
"""Between two moves of the deadline (safety 3.3): the guard must not end a drill that lives."""
BUDGET_S = 10.0
"""Span over which a survivor's errors are judged while the fault is in force."""


class Journal(Protocol):
    """What a drill writes down before it acts."""

    def write(self, event: str, **facts: object) -> None:
        """Append one event durably; an error here before the harm prevents the harm."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillPorts:
    """Everything a drill touches.

    ``shield`` keeps signals out of a block and raises the first of them at its end; ``operator``
    is who runs the drill, for the record.
    """

    fleet: KubeApi
    members: Mapping[str, KubeApi]
    prober: Prober
    clock: Clock
    narrator: Narrator
    journal: Journal
    shield: Callable[[], AbstractContextManager[None]]
    operator: str


class Drill:
    """One drill under way."""

    def __init__(self, plan: DrillPlan, topology: Topology, ports: DrillPorts) -> None:
        self._plan = plan
        self._topology = topology
        self._fleet = ports.fleet
        self._members = ports.members
        self._prober = ports.prober
        self._clock = ports.clock
        self._narrator = ports.narrator
        self._journal = ports.journal
        self._shield = ports.shield
        self._operator = ports.operator
        self._victim = topology.member(plan.victim)
        self._names = tuple(m.name for m in topology.members)
        self._index = self._names.index(self._victim.name)
        self.samples = SampleColumns()
        self._lock = DrillLock(
            lease_id(topology),
            fleet=ports.fleet,
            clock=ports.clock,
            narrator=ports.narrator,
        )
        self._lost_lock: str | None = None
        self._heartbeat_s = float("inf")
        self._marks = Marks()
        self._timeline: list[Step] = []

    def run(self) -> DrillReport:
        """The whole drill. Whatever happens, the harm is taken back before this returns or raises.

        Raises Refused and its like before the harm; RestoreIncomplete when the restore is not
        proven; Interruption after a proven restore.
        """
        with self._narrator.phase("checking the guard rails"):
            workload = check_guardrails(
                self._topology,
                self._victim,
                fleet=self._fleet,
                members=self._members,
                clock=self._clock,
                narrator=self._narrator,
            )
        target = target_of(self._topology, fleet=self._fleet)
        self._lock.acquire(holder=self._operator, drill=self._plan.drill_id)
        try:
            return self._measured(target, workload)
        finally:
            with self._shield():
                self._lock.release()

    def _measured(self, target: Target, workload: Manifest) -> DrillReport:
        """The drill under traffic, with the lock held."""
        stream = self._prober.start(target, OpenLoad(rate=self._plan.rate))
        try:
            unsteady = self._baseline(stream)
            if unsteady is not None:
                return self._report(DrillOutcome.INCONCLUSIVE, unsteady)
            outcome, why = self._harm_and_take_back(stream, workload)
        finally:
            stream.stop()
            self.samples.extend(stream.take())
        return self._report(*self._judged(outcome, why))

    # before ------------------------------------------------------------------------------------

    def _baseline(self, stream: Stream) -> str | None:
        """Traffic before the harm; why the state is not steady, or None when it is."""
        with self._narrator.phase(f"measuring the steady state ({self._plan.baseline_s:g} s)"):
            self._collect(stream, self._plan.baseline_s)
        lost, total = losses(self.samples, 0, float("inf"))
        seen = shares(self.samples, self._names, 0, float("inf"))
        self._say(f"steady state: {_percentages(seen) or 'no answers'}, {lost} of {total} lost")
        if total == 0 or not seen:
            return "no request was answered before the fault; nothing was harmed"
        if lost / total > self._topology.objectives.max_error_rate:
            return f"{lost} of {total} requests were lost before the fault; nothing was harmed"
        if not seen.get(self._victim.name):
            return f"{self._victim.name} answered nothing before the fault; nothing was harmed"
        return None

    def _collect(self, stream: Stream, seconds: float) -> None:
        end = self._clock.monotonic() + seconds
        while (left := end - self._clock.monotonic()) > 0:
            self.samples.extend(stream.take(wait_s=min(LOOK_S, left)))
            self._clock.sleep(min(LOOK_S, max(0.0, end - self._clock.monotonic())))
            self._lost_lock = self._lost_lock or self._lock.renew()
        self.samples.extend(stream.take())

    # harm and restore --------------------------------------------------------------------------

    def _harm_and_take_back(self, stream: Stream, workload: Manifest) -> tuple[DrillOutcome, str]:
        record = self._record(replicas_of(workload))
        api = self._members[self._victim.id]
        self._journal.write("intent", target=str(workload.id), replicas=record.replicas)
        try:
            with self._narrator.phase(f"scaling {self._victim.name} to 0"):
                api.patch(workload.id, fire_patch(workload, record))
                self._mark(fired_s=stream.now_s())
                self._heartbeat_s = self._clock.monotonic()
            self._say(f"{self._victim.name} scaled from {record.replicas} to 0")
            self._journal.write("fired")
            outcome, why = self._observe(stream, api, workload)
        except Conflict as error:
            if self._marks.fired_s is None:
                raise
            outcome, why = DrillOutcome.ABORTED, error.message
        finally:
            # Also after a signal and after an error whose outcome is unknown: the record on the
            # workload says whether there is anything to take back.
            with self._shield():
                self._take_back(stream, api, workload)
        self._settle(stream)
        return outcome, why

    def _record(self, replicas: int) -> DrillRecord:
        return DrillRecord(
            drill=self._plan.drill_id,
            replicas=replicas,
            deadline=self._deadline(),
            reason=self._plan.reason,
            by=self._operator,
        )

    def _observe(
        self, stream: Stream, api: KubeApi, workload: Manifest
    ) -> tuple[DrillOutcome, str]:
        """Watch the traffic move; the verdict so far."""
        fired = self._marks.fired_s or 0.0
        with self._narrator.phase(f"watching the traffic move ({self._plan.observe_s:g} s)"):
            end = self._clock.monotonic() + self._plan.observe_s
            next_look = 0.0
            while self._clock.monotonic() < end:
                self._collect(stream, LOOK_S)
                if self._clock.monotonic() >= next_look:
                    next_look = self._clock.monotonic() + 1.0
                    ended = self._look(api, workload)
                    if ended is not None:
                        return DrillOutcome.ABORTED, ended
                self._show(fired)
        if clean_since(self.samples, self._index, fired) is None:
            return DrillOutcome.FAILED, "the traffic did not recover while the fault was in force"
        return DrillOutcome.SUCCEEDED, "the traffic moved to the survivors"

    def _look(self, api: KubeApi, workload: Manifest) -> str | None:
        """Why the drill must end now, or None. One reason suffices."""
        live = api.get(workload.id)
        if live is None or live.uid != workload.uid:
            return f"{workload.id} was deleted or made anew by somebody else"
        if replicas_of(live) != 0:
            return f"somebody else scaled {workload.id} to {replicas_of(live)}"
        if self._marks.in_force_s is None and not (live.document.get("status") or {}).get(
            "replicas"
        ):
            self._mark(in_force_s=max(self.samples.due_s, default=0.0))
            self._say("the fault is in force: no pods are left")
        return self._lost_lock or self._extended(api, live) or self._over_budget()

    def _extended(self, api: KubeApi, live: Manifest) -> str | None:
        """Move the record's deadline on while we live; why that proves the record lost, or None.

        An API that does not answer is no reason to end: the deadline is minutes away.
        """
        now = self._clock.monotonic()
        if now - self._heartbeat_s < HEARTBEAT_S:
            return None
        self._heartbeat_s = now
        record = record_of(live)
        if record is None or record.drill != self._plan.drill_id:
            return f"the record of the drill on {live.id} is gone or another's"
        try:
            api.patch(live.id, extend_patch(live, replace(record, deadline=self._deadline())))
        except Conflict:
            return f"somebody else changed the record on {live.id}"
        except AlbDrError as error:
            self._narrator.warn(f"the deadline could not be moved on: {error.message}")
        return None

    def _deadline(self) -> str:
        end = self._clock.now() + timedelta(seconds=self._plan.expires_s)
        return end.isoformat(timespec="seconds")

    def _over_budget(self) -> str | None:
        """Ten seconds without one good answer: the survivors do not carry the traffic."""
        fired = self._marks.fired_s or 0.0
        now = max(self.samples.due_s, default=0.0)
        if now - fired < BUDGET_S:
            return None
        lost, total = losses(self.samples, now - BUDGET_S, now)
        if total and lost / total > 0.5:
            return f"{lost} of {total} requests were lost in {BUDGET_S:g} s"
        return None

    def _show(self, fired: float) -> None:
        now = max(self.samples.due_s, default=0.0)
        seen = shares(self.samples, self._names, max(fired, now - 1), now + 1)
        lost, _ = losses(self.samples, fired, now + 1)
        self._narrator.live({"answers": _percentages(seen) or "none", "lost": lost})

    def _take_back(self, stream: Stream, api: KubeApi, workload: Manifest) -> None:
        deadline = Deadline(self._clock, self._plan.restore_timeout_s)
        with self._narrator.phase(f"restoring {self._victim.name}"):
            restore_until(
                workload.id,
                self._plan.drill_id,
                api=api,
                clock=self._clock,
                deadline=deadline,
                note=self._narrator.warn,
            )
            self._mark(restored_s=stream.now_s())
            await_pods(workload.id, api=api, deadline=deadline, narrator=self._narrator)
        self._say(f"{self._victim.name} is back: all pods are ready")
        try:
            self._journal.write("restored")
        except (AlbDrError, OSError) as error:
            # The workload itself is the authority; a full disk must not look like an open drill.
            self._narrator.warn(f"the journal could not be written: {error}")

    def _settle(self, stream: Stream) -> None:
        """Wait until the victim serves its share again."""
        before = self._share_before()
        deadline = Deadline(self._clock, self._plan.restore_timeout_s)
        with self._narrator.phase("waiting until the traffic is back"):
            while not deadline.passed:
                self._collect(stream, 1.0)
                now = max(self.samples.due_s, default=0.0)
                seen = shares(self.samples, self._names, now - 1, now + 1)
                if seen.get(self._victim.name, 0.0) >= BACK * before:
                    self._mark(recovered_s=now)
                    self._say(f"the traffic is back: {_percentages(seen)}")
                    return
        raise RestoreIncomplete(
            f"{self._victim.name} is scaled back but gets no traffic",
            hint="alb-dr verify --requests 500 shows the split; look at its endpoints",
        )

    def _share_before(self) -> float:
        fired = self._marks.fired_s or 0.0
        return shares(self.samples, self._names, 0, fired).get(self._victim.name, 0.0)

    # afterwards --------------------------------------------------------------------------------

    def _judged(self, outcome: DrillOutcome, why: str) -> tuple[DrillOutcome, str]:
        """The outcome against the objectives."""
        found = recovery(self.samples, victim=self._index, marks=self._marks, rate=self._plan.rate)
        if outcome is not DrillOutcome.SUCCEEDED or found is None:
            return outcome, why
        objectives = self._topology.objectives
        if found.rta_s is None or found.rta_s > objectives.rto_s:
            return DrillOutcome.FAILED, f"the recovery took longer than {objectives.rto_s:g} s"
        if found.lost / max(1, found.requests) > objectives.max_error_rate:
            rate = found.lost / found.requests
            limit = objectives.max_error_rate
            words = f"{rate:.1%} of the requests were lost, more than {limit:.1%}"
            return DrillOutcome.FAILED, words
        return outcome, why

    def _report(self, outcome: DrillOutcome, why: str) -> DrillReport:
        marks = self._marks
        fired = marks.fired_s if marks.fired_s is not None else float("inf")
        restored = marks.restored_s if marks.restored_s is not None else float("inf")
        clean = clean_since(self.samples, self._index, fired) if marks.fired_s is not None else None
        recovered = marks.recovered_s if marks.recovered_s is not None else float("inf")
        return DrillReport(
            plan=self._plan,
            outcome=outcome,
            why=why,
            path_tested="endpoint-removal",
            not_tested=NOT_TESTED,
            marks=marks,
            recovery=recovery(self.samples, victim=self._index, marks=marks, rate=self._plan.rate),
            rto_s=self._topology.objectives.rto_s,
            max_error_rate=self._topology.objectives.max_error_rate,
            shares_before=shares(self.samples, self._names, 0, fired),
            shares_during=shares(self.samples, self._names, clean or fired, restored),
            shares_after=shares(self.samples, self._names, recovered - 1, float("inf")),
            timeline=tuple(self._timeline),
        )

    def _mark(self, **instants: float) -> None:
        self._marks = replace(self._marks, **instants)

    def _say(self, what: str) -> None:
        self._timeline.append(Step(at=self._clock.now(), what=what))
        self._narrator.note(what)


def _percentages(seen: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.0%}" for name, share in seen.items())
