"""What the gateway is to do: listeners, rules, backends with members and weights. Pure nouns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


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
class Listener:
    """A port the gateway listens on; the defaults of the times (seconds) are ALB's."""

    port: int
    tls: bool = False
    idle_timeout_s: int = 15
    request_timeout_s: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayState:
    """Everything the data plane needs to know."""

    listeners: tuple[Listener, ...] = ()
    rules: tuple[Rule, ...] = ()
    backends: tuple[Backend, ...] = ()

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports of the listeners."""
        return tuple(listener.port for listener in self.listeners)

    def distorted(self, weights: Mapping[str, int]) -> GatewayState:
        """The same with other weights: a gateway that does not do what the Ingress says."""
        if not weights:
            return self
        return replace(self, backends=tuple(_distorted(b, weights) for b in self.backends))


def _distorted(backend: Backend, weights: Mapping[str, int]) -> Backend:
    groups = tuple(replace(g, weight=weights.get(g.member, g.weight)) for g in backend.groups)
    return replace(backend, groups=groups)
