"""Capacity: how much more each pod would have to carry than the busiest carries today. Pure."""

from __future__ import annotations

from collections.abc import Iterable

HEADROOM = 1.3
"""How many times today's load of the busiest pod a pod may have to carry (safety G6)."""


def busiest(shares: Iterable[tuple[float, int]]) -> float:
    """The load of the busiest pod today: of pairs of a member's share and its ready pods.

    A share is in any one unit (per cent of the traffic, requests per second). A member without a
    ready pod counts as one with a single pod.
    """
    return max((share / max(1, pods) for share, pods in shares), default=0.0)


def growth(share: float, pods: int, today: float) -> float:
    """How many times ``today`` each of ``pods`` carries when they get ``share``; inf for none."""
    if not share:
        return 0.0
    if not pods or not today:
        return float("inf")
    return share / pods / today
