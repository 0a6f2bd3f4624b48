"""The steps of a shift: each written in one patch, proven by measured shares, then held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict

from alb_dr.model.shift import (
    Answer,
    LossCount,
    OnFailure,
    ShiftPhase,
    ShiftRequest,
    StepReport,
)
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.stats.gate import Gate
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.shift.hand import ShiftHand
from alb_dr.workflows.shift.ports import ShiftPorts
from alb_dr.workflows.shift.watch import Failed, ShiftWatch
from alb_dr.workflows.shift.way import tolerance_of


class ShiftSteps:
    """Takes one step after the other along ``way``, whose first weights are those it found.

    ``at`` is the last step that was written. Everything a step can end of is raised: Failed,
    Foreign, Ended, and what the Fleet's API raises. ``say`` writes down what happened.
    """

    def __init__(
        self,
        request: ShiftRequest,
        topology: Topology,
        ports: ShiftPorts,
        *,
        way: Sequence[Weights],
        watch: ShiftWatch,
        hand: ShiftHand,
        say: Callable[[str], None],
    ) -> None:
        self._request = request
        self._topology = topology
        self._ports = ports
        self._way = way
        self.watch = watch
        self._hand = hand
        self._say = say
        self.at = 0
        self.reports: list[StepReport] = []

    @property
    def are_done(self) -> bool:
        """Whether the last of them was taken."""
        return self.at + 1 == len(self._way)

    def take(self) -> None:
        """Take the next step; its report is there on every way out."""
        wanted = self._way[self.at + 1]
        names = ", ".join(f"{name} {w}" for name, w in self._topology.names(wanted).items())
        title = f"step {self.at + 1} of {len(self._way) - 1}: {names}"
        began = self._ports.clock.monotonic()
        before, first = Counter(self.watch.outcomes), self.watch.taken
        proven, held, gate = False, False, None
        with self._ports.narrator.phase(title):
            try:
                self.watch.keep_lock()
                self._hand.intend(self.at + 1)
                self._hand.write(self._way[self.at], wanted)
                self.at += 1
                tolerance = tolerance_of(self._way[self.at - 1], wanted, self._request)
                gate = self.watch.gate_for(wanted, tolerance=tolerance)
                self._pass_gate(gate)
                proven = True
                self._say(f"proven: {gate.words}")
                self._hold()
                held = True
            finally:
                self.reports.append(
                    StepReport(
                        weights=self._topology.names(wanted),
                        proven=proven,
                        held=held,
                        seconds=self._ports.clock.monotonic() - began,
                        **asdict(LossCount.of(self.watch.outcomes - before)),
                        words=gate.words if gate is not None else "not written",
                        first=first,
                        end=self.watch.taken,
                    )
                )

    def stay_alive(self) -> None:
        """While something else is waited for: the lock, the samples, a sign of life."""
        self.watch.breathe()
        if self.watch.beat_due():
            self.note(ShiftPhase.RUNNING, "")

    def note(self, phase: ShiftPhase, why: str) -> None:
        """Bring the record on the Fleet up to date."""
        self._hand.note(phase, why, at=self.at)

    def _pass_gate(self, gate: Gate) -> None:
        """Wait for the proof; a pause takes nothing of its time."""
        deadline = self._deadline()
        while not gate.passed:
            if self.watch.paused:
                deadline = self._deadline()
            if deadline.passed:
                self._put(Failed(f"{_unproven(gate)}: {gate.words}"))
                deadline = self._deadline()
            self._tick(gate)

    def _hold(self) -> None:
        """Stay at a step for a while; a slow spell starts the while anew, for so long at most."""
        deadline = self._deadline(self._request.hold_s)
        calm = Deadline(self._ports.clock, self._request.hold_s)
        while not calm.passed:
            if self._tick(None):
                calm = Deadline(self._ports.clock, self._request.hold_s)
            if self.watch.paused:
                deadline = self._deadline(self._request.hold_s)
            if deadline.passed:
                self._put(Failed("the traffic does not calm down at this step"))
                deadline = self._deadline()

    def _deadline(self, more_s: float = 0.0) -> Deadline:
        return Deadline(self._ports.clock, self._request.step_timeout_s + more_s)

    def _tick(self, gate: Gate | None) -> bool:
        """One look at everything; True while the step should be held longer."""
        try:
            held = self.watch.tick(gate, weights=self._way[self.at])
        except Failed as failure:
            self._put(failure)
            return True
        phase = ShiftPhase.PAUSED if self.watch.paused else ShiftPhase.RUNNING
        record = self._hand.record
        if self.watch.beat_due() or (record is not None and phase is not record.phase):
            self.note(phase, "")
        return held

    def _put(self, failure: Failed) -> None:
        """Put a failure to the person if that was wanted; raise it unless they want to go on."""
        if self._request.on_failure is OnFailure.ASK:
            answer = self._ports.ask(str(failure), self.stay_alive)
            if answer is Answer.CONTINUE:
                self._say(f"going on in spite of: {failure}")
                self.watch.forgive()
                return
            failure.answer = answer
        raise failure


def _unproven(gate: Gate) -> str:
    if gate.arrived:
        return "it is not proven that the traffic follows the weights"
    return "the traffic does not follow the weights"
