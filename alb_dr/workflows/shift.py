"""The shift: traffic moved in steps, each written in one patch and proven by measured shares.

The way is listed on the Fleet before the first step, so that a shift that is killed leaves one of
the listed weight vectors, and anybody can see where it stopped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime

from alb_dr.errors import AlbDrError, Interruption, Refused
from alb_dr.model.drill_report import Step
from alb_dr.model.load import OpenLoad, Target
from alb_dr.model.shift import (
    Answer,
    LossCount,
    OnFailure,
    ShiftPhase,
    ShiftRecord,
    ShiftReport,
    ShiftRequest,
    StepReport,
    largest_change,
    vectors,
)
from alb_dr.model.topology import Topology
from alb_dr.model.weights import TOTAL, Weights
from alb_dr.ports import KubeReader, Narrator
from alb_dr.render.annotations import weights_of
from alb_dr.stats.gate import Gate
from alb_dr.stats.vigil import Vigil, baseline_of
from alb_dr.workflows.await_split import target_of
from alb_dr.workflows.away import away_of
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.lease import DrillLock, lease_id
from alb_dr.workflows.shift_checks import (
    check_before,
    refuse_healers,
    refuse_open_weights,
    starting_weights,
)
from alb_dr.workflows.shift_hand import ShiftHand
from alb_dr.workflows.shift_ports import Companion, Remember, ShiftPorts
from alb_dr.workflows.shift_record import (
    read_record,
    refuse_open_shift,
)
from alb_dr.workflows.shift_return import WayBack
from alb_dr.workflows.shift_watch import Ended, Failed, Foreign, ShiftWatch
from alb_dr.workflows.weights import live_ingress


def foresee(
    request: ShiftRequest,
    topology: Topology,
    *,
    fleet: KubeReader,
    members: Mapping[str, KubeReader],
    now: datetime,
    narrator: Narrator,
) -> tuple[Weights, ...]:
    """All weights on the way, the present ones first. Reads only; raises what refuses it."""
    refuse_open_shift(read_record(topology, fleet))
    live = live_ingress(topology, fleet=fleet)
    refuse_open_weights(live)
    start = starting_weights(topology, live)
    way = (start, *vectors(start, request.target, request.percents))
    check_before(
        topology,
        start,
        request.target,
        members=members,
        narrator=narrator,
        headroom=request.headroom,
    )
    refuse_healers(topology, fleet, now=now, longest_s=request.longest_s, narrator=narrator)
    return way


class Shift:
    """One shift under way.

    ``remember`` makes the record of traffic moved away, which stands beside all weights of the
    way that do not end it; usually it is the one that is there already. ``companions`` begin in
    order and end in the reverse.
    """

    def __init__(
        self,
        request: ShiftRequest,
        topology: Topology,
        ports: ShiftPorts,
        *,
        remember: Remember = lambda _start, earlier: earlier,
        companions: Sequence[Companion] = (),
    ) -> None:
        self._remember = remember
        self._companions = companions
        self._begun: list[Companion] = []
        self._request = request
        self._topology = topology
        self._ports = ports
        self._way: tuple[Weights, ...] = ()
        self._at = 0
        self._hand = ShiftHand(
            topology, fleet=ports.fleet, narrator=ports.narrator, journal=ports.journal
        )
        self._lock = DrillLock(
            lease_id(topology), fleet=ports.fleet, clock=ports.clock, narrator=ports.narrator
        )
        self._steps: list[StepReport] = []
        self._timeline: list[Step] = []
        self._baseline = ""
        self.over: ShiftReport | None = None
        """The report, once nothing can change how the shift ended."""

    def run(self) -> ShiftReport:
        """The whole shift.

        Raises Refused, Conflict or BadInput before anything was written, RestoreIncomplete when
        weights could not be put back, Interruption after the way back; also when it comes too
        late to change anything, but then there is the report. Every other end is told by the
        report's phase.
        """
        self._way = foresee(
            self._request,
            self._topology,
            fleet=self._ports.fleet,
            members=self._ports.members,
            now=self._ports.clock.now(),
            narrator=self._ports.remarks,
        )
        target = target_of(self._topology, fleet=self._ports.fleet)
        self._lock.acquire(holder=self._ports.operator, drill=self._request.shift_id)
        try:
            return self._measured(target)
        finally:
            with self._ports.shield():
                self._lock.release()

    def _measured(self, target: Target) -> ShiftReport:
        """The shift under traffic, with the lock held."""
        stream = self._ports.prober.start(target, OpenLoad(rate=self._request.rate))
        watch = ShiftWatch(
            self._topology, stream, self._ports, target.member_names, lock=self._lock
        )
        with ExitStack() as over:
            try:
                self._measure_baseline(watch)
                phase, why = self._shielded_way(watch, over)
            finally:
                health = stream.stop()
                watch.finish()
            if health.invalid:
                self._say(f"the prober did not keep up: {health.invalid}")
            self.over = self._report(watch, phase, why)
        return self.over

    def _measure_baseline(self, watch: ShiftWatch) -> None:
        seconds = self._request.baseline_s
        with self._ports.narrator.phase(f"measuring the steady state ({seconds:g} s)"):
            watch.collect(seconds)
        baseline = baseline_of(watch.samples)
        self._baseline = (
            f"{baseline.requests} requests, {baseline.loss_rate:.2%} lost, "
            f"95th percentile {baseline.p95_s * 1000:.0f} ms"
        )
        self._say(f"steady state: {self._baseline}")
        if not baseline.requests or baseline.loss_rate > self._request.thresholds.abort_errors:
            raise Refused(
                f"the traffic is not steady: {self._baseline}",
                hint="find out why requests are lost before moving them: alb-dr verify",
                code="ADR-NOT-STEADY",
            )
        watch.vigil = Vigil(baseline, self._request.thresholds)

    # the way -----------------------------------------------------------------------------------

    def _shielded_way(self, watch: ShiftWatch, over: ExitStack) -> tuple[ShiftPhase, str]:
        """Walk the way; on an interruption leave things as the failure policy says, then go.

        From the end of the way on signals are held off, until ``over`` is left.
        """
        try:
            self._begin()
            phase, why = self._walk(watch)
            over.enter_context(self._ports.shield())
        except Interruption as interruption:
            if self._hand.record is not None:
                with self._ports.shield():
                    back = self._request.on_failure is OnFailure.ROLLBACK
                    phase, _ = self._end(watch, str(interruption), back=back)
                    self._end_companions(phase)
            raise
        except AlbDrError:
            with self._ports.shield():
                self._end_companions(ShiftPhase.FROZEN)
            raise
        self._end_companions(phase)
        return phase, why

    def _end_companions(self, phase: ShiftPhase) -> None:
        while self._begun:
            self._begun.pop().end(phase)

    def _begin(self) -> None:
        live = live_ingress(self._topology, fleet=self._ports.fleet)
        away = self._remember(self._way[0], away_of(live))
        record = ShiftRecord(
            shift=self._request.shift_id,
            vectors=[w.as_dict() for w in self._way],
            step=0,
            phase=ShiftPhase.RUNNING,
            by=self._ports.operator,
            reason=self._request.reason,
            started=self._ports.clock.now().isoformat(timespec="seconds"),
            verb=self._request.verb,
            away=away.dump() if away is not None else "",
        )
        self._hand.begin(record)

    def _walk(self, watch: ShiftWatch) -> tuple[ShiftPhase, str]:
        try:
            for companion in self._companions:
                # Remembered first: what fails or is cut short half-way is settled, too.
                self._begun.append(companion)
                companion.begin(lambda: self._stay_alive(watch))
            while self._at + 1 < len(self._way):
                self._take_step(watch)
        except Foreign as foreign:
            self._note(ShiftPhase.STOPPED, str(foreign))
            return ShiftPhase.STOPPED, str(foreign)
        except Ended as ended:
            return self._end(watch, str(ended), back=ended.back, asked=True)
        except Failed as failed:
            back = (
                self._request.on_failure is OnFailure.ROLLBACK or failed.answer is Answer.ROLLBACK
            )
            return self._end(watch, str(failed), back=back)
        except AlbDrError as error:
            # The Fleet is in trouble: whether the last step was written is looked at again there.
            back = self._request.on_failure is OnFailure.ROLLBACK
            return self._end(watch, error.message, back=back)
        self._note(ShiftPhase.DONE, "")
        return ShiftPhase.DONE, "the traffic is where it was to go"

    def _stay_alive(self, watch: ShiftWatch) -> None:
        """Between two looks of a companion: the lock, the samples, a sign of life."""
        watch.breathe()
        if watch.beat_due():
            self._note(ShiftPhase.RUNNING, "")

    def _take_step(self, watch: ShiftWatch) -> None:
        wanted = self._way[self._at + 1]
        title = f"step {self._at + 1} of {len(self._way) - 1}: {self._named(wanted)}"
        began = self._ports.clock.monotonic()
        before, first = Counter(watch.outcomes), watch.taken
        proven, held, gate = False, False, None
        with self._ports.narrator.phase(title):
            try:
                watch.keep_lock()
                self._hand.intend(self._at + 1)
                self._hand.write(self._way[self._at], wanted)
                self._at += 1
                gate = watch.gate_for(wanted, tolerance=self._tolerance(wanted))
                self._pass_gate(watch, gate)
                proven = True
                self._say(f"proven: {gate.words}")
                self._hold(watch)
                held = True
            finally:
                self._steps.append(
                    StepReport(
                        weights=self._topology.names(wanted),
                        proven=proven,
                        held=held,
                        seconds=self._ports.clock.monotonic() - began,
                        **asdict(LossCount.of(watch.outcomes - before)),
                        words=gate.words if gate is not None else "not written",
                        first=first,
                        end=watch.taken,
                    )
                )

    def _tolerance(self, wanted: Weights) -> float:
        """No wider than half the step, or standing still would pass; nor half a weight."""
        step = largest_change(self._way[self._at - 1], wanted) / TOTAL
        least = min(w for _, w in wanted if w) / TOTAL
        return min(self._request.tolerance, step / 2, least / 2)

    def _pass_gate(self, watch: ShiftWatch, gate: Gate) -> None:
        deadline = Deadline(self._ports.clock, self._request.step_timeout_s)
        while not gate.passed:
            if deadline.passed:
                failure = Failed(f"the traffic does not follow the weights: {gate.words}")
                self._put(failure, watch)
                deadline = Deadline(self._ports.clock, self._request.step_timeout_s)
            self._tick(watch, gate)

    def _hold(self, watch: ShiftWatch) -> None:
        """Stay at a step for a while; a slow spell starts the while anew, for so long at most."""
        deadline = Deadline(self._ports.clock, self._request.step_timeout_s + self._request.hold_s)
        calm = Deadline(self._ports.clock, self._request.hold_s)
        while not calm.passed:
            if self._tick(watch, None):
                calm = Deadline(self._ports.clock, self._request.hold_s)
            if deadline.passed:
                self._put(Failed("the traffic does not calm down at this step"), watch)
                deadline = Deadline(self._ports.clock, self._request.step_timeout_s)

    def _tick(self, watch: ShiftWatch, gate: Gate | None) -> bool:
        """One look at everything; True while the step should be held longer."""
        try:
            held = watch.tick(gate, weights=self._way[self._at])
        except Failed as failure:
            self._put(failure, watch)
            return True
        phase = ShiftPhase.PAUSED if watch.paused else ShiftPhase.RUNNING
        record = self._hand.record
        if watch.beat_due() or (record is not None and phase is not record.phase):
            self._note(phase, "")
        return held

    def _put(self, failure: Failed, watch: ShiftWatch) -> None:
        """Put a failure to the person if that was wanted; raise it unless they want to go on."""
        if self._request.on_failure is OnFailure.ASK:
            answer = self._ports.ask(str(failure))
            if answer is Answer.CONTINUE:
                self._say(f"going on in spite of: {failure}")
                watch.forgive()
                return
            failure.answer = answer
        raise failure

    def _end(
        self, watch: ShiftWatch, why: str, *, back: bool, asked: bool = False
    ) -> tuple[ShiftPhase, str]:
        """Go back, or stay; the phase that is then true."""
        self._say(f"stopping: {why}")
        way_back = WayBack(
            topology=self._topology,
            way=self._way,
            hand=self._hand,
            watch=watch,
            members=self._ports.members,
            clock=self._ports.clock,
            narrator=self._ports.narrator,
            patience_s=self._request.step_timeout_s,
            tolerance=self._request.tolerance,
        )
        return way_back.end(why, believed=self._at, back=back, asked=asked)

    # words -------------------------------------------------------------------------------------

    def _note(self, phase: ShiftPhase, why: str) -> None:
        self._hand.note(phase, why, at=self._at)

    def _report(self, watch: ShiftWatch, phase: ShiftPhase, why: str) -> ShiftReport:
        return ShiftReport(
            request=self._request,
            phase=phase,
            why=why,
            start=self._topology.names(self._way[0]),
            end=self._live_weights(),
            steps=tuple(self._steps),
            baseline=self._baseline,
            **asdict(LossCount.of(watch.outcomes)),
            timeline=tuple(self._timeline),
        )

    def _live_weights(self) -> dict[str, str]:
        """What the Ingress says now, by member name; nothing when the Fleet does not answer."""
        try:
            live = live_ingress(self._topology, fleet=self._ports.fleet)
        except AlbDrError:
            return {}
        weights = weights_of(live.annotations)
        return {m.name: weights.get(m.id, "0") for m in self._topology.members}

    def _named(self, weights: Weights) -> str:
        return ", ".join(f"{name} {w}" for name, w in self._topology.names(weights).items())

    def _say(self, what: str) -> None:
        self._timeline.append(Step(at=self._ports.clock.now(), what=what))
        self._ports.narrator.note(what)
