"""The drill: baseline, harm, observe, take back, prove it; the traffic never stops in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from alb_dr.errors import AlbDrError, Interruption, OutcomeUnknown, RestoreIncomplete
from alb_dr.model.drill import DrillPlan, DrillRecord
from alb_dr.model.drill_report import DrillOutcome, DrillReport, DrillRun, Ended, Marks, Step
from alb_dr.model.load import OpenLoad, Target
from alb_dr.model.manifest import Manifest
from alb_dr.model.sample import SampleColumns
from alb_dr.model.topology import Topology
from alb_dr.model.verify import ProberFacts
from alb_dr.stats.drill_judgement import report_of, unsteady
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
from alb_dr.workflows.prober_facts import facts_of

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
        self._ended: Ended | None = None
        self._prober_facts: ProberFacts | None = None
        self._url = ""
        self._addresses: Sequence[str] = ()
        self._started: datetime | None = None

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
        except BaseException as error:
            self._end_with(error)
            raise
        finally:
            with self._ports.shield():
                self._lock.release()

    def _measured(self, target: Target, workload: Manifest) -> DrillReport:
        """The drill under traffic, with the lock held."""
        target = replace(target, reuse=True, by_turns=True)
        stream = self._ports.prober.start(target, OpenLoad(rate=self._plan.rate))
        self._url, self._addresses = target.address.url, tuple(stream.addresses)
        self._started = stream.origin
        traffic = DrillTraffic(
            self.samples,
            stream,
            names=self._names,
            clock=self._clock,
            log=self._ports.log,
            each=self._keep_lock,
        )
        try:
            if self._is_steady(traffic):
                self._harm_and_take_back(traffic, self._fault(workload))
        finally:
            self._prober_facts = facts_of(stream.stop())
            traffic.take_rest()
            if traffic.unlogged is not None:
                self._narrator.warn(traffic.unlogged)
            self._ports.keep(self.described)
        return report_of(self.described, self.samples)

    @property
    def described(self) -> DrillRun:
        """The drill so far, as it is saved: complete on every way out, also after an error."""
        objectives = self._topology.objectives
        return DrillRun(
            plan=self._plan,
            members=self._names,
            rto_s=objectives.rto_s,
            max_error_rate=objectives.max_error_rate,
            path_tested=self._path_tested,
            not_tested=self._not_tested,
            marks=self._marks,
            timeline=tuple(self._timeline),
            ended=self._ended,
            prober=self._prober_facts,
            url=self._url,
            addresses=self._addresses,
            started=self._started,
            name=self._ports.run_name or None,
        )

    def _end_with(self, error: BaseException) -> None:
        """Note what ended the drill; an incomplete restore outranks whatever was noted before."""
        if isinstance(error, RestoreIncomplete):
            self._ended = Ended(outcome=DrillOutcome.RESTORE_INCOMPLETE, why=error.message)
        elif isinstance(error, Interruption):
            self._ended = Ended(outcome=DrillOutcome.INTERRUPTED, why=str(error))
        elif self._ended is None:
            why = error.message if isinstance(error, AlbDrError) else repr(error)
            self._ended = Ended(outcome=DrillOutcome.ABORTED, why=why)
        if self._started is not None:
            self._ports.keep(self.described)

    def _keep_lock(self) -> None:
        self._lost_lock = self._lost_lock or self._lock.renew()

    # before ------------------------------------------------------------------------------------

    def _is_steady(self, traffic: DrillTraffic) -> bool:
        """Traffic before the harm, and whether it allows a drill."""
        with self._narrator.phase(f"measuring the steady state ({self._plan.baseline_s:g} s)"):
            traffic.collect(self._plan.baseline_s)
        lost, total = traffic.losses()
        seen = percentages(traffic.shares()) or "no answers"
        self._say(f"steady state: {seen}, {lost} of {total} lost")
        return unsteady(self.described, self.samples) is None

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

    def _harm_and_take_back(self, traffic: DrillTraffic, fault: Fault) -> None:
        self._path_tested, self._not_tested = fault.path_tested, fault.not_tested
        self._journal.write("intent", **fault.intent())
        try:
            with self._narrator.phase(fault.title):
                self._mark(sent_s=traffic.instant_s())
                done = fault.harm()
                self._mark(fired_s=traffic.instant_s())
            self._say(done)
            self._note_down("fired")
            self._observe(traffic, fault)
        except AlbDrError as error:
            # Once it may have been harmed no error says any more that nothing was changed.
            if self._marks.fired_s is None and not isinstance(error, OutcomeUnknown):
                raise
            if self._marks.fired_s is None:
                self._mark(fired_s=traffic.instant_s())
            self._ended = Ended(outcome=DrillOutcome.ABORTED, why=error.message)
        finally:
            # Also after a signal and after an error whose outcome is unknown: the record that
            # went with the harm says whether there is anything to take back.
            with self._ports.shield():
                self._take_back(traffic, fault)
        self._settle(traffic)

    def _observe(self, traffic: DrillTraffic, fault: Fault) -> None:
        """Watch the traffic move."""
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
            self._ended = Ended(outcome=DrillOutcome.ABORTED, why=ended)

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
        self._note_down("restored")

    def _note_down(self, event: str) -> None:
        """Write what was done. The record on the object is the authority: a full disk neither
        ends a drill that has begun nor makes it look open (safety F6)."""
        try:
            self._journal.write(event)
        except (AlbDrError, OSError) as error:
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

    def _mark(self, **instants: float) -> None:
        self._marks = replace(self._marks, **instants)
        self._ports.keep(self.described)

    def _say(self, what: str) -> None:
        self._timeline.append(Step(at=self._clock.now(), what=what))
        self._narrator.note(what)
