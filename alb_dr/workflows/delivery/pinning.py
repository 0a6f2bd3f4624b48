"""Pinning under the Ingress's lock: nobody who moves traffic has a pin come or go beside him."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

from alb_dr.errors import (
    AlbDrError,
    Conflict,
    DeadlineExceeded,
    Interruption,
    OutcomeUnknown,
    PartlyApplied,
)
from alb_dr.model.manifest import ManifestSet, ResourceId
from alb_dr.model.pin import Pin
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeApi, Narrator
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.apply import ApplyChoices, apply
from alb_dr.workflows.delivery.pin_proof import PinPorts, await_pin
from alb_dr.workflows.delivery.pins import LivePin, check_pin, unpin
from alb_dr.workflows.records.book import Book
from alb_dr.workflows.records.lease import DrillLock, lease_id

BRIEF_S = 10.0
"""How long the removal of pins whose time is up waits for a lock that somebody else holds."""
LOOK_S = 1.0
"""Between two tries."""
HINT = "see what is left: alb-dr status; remove it: alb-dr ingress unpin"


def foresee_pin(
    topology: Topology, pin: Pin, manifests: ManifestSet, *, fleet: KubeApi, narrator: Narrator
) -> None:
    """Every check, and the Ingress asked of the server; takes no lock, stores nothing."""
    check_pin(topology, pin, fleet)
    apply(manifests, api=fleet, choices=ApplyChoices(dry_run=True), narrator=narrator)


class Pinning:
    """One pin, from its making to its end."""

    def __init__(
        self,
        topology: Topology,
        pin: Pin,
        manifests: ManifestSet,
        ports: PinPorts,
        *,
        operation: str,
    ) -> None:
        self._topology = topology
        self._pin = pin
        self._manifests = manifests
        (self._made,) = manifests
        self._ports = ports
        self._operation = operation
        self._lock = _lock(topology, ports)
        self._book = Book(ports.journal, ports.narrator)
        self._former: LivePin | None = None
        self._may_be_there = False

    def make(self, *, proof_s: float | None, written: Callable[[], None]) -> str:
        """Write the pin and see that it works, with the lock held; what was seen.

        ``proof_s`` is how long that is waited for; without it nothing is looked at. ``written``
        is called as soon as the pin is there. A pin that does not work, or whose proof is cut
        short, is removed again. Raises Conflict when somebody holds the lock or the header leads
        elsewhere, DeadlineExceeded for a pin that does not work, PartlyApplied when one that is
        to go may still be there.
        """
        self._lock.acquire(holder=self._ports.operator, drill=self._operation)
        try:
            return self._write(proof_s, written)
        except (AlbDrError, Interruption) as cause:
            with self._ports.shield():
                self._withdraw(cause)
        finally:
            with self._ports.shield():
                self._lock.release()

    def _write(self, proof_s: float | None, written: Callable[[], None]) -> str:
        self._former = check_pin(self._topology, self._pin, self._ports.fleet)
        self._book.intend("intent", **self._facts())
        self._may_be_there = True
        try:
            apply(
                self._manifests,
                api=self._ports.fleet,
                choices=ApplyChoices(),
                narrator=self._ports.narrator,
            )
        except OutcomeUnknown:
            raise
        except AlbDrError:
            self._may_be_there = False
            raise
        written()
        seen = self._proof(proof_s) if proof_s is not None else ""
        self._book.note("pinned", observed=seen)
        return seen

    def _proof(self, timeout_s: float) -> str:
        with self._ports.narrator.phase("waiting until the header reaches the member"):
            return await_pin(
                self._topology,
                self._pin,
                self._ports,
                timeout_s=timeout_s,
                alive=self._keep_lock,
            )

    def _keep_lock(self) -> None:
        lost = self._lock.renew()
        if lost is not None:
            raise Conflict(lost, hint="see who has it: alb-dr failover status; then pin again")

    def _withdraw(self, cause: AlbDrError | Interruption) -> NoReturn:
        """Remove what may have been written, and raise the cause with the words for both."""
        if not self._may_be_there:
            raise cause
        try:
            removed = self._remove_own()
        except AlbDrError as error:
            self._book.note("not removed", why=error.message)
            if isinstance(cause, Interruption):
                self._ports.narrator.warn(f"{self._made.id} may still be there: {error.message}")
                raise cause from error
            raise self._left(
                f"{cause.message}; it could not be removed: {error.message}"
            ) from cause
        if not removed:
            raise cause
        self._book.note("removed", why=str(cause))
        self._ports.narrator.note(f"{self._made.id} was removed again")
        if isinstance(cause, DeadlineExceeded):
            raise DeadlineExceeded(f"{cause.message}; the pin was removed", hint=cause.hint)
        if self._former is not None and isinstance(cause, AlbDrError):
            raise self._left(f"{cause.message}; the pin was removed, the earlier one, too")
        raise cause

    def _left(self, words: str) -> PartlyApplied:
        return PartlyApplied(words, applied=[str(self._made.id)], not_applied=(), hint=HINT)

    def take_back(self) -> None:
        """Remove the pin at its end: with the lock when it is free, and else without it.

        Taking away moves no weights, and the promise to take it away stands above the lock.
        Raises PartlyApplied when it may still be there.
        """
        try:
            self._lock.seize(holder=self._ports.operator, drill=self._operation, over=None)
        except AlbDrError as error:
            self._ports.narrator.warn(f"the pin is removed without the lock: {error.message}")
        try:
            if self._remove_own():
                self._book.note("removed", why="its end")
        except AlbDrError as error:
            self._book.note("not removed", why=error.message)
            raise self._left(f"the pin could not be removed: {error.message}") from error
        finally:
            self._lock.release()

    def _remove_own(self) -> bool:
        """Delete the pin if it is the one written here; whether it was there."""
        live = self._ports.fleet.get(self._made.id)
        if live is None:
            return False
        written = self._made.annotations.items()
        if any(live.annotations.get(key) != value for key, value in written):
            # The one that was there before, or somebody else's since.
            self._ports.narrator.note(f"{live.id} is not the pin that was made here; it stays")
            return False
        return self._ports.fleet.delete(live.id, uid=live.uid)

    def _facts(self) -> dict[str, object]:
        return {
            "pin": str(self._made.id),
            "member": self._pin.member,
            "header": self._pin.header,
            "value": self._pin.value,
            "expires": self._pin.expires.isoformat(),
            "reason": self._pin.reason,
        }


def unpin_locked(
    topology: Topology,
    chosen: Callable[[], Sequence[LivePin]],
    ports: PinPorts,
    *,
    operation: str,
    reason: str,
    patience_s: float,
) -> tuple[ResourceId, ...]:
    """Remove the pins that are ``chosen`` once the lock is held; those that were still there.

    A lock that somebody else holds is waited for so long. Raises Conflict when it is not given
    back in time, PartlyApplied when only some could be removed.
    """
    lock, book = _lock(topology, ports), Book(ports.journal, ports.narrator)
    _acquire(lock, ports, operation, patience_s)
    try:
        found = chosen()
        book.note("intent", unpin=[str(one.live.id) for one in found], reason=reason)
        removed = unpin(found, fleet=ports.fleet, dry_run=False)
        book.note("unpinned", removed=[str(id_) for id_ in removed])
        return removed
    finally:
        with ports.shield():
            lock.release()


def _acquire(lock: DrillLock, ports: PinPorts, operation: str, patience_s: float) -> None:
    deadline = Deadline(ports.clock, patience_s)
    while True:
        try:
            lock.acquire(holder=ports.operator, drill=operation)
            return
        except Conflict:
            if deadline.passed:
                raise
        ports.clock.sleep(min(LOOK_S, deadline.left_s))


def _lock(topology: Topology, ports: PinPorts) -> DrillLock:
    return DrillLock(
        lease_id(topology), fleet=ports.fleet, clock=ports.clock, narrator=ports.narrator
    )
