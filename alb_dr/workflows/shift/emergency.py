"""The emergency: traffic is moved away from a member in one guarded patch, now.

It needs the Fleet's API and nothing else: neither the lost member nor any traffic is asked first,
and neither a full disk nor a lock that cannot be taken keeps it from writing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from alb_dr.errors import (
    AlbDrError,
    BadInput,
    Conflict,
    OutcomeUnknown,
    Refused,
    Unreachable,
)
from alb_dr.model.away import Away, moved_away
from alb_dr.model.manifest import Manifest
from alb_dr.model.move import moved_off
from alb_dr.model.shift import ShiftPhase
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator
from alb_dr.workflows.delivery.weights import change_weights, live_ingress
from alb_dr.workflows.members.survivors import MOMENT_S, SurvivorLook, Survivors
from alb_dr.workflows.records.away import away_of
from alb_dr.workflows.records.book import Book
from alb_dr.workflows.records.lease import DrillLock, lease_id
from alb_dr.workflows.records.shift_record import read_record, record_verb, update_record
from alb_dr.workflows.scalers.healers import tell_of_healers
from alb_dr.workflows.shift.checks import starting_weights

TRIES = 3
"""How often the weights are read and written anew when somebody changes them in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """What was asked for: whom to leave (names or ids), why; whose lock may be taken over.

    ``only_if_known``: survivors that cannot be asked are refused, as a machine must do that
    decides by itself. ``moment_s`` is how long their answers are waited for.
    """

    operation: str
    away_from: Sequence[str]
    reason: str
    verb: str = "start"
    take_over: str | None = None
    only_if_known: bool = False
    moment_s: float = MOMENT_S


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyPorts:
    """Everything an emergency touches.

    ``members`` gives the API of a member id, or raises: a kubeconfig that cannot be used is no
    reason to wait. ``shield`` keeps signals out while it writes.
    """

    fleet: KubeApi
    members: Callable[[str], KubeReader]
    clock: Clock
    narrator: Narrator
    book: Book
    shield: Callable[[], AbstractContextManager[None]]
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedAway:
    """What was done; ``seconds`` from the beginning to the accepted patch."""

    before: Weights
    after: Weights
    written: bool
    seconds: float
    survivors: Survivors
    took_over: str | None = None
    away: Away | None = None


def move_away(emergency: Emergency, topology: Topology, ports: EmergencyPorts) -> MovedAway:
    """Take every weight from the members to leave; the others keep their proportions.

    Raises BadInput for members that do not exist or are all there are, Refused when a survivor is
    known to be dead, Conflict when somebody lives who holds the lock, Unreachable without the
    Fleet. Running it again when it is done changes nothing.
    """
    return _Move(emergency, topology, ports).run()


def foresee_away(emergency: Emergency, topology: Topology, ports: EmergencyPorts) -> MovedAway:
    """The same with every question asked and the patch tried by the server, storing nothing."""
    return _Move(emergency, topology, ports).foresee()


