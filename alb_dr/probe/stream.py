"""The stream: requests sent by one background thread while the caller reads samples."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import uvloop

from alb_dr.errors import AlbDrError
from alb_dr.model.load import Load, Target
from alb_dr.model.sample import SampleColumns
from alb_dr.ports import ProbeHealth
from alb_dr.probe.descriptors import most_connections
from alb_dr.probe.engine import ProbeEngine
from alb_dr.probe.handover import Handover
from alb_dr.probe.pacer import Pacer, pacer_for
from alb_dr.probe.plan import ProbePlan, plan_for

START_S = 0.01
"""From the start of the event loop to the origin of the schedule, so that request 0 is not late."""
PATIENCE_S = 2.0
"""What stopping may take beyond the timeout of the last request."""

_log = logging.getLogger(__name__)


class HttpProber:
    """Sends HTTP requests; the only event loop of alb-dr outside the sandbox."""

    def start(self, target: Target, load: Load) -> HttpStream:
        """Resolve and check, then send in the background.

        Raises BadInput, Refused (a forbidden address) or Unreachable before anything is sent.
        """
        stream = HttpStream(plan_for(target), load)
        stream.begin()
        return stream


class HttpStream:
    """A run of requests under way in its own thread."""

    def __init__(self, plan: ProbePlan, load: Load) -> None:
        self._plan = plan
        self._load = load
        self._handover = Handover()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alb-dr-prober", daemon=True)
        self._loop: uvloop.Loop | None = None
        self._engine: ProbeEngine | None = None
        self._pacer: Pacer | None = None
        self._origin_s = time.monotonic() + START_S
        self._origin = datetime.now(UTC) + timedelta(seconds=START_S)
        self._broken: str | None = None

    @property
    def origin(self) -> datetime:
        """The wall-clock time of second 0, UTC."""
        return self._origin

    @property
    def addresses(self) -> Sequence[str]:
        """The addresses probed."""
        return self._plan.addresses

    @property
    def finished(self) -> bool:
        """No more samples will come."""
        return self._handover.finished

    def now_s(self) -> float:
        """Seconds since the origin."""
        return time.monotonic() - self._origin_s

    def take(self, *, wait_s: float = 0.0) -> SampleColumns:
        """Samples finished since the last call, some 50 ms old at most."""
        return self._handover.take(wait_s)

    def begin(self) -> None:
        """Start the thread; returns when its event loop runs."""
        self._thread.start()
        if not self._started.wait(10.0):
            raise AlbDrError("the prober's thread did not start within 10 s")

    def stop(self) -> ProbeHealth:
        """Send nothing more, wait for what is under way, and say how it went.

        May be called again; the answer stays the same.
        """
        self._tell("stop")
        self._thread.join(self._plan.timeout_s + PATIENCE_S)
        if self._thread.is_alive():
            self._tell("give_up")
            self._thread.join(PATIENCE_S)
        if self._engine is None:
            raise AlbDrError(f"the prober did not start: {self._broken}")
        self._engine.book.broken = self._broken or (
            "the prober's thread does not end" if self._thread.is_alive() else None
        )
        return self._engine.book.health()

    def _tell(self, what: str) -> None:
        """Run a method of the pacer or the engine in their own thread, if that still runs."""
        loop = self._loop
        if loop is None or not self._thread.is_alive():
            return
        doer: Any = self._pacer if what == "stop" else self._engine
        try:
            loop.call_soon_threadsafe(getattr(doer, what))
        except RuntimeError:
            _log.debug("the prober's loop was closed meanwhile")

    def _run(self) -> None:
        loop = uvloop.new_event_loop()
        loop.set_exception_handler(self._complain)
        try:
            loop.run_until_complete(self._measure(loop))
        except Exception as error:  # noqa: BLE001  a bug must end as an invalid run, not as a hang
            _log.debug("the prober failed", exc_info=True)
            self._broken = f"the prober failed: {type(error).__name__}: {error}"
        finally:
            self._started.set()
            self._handover.finish()
            loop.close()

    async def _measure(self, loop: uvloop.Loop) -> None:
        engine = ProbeEngine(
            self._plan,
            origin_s=self._origin_s,
            handover=self._handover,
            most_connections=most_connections(),
        )
        self._loop, self._engine = loop, engine
        self._pacer = pacer_for(engine, self._load, origin_s=self._origin_s, loop=loop)
        self._started.set()
        self._pacer.start()
        try:
            await engine.over.wait()
        finally:
            engine.close()
            # A cancelled attempt may make the pacer fire once more: look again until none is left.
            while attempts := asyncio.all_tasks() - {asyncio.current_task()}:
                for attempt in attempts:
                    attempt.cancel()
                await asyncio.gather(*attempts, return_exceptions=True)

    def _complain(self, _loop: object, context: dict[str, Any]) -> None:
        """An exception in a callback is a bug: keep it for the verdict, and end the run."""
        error = context.get("exception")
        _log.debug("in the prober's loop: %s", context.get("message"), exc_info=error)
        if error is not None and not isinstance(error, OSError):
            self._broken = f"the prober failed: {type(error).__name__}: {error}"
            if self._engine is not None:
                self._engine.over.set()
