"""What the gateway is to do: listeners, rules, backends with members and weights. Pure nouns."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """ALB health checks of a backend, with the timing of the annotations (seconds, counts)."""

    path: str
    method: str
    codes: tuple[tuple[int, int], ...]
    interval_s: int
    timeout_s: int
    healthy: int
    unhealthy: int
    tcp: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberGroup:
    """One member's endpoints (address, port) and its weight."""

    member: str
    weight: int
    endpoints: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One Service of one Ingress, over all members."""

    name: str
    groups: tuple[MemberGroup, ...]
    health_check: HealthCheck | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A host, a path and maybe a header, and the backend that answers."""

    port: int
    host: str
    path: str
    path_type: str
    backend: str
    header: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayState:
    """Everything the data plane needs to know; ``addresses`` are those of the ALB's zones."""

    addresses: tuple[str, ...] = ("127.0.0.1",)
    ports: tuple[int, ...] = ()
    rules: tuple[Rule, ...] = ()
    backends: tuple[Backend, ...] = field(default=())
