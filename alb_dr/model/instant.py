"""Instants in texts that others wrote."""

from __future__ import annotations

from datetime import datetime


def instant_of(text: object) -> datetime | None:
    """The instant an ISO 8601 text names; None for one that cannot be read or has no zone."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
