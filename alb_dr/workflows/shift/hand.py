"""The hand of a shift: everything it writes, on the Fleet and into the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from alb_dr.errors import AlbDrError, Conflict, RestoreIncomplete
from alb_dr.model.away import Away
from alb_dr.model.shift import ShiftPhase, ShiftRecord
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.ports import Journal, KubeApi, Narrator
from alb_dr.workflows.delivery.weights import change_weights, live_ingress
from alb_dr.workflows.live.field_owners import weight_setters
from alb_dr.workflows.records.book import Book
from alb_dr.workflows.records.shift_record import begin_record, update_record
from alb_dr.workflows.shift.checks import starting_weights
from alb_dr.workflows.shift.watch import Foreign

CLOSING_TRIES = 3
"""How often the end of a shift is written down before a person must close its record."""


class ShiftHand:
    """Writes the record and the weights of one shift."""

    def __init__(
        self, topology: Topology, *, fleet: KubeApi, narrator: Narrator, journal: Journal
    ) -> None:
        self._topology = topology
        self._fleet = fleet
        self._narrator = narrator
        self.book = Book(journal, narrator)
        self.record: ShiftRecord | None = None

    def begin(self, record: ShiftRecord) -> None:
        """Write the record before anything else; Refused or Conflict when another shift is open."""
        self.book.intend("intent", way=[dict(vector) for vector in record.vectors])
        # Known before it is written, so that an interruption in between closes it, too.
        self.record = record
        begin_record(self._topology, record, fleet=self._fleet)

    def intend(self, step: int) -> None:
        """Write down, here and on the Fleet, which step comes next; raises when that fails."""
        if self.record is None:
            return
        self.book.intend("step", weights=dict(self.record.vectors[step]))
        self._update(replace(self.record, step=step, phase=ShiftPhase.RUNNING, why=""))

    def note(self, phase: ShiftPhase, why: str, *, at: int) -> None:
        """Bring the record up to date. What happened is not undone because that fails.

        Raises RestoreIncomplete when the shift is over and its record cannot be closed: the next
        one would be refused, and whoever then aborts this one would move the traffic once more.
        """
        if self.record is None:
            return
        for left in reversed(range(CLOSING_TRIES if phase.is_over else 1)):
            try:
                self._update(replace(self.record, step=at, phase=phase, why=why))
            except AlbDrError as error:
                self._narrator.warn(f"the record on the Fleet is behind: {error.message}")
                if phase.is_over and not left:
                    raise RestoreIncomplete(
                        f"the shift is over ({phase}), but its record on the Fleet stays open: "
                        f"{error.message}",
                        hint="close it, the weights stay: alb-dr ingress abort --freeze",
                    ) from error
            else:
                return

    def _update(self, record: ShiftRecord) -> None:
        newer = replace(record, beat=record.beat + 1)
        update_record(self._topology, newer, fleet=self._fleet)
        self.record = newer

    def write(self, before: Weights, after: Weights) -> None:
        """One patch, guarded by the weights of the step before; Foreign when they are others."""
        ingress = live_ingress(self._topology, fleet=self._fleet)
        live = starting_weights(self._topology, ingress)
        if live.as_dict() not in (before.as_dict(), after.as_dict()):
            named = ", ".join(f"{n} {w}" for n, w in self._topology.names(live).items())
            who = weight_setters(ingress)
            raise Foreign(f"somebody else set the weights to {named} ({who})")
        try:
            away = Away.parse(self.record.away) if self.record is not None else None
            # The very object that was looked at: what came in between fails the patch's tests.
            change_weights(ingress, after, fleet=self._fleet, dry_run=False, away=away)
        except Conflict as conflict:
            raise Foreign(conflict.message) from conflict

    def where(self, way: Sequence[Weights], believed: int) -> int:
        """Which vector is live: the answer to the last write may have been lost."""
        try:
            live = self._live().as_dict()
        except AlbDrError:
            return believed
        return next((n for n, weights in enumerate(way) if weights.as_dict() == live), believed)

    def _live(self) -> Weights:
        return starting_weights(self._topology, live_ingress(self._topology, fleet=self._fleet))