class _Move:
    """One move away."""

    def __init__(self, emergency: Emergency, topology: Topology, ports: EmergencyPorts) -> None:
        self._emergency = emergency
        self._topology = topology
        self._ports = ports
        self._began = ports.clock.monotonic()
        self._lock = DrillLock(
            lease_id(topology), fleet=ports.fleet, clock=ports.clock, narrator=ports.narrator
        )

    def run(self) -> MovedAway:
        """Look, lock, write, unlock."""
        live, start, target, survivors = self._prepared()
        if start.as_dict() == target.as_dict():
            return self._outcome(start, target, survivors, written=False)
        with self._ports.shield():
            took_over = self._seize()
            try:
                away = self._write(live, start, target)
                done = self._outcome(start, target, survivors, written=True)
                self._ports.book.note("moved", seconds=round(done.seconds, 3))
                self._close_shift()
            finally:
                self._lock.release()
        # Asked afterwards: nothing waits for it.
        now = self._ports.clock.now()
        tell_of_healers(self._topology, self._ports.fleet, now=now, narrator=self._ports.narrator)
        return replace(done, took_over=took_over, away=away)

    def foresee(self) -> MovedAway:
        """What would be written, asked of the server; whether the lock would be had, too."""
        live, start, target, survivors = self._prepared()
        try:
            self._lock.check_seizable(over=self._emergency.take_over)
        except (Conflict, Unreachable):
            raise
        except AlbDrError as error:
            self._ports.narrator.warn(f"the lock cannot be read: {error.message}")
        away = self._record(live, start, target)
        change_weights(live, target, fleet=self._ports.fleet, dry_run=True, away=away)
        return replace(self._outcome(start, target, survivors, written=False), away=away)

    def _prepared(self) -> tuple[Manifest, Weights, Weights, Survivors]:
        gone = self._gone()
        others = [m for m in self._topology.members if m.id not in gone]
        look = SurvivorLook(
            self._topology,
            others,
            members=self._ports.members,
            clock=self._ports.clock,
            moment_s=self._emergency.moment_s,
        )
        live = live_ingress(self._topology, fleet=self._ports.fleet)
        start, target = self._split(live)
        return live, start, target, self._survivors(look, target, away_of(live))

    def _gone(self) -> set[str]:
        gone = {self._topology.member(name).id for name in self._emergency.away_from}
        if not gone:
            raise BadInput("nobody is named", hint="--away-from MEMBER")
        moved_off(self._topology, self._topology.weights, tuple(gone))
        return gone

    def _split(self, live: Manifest) -> tuple[Weights, Weights]:
        """From which weights to which. Weights that are no split are replaced by the file's."""
        try:
            start = starting_weights(self._topology, live)
        except Conflict as conflict:
            if conflict.code == "ADR-STALE-WEIGHT":
                raise
            self._ports.narrator.warn(f"{conflict.message}; going on from the file's weights")
            start = self._topology.weights
        return start, moved_off(self._topology, start, self._emergency.away_from)

    def _survivors(self, look: SurvivorLook, target: Weights, away: Away | None) -> Survivors:
        """What they say; Refused when one that is to carry traffic has nobody to carry it."""
        found = look.result()
        carriers = {name for name, weight in self._topology.names(target).items() if weight}
        dead = [name for name in found.dead if name in carriers]
        if dead:
            raise Refused(
                f"{', '.join(dead)} has no ready endpoint and would get the traffic",
                hint="name it, too, if another member lives: --away-from "
                f"{' --away-from '.join([*self._emergency.away_from, *dead])}",
                code="ADR-SURVIVOR",
            )
        self._refuse_the_lost(found, carriers, away)
        for name, why in found.unknown.items():
            if name in carriers and self._emergency.only_if_known:
                raise Refused(
                    f"whether {name} can serve is not known ({why})",
                    hint="a person may decide: alb-dr failover start",
                    code="ADR-SURVIVOR",
                )
            if name in carriers:
                self._ports.narrator.warn(
                    f"whether {name} can serve is not known ({why}); going on all the same"
                )
        return found

    def _refuse_the_lost(
        self, found: Survivors, carriers: Collection[str], away: Away | None
    ) -> None:
        """Who was left as lost gets the traffic back only if it is seen to serve again."""
        lost = () if away is None else away.members
        left = [m.name for m in self._topology.members if m.id in lost and m.name in carriers]
        for name in left:
            if name in found.unknown:
                raise Refused(
                    f"the traffic is away from {name} already, and whether it serves again is not "
                    f"known ({found.unknown[name]}); it would get everything",
                    hint="wait longer for its answer: --ask-survivors 10s; or decide by hand: "
                    "alb-dr ingress set-weights",
                    code="ADR-SURVIVOR",
                )
            self._ports.narrator.warn(
                f"the traffic was moved away from {name} before; it has ready endpoints again"
            )

    def _seize(self) -> str | None:
        """The lock, if the Fleet lets us have one; from whom it was taken."""
        try:
            took = self._lock.seize(
                holder=self._ports.operator,
                drill=self._emergency.operation,
                over=self._emergency.take_over,
            )
        except (Conflict, Unreachable):
            raise
        except AlbDrError as error:
            # The lock keeps well-behaved operators apart; the patch itself tests what it replaces.
            self._ports.narrator.warn(f"no lock could be taken: {error.message}; going on")
            return None
        if took is not None:
            self._ports.narrator.warn(f"the lock was taken over: {took}")
        return took

    def _write(self, live: Manifest, start: Weights, target: Weights) -> Away | None:
        """The one patch; read and tried anew when the weights were changed in between."""
        self._ports.book.note("intent", before=start.as_dict(), after=target.as_dict())
        left = TRIES
        while True:
            left -= 1
            away = self._record(live, start, target)
            try:
                change_weights(live, target, fleet=self._ports.fleet, dry_run=False, away=away)
                return away
            except (OutcomeUnknown, Conflict) as error:
                if not left or error.code == "ADR-STALE-WEIGHT":
                    raise
            live = live_ingress(self._topology, fleet=self._ports.fleet)
            start, target = self._split(live)

    def _record(self, live: Manifest, start: Weights, target: Weights) -> Away | None:
        return moved_away(
            start,
            target,
            away_of(live),
            operation=self._emergency.operation,
            verb=self._emergency.verb,
            by=self._ports.operator,
            reason=self._emergency.reason,
            since=self._ports.clock.now(),
        )

    def _close_shift(self) -> None:
        """A shift that was under way must not stay open: nobody goes on with it."""
        try:
            found = read_record(self._topology, self._ports.fleet)
            if found is None or found.record is None or not found.is_open:
                return
            why = f"failover {self._emergency.verb} {self._emergency.operation} moved the traffic"
            record = found.record
            ended = replace(record, phase=ShiftPhase.STOPPED, why=why, beat=record.beat + 1)
            update_record(self._topology, ended, fleet=self._ports.fleet)
            self._ports.narrator.warn(f"{record_verb(found)} {record.shift} was ended: {why}")
        except AlbDrError as error:
            self._ports.narrator.warn(f"the record of a shift is behind: {error.message}")

    def _outcome(
        self, start: Weights, target: Weights, survivors: Survivors, *, written: bool
    ) -> MovedAway:
        return MovedAway(
            before=start,
            after=target,
            written=written,
            seconds=self._ports.clock.monotonic() - self._began,
            survivors=survivors,
        )
