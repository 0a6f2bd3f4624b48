"""The real clock: the only file that sleeps."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class RealClock:
    """This machine's clocks."""

    def now(self) -> datetime:
        """The wall clock, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds on the monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep; a negative duration is none."""
        time.sleep(max(0.0, seconds))
