"""The way back of a shift: weights as they were found, unless that would do harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alb_dr.errors import AlbDrError, RestoreIncomplete
from alb_dr.model.shift import ShiftPhase
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.ports import Clock, KubeReader, Narrator
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.shift.checks import unsafe_to_return
from alb_dr.workflows.shift.hand import ShiftHand
from alb_dr.workflows.shift.watch import Foreign, ShiftWatch

RETRY_S = 0.5
"""Pause between two tries to put weights back while the Fleet is in trouble."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """What is needed to end a shift before its end. ``way`` begins with the weights it found.

    ``patience_s`` is how long the write is tried and the traffic waited for; ``tolerance`` is a
    share.
    """

    topology: Topology
    way: Sequence[Weights]
    hand: ShiftHand
    watch: ShiftWatch
    members: Mapping[str, KubeReader]
    clock: Clock
    narrator: Narrator
    patience_s: float
    tolerance: float

    def end(self, why: str, *, believed: int, back: bool, asked: bool) -> tuple[ShiftPhase, str]:
        """Go back, or stay; the phase that is then true, and why.

        ``believed`` is the step the shift thinks it is at. Raises RestoreIncomplete when the
        Fleet does not take the weights in time.
        """
        at = self.hand.where(self.way, believed)
        if back and at == 0:
            back, why = False, f"{why}; the weights are those it began with"
        if back:
            danger = unsafe_to_return(
                self.topology, self.way[at], self.way[0], members=self.members
            )
            if danger is not None:
                back, why = False, f"{why}; not rolled back, since {danger}"
        if not back:
            self.hand.note(ShiftPhase.FROZEN, why, at=at)
            return ShiftPhase.FROZEN, why
        return self._go_back(why, at=at, asked=asked)

    def _go_back(self, why: str, *, at: int, asked: bool) -> tuple[ShiftPhase, str]:
        start = self.way[0]
        deadline = Deadline(self.clock, self.patience_s)
        self.hand.book.note("back", weights=start.as_dict())
        named = ", ".join(f"{name} {w}" for name, w in self.topology.names(start).items())
        with self.narrator.phase(f"rolling back to {named}"):
            try:
                self._write(self.way[at], start, deadline, why)
            except Foreign as foreign:
                why = f"{why}; not rolled back: {foreign}"
                self.hand.note(ShiftPhase.STOPPED, why, at=at)
                return ShiftPhase.STOPPED, why
            gate = self.watch.gate_for(start, tolerance=self.tolerance)
            proven = self.watch.settle(gate, deadline)
        if not proven:
            why += "; the traffic is not proven to be back"
        phase = ShiftPhase.ABORTED if asked and proven else ShiftPhase.ROLLED_BACK
        self.hand.note(phase, why, at=0)
        return phase, why

    def _write(self, before: Weights, start: Weights, deadline: Deadline, why: str) -> None:
        """Write the first weights, trying again while the Fleet is in trouble."""
        said = ""
        while True:
            try:
                self.hand.write(before, start)
                return
            except AlbDrError as error:
                if error.message != said:
                    said = error.message
                    self.narrator.warn(f"{said}; trying again")
            if deadline.passed:
                typed = " ".join(f"{n}={w}" for n, w in self.topology.names(start).items())
                raise RestoreIncomplete(
                    f"the weights could not be put back after: {why}",
                    hint=f"do this now: alb-dr ingress set-weights {typed}",
                )
            self.watch.renew_lock()
            self.clock.sleep(RETRY_S)
