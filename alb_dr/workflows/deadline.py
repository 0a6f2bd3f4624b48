"""Deadlines: an instant on the monotonic clock, and the words when it passes."""

from __future__ import annotations

from collections.abc import Callable

from alb_dr.errors import DeadlineExceeded
from alb_dr.ports import Clock

Alive = Callable[[], None]
"""Says that whoever waits still lives: renews a lock, for instance. Cheap when nothing is due."""


def nothing() -> None:
    """For who has nothing to say."""


class Deadline:
    """``timeout_s`` seconds from now. Wall-clock jumps do not move it (safety F46).

    ``alive`` is called at every look of a wait for it: who holds a lock must not seem dead while
    he waits (safety F5).
    """

    def __init__(self, clock: Clock, timeout_s: float, *, alive: Alive = nothing) -> None:
        self._clock = clock
        self.alive = alive
        self.timeout_s = timeout_s
        self._end = clock.monotonic() + timeout_s

    @property
    def left_s(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._end - self._clock.monotonic())

    @property
    def passed(self) -> bool:
        """Whether nothing is left."""
        return self.left_s <= 0

    def pause(self, seconds: float) -> None:
        """Wait a moment before the next look."""
        self.alive()
        self._clock.sleep(seconds)

    def exceeded(self, what: str, last_seen: str, *, hint: str | None = None) -> DeadlineExceeded:
        """The error for giving up: what was waited for, how long, and what was seen last."""
        return DeadlineExceeded(
            f"{what} after {self.timeout_s:g} s; last seen: {last_seen}", hint=hint
        )
