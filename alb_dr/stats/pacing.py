"""Pacing: when is request number n due?"""

from __future__ import annotations

import math


def due_s(n: int, rate: float) -> float:
    """Seconds after the origin at which request ``n`` (from 0) is due; never accumulates error."""
    return n / rate


def requests_in(rate: float, duration_s: float | None) -> int | None:
    """Requests of an open loop, at least one; None when it has no end."""
    if duration_s is None:
        return None
    return max(1, int(rate * duration_s + 1e-6))


LEAST_PROBES = 20
"""Probes that must fit into the recovery time objective of a drill (measurement of its clock)."""
_USUAL_RATE, _MOST_RATE = 100.0, 1000.0
"""What a drill sends when the objectives ask for no more, and the most it chooses by itself."""
_SPARE = 5
"""So many times LEAST_PROBES, for a victim with a fifth of the traffic is in a fifth of them."""
_RULE_OF_THREE = 3.0
"""No loss in n requests leaves a rate of 3/n possible (95 %)."""


def drill_rate(*, rto_s: float, max_error_rate: float, observe_s: float) -> float:
    """Requests per second that suffice to judge a drill by its objectives.

    Enough probes within the recovery time objective, and enough in all that a drill without a
    loss shows the objective to be kept.
    """
    for_clock = _SPARE * LEAST_PROBES / rto_s
    for_loss = _RULE_OF_THREE / (max_error_rate * observe_s) if max_error_rate > 0 else 0.0
    return float(min(_MOST_RATE, max(_USUAL_RATE, math.ceil(for_clock), math.ceil(for_loss))))
