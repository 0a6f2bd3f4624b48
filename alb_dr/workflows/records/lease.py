"""The lock of a drill or shift: a Lease on the Fleet, one for each weighted Ingress (safety §3.5).

The Lease is no fence: a holder that slept may still believe it holds. The fence is the drill's id
in every ``test`` of a patch; the Lease keeps two well-behaved operators apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from alb_dr.errors import AlbDrError, Conflict, NotFound
from alb_dr.model.manifest import LEASE, Manifest, ResourceId
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator

DURATION_S = 30
"""How long a holder that says nothing keeps the lock."""
RENEW_S = DURATION_S / 3
"""Between two renewals."""
LOST_S = DURATION_S * 2 / 3
"""Without a renewal for so long the lock counts as lost."""
DRILL = "alb-dr.io/drill"
"""The annotation that says for which drill or shift."""


def lease_id(topology: Topology) -> ResourceId:
    """The Lease of the project's Ingress, named after it so that a role can name it, too."""
    ingress = topology.ingress
    return ResourceId(kind=LEASE, name=f"alb-dr-{ingress.name}", namespace=ingress.namespace)


class DrillLock:
    """Held from before the harm to after the restore; by a shift from before its first step on."""

    def __init__(
        self, id_: ResourceId, *, fleet: KubeApi, clock: Clock, narrator: Narrator
    ) -> None:
        self._id = id_
        self._fleet = fleet
        self._clock = clock
        self._narrator = narrator
        self._held: Manifest | None = None
        self._renewed_s = 0.0

    def acquire(self, *, holder: str, drill: str) -> None:
        """Take the lock; Conflict names who holds it, since when and for which drill.

        A holder that looks dead by its last renewal is watched for one whole duration by our own
        clock before it is replaced: two machines' wall clocks prove nothing.
        """
        document = self._document(holder, drill)
        try:
            self._take(document)
        except BaseException:
            # Also a signal, and a lost answer: the write may have happened all the same.
            self._abandon(drill)
            raise

    def seize(self, *, holder: str, drill: str, over: str | None) -> str | None:
        """Take the lock without ever waiting; from whom, in words, or None when it was free.

        For an emergency. A holder whose last renewal is longer ago than its lease lasts gives
        way; one that seems to live only when ``over`` names its drill or shift, Conflict
        otherwise. That wall clocks may be wrong does no harm here: whoever loses the lock writes
        nothing more but the restore, and every patch of weights tests what it replaces.
        """
        document = self._document(holder, drill)
        try:
            return self._seize(document, over)
        except BaseException:
            self._abandon(drill)
            raise

    def _seize(self, document: Manifest, over: str | None) -> str | None:
        try:
            self._keep(self._fleet.create(document))
            return None
        except Conflict:
            live = self._fleet.get(self._id)
        if live is None:
            self._keep(self._fleet.create(document))
            return None
        self._refuse_living(live, over)
        self._keep(self._fleet.replace(_over(live, document)))
        return words(live, self._clock.now())

    def check_seizable(self, *, over: str | None) -> None:
        """Conflict where ``seize`` would raise it for a living holder; nothing is written."""
        live = self._fleet.get(self._id)
        if live is not None:
            self._refuse_living(live, over)

    def _refuse_living(self, live: Manifest, over: str | None) -> None:
        held_for = live.annotations.get(DRILL, "?")
        if held_for != over and not self._looks_dead(live):
            raise Conflict(
                self._locked(live).message,
                hint=f"if that must give way to the emergency: --take-over {held_for}",
                code="ADR-LOCKED",
            )

    def _take(self, document: Manifest) -> None:
        try:
            self._keep(self._fleet.create(document))
            return
        except Conflict:
            live = self._fleet.get(self._id)
        if live is None:
            self._keep(self._fleet.create(document))
            return
        if not self._looks_dead(live) or self._still_alive(live):
            raise self._locked(live)
        self._keep(self._fleet.replace(_over(live, document)))

    def _abandon(self, drill: str) -> None:
        """Remove the Lease if it is this drill's."""
        with suppress(AlbDrError):
            live = self._fleet.get(self._id)
            if live is not None and live.annotations.get(DRILL) == drill:
                self._fleet.delete(self._id, uid=live.uid)

    @property
    def is_held(self) -> bool:
        """Whether the lock was taken, and neither given back nor taken away."""
        return self._held is not None

    def renew(self) -> str | None:
        """Say that we live, when it is time; why the lock is lost, or None."""
        silent_s = self._clock.monotonic() - self._renewed_s
        if self._held is None or silent_s < RENEW_S:
            return None
        if silent_s >= DURATION_S:
            # Whoever waited for it may go on without us: what expired is not taken back.
            return f"the lock expired: this process stood still for {silent_s:.0f} s"
        spec = {**self._held.document["spec"], "renewTime": micro_time(self._clock.now())}
        try:
            self._keep(self._fleet.replace(_with(self._held, {"spec": spec})))
        except (Conflict, NotFound):
            return self._look_whose()
        except AlbDrError as error:
            if self._clock.monotonic() - self._renewed_s < LOST_S:
                return None
            return f"the lock could not be renewed: {error.message}"
        return None

    def _look_whose(self) -> str | None:
        """Whether a renewal that conflicts met our own, whose answer a signal cut off."""
        with suppress(AlbDrError):
            live = self._fleet.get(self._id)
            if self._held is not None and live is not None and _same_holder(live, self._held):
                self._keep(live)
                return None
        self._held = None
        return "somebody else took the lock of this drill"

    def release(self) -> None:
        """Give the lock back. It expires by itself, so a failure here is only worth a word.

        Who takes over an expired Lease writes into the same object, so its uid proves nothing.
        """
        held, self._held = self._held, None
        if held is None:
            return
        try:
            live = self._fleet.get(self._id)
            if live is not None and live.annotations.get(DRILL) == held.annotations.get(DRILL):
                self._fleet.delete(self._id, uid=held.uid)
        except AlbDrError as error:
            self._narrator.warn(f"{self._id} stays until it expires: {error.message}")

    def _keep(self, held: Manifest) -> None:
        self._held = held
        self._renewed_s = self._clock.monotonic()

    def _document(self, holder: str, drill: str) -> Manifest:
        now = micro_time(self._clock.now())
        return Manifest(
            id=self._id,
            document={
                "apiVersion": LEASE.api_version,
                "kind": LEASE.name,
                "metadata": {
                    "name": self._id.name,
                    "namespace": self._id.namespace,
                    "annotations": {DRILL: drill},
                },
                "spec": {
                    "holderIdentity": holder,
                    "leaseDurationSeconds": DURATION_S,
                    "acquireTime": now,
                    "renewTime": now,
                },
            },
        )

    def _looks_dead(self, live: Manifest) -> bool:
        renewed = renewed_at(live)
        duration = timedelta(seconds=_duration_s(live))
        return renewed is None or self._clock.now() - renewed > duration

    def _still_alive(self, live: Manifest) -> bool:
        if (live.document.get("spec") or {}).get("holderIdentity"):
            self._narrator.warn(
                f"{self._id} was left by {_holder(live)}; waiting {_duration_s(live):g} s "
                "whether it lives"
            )
        return is_renewed(live, fleet=self._fleet, clock=self._clock)

    def _locked(self, live: Manifest) -> Conflict:
        return Conflict(
            f"another drill, shift or pin holds {self._id}: {words(live, self._clock.now())}",
            hint="wait, or see alb-dr failover status; if that machine is lost: "
            f"alb-dr failover unlock --drill {live.annotations.get(DRILL, 'ID')}",
            code="ADR-LOCKED",
        )


