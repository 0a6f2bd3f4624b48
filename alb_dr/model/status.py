"""Status: what is live, how it differs from the file, and what is unfinished. One screen of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayStatus:
    """The gateway; ``lacking`` is what it still waits for, None when it is ready.

    ``listeners`` are those of the file, ``strange_listeners`` the live ones it does not name.
    """

    name: str
    alb_id: str
    dns_name: str
    lacking: str | None
    listeners: Sequence[str]
    strange_listeners: Sequence[str]
    connected: Sequence[str]
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStatus:
    """One member. None stands for what could not be known; ``problem`` says why."""

    name: str
    id: str
    zone: str | None
    connected: bool | None
    ready_pods: int | None
    wanted_pods: int | None
    endpoints: int | None
    application: str | None
    file_weight: int
    live_weight: str | None
    share: float | None
    open_drills: Sequence[str] = ()
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficStatus:
    """What a short look at the data plane saw; nothing was sent when ``requests`` is 0."""

    requests: int
    agrees: bool | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Everything on one screen. ``unknown`` lists what could not be asked, with the reason.

    ``drift`` is None where file and cluster could not be compared.
    ``notes`` are worth knowing and nothing to act on at once; ``lock`` says who holds the lock of
    drills and shifts, empty when nobody does.
    """

    gateway: GatewayStatus | None
    members: Sequence[MemberStatus]
    traffic: TrafficStatus
    drift: Sequence[str] | None
    unfinished: Sequence[str]
    unknown: Sequence[str]
    notes: Sequence[str] = ()
    lock: str = ""

    @property
    def attention(self) -> tuple[str, ...]:
        """What a person should look at, in words; empty when all is well."""
        found = [*self.unknown, *self.unfinished]
        if self.gateway is not None:
            found += [self.gateway.lacking] if self.gateway.lacking else []
            found += self.gateway.warnings
        for member in self.members:
            found += [f"{member.name}: {d}" for d in (*member.open_drills, member.problem) if d]
        if self.traffic.agrees is False:
            found.append(f"the traffic does not follow the weights: {self.traffic.words}")
        return tuple(found)
