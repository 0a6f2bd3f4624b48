"""Change point: when did a disturbed stream become whole, and how sure is that? Pure functions.

Requests are draws: while even one part of the gateway still sends to a dead member, only some of
them show it. So the instant has two errors: the last bad request is the earliest it can have
been, and the latest is found by counting good ones until more luck than one in a million would
be needed. Losses that were there before the fault are noise and do not delay the recovery.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ONE_IN = 1e6
"""All bounds are wrong once in so many drills at most."""
_SURE = math.log(ONE_IN)
_LIKELY = 4.0
"""Logarithm of the likelihood ratio from which losses are of the fault rather than noise."""
_TAIL = 30
"""Newest bad requests by whose spacing the thinning of the disturbance is judged."""
_LEAST_TAIL = 8
"""With fewer their spacing says too little."""
_REACH = 200
"""Later bad requests that are looked at together with one; keeps a long noisy run quick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What one request says: when it left, when its answer began, and whether it was bad.

    ``hard``: it cannot be noise, for the victim answered it.
    """

    sent_s: float
    answered_s: float
    bad: bool
    hard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Bad requests and all requests of the time before the fault."""

    bad: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """When the stream became whole: ``at_s`` the first request of the whole part, None when the
    last request was bad still; the true instant lies between ``low_s`` and ``high_s`` (None: it
    is not proven that it became whole at all).
    """

    low_s: float
    at_s: float | None
    high_s: float | None


def change_point(
    requests: Sequence[Request], *, start_s: float, noise: Noise, visible: float
) -> ChangePoint:
    """The change point of requests in the order in which they were sent.

    ``visible`` is the share of requests that show the disturbance while it lasts anywhere.
    """
    bad = [n for n, request in enumerate(requests) if request.bad]
    last_hard = max((n for n in bad if requests[n].hard), default=-1)
    likely, sure = _last_of_the_fault(bad, last_hard, len(requests), noise)
    low_s = requests[sure].sent_s if sure >= 0 else start_s
    if likely + 1 >= len(requests):
        return ChangePoint(low_s=low_s, at_s=None, high_s=None)
    return ChangePoint(
        low_s=low_s,
        at_s=requests[likely + 1].sent_s,
        high_s=_latest(requests, bad, likely, noise, visible),
    )


def _last_of_the_fault(
    bad: Sequence[int], last_hard: int, total: int, noise: Noise
) -> tuple[int, int]:
    """The last request that was bad because of the fault: likely, and for sure; -1 for none.

    From the end backwards: does a stretch that ends in bad requests stand out from everything
    after it and before the fault?
    """
    likely = -1
    for place in range(len(bad) - 1, -1, -1):
        if bad[place] <= last_hard:
            break
        gain = _stands_out(bad, place, total, noise)
        if gain > _LIKELY and likely < 0:
            likely = bad[place]
        if gain > _SURE:
            return likely, bad[place]
    return max(likely, last_hard), last_hard


def _stands_out(bad: Sequence[int], place: int, total: int, noise: Noise) -> float:
    """By how much the best stretch from here on is likelier with a rate of its own."""
    before = bad[place - 1] if place else -1
    best = 0.0
    for end in range(place, min(len(bad), place + _REACH)):
        count, of = end - place + 1, bad[end] - before
        rest = noise.bad + len(bad) - 1 - end
        rest_of = noise.of + total - 1 - bad[end]
        if count * rest_of > rest * of:
            apart = _likelihood(count, of) + _likelihood(rest, rest_of)
            best = max(best, apart - _likelihood(count + rest, of + rest_of))
    return best


def _likelihood(count: int, of: int) -> float:
    """The logarithm of the greatest likelihood of ``count`` in ``of``."""
    if count in (0, of):
        return 0.0
    rate = count / of
    return count * math.log(rate) + (of - count) * math.log1p(-rate)


def _latest(
    requests: Sequence[Request], bad: Sequence[int], last: int, noise: Noise, visible: float
) -> float | None:
    """When so many requests were good that the disturbance could not have hidden; None if never.

    A likelihood ratio of the disturbance beside the noise against the noise alone.
    """
    usual = min((noise.bad + 0.5) / (noise.of + 1), 0.99)
    worse = usual + (1 - usual) * min(max(visible, 1e-6), 0.999)
    up, down = math.log(worse / usual), math.log((1 - worse) / (1 - usual))
    least = last + _by_spacing(bad, last)
    total = 0.0
    for n in range(last + 1, len(requests)):
        total += up if requests[n].bad else down
        if total <= -_SURE and n >= least:
            return requests[n].answered_s
    return None


def _by_spacing(bad: Sequence[int], last: int) -> float:
    """Good requests needed when the bad ones had become rare before they ceased.

    The next gap of an exponential of unknown rate, seen ``m`` gaps of total ``span``, exceeds
    ``x`` with chance ``(1 + x / span) ** -m``.
    """
    tail = [n for n in bad if n <= last][-_TAIL:]
    if len(tail) < _LEAST_TAIL:
        return 0.0
    gaps = len(tail) - 1
    return float((tail[-1] - tail[0]) * math.expm1(_SURE / gaps))
