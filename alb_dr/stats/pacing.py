"""Pacing: when is request number n due?"""

from __future__ import annotations


def due_s(n: int, rate: float) -> float:
    """Seconds after the origin at which request ``n`` (from 0) is due; never accumulates error."""
    return n / rate


def requests_in(rate: float, duration_s: float | None) -> int | None:
    """Requests of an open loop, at least one; None when it has no end."""
    if duration_s is None:
        return None
    return max(1, int(rate * duration_s + 1e-6))
