"""Load: how requests are paced, and what each of them looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alb_dr.errors import BadInput
from alb_dr.model.application import IdentityRule
from alb_dr.model.gateway import GatewayAddress

MAX_RATE = 20_000.0
"""Requests per second nobody needs to exceed to measure a split (safety F82)."""
MAX_REQUESTS = 10_000_000
"""Requests of one run; more is an attack or a typing error (safety F82)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLoad:
    """``requests`` in all, ``concurrency`` at a time: the next is sent when one returns."""

    requests: int
    concurrency: int = 16

    def __post_init__(self) -> None:
        if not 1 <= self.requests <= MAX_REQUESTS:
            raise BadInput(
                f"{self.requests} requests are outside 1 to {MAX_REQUESTS}",
                hint="500 requests tell 20 % from 25.4 % with 80 % power",
            )
        if not 1 <= self.concurrency <= 1024:
            raise BadInput(f"concurrency {self.concurrency} is outside 1 to 1024")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLoad:
    """``rate`` requests per second for ``duration_s``; each is due whether or not others returned.

    A duration of None goes on until the stream is stopped.
    """

    rate: float
    duration_s: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.rate <= MAX_RATE:
            raise BadInput(f"rate {self.rate:g} is outside 0 to {MAX_RATE:g} requests per second")
        if self.duration_s is not None and not 0 < self.duration_s <= 86_400:
            raise BadInput(f"duration {self.duration_s:g} s is outside 0 to 24 hours")


Load = ClosedLoad | OpenLoad


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What to ask, whom to connect to, and how to read who answered.

    ``member_names`` gives the meaning of ``Sample.member``; ``connect_to`` overrides where the
    connection goes ("host:port") and leaves Host and SNI alone. With ``reuse`` connections are
    kept; ``by_turns`` as well: only those of every other turn, and each turn asks every address
    once, so that both kinds see every address.
    """

    address: GatewayAddress
    member_names: Sequence[str]
    identity: IdentityRule = field(default_factory=IdentityRule)
    connect_to: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reuse: bool = False
    by_turns: bool = False
    timeout_s: float = 5.0
    insecure: bool = False
