"""Simulated traffic: requests go where the live weights and the ready pods say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from alb_dr.model.load import ClosedLoad, Load, Target
from alb_dr.model.sample import NO_ANSWER, Outcome, SampleColumns
from alb_dr.ports import ProbeHealth
from tests.fakes.gateway import GOLDEN
from tests.fakes.prober import healthy
from tests.histories.api import wall
from tests.histories.simulation import Process

CLOSED_RATE = 100.0
"""Requests a second of a load that goes as fast as it can."""
Shares = Callable[[], Sequence[float]]


class SimulatedProber:
    """Starts streams; ``shares`` is the part of the traffic each member serves now."""

    def __init__(self, process: Process, shares: Shares) -> None:
        self._process = process
        self._shares = shares

    def start(self, target: Target, load: Load) -> SimulatedStream:
        """Requests in the background; a load that ends goes as fast as it needs."""
        del target
        if isinstance(load, ClosedLoad):
            return SimulatedStream(self._process, self._shares, CLOSED_RATE, load.requests)
        return SimulatedStream(self._process, self._shares, load.rate)


class SimulatedStream:
    """Requests that were due since the last look, answered by the state of the world now."""

    def __init__(
        self, process: Process, shares: Shares, rate: float, most: int | None = None
    ) -> None:
        self._process = process
        self._shares = shares
        self._rate = rate
        self._most = most
        self._start = process.simulation.now
        self._sent = 0
        self._stopped = False

    @property
    def origin(self) -> datetime:
        """When it began."""
        return wall(self._start)

    @property
    def addresses(self) -> Sequence[str]:
        """One."""
        return ("127.0.0.1",)

    @property
    def finished(self) -> bool:
        """When it was stopped, or everything was sent."""
        return self._stopped or self._sent == self._most

    def now_s(self) -> float:
        """Seconds since it began."""
        return self._process.simulation.now - self._start

    def take(self, *, wait_s: float = 0.0) -> SampleColumns:
        """What was due meanwhile."""
        if wait_s > 0:
            self._process.pause(wait_s)
        columns = SampleColumns()
        due = int(self.now_s() * self._rate)
        if self._most is not None:
            due = min(due, self._most)
        if self._stopped or due <= self._sent:
            return columns
        shares = self._shares()
        for n in range(self._sent, due):
            self._add(columns, n / self._rate, _member(shares, n))
        self._sent = due
        return columns

    @staticmethod
    def _add(columns: SampleColumns, at: float, member: int) -> None:
        lost = member == NO_ANSWER
        columns.due_s.append(at)
        columns.sent_s.append(at)
        columns.first_byte_s.append(at + 0.004)
        columns.finished_s.append(at + 0.005)
        columns.status.append(503 if lost else 200)
        columns.outcome.append(Outcome.SERVER_ERROR if lost else Outcome.OK)
        columns.member.append(member)
        columns.reused.append(0)
        columns.address.append(0)

    def stop(self) -> ProbeHealth:
        """Send no more."""
        self._stopped = True
        return healthy(self._sent)


def _member(shares: Sequence[float], n: int) -> int:
    """Who serves the n-th request; NO_ANSWER when nobody does."""
    point = n * GOLDEN % 1.0
    for member, share in enumerate(shares):
        point -= share
        if point < 0:
            return member
    return NO_ANSWER
