"""Guard rails: what they look at, and which of their refusals a person may override by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from alb_dr.errors import BadInput
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeApi, Narrator
from alb_dr.stats.capacity import HEADROOM

OVERRIDABLE = frozenset(
    {
        "ADR-DRILL-WINDOW",
        "ADR-SURVIVOR-YOUNG",
        "ADR-CAPACITY",
        "ADR-NOT-CONNECTED",
        "ADR-DRILL-EXPIRES",
        "ADR-TRAFFIC-AWAY",
    }
)
"""Codes ``--override`` takes. The lock, an open drill, no survivor, a missing right and no traffic
have no override (safety §3.8)."""
STEADY_S = 300.0
"""How long a survivor must have been available, and twice that without a restart (G5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RailRules:
    """How strict the rails are. ``strict``: a missing kill switch or guard refuses, too.

    ``overrides`` are codes, ``options`` single options that let one refusal pass (obstacles.py).
    ``lasts_s`` is how long a drill may stay open, ``longest_s`` how long it needs credentials;
    ``ramp`` whether it holds weights; ``headroom`` how many times today's busiest pod a pod bears.
    """

    overrides: frozenset[str] = frozenset()
    options: frozenset[str] = frozenset()
    strict: bool = False
    lasts_s: float = 600.0
    steady_s: float = STEADY_S
    longest_s: float = 600.0
    ramp: bool = False
    headroom: float = HEADROOM

    def __post_init__(self) -> None:
        unknown = sorted(self.overrides - OVERRIDABLE)
        if unknown:
            raise BadInput(
                f"{', '.join(unknown)} cannot be overridden",
                hint=f"those that can: {', '.join(sorted(OVERRIDABLE))}",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RailScene:
    """Everything a rail may look at. Reads only."""

    topology: Topology
    victim: MemberCluster
    fault: str
    fleet: KubeApi
    members: Mapping[str, KubeApi]
    clock: Clock
    narrator: Narrator
    rules: RailRules = field(default_factory=RailRules)

    @property
    def api(self) -> KubeApi:
        """The victim's."""
        return self.members[self.victim.id]

    @property
    def survivors(self) -> tuple[MemberCluster, ...]:
        """The others."""
        return tuple(m for m in self.topology.members if m.id != self.victim.id)
