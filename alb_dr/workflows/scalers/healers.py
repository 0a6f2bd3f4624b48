"""Whoever would put weights back as Git has them: refused before a move, named after a write."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from alb_dr.errors import AlbDrError, Forbidden
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeReader, Narrator
from alb_dr.workflows.scalers.argo_sync import Span, ingress_obstacles
from alb_dr.workflows.scalers.obstacles import refuse

HEALED_BY_S = 3600.0
"""What holds Argo CD back for so long leaves a person time to see to the rest."""


def refuse_healers(
    topology: Topology, fleet: KubeReader, *, now: datetime, longest_s: float, narrator: Narrator
) -> None:
    """Refused while Argo CD would put the weights back as Git has them (safety F20, F21)."""
    span = Span(begin=now, end=now + timedelta(seconds=longest_s))
    try:
        found = tuple(ingress_obstacles(topology, fleet, span=span))
    except Forbidden as error:
        narrator.warn(f"whether Argo CD puts the weights back is not known: {error.message}")
        return
    refuse(found, overrides=(), narrator=narrator)


def tell_of_healers(
    topology: Topology, fleet: KubeReader, *, now: datetime, narrator: Narrator
) -> None:
    """Say who will put back weights that were just written (safety F20); never a reason to fail."""
    span = Span(begin=now, end=now + timedelta(seconds=HEALED_BY_S))
    with suppress(AlbDrError):
        for found in ingress_obstacles(topology, fleet, span=span):
            if not found.note:
                narrator.warn(f"this may not last: {found.text}; {found.hint}")
