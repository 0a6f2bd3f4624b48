"""One probe of a member: do these answers show that it serves, or that it is gone? Pure."""

from __future__ import annotations

import math

from alb_dr.model.sample import Outcome, SampleColumns
from alb_dr.model.watch import Probe

BY_CHANCE = 0.001
"""A member with a share is silent in a probe by chance less often than this."""
LEAST_REQUESTS, MOST_REQUESTS = 20, 200
"""Requests of one probe."""
LEAST_SHARE = 0.1
"""Members with a smaller share cannot be told to be silent from what the gateway answers."""


def requests_for(share: float) -> int:
    """How many requests a probe needs that a member with this share is not silent by chance."""
    if share >= 1:
        return LEAST_REQUESTS
    needed = math.ceil(math.log(BY_CHANCE) / math.log(1 - share))
    return min(MOST_REQUESTS, max(LEAST_REQUESTS, needed))


def judge_probe(columns: SampleColumns, *, member: int, share: float) -> tuple[Probe, str]:
    """What a probe says about the member with this index and share of the traffic, and why.

    It failed when the member gave no good answer and at least half of its share was lost. When
    the others took its share over, requests are served and there is nothing to flip. A gateway
    that refuses every connection and a machine that cannot send say nothing about a member.
    """
    sent = len(columns) - sum(o == Outcome.LOCAL for o in columns.outcome)
    if sent < len(columns) / 2 or not sent:
        return Probe.UNCLEAR, "this machine could not send the requests"
    good = sum(o == Outcome.OK for o in columns.outcome)
    own = sum(
        o == Outcome.OK and m == member
        for o, m in zip(columns.outcome, columns.member, strict=True)
    )
    lost = sent - good
    words = f"{own} of {sent} answered by it, {good - own} by others, {lost} lost"
    if own:
        return Probe.SERVED, words
    refused = sum(o in {Outcome.REFUSED, Outcome.TLS} for o in columns.outcome)
    if refused == sent:
        return Probe.UNCLEAR, f"{words}: the gateway itself takes no connections"
    if lost >= max(1.0, sent * share / 2):
        return Probe.FAILED, words
    return Probe.SERVED, f"{words}: the others have taken its share over"
