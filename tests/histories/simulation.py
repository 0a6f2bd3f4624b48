"""Simulated time and processes: one runs at a time, and hands over at every operation.

Processes are greenlets: the real code is written straight down, and a switch costs a microsecond
where a thread's costs fifty, which is the difference between an hour and a week for 100,000
histories. A killed process runs on through its ``finally`` blocks, but nothing it tries has any
effect any more: to the world it died at once.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from typing import TypeVar

import greenlet

from alb_dr.cli.signals import Signals

Result = TypeVar("Result")
MOST_EVENTS = 200_000
"""A history that needs more hangs."""
LATENCY_S = (0.002, 0.002, 0.01, 0.05, 0.4)
"""How long an operation takes, each as likely as the other."""


class Killed(BaseException):
    """The process is dead: nothing it does has an effect."""


class Hung(AssertionError):
    """The history does not end."""


class Simulation:
    """The clock of the world and what is to happen when."""

    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self.random = random.Random(seed)
        self.processes: list[Process] = []
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self.hub = greenlet.getcurrent()

    def at(self, when: float, job: Callable[[], None]) -> None:
        """Let something happen at an instant; the past means now."""
        self._count += 1
        heapq.heappush(self._events, (max(when, self.now), self._count, job))

    def run(self, until: float) -> None:
        """Let everything happen that happens before an instant."""
        while self._events and self._events[0][0] <= until:
            when, _, job = heapq.heappop(self._events)
            self.now = max(self.now, when)
            job()
            if self._count > MOST_EVENTS:
                raise Hung(f"still busy after {self.now:.0f} s and {MOST_EVENTS} events")
        self.now = max(self.now, until)

    def spawn(self, process: Process, when: float) -> None:
        """Begin a process at an instant."""
        self.processes.append(process)
        self.at(when, process.begin)

    @property
    def busy(self) -> list[Process]:
        """The processes that are not over."""
        return [p for p in self.processes if p.code is None and not p.dead]


class Machine:
    """Where processes run: one wall clock, which somebody may turn."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.skew_s = 0.0


class Process:
    """One command line under way; ``code`` is how it ended, None while it runs or when killed."""

    def __init__(
        self,
        simulation: Simulation,
        name: str,
        machine: Machine,
        program: Callable[[Process], int],
    ) -> None:
        self.simulation = simulation
        self.name = name
        self.machine = machine
        self.operations = 0
        self.strikes: list[Callable[[Process, int, str], None]] = []
        """Asked before and after each operation; may kill or signal."""
        self.dead = False
        self.code: int | None = None
        self.began_at = self.ended_at = -1.0
        self.stopped_until = 0.0
        self.said: list[str] = []
        self.error: BaseException | None = None
        self.signals = Signals()
        self.signals.on_repeat = lambda _count: None
        self._program = program
        self._greenlet = greenlet.greenlet(self._main)
        self._greenlet.process = self  # type: ignore[attr-defined]  # see current()

    def begin(self) -> None:
        """Run until the first operation."""
        self.began_at = self.simulation.now
        self._greenlet.switch()

    def _main(self) -> None:
        try:
            self.code = self._program(self)
        except Killed:
            self.dead = True
        except BaseException as error:  # noqa: BLE001  the invariants will say that it is a bug
            self.error = error
            self.code = 1
        self.ended_at = self.simulation.now

    def kill(self) -> None:
        """End it; it learns this at its next operation."""
        self.dead = True

    def pause(self, seconds: float) -> None:
        """Let others run for so long."""
        if self.dead:
            raise Killed
        self.simulation.at(
            max(self.simulation.now + seconds, self.stopped_until), self._greenlet.switch
        )
        self.simulation.hub.switch()
        while self.stopped_until > self.simulation.now and not self.dead:
            self.simulation.at(self.stopped_until, self._greenlet.switch)
            self.simulation.hub.switch()
        if self.dead:
            raise Killed

    def operate(self, what: str, effect: Callable[[], Result]) -> Result:
        """One operation on the world: a kill or a signal may come before and after it."""
        if self.dead:
            raise Killed
        number = self.operations
        self.operations += 1
        self._strike(number, "before")
        takes = self.simulation.random.choice(LATENCY_S)
        self.pause(takes / 2)
        try:
            result = effect()
        finally:
            self.pause(takes / 2)
        self._strike(number, "after")
        return result

    def _strike(self, number: int, when: str) -> None:
        for strike in self.strikes:
            strike(self, number, when)
        if self.dead:
            raise Killed


def current() -> Process | None:
    """The process that runs now; None outside of any."""
    return getattr(greenlet.getcurrent(), "process", None)
