"""The shift: traffic moved in steps, each written in one patch and proven by measured shares.

The way is listed on the Fleet before the first step, so that a shift that is killed leaves one of
the listed weight vectors, and anybody can see where it stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import datetime

from alb_dr.errors import AlbDrError, Interruption, Refused
from alb_dr.model.load import OpenLoad, Target
from alb_dr.model.shift import (
    Answer,
    LossCount,
    OnFailure,
    ShiftPhase,
    ShiftRecord,
    ShiftReport,
    ShiftRequest,
)
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.ports import KubeReader, Narrator
from alb_dr.render.annotations import weights_of
from alb_dr.stats.vigil import Vigil, baseline_of
from alb_dr.workflows.delivery.await_split import target_of
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.records.away import away_of
from alb_dr.workflows.records.lease import DrillLock, lease_id
from alb_dr.workflows.records.shift_record import (
    read_record,
    refuse_open_shift,
)
from alb_dr.workflows.scalers.healers import refuse_healers
from alb_dr.workflows.shift.checks import (
    check_before,
    refuse_open_weights,
    starting_weights,
)
from alb_dr.workflows.shift.hand import ShiftHand
from alb_dr.workflows.shift.ports import Companion, Remember, ShiftPorts
from alb_dr.workflows.shift.restore import WayBack
from alb_dr.workflows.shift.steps import ShiftSteps
from alb_dr.workflows.shift.story import Story
from alb_dr.workflows.shift.watch import Ended, Failed, Foreign, ShiftWatch
from alb_dr.workflows.shift.way import way_of


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
    way = way_of(start, request, narrator)
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
        self._story = Story(ports.narrator, clock=ports.clock)
        self._ports = ports = replace(ports, narrator=self._story)
        self._way: tuple[Weights, ...] = ()
        self._hand = ShiftHand(
            topology, fleet=ports.fleet, narrator=ports.narrator, journal=ports.journal
        )
        self._lock = DrillLock(
            lease_id(topology), fleet=ports.fleet, clock=ports.clock, narrator=ports.narrator
        )
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
        steps = ShiftSteps(
            self._request,
            self._topology,
            self._ports,
            way=self._way,
            watch=watch,
            hand=self._hand,
            say=self._story.note,
        )
        with ExitStack() as over:
            try:
                self._measure_baseline(watch)
                phase, why = self._shielded_way(steps, over)
            finally:
                health = stream.stop()
                watch.finish()
            if health.invalid:
                self._story.note(f"the prober did not keep up: {health.invalid}")
            self.over = self._report(steps, phase, why)
        return self.over

    def _measure_baseline(self, watch: ShiftWatch) -> None:
        seconds = self._request.baseline_s
        with self._ports.narrator.phase(f"measuring the steady state ({seconds:g} s)"):
            watch.collect(seconds, longest_s=max(seconds, self._request.step_timeout_s))
        baseline = baseline_of(watch.samples)
        self._baseline = (
            f"{baseline.requests} requests, {baseline.loss_rate:.2%} lost, "
            f"95th percentile {baseline.p95_s * 1000:.0f} ms"
        )
        self._story.note(f"steady state: {self._baseline}")
        if not baseline.requests or baseline.loss_rate > self._request.thresholds.abort_errors:
            raise Refused(
                f"the traffic is not steady: {self._baseline}",
                hint=self._out_of_losses(),
                code="ADR-NOT-STEADY",
            )
        watch.vigil = Vigil(baseline, self._request.thresholds)

    def _out_of_losses(self) -> str:
        weights = " ".join(str(weight) for _, weight in self._request.target)
        return (
            "find out why requests are lost: alb-dr verify; when moving them is the cure, move "
            f"them unmeasured: alb-dr ingress set-weights {weights}"
        )

    # the way -----------------------------------------------------------------------------------

    def _shielded_way(self, steps: ShiftSteps, over: ExitStack) -> tuple[ShiftPhase, str]:
        """Walk the way; on an interruption leave things as the failure policy says, then go.

        From the end of the way on signals are held off, until ``over`` is left.
        """
        try:
            self._begin()
            phase, why = self._walk(steps)
            over.enter_context(self._ports.shield())
        except Interruption as interruption:
            if self._hand.record is not None:
                with self._ports.shield():
                    back = self._request.on_failure is OnFailure.ROLLBACK
                    phase, _ = self._end(steps, str(interruption), back=back)
                    self._end_companions(phase, steps.watch)
            raise
        except AlbDrError:
            with self._ports.shield():
                self._end_companions(ShiftPhase.FROZEN, steps.watch)
            raise
        self._end_companions(phase, steps.watch)
        return phase, why

    def _end_companions(self, phase: ShiftPhase, watch: ShiftWatch) -> None:
        while self._begun:
            self._begun.pop().end(phase, watch.renew_lock)

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

    def _walk(self, steps: ShiftSteps) -> tuple[ShiftPhase, str]:
        try:
            for companion in self._companions:
                # Remembered first: what fails or is cut short half-way is settled, too.
                self._begun.append(companion)
                companion.begin(steps.stay_alive)
            while not steps.are_done:
                steps.take()
        except Foreign as foreign:
            steps.note(ShiftPhase.STOPPED, str(foreign))
            return ShiftPhase.STOPPED, str(foreign)
        except Ended as ended:
            return self._end(steps, str(ended), back=ended.back, asked=True)
        except Failed as failed:
            back = (
                self._request.on_failure is OnFailure.ROLLBACK or failed.answer is Answer.ROLLBACK
            )
            return self._end(steps, str(failed), back=back)
        except AlbDrError as error:
            # The Fleet is in trouble: whether the last step was written is looked at again there.
            back = self._request.on_failure is OnFailure.ROLLBACK
            return self._end(steps, error.message, back=back)
        steps.note(ShiftPhase.DONE, "")
        return ShiftPhase.DONE, "the traffic is where it was to go"

    def _end(
        self, steps: ShiftSteps, why: str, *, back: bool, asked: bool = False
    ) -> tuple[ShiftPhase, str]:
        """Go back, or stay; the phase that is then true."""
        self._story.note(f"stopping: {why}")
        way_back = WayBack(
            topology=self._topology,
            way=self._way,
            hand=self._hand,
            watch=steps.watch,
            members=self._ports.members,
            clock=self._ports.clock,
            narrator=self._ports.narrator,
            patience_s=self._request.step_timeout_s,
            tolerance=self._request.tolerance,
        )
        return way_back.end(why, believed=steps.at, back=back, asked=asked)

    # words -------------------------------------------------------------------------------------

    def _report(self, steps: ShiftSteps, phase: ShiftPhase, why: str) -> ShiftReport:
        self._story.end(f"{phase}: {why}")
        return ShiftReport(
            request=self._request,
            phase=phase,
            why=why,
            start=self._topology.names(self._way[0]),
            end=self._live_weights(),
            steps=tuple(steps.reports),
            baseline=self._baseline,
            **asdict(LossCount.of(steps.watch.outcomes)),
            timeline=tuple(self._story.timeline),
        )

    def _live_weights(self) -> dict[str, str]:
        """What the Ingress says now, by member name; nothing when the Fleet does not answer."""
        try:
            live = live_ingress(self._topology, fleet=self._ports.fleet)
        except AlbDrError:
            return {}
        weights = weights_of(live.annotations)
        return {m.name: weights.get(m.id, "0") for m in self._topology.members}
