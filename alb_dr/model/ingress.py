"""The weighted Ingress on the Fleet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from alb_dr.model.gateway import Protocol


class PathType(StrEnum):
    """How a path is matched (Kubernetes ``pathType``)."""

    PREFIX = "Prefix"
    EXACT = "Exact"
    IMPLEMENTATION_SPECIFIC = "ImplementationSpecific"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """The Service in every member that answers for this Ingress."""

    service: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """ALB health checks of the server groups; without them a dead zone keeps its traffic.

    Seconds and counts are those of the ``healthcheck-*`` annotations.
    """

    enabled: bool
    protocol: str
    path: str
    method: str
    codes: Sequence[str]
    interval_s: int
    timeout_s: int
    healthy_threshold: int
    unhealthy_threshold: int

    @property
    def detection_s(self) -> tuple[int, int]:
        """Least and most seconds until a dead server is taken out, by the configured timing."""
        count = self.unhealthy_threshold
        return self.interval_s * count, (self.interval_s + self.timeout_s) * count


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedIngress:
    """One host and path, and the Service that answers for it in each member."""

    name: str
    namespace: str
    host: str
    path: str
    path_type: PathType
    backend: Backend
    listen_protocol: Protocol
    listen_port: int
    health_check: HealthCheck
