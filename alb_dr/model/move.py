"""Moves: which weights a switchover or an emergency leads to. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from alb_dr.errors import BadInput
from alb_dr.model.topology import Mode, Topology
from alb_dr.model.weights import TOTAL, Weights


def switched_over(topology: Topology, start: Weights, to: str) -> Weights:
    """The weights after a switchover to a member (name or id).

    Active-active: it gets everything. Primary-secondary: it takes over the primary's weight and
    the primary gets its own, so that a standby with a small weight stays one. Raises BadInput for
    an unknown member and one that is in that role already.
    """
    wanted = topology.member(to)
    if topology.mode is Mode.PRIMARY_SECONDARY:
        primary = primary_of(start)
        if wanted.id == primary:
            raise BadInput(f"{wanted.name} is the primary already", hint=_names(topology, start))
        swapped = {primary: start[wanted.id], wanted.id: start[primary]}
        return Weights(tuple((m, swapped.get(m, w)) for m, w in start))
    if start[wanted.id] == TOTAL:
        raise BadInput(f"{wanted.name} has all the traffic already", hint=_names(topology, start))
    return Weights(tuple((m, TOTAL if m == wanted.id else 0) for m, _ in start))


def moved_off(topology: Topology, start: Weights, gone: Sequence[str]) -> Weights:
    """The weights without these members (names or ids): the others keep their proportions.

    Raises BadInput for an unknown member and when nobody is left.
    """
    ids = [topology.member(name).id for name in gone]
    if set(ids) >= {m.id for m in topology.members}:
        raise BadInput(
            "every member is named, and the weights cannot all be 0",
            hint="leave a member that is to carry the traffic",
        )
    return start.drained(*ids)


def primary_of(weights: Weights) -> str:
    """The id of the member with the greatest weight; the first of equals."""
    return max(weights, key=lambda pair: pair[1])[0]


def _names(topology: Topology, weights: Weights) -> str:
    named = ", ".join(f"{name} {weight}" for name, weight in topology.names(weights).items())
    return f"the weights are {named}"
