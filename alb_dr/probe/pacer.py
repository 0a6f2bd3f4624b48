"""The pacer: decides when the engine fires; closed loop by answers, open loop by the clock."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from alb_dr.model.load import ClosedLoad, Load, OpenLoad
from alb_dr.probe.engine import ProbeEngine
from alb_dr.probe.ticker import ticker
from alb_dr.stats.pacing import due_s, requests_in

BURST = 256
"""Requests fired at most in one go after a stall of ours, so that answers are read in between."""
SHORTEST_S = 100e-6
"""Shortest distance of two wake-ups; below it several requests are fired at once."""


class Pacer(Protocol):
    """Fires requests on an engine."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """Fire nothing any more."""
        ...


class ClosedPacer:
    """Keeps ``concurrency`` requests under way until ``requests`` are fired."""

    def __init__(self, engine: ProbeEngine, load: ClosedLoad) -> None:
        self._engine = engine
        self._load = load
        self._left = load.requests

    def start(self) -> None:
        """Fire the first batch; each answer then fires the next."""
        self._engine.on_finished = self._next
        for _ in range(min(self._load.concurrency, self._left)):
            self._next()

    def stop(self) -> None:
        """Fire nothing any more."""
        self._left = 0
        self._engine.finish_soon()

    def _next(self) -> None:
        if self._left > 0:
            self._left -= 1
            self._engine.fire(time.monotonic())
            if self._left == 0:
                self._engine.finish_soon()


class OpenPacer:
    """Fires request ``n`` at ``origin + n / rate``, whatever became of the earlier ones."""

    def __init__(
        self,
        engine: ProbeEngine,
        load: OpenLoad,
        *,
        origin_s: float,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._engine = engine
        self._rate = load.rate
        self._origin_s = origin_s
        self._total = requests_in(load.rate, load.duration_s)
        self._next = 0
        self._stopped = False
        self._ticker = ticker(loop, self._tick)

    def start(self) -> None:
        """Arm the first instant."""
        self._ticker.arm(self._origin_s)

    def stop(self) -> None:
        """Fire nothing any more."""
        if not self._stopped:
            self._stopped = True
            self._ticker.close()
            self._engine.finish_soon()

    def _tick(self) -> None:
        now = time.monotonic()
        due = self._origin_s + due_s(self._next, self._rate)
        for _ in range(BURST):
            if due > now or self._stopped:
                break
            self._engine.fire(due)
            self._next += 1
            due = self._origin_s + due_s(self._next, self._rate)
            if self._next == self._total:
                self.stop()
        if not self._stopped:
            self._ticker.arm(max(due, now + SHORTEST_S))


def pacer_for(
    engine: ProbeEngine, load: Load, *, origin_s: float, loop: asyncio.AbstractEventLoop
) -> Pacer:
    """The pacer of a load."""
    if isinstance(load, ClosedLoad):
        return ClosedPacer(engine, load)
    return OpenPacer(engine, load, origin_s=origin_s, loop=loop)
