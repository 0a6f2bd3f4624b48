"""The loop of every controller: wait for a change, let it settle, bring the world in line."""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from alb_dr.sandbox.clients import Changes
from alb_dr.sandbox.kube.status import ApiError

SETTLE_S = 0.005
"""Changes come in groups; a moment's pause saves most of the work."""
REST, LONGEST_REST_S = 4.0, 0.5
"""A controller rests this many times as long as it worked, at most so many seconds."""
RETRY_S = 0.5
"""Pause after a failure of the controller itself."""

Reconcile = Callable[[], Awaitable[float | None]]
"""Brings everything in line; returns seconds after which to look again, or None."""


class Reconciler:
    """Runs one reconcile function whenever something it watches changes."""

    def __init__(self, subscriptions: Sequence[Changes], reconcile: Reconcile) -> None:
        self._subscriptions = subscriptions
        self._reconcile = reconcile
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._said = ""

    def start(self) -> None:
        """Begin to watch and work."""
        self._changed.set()
        self._tasks = [asyncio.create_task(self._follow(s)) for s in self._subscriptions]
        self._tasks.append(asyncio.create_task(self._work()))

    def poke(self) -> None:
        """Look again, though no object changed."""
        self._changed.set()

    async def stop(self) -> None:
        """End; nothing is left running."""
        for subscription in self._subscriptions:
            subscription.close()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _follow(self, subscription: Changes) -> None:
        async for _ in subscription:
            self._changed.set()

    def _say(self, problem: str) -> None:
        """Write a problem to the log once, however often it strikes in a row."""
        if problem != self._said:
            sys.stderr.write(f"{problem}\n")
        self._said = problem

    async def _work(self) -> None:
        again: float | None = None
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), again)
            self._changed.clear()
            await asyncio.sleep(SETTLE_S)
            began = time.perf_counter()
            try:
                again = await self._reconcile()
                self._said = ""
            except ApiError as error:
                # An object changed meanwhile, or the API is away: both are the order of the day.
                self._say(f"{error.code} {error.message}")
                again = RETRY_S
            except Exception:  # noqa: BLE001  a controller lives on; its log says what happened
                traceback.print_exc(file=sys.stderr)
                again = RETRY_S
            # A thousand changes in a row must not be answered by a thousand looks at everything.
            await asyncio.sleep(min(LONGEST_REST_S, REST * (time.perf_counter() - began)))