def is_renewed(live: Manifest, *, fleet: KubeReader, clock: Clock) -> bool:
    """Watch a Lease for one whole duration, by our own clock; True when its holder renewed it."""
    left = _duration_s(live) if (live.document.get("spec") or {}).get("holderIdentity") else 0.0
    end = clock.monotonic() + left
    while clock.monotonic() < end:
        clock.sleep(min(1.0, max(0.0, end - clock.monotonic())))
        seen = fleet.get(live.id)
        if seen is None or seen.resource_version != live.resource_version:
            return seen is not None
    return False


def words(live: Manifest, now: datetime) -> str:
    """Who holds a Lease, for which drill or shift and since when."""
    renewed = renewed_at(live)
    age = (
        "at an unknown time" if renewed is None else f"{(now - renewed).total_seconds():.0f} s ago"
    )
    return f"{live.annotations.get(DRILL, '?')} of {_holder(live)}, last renewed {age}"


def micro_time(instant: datetime) -> str:
    """A MicroTime: always six digits, which the API insists on (safety F47)."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def renewed_at(live: Manifest) -> datetime | None:
    """When a Lease was renewed last; None when that cannot be read."""
    try:
        return datetime.fromisoformat(str((live.document.get("spec") or {})["renewTime"]))
    except (KeyError, ValueError):
        return None


def _same_holder(live: Manifest, held: Manifest) -> bool:
    """Whether both say the same process and the same drill or shift."""
    same = live.annotations.get(DRILL) == held.annotations.get(DRILL)
    return same and live.uid == held.uid and _holder(live) == _holder(held)


def _holder(live: Manifest) -> str:
    return str((live.document.get("spec") or {}).get("holderIdentity") or "nobody")


def _duration_s(live: Manifest) -> float:
    return float((live.document.get("spec") or {}).get("leaseDurationSeconds") or DURATION_S)


def _over(live: Manifest, wanted: Manifest) -> Manifest:
    """The wanted Lease in place of the live one, guarded by the live one's version."""
    metadata = {**wanted.document["metadata"], "resourceVersion": live.resource_version}
    return Manifest(id=wanted.id, document={**wanted.document, "metadata": metadata})


def _with(held: Manifest, changes: Mapping[str, Any]) -> Manifest:
    return Manifest(id=held.id, document={**held.document, **changes})
