"""What the APIs say while a drill is under way that must end it (safety §3.9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from alb_dr.errors import AlbDrError
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeApi
from alb_dr.render.annotations import weight_key, weights_of
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.live.field_owners import changed_by
from alb_dr.workflows.members.survivor_state import survivor_state
from alb_dr.workflows.rails.guardrails import Cleared
from alb_dr.workflows.records.kill_switch import switch_words

SILENCE_S = 20.0
"""So long without an answer of a member's API, and nobody knows what happens there."""


class DrillConditions:
    """Asks survivors, weights, kill switch and credentials. An API in trouble is waited for."""

    def __init__(
        self,
        topology: Topology,
        cleared: Cleared,
        *,
        fleet: KubeApi,
        members: Mapping[str, KubeApi],
        clock: Clock,
        reserve_s: float,
        watches_weights: bool,
    ) -> None:
        self._topology = topology
        self._cleared = cleared
        self._fleet = fleet
        self._members = members
        self._clock = clock
        self._reserve = timedelta(seconds=reserve_s)
        self._watches_weights = watches_weights
        self._silent_since: dict[str, float] = {}

    def ask(self) -> str | None:
        """Why the drill must end now, or None."""
        return (
            self._survivors()
            or self._weights()
            or switch_words(self._fleet, self._topology.ingress.namespace)
            or self._credentials()
        )

    def heard(self, label: str, look: Callable[[], str | None]) -> str | None:
        """Ask one member's API; words when it has been silent for too long (F41)."""
        try:
            words = look()
        except AlbDrError as error:
            since = self._silent_since.setdefault(label, self._clock.monotonic())
            if self._clock.monotonic() - since < SILENCE_S:
                return None
            return (
                f"the API of {label} has not answered for {SILENCE_S:g} s: {error.message}; "
                "only its guard can restore it meanwhile"
            )
        self._silent_since.pop(label, None)
        return words

    def _survivors(self) -> str | None:
        for id_, before in self._cleared.survivors.items():
            member, api = self._topology.member(id_), self._members[id_]

            def look(
                member: MemberCluster = member,
                api: KubeApi = api,
                ready: int = before.ready,
                restarts: int = before.restarts,
            ) -> str | None:
                now = survivor_state(self._topology, api)
                if now.ready < ready:
                    return f"{member.name} has {now.ready} ready pods, it began with {ready}"
                if now.restarts > restarts:
                    return f"pods of {member.name} are restarting"
                return None

            words = self.heard(member.name, look)
            if words is not None:
                return words
        return None

    def _weights(self) -> str | None:
        if not self._watches_weights:
            return None
        try:
            live = live_ingress(self._topology, fleet=self._fleet)
        except AlbDrError:
            return None
        before = weights_of(self._cleared.ingress.annotations)
        now = weights_of(live.annotations)
        if now == before:
            return None
        changed = next(m for m in {**before, **now} if before.get(m) != now.get(m))
        who = changed_by(live, "metadata", "annotations", weight_key(changed))
        return f"somebody else set the weights to {'/'.join(now.values())}{who}"

    def _credentials(self) -> str | None:
        for label, expires in self._cleared.expiries.items():
            if self._ends_soon(expires):
                return f"{label}: the credential is about to end; restoring while it holds"
        return None

    def _ends_soon(self, expires: datetime) -> bool:
        return self._clock.now() + self._reserve >= expires
