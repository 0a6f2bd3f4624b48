"""Topology: what the world should be. One object, built once, passed down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from alb_dr.errors import BadInput
from alb_dr.model.application import Application
from alb_dr.model.gateway import Gateway
from alb_dr.model.ingress import WeightedIngress
from alb_dr.model.member import KubeAccess, MemberCluster
from alb_dr.model.weights import Weights


class Mode(StrEnum):
    """The two sub-modes of zone-disaster recovery."""

    ACTIVE_ACTIVE = "active-active"
    PRIMARY_SECONDARY = "primary-secondary"


class Profile(StrEnum):
    """Whose choices the manifests make: safe defaults, or the tutorial's own."""

    SAFE = "safe"
    TUTORIAL = "tutorial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objectives:
    """What a drill must achieve to pass. ``rto_s`` in seconds, ``max_error_rate`` from 0 to 1."""

    rto_s: float = 30.0
    max_error_rate: float = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Fleet, members, gateway, Ingress, application and weights of one project file."""

    fleet: KubeAccess
    region: str
    members: Sequence[MemberCluster]
    gateway: Gateway
    ingress: WeightedIngress
    application: Application
    weights: Weights
    mode: Mode
    profile: Profile
    objectives: Objectives

    def member(self, name_or_id: str) -> MemberCluster:
        """The member with this name or id; raises BadInput naming the candidates."""
        for member in self.members:
            if name_or_id in (member.name, member.id):
                return member
        names = ", ".join(m.name for m in self.members)
        raise BadInput(f"{name_or_id!r} is not a member", hint=f"members are: {names}")

    @property
    def member_ids(self) -> tuple[str, ...]:
        """Their ids, in the file's order."""
        return tuple(member.id for member in self.members)

    def names(self, weights: Weights) -> dict[str, int]:
        """Weights by member name instead of id, for people."""
        return {self.member(member).name: weight for member, weight in weights}
