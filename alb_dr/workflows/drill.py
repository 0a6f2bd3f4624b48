"""The drill: baseline, harm, observe, take back, prove it; the traffic never stops in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

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
from alb_dr.stats.outage import clean_since, recovery, shares
from alb_dr.workflows.await_split import target_of
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.drill_fault import Fault
from alb_dr.workflows.drill_ports import DrillPorts
from alb_dr.workflows.drill_record import replicas_of
from alb_dr.workflows.drill_traffic import DrillTraffic, percentages
from alb_dr.workflows.drill_watch import DrillWatch, WatchHooks
from alb_dr.workflows.fault_scale import ScaleToZero
from alb_dr.workflows.guardrails import check_guardrails
from alb_dr.workflows.lease import DrillLock, lease_id

BACK = 0.8
"""Part of its former share that a restored member must serve again."""


class Drill:
    """One drill under way."""

    def __init__(self, plan: DrillPlan, topology: Topology, ports: DrillPorts) -> None:
        self._plan = plan
        self._topology = topology
        self._ports = ports
        self._clock = ports.clock
        self._narrator = ports.narrator
        self._journal = ports.journal
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
        self._path_tested = ScaleToZero.path_tested
        self._not_tested: Sequence[str] = ScaleToZero.not_tested
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
                fleet=self._ports.fleet,
                members=self._ports.members,
                clock=self._clock,
                narrator=self._narrator,
            )
        target = target_of(self._topology, fleet=self._ports.fleet)
        self._lock.acquire(holder=self._ports.operator, drill=self._plan.drill_id)
        try:
            return self._measured(target, workload)
        finally:
            with self._ports.shield():
                self._lock.release()

    def _measured(self, target: Target, workload: Manifest) -> DrillReport:
        """The drill under traffic, with the lock held."""
        stream = self._ports.prober.start(target, OpenLoad(rate=self._plan.rate))
        traffic = DrillTraffic(
            self.samples,
            stream,
            names=self._names,
            victim=self._index,
            clock=self._clock,
            each=self._keep_lock,
        )
        try:
            unsteady = self._baseline(traffic)
            if unsteady is not None:
                return self._report(DrillOutcome.INCONCLUSIVE, unsteady)
            outcome, why = self._harm_and_take_back(traffic, self._fault(workload))
        finally:
            stream.stop()
            self.samples.extend(stream.take())
        return self._report(*self._judged(outcome, why))

    def _keep_lock(self) -> None:
        self._lost_lock = self._lost_lock or self._lock.renew()

    # before ------------------------------------------------------------------------------------

    def _baseline(self, traffic: DrillTraffic) -> str | None:
        """Traffic before the harm; why the state is not steady, or None when it is."""
        with self._narrator.phase(f"measuring the steady state ({self._plan.baseline_s:g} s)"):
            traffic.collect(self._plan.baseline_s)
        lost, total = traffic.losses()
        seen = traffic.shares()
        self._say(f"steady state: {percentages(seen) or 'no answers'}, {lost} of {total} lost")
        if total == 0 or not seen:
            return "no request was answered before the fault; nothing was harmed"
        if lost / total > self._topology.objectives.max_error_rate:
            return f"{lost} of {total} requests were lost before the fault; nothing was harmed"
        if not seen.get(self._victim.name):
            return f"{self._victim.name} answered nothing before the fault; nothing was harmed"
        return None

    def _fault(self, workload: Manifest) -> Fault:
        record = DrillRecord(
            drill=self._plan.drill_id,
            replicas=replicas_of(workload),
            deadline=self._deadline(),
            reason=self._plan.reason,
            by=self._ports.operator,
        )
        return ScaleToZero(
            workload,
            record,
            victim=self._victim,
            api=self._ports.members[self._victim.id],
            clock=self._clock,
            narrator=self._narrator,
        )

    def _deadline(self) -> str:
        end = self._clock.now() + timedelta(seconds=self._plan.expires_s)
        return end.isoformat(timespec="seconds")

    # harm and restore --------------------------------------------------------------------------

    def _harm_and_take_back(self, traffic: DrillTraffic, fault: Fault) -> tuple[DrillOutcome, str]:
        self._path_tested, self._not_tested = fault.path_tested, fault.not_tested
        self._journal.write("intent", **fault.intent())
        try:
            with self._narrator.phase(fault.title):
                done = fault.harm()
                self._mark(fired_s=traffic.instant_s())
            self._say(done)
            self._journal.write("fired")
            outcome, why = self._observe(traffic, fault)
        except Conflict as error:
            if self._marks.fired_s is None:
                raise
            outcome, why = DrillOutcome.ABORTED, error.message
        finally:
            # Also after a signal and after an error whose outcome is unknown: the record that
            # went with the harm says whether there is anything to take back.
            with self._ports.shield():
                self._take_back(traffic, fault)
        self._settle(traffic)
        return outcome, why

    def _observe(self, traffic: DrillTraffic, fault: Fault) -> tuple[DrillOutcome, str]:
        """Watch the traffic move; the verdict so far."""
        fired = self._marks.fired_s or 0.0
        watch = DrillWatch(
            fault,
            traffic,
            fired_s=fired,
            clock=self._clock,
            narrator=self._narrator,
            hooks=WatchHooks(
                lost_lock=lambda: self._lost_lock,
                deadline=self._deadline,
                in_force=lambda evidence: self._in_force(traffic, evidence),
            ),
        )
        with self._narrator.phase(f"watching the traffic move ({self._plan.observe_s:g} s)"):
            ended = watch.watch(self._plan.observe_s)
        if ended is not None:
            return DrillOutcome.ABORTED, ended
        if traffic.clean_since(fired) is None:
            return DrillOutcome.FAILED, "the traffic did not recover while the fault was in force"
        return DrillOutcome.SUCCEEDED, "the traffic moved to the survivors"

    def _in_force(self, traffic: DrillTraffic, evidence: str) -> None:
        self._mark(in_force_s=traffic.newest_s)
        self._say(f"the fault is in force: {evidence}")

    def _take_back(self, traffic: DrillTraffic, fault: Fault) -> None:
        deadline = Deadline(self._clock, self._plan.restore_timeout_s)
        with self._narrator.phase(f"restoring {self._victim.name}"):
            fault.take_back(deadline)
            self._mark(restored_s=traffic.instant_s())
            proof = fault.prove(deadline)
        self._say(f"{self._victim.name} is back: {proof}")
        try:
            self._journal.write("restored")
        except (AlbDrError, OSError) as error:
            # The record on the object is the authority; a full disk must not look like an open
            # drill.
            self._narrator.warn(f"the journal could not be written: {error}")

    def _settle(self, traffic: DrillTraffic) -> None:
        """Wait until the victim serves its share again."""
        before = traffic.shares(0, self._marks.fired_s or 0.0).get(self._victim.name, 0.0)
        deadline = Deadline(self._clock, self._plan.restore_timeout_s)
        with self._narrator.phase("waiting until the traffic is back"):
            while not deadline.passed:
                traffic.collect(1.0)
                now = traffic.newest_s
                seen = traffic.shares(now - 1, now + 1)
                if seen.get(self._victim.name, 0.0) >= BACK * before:
                    self._mark(recovered_s=now)
                    self._say(f"the traffic is back: {percentages(seen)}")
                    return
        raise RestoreIncomplete(
            f"{self._victim.name} is scaled back but gets no traffic",
            hint="alb-dr verify --requests 500 shows the split; look at its endpoints",
        )

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
            path_tested=self._path_tested,
            not_tested=self._not_tested,
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
