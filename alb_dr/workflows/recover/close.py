"""What follows a recovery: locks go and records are closed, but those of a drill that lives stay.

What a drill harmed is put back whoever did it, and at once: a living drill sees that and ends.
Its record and its lock are another matter. Whoever took those from a drill that lives would have
its outcome lost, and let a second drill begin beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from alb_dr.errors import AlbDrError
from alb_dr.model.manifest import Manifest
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeApi, Narrator
from alb_dr.workflows.records.fleet_record import close_record
from alb_dr.workflows.records.lease import DRILL, is_renewed, words
from alb_dr.workflows.records.shift_record import read_record
from alb_dr.workflows.recover.unlock import forget_lock, live_lock, remove_lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Closes on one Fleet. ``namespace`` is where it keeps the records of drills; ``why`` is what
    those that are closed will say. ``before`` is told of the drills whose records are about to be
    closed, when their locks are gone: one that lived may have done more meanwhile, and what carries
    the mark of a closed drill is taken for one that came back."""

    topology: Topology
    fleet: KubeApi
    namespace: str | None
    clock: Clock
    narrator: Narrator
    why: str
    before: Callable[[Collection[str]], None]

    def named(self, drill: str) -> None:
        """A drill that a person, or its own watchdog, named as over."""
        forget_lock(self.topology, drill, fleet=self.fleet, narrator=self.narrator)
        self._close([drill])

    def found(self, ended: Collection[str], on_record: Iterable[str]) -> None:
        """Everything that was found: ``ended`` had its harm put back, the others are on record.

        A lock whose holder renews it within one duration, by our own clock, keeps its drill from
        being closed; a lock that nobody renews goes, whosever it is (safety F1).
        """
        living = self._living(ended)
        if living is not None:
            self.narrator.note(f"drill {living} lives, and keeps its record and its lock")
        self._close({*ended, *on_record} - {living})

    def _living(self, ended: Collection[str]) -> str | None:
        """Whose drill holds the lock and lives. A lock of nobody who lives is removed."""
        try:
            lock = live_lock(self.topology, fleet=self.fleet)
            if lock is None:
                return None
            holder = lock.annotations.get(DRILL, "?")
            if holder in ended:
                self._remove(lock)
                return None
            return holder if self._keeps(lock) else None
        except AlbDrError as error:
            self.narrator.warn(f"the lock stays until it expires: {error.message}")
            return None

    def _keeps(self, lock: Manifest) -> bool:
        """Whether a lock stays: renewed while we watched, or that of a shift that is open."""
        shift = read_record(self.topology, self.fleet)
        if shift is not None and shift.is_open:
            # A shift is taken back by other means.
            return True
        said = words(lock, self.clock.now())
        with self.narrator.phase(f"looking whether the holder of {lock.id} lives: {said}"):
            if is_renewed(lock, fleet=self.fleet, clock=self.clock):
                return True
            self._remove(lock)
            return False

    def _remove(self, lock: Manifest) -> None:
        remove_lock(lock, fleet=self.fleet)
        drill = lock.annotations.get(DRILL, "?")
        self.narrator.note(f"the lock {lock.id} of drill {drill} was removed")

    def _close(self, drills: Collection[str]) -> None:
        if drills:
            self.before(drills)
        for drill in sorted(drills):
            try:
                close_record(
                    self.fleet,
                    self.namespace,
                    drill,
                    outcome="RECOVERED",
                    why=self.why,
                    now=self.clock.now(),
                )
            except AlbDrError as error:
                self.narrator.warn(f"the record of {drill} stays open: {error.message}")
