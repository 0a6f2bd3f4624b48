"""The gateway: an AlbConfig with its IngressClass, and the ALB behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Protocol(StrEnum):
    """What a listener speaks (AlbConfig ``spec.listeners[].protocol``)."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"
    QUIC = "QUIC"


class AddressType(StrEnum):
    """Public or VPC-internal; fixed at creation."""

    INTERNET = "Internet"
    INTRANET = "Intranet"


class AddressAllocatedMode(StrEnum):
    """Whether each zone keeps one address (Fixed) or the cloud adds some under load (Dynamic)."""

    FIXED = "Fixed"
    DYNAMIC = "Dynamic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One port of the gateway."""

    port: int
    protocol: Protocol = Protocol.HTTP
    certificate_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneMapping:
    """A vSwitch the ALB has an address in; the zone is written only when it is known."""

    vswitch_id: str
    zone_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Everything the tutorial's parameter table names, under its own names.

    ``hosts_file`` is asked for the ALB's DNS name before this machine's resolver is.
    """

    name: str
    ingress_class: str
    load_balancer_name: str | None
    address_type: AddressType
    address_allocated_mode: AddressAllocatedMode
    zone_mappings: Sequence[ZoneMapping]
    listeners: Sequence[Listener]
    hosts_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayAddress:
    """Where to aim requests: the ALB's DNS name and port, and the Host header of the Ingress."""

    dns_name: str
    port: int
    host: str
    path: str
    protocol: Protocol = Protocol.HTTP
    alb_id: str | None = None
    hosts_file: Path | None = None
    sub_clusters: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address as one would type it (with the ALB's name, not the Host header)."""
        scheme = "https" if self.protocol is Protocol.HTTPS else "http"
        return f"{scheme}://{self.dns_name}:{self.port}{self.path}"
