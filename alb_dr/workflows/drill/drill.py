"""The drill: baseline, harm, observe, take back, prove it; the traffic never stops in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alb_dr.errors import AlbDrError, Conflict, Interruption, OutcomeUnknown, RestoreIncomplete
from alb_dr.model.drill import DrillPlan
from alb_dr.model.drill_report import DrillReport
from alb_dr.model.fleet_record import DrillPhase, FleetRecord
from alb_dr.model.load import OpenLoad, Target
from alb_dr.model.sample import SampleColumns
from alb_dr.model.topology import Topology
from alb_dr.render.annotations import whole_weights_of
from alb_dr.stats.drill_judgement import report_of, unsteady
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.await_split import target_of
from alb_dr.workflows.delivery.prober_facts import facts_of
from alb_dr.workflows.drill.conditions import DrillConditions
from alb_dr.workflows.drill.ports import DrillPorts
from alb_dr.workflows.drill.progress import DrillProgress
from alb_dr.workflows.drill.ramp import ramp_for
from alb_dr.workflows.drill.restore import DrillReturn
from alb_dr.workflows.drill.traffic import DrillTraffic, percentages
from alb_dr.workflows.drill.watch import DrillWatch, WatchHooks, alarm_for
from alb_dr.workflows.faults.by_name import make_fault
from alb_dr.workflows.faults.fault import Fault, FaultSetting
from alb_dr.workflows.rails.guardrails import Cleared, check_guardrails
from alb_dr.workflows.rails.of_fleet import nothing_open
from alb_dr.workflows.rails.scene import RailRules, RailScene
from alb_dr.workflows.records.book import Book
from alb_dr.workflows.records.fleet_record import DrillEvidence
from alb_dr.workflows.records.lease import DrillLock, lease_id


class Drill:
    """One drill under way."""

    def __init__(
        self, plan: DrillPlan, topology: Topology, ports: DrillPorts, rules: RailRules | None = None
    ) -> None:
        self._plan = plan
        self._topology = topology
        self._ports = ports
        self._rules = rules or RailRules()
        self._clock = ports.clock
        self._narrator = ports.narrator
        self._book = Book(ports.journal, ports.narrator)
        self._evidence = DrillEvidence(
            topology.ingress.namespace,
            fleet=ports.fleet,
            clock=ports.clock,
            narrator=ports.narrator,
        )
        self._victim = topology.member(plan.victim)
        self._names = tuple(m.name for m in topology.members)
        self.samples = SampleColumns()
        self._lock = DrillLock(
            lease_id(topology), fleet=ports.fleet, clock=ports.clock, narrator=ports.narrator
        )
        self._lost_lock: str | None = None
        self.progress = DrillProgress(
            plan,
            topology,
            clock=ports.clock,
            narrator=ports.narrator,
            keep=ports.keep,
            name=ports.run_name or None,
        )
        self._is_back = False
        self._stood_s: float | None = None
        self._restoring: Deadline | None = None

    def run(self) -> DrillReport:
        """The whole drill. Whatever happens, the harm is taken back before this returns or raises.

        Raises Refused and its like before the harm; RestoreIncomplete when the restore is not
        proven; Interruption after a proven restore.
        """
        cleared = self._check()
        target = target_of(self._topology, fleet=self._ports.fleet)
        self._lock.acquire(holder=self._ports.operator, drill=self._plan.drill_id)
        try:
            report = self._measured(target, cleared)
            self.progress.judged(report)
        except BaseException as error:
            self.progress.failed(error)
            raise
        finally:
            self._leave()
        return report

    def _check(self) -> Cleared:
        with self._narrator.phase("checking the guard rails"):
            return check_guardrails(self._scene)

    @property
    def _scene(self) -> RailScene:
        return RailScene(
            topology=self._topology,
            victim=self._victim,
            fault=self._plan.fault,
            fleet=self._ports.fleet,
            members=self._ports.members,
            clock=self._clock,
            narrator=self._narrator,
            rules=self._rules,
        )

    def _leave(self) -> None:
        """Close, whatever signal comes; a restore that is not proven outranks the signal."""
        try:
            with self._ports.shield():
                self._close()
        except Interruption:
            if not self.progress.is_open:
                raise

    def _close(self) -> None:
        """Close the Fleet record, unless the harm may still be in force; give the lock back."""
        if not self.progress.is_open:
            last = self.progress.last
            self._evidence.close(str(last.outcome), last.why)
        self._lock.release()

    def _measured(self, target: Target, cleared: Cleared) -> DrillReport:
        """The drill under traffic, with the lock held."""
        target = replace(target, reuse=True, by_turns=True)
        stream = self._ports.prober.start(target, OpenLoad(rate=self._plan.rate))
        self.progress.begin(stream, target.address.url, self._weights(cleared))
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
                self._rehearse(traffic, cleared)
        finally:
            facts = facts_of(stream.stop())
            traffic.take_rest()
            if traffic.unlogged is not None:
                self._narrator.warn(traffic.unlogged)
            self.progress.stop(facts)
        return report_of(self.progress.described, self.samples)

    def _weights(self, cleared: Cleared) -> dict[str, int]:
        """The live weights by member name, as far as they are numbers."""
        live = whole_weights_of(cleared.ingress.annotations)
        return {m.name: live[m.id] for m in self._topology.members if m.id in live}

    @property
    def restore_left_s(self) -> float | None:
        """How long the restore under way may still take; None before it began."""
        return self._restoring.left_s if self._restoring is not None else None

    def _keep_lock(self) -> None:
        self._lost_lock = self._lost_lock or self._lock.renew()

    def _lock_lost(self) -> str | None:
        """Why the lock is lost at this very instant: this process may just have woken (F5)."""
        self._keep_lock()
        return self._lost_lock

    # before ------------------------------------------------------------------------------------

    def _is_steady(self, traffic: DrillTraffic) -> bool:
        """Traffic before the harm, and whether it allows a drill."""
        with self._narrator.phase(f"measuring the steady state ({self._plan.baseline_s:g} s)"):
            traffic.collect(self._plan.baseline_s)
        lost, total = traffic.losses()
        seen = percentages(traffic.shares()) or "no answers"
        self.progress.say(f"steady state: {seen}, {lost} of {total} lost")
        return unsteady(self.progress.described, self.samples) is None

    def _setting(self, cleared: Cleared) -> FaultSetting:
        return FaultSetting(
            drill=self._plan.drill_id,
            topology=self._topology,
            victim=self._victim,
            workload=cleared.workload,
            ingress=cleared.ingress,
            member=self._ports.members[self._victim.id],
            fleet=self._ports.fleet,
            clock=self._clock,
            narrator=self._narrator,
            deadline=self._deadline(),
            reason=self._plan.reason,
            by=self._ports.operator,
            least=cleared.least,
            to_pause=cleared.to_pause,
            alive=self._keep_lock,
        )

    def _deadline(self) -> str:
        end = self._clock.now() + timedelta(seconds=self._plan.expires_s)
        return end.isoformat(timespec="seconds")

    # harm and restore --------------------------------------------------------------------------

    def _rehearse(self, traffic: DrillTraffic, cleared: Cleared) -> None:
        """Everything from the record on the Fleet to the traffic that is back."""
        if self._lost_lock is not None:
            raise Conflict(f"{self._lost_lock}; nothing was harmed", code="ADR-LOCKED")
        setting = self._setting(cleared)
        fault = make_fault(
            self._plan.fault, setting, box=self._ports.box, value=self._plan.fault_value
        )
        self.progress.choose(fault)
        way = self._way_back(setting, fault)
        self._arm(fault, way, setting)
        try:
            self._harm_and_take_back(traffic, fault, way, cleared)
            self._return(traffic, fault, way, cleared)
        except RestoreIncomplete:
            raise
        except BaseException:
            # A signal while it was put back, or on the ramp: nobody will take another step.
            if self._is_back:
                way.let_go()
                self.progress.is_open = False
            raise

    def _way_back(self, setting: FaultSetting, fault: Fault) -> DrillReturn:
        ramp = ramp_for(
            self._plan,
            setting,
            fault,
            self.samples,
            progress=self.progress,
            lost_lock=self._lock_lost,
        )
        return DrillReturn(
            setting,
            ramp,
            timeout_s=self._plan.restore_timeout_s,
            rate=self._plan.rate,
            progress=self.progress,
            shield=self._ports.shield,
        )

    def _return(
        self, traffic: DrillTraffic, fault: Fault, way: DrillReturn, cleared: Cleared
    ) -> None:
        """Give the weight back in steps, or at once; wait until the traffic is back."""
        trouble = way.climb(traffic)
        self.progress.is_open = False
        if trouble is not None:
            self.progress.abort(trouble)
        due = way.shares_due(traffic, cleared, fired_s=self.progress.marks.fired_s or 0.0)
        words = way.settle(traffic, due, is_foreign=fault.is_foreign)
        self.progress.mark(recovered_s=traffic.newest_s)
        self.progress.say(words)

    def _arm(self, fault: Fault, way: DrillReturn, setting: FaultSetting) -> None:
        """Write the intent down, here and on the Fleet; either failing prevents the harm."""
        targets = (*fault.targets(), *way.targets())
        record = FleetRecord(
            drill=self._plan.drill_id,
            fault=self._plan.fault,
            victim=self._victim.name,
            targets=targets,
            deadline=setting.deadline,
            reason=self._plan.reason,
            by=self._ports.operator,
            started=self._clock.now().isoformat(timespec="seconds"),
        )
        self._book.intend("arming", targets=[f"{t.cluster}/{t.kind}/{t.name}" for t in targets])
        self._evidence.begin(record)
        # What the guard rails saw may be old: another drill may have come and died meanwhile.
        nothing_open(self._scene, but=self._plan.drill_id)
        self._book.intend("intent", fault=self._plan.fault, record=record.dump())

    def _harm_and_take_back(
        self, traffic: DrillTraffic, fault: Fault, way: DrillReturn, cleared: Cleared
    ) -> None:
        self.progress.is_open = True
        try:
            with self._narrator.phase(fault.title):
                self.progress.mark(sent_s=traffic.instant_s())
                done = fault.harm()
                self.progress.mark(fired_s=traffic.instant_s())
            self.progress.say(done)
            self._book.note("fired")
            self._evidence.note(DrillPhase.FIRED)
            self._observe(traffic, fault, cleared)
            if self.progress.ended is None:
                self._hold(way)
        except AlbDrError as error:
            # Once it may have been harmed no error says any more that nothing was changed.
            if self.progress.marks.fired_s is None and not isinstance(error, OutcomeUnknown):
                raise
            if self.progress.marks.fired_s is None:
                self.progress.mark(fired_s=traffic.instant_s())
            self.progress.abort(error.message)
        finally:
            # Also after a signal and after an error whose outcome is unknown: the record that
            # went with the harm says whether there is anything to take back.
            with self._ports.shield():
                self._take_back(traffic, fault, way)

    def _observe(self, traffic: DrillTraffic, fault: Fault, cleared: Cleared) -> None:
        """Watch the traffic move."""
        alarm = alarm_for(
            fault,
            self._plan,
            self.samples,
            victim=self._names.index(self._victim.name),
            fired_s=self.progress.marks.fired_s or 0.0,
        )
        traffic.listeners.append(alarm.add)
        watch = DrillWatch(
            fault,
            traffic,
            alarm=alarm,
            conditions=self._conditions(fault, cleared),
            clock=self._clock,
            narrator=self._narrator,
            hooks=WatchHooks(
                lost_lock=self._lock_lost,
                deadline=self._deadline,
                in_force=lambda evidence: self._in_force(traffic, evidence),
                over=self._ended_by_others,
                expires_s=self._plan.expires_s,
                victim=self._victim.name,
            ),
        )
        with self._narrator.phase(f"watching the traffic ({self._plan.observe_s:g} s)"):
            ended = watch.watch(self._plan.observe_s)
        traffic.listeners.remove(alarm.add)
        if ended is not None:
            self.progress.abort(ended)

    def _conditions(self, fault: Fault, cleared: Cleared) -> DrillConditions:
        return DrillConditions(
            self._topology,
            cleared,
            fleet=self._ports.fleet,
            members=self._ports.members,
            clock=self._clock,
            reserve_s=self._plan.restore_timeout_s,
            watches_weights=not fault.holds_weights,
        )

    def _in_force(self, traffic: DrillTraffic, evidence: str) -> None:
        self.progress.mark(in_force_s=traffic.newest_s)
        self.progress.say(f"the fault is in force: {evidence}")

    def _ended_by_others(self, stood_s: float) -> None:
        self._stood_s = stood_s

    def _hold(self, way: DrillReturn) -> None:
        held = way.hold(lambda: self._book.note("hold"))
        if held is not None:
            self.progress.say(held)

    def _take_back(self, traffic: DrillTraffic, fault: Fault, way: DrillReturn) -> None:
        timeout_s = self._plan.restore_timeout_s
        self._restoring = Deadline(self._clock, timeout_s, alive=self._keep_lock)
        self._book.note("restoring")
        try:
            with self._narrator.phase(f"restoring {self._victim.name}"):
                proof = self._proven_back(traffic, fault, self._restoring)
        except RestoreIncomplete:
            raise
        except AlbDrError as error:
            raise RestoreIncomplete(
                f"whether {self._victim.name} is back is not known: {error.message}",
                hint="do this now: alb-dr failover recover --execute",
            ) from error
        self.progress.say(f"{self._victim.name} is back: {proof}")
        self._is_back = True
        self.progress.is_open = way.is_holding
        self._book.note("restored")

    def _proven_back(self, traffic: DrillTraffic, fault: Fault, deadline: Deadline) -> str:
        words = fault.take_back(deadline)
        stood_s = self._stood_s
        self.progress.mark(restored_s=traffic.instant_s() if stood_s is None else stood_s)
        self.progress.say(f"{self._victim.name}: {words}")
        self._evidence.note(DrillPhase.RESTORED)
        return fault.prove(deadline)
