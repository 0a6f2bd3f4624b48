"""Words for numbers: percentages, durations, instants."""

from __future__ import annotations

from datetime import datetime

from alb_dr.model.sample import Outcome

OUTCOME_WORDS = {
    Outcome.OK: "served",
    Outcome.REDIRECT: "redirected (3xx)",
    Outcome.CLIENT_ERROR: "refused by the server (4xx)",
    Outcome.SERVER_ERROR: "server error (5xx)",
    Outcome.REFUSED: "connection refused",
    Outcome.RESET: "connection cut",
    Outcome.TIMEOUT: "timed out",
    Outcome.PROTOCOL: "not HTTP",
    Outcome.TLS: "TLS failed",
    Outcome.LOCAL: "failed on this machine",
}
"""What people call an outcome."""


def percent(share: float, digits: int = 1) -> str:
    """A share from 0 to 1 as a percentage."""
    return f"{100 * share:.{digits}f} %"


def small_percent(share: float) -> str:
    """A small share with two digits that count; 0 stays 0."""
    if share == 0:
        return "0 %"
    return f"{100 * share:.2g} %" if share < 0.1 else percent(share)


def between(low: float, high: float) -> str:
    """An interval of shares."""
    return f"{100 * low:.1f} to {100 * high:.1f} %"


def milliseconds(seconds: float) -> str:
    """A latency."""
    value = seconds * 1e3
    return (
        f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"
    )


def seconds(value: float) -> str:
    """A duration."""
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def instant(when: datetime) -> str:
    """A wall-clock time with its zone."""
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"


_NAMELESS_WORDS = {
    "unattributed": "answer names no member",
    "ambiguous": "answer names several members",
}


def loss_word(name: str) -> str:
    """What people call a class of lost requests."""
    return _NAMELESS_WORDS.get(name) or OUTCOME_WORDS[Outcome[name.upper()]]
