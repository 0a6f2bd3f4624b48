"""Times as Kubernetes writes them."""

from __future__ import annotations

from datetime import UTC, datetime


def now_text() -> str:
    """The wall clock in whole seconds, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_text() -> str:
    """The wall clock with exactly six fractional digits (MicroTime)."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parsed(text: object) -> datetime | None:
    """The instant of a Kubernetes time; None for anything else."""
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None


def age(text: object) -> str:
    """How long ago, as kubectl's tables say it: ``42s``, ``5m``, ``3h``, ``2d``."""
    instant = parsed(text)
    if instant is None:
        return "<unknown>"
    seconds = max(0, int((datetime.now(UTC) - instant).total_seconds()))
    for size, unit, limit in ((1, "s", 120), (60, "m", 7200), (3600, "h", 172_800)):
        if seconds < limit:
            return f"{seconds // size}{unit}"
    return f"{seconds // 86_400}d"
