"""The engine: fires requests, keeps connections, records samples. Lives in one event loop."""

from __future__ import annotations

import asyncio
import time

from alb_dr.model.sample import NO_ANSWER, Outcome, SampleColumns
from alb_dr.probe.classifier import Classifier
from alb_dr.probe.connection import Connection
from alb_dr.probe.failures import outcome_of
from alb_dr.probe.handover import Handover
from alb_dr.probe.health import HealthBook
from alb_dr.probe.memory import AnswerMemory
from alb_dr.probe.plan import ProbePlan

SWEEP_S = 0.05
"""How often timeouts are looked for and samples handed over: one timer for all requests."""
LINGER_S = 1.0
"""How long an answered connection waits for the server to close first.

Whoever closes first keeps the port in TIME_WAIT; on our side that ends after 28,000 connections
a minute (Linux' default port range).
"""


class ProbeEngine:
    """Sends requests when told to and records what becomes of them."""

    def __init__(
        self, plan: ProbePlan, *, origin_s: float, handover: Handover, most_connections: int
    ) -> None:
        self.request = plan.request
        self.request_once = plan.request_once
        self.header = plan.header
        self.memory = AnswerMemory()
        self.book = HealthBook()
        self.over = asyncio.Event()
        self.on_finished = _nothing
        self._plan = plan
        self._origin_s = origin_s
        self._handover = handover
        self._most = most_connections
        self._loop = asyncio.get_running_loop()
        self._classifier = Classifier(plan.attribute)
        self._columns = SampleColumns()
        self._idle: list[list[Connection]] = [[] for _ in plan.addresses]
        self._under_way: dict[Connection, None] = {}
        self._lingering: dict[Connection, None] = {}
        self._turn = 0
        self._keep = plan.reuse
        self._open = 0
        self._last = False
        self._closed = False
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)

    @property
    def idle_connections(self) -> int:
        """Connections that wait for another request."""
        return sum(map(len, self._idle))

    def fire(self, due_s: float) -> None:
        """Send one request now, on an idle connection or a fresh one; none after ``close``."""
        if self._closed:
            return
        now = time.monotonic()
        address = self._turn
        self._turn = (address + 1) % len(self._idle)
        if address == 0 and self._plan.by_turns:
            self._keep = not self._keep
        pool = self._idle[address]
        while pool and self._keep:
            connection = pool.pop()
            if connection.is_open:
                self._under_way[connection] = None
                connection.send(due_s, now)
                return
        connection = Connection(self, address, due_s, now, keep=self._keep)
        self._under_way[connection] = None
        if self._open >= self._most:
            self._loop.call_soon(connection.expire, Outcome.LOCAL)
            return
        self._open += 1
        connection.connecting = self._loop.create_task(self._connect(connection))

    async def _connect(self, connection: Connection) -> None:
        plan = self._plan
        try:
            await self._loop.create_connection(
                lambda: connection,
                plan.addresses[connection.address],
                plan.port,
                ssl=plan.tls,
                server_hostname=plan.server_name,
            )
        except asyncio.CancelledError:
            self._open -= 1
            raise
        except (OSError, ValueError) as error:
            # ValueError: what ssl raises for a name or certificate that it cannot even compare.
            self._open -= 1
            outcome = Outcome.TLS if isinstance(error, ValueError) else outcome_of(error)
            if plan.tls is not None and outcome is Outcome.RESET:
                outcome = Outcome.TLS
            connection.expire(outcome)
        else:
            self.book.connections += 1

    def finish_soon(self) -> None:
        """No more requests will be fired: finish when those under way are answered."""
        self._last = True
        self._look_over()

    def give_up(self) -> None:
        """Drop what is under way; its requests are recorded as timed out."""
        self._last = True
        for connection in list(self._under_way):
            connection.expire(Outcome.TIMEOUT)

    def close(self) -> None:
        """Close every connection and hand over the last samples."""
        self._closed = True
        self._sweeper.cancel()
        idle = (connection for pool in self._idle for connection in pool)
        for connection in (*self._under_way, *self._lingering, *idle):
            connection.abort()
        self._hand_over()

    def answered(self, connection: Connection, status: int) -> None:
        """Record an answer, then keep the connection or let the server close it."""
        outcome, member = self._classifier.classify(
            status, connection.label, connection.body, connection.cached
        )
        self._record(connection, status, outcome, member)
        if connection.keep and connection.reusable and connection.is_open:
            self._idle[connection.address].append(connection)
        else:
            connection.abandoned_s = time.monotonic()
            self._lingering[connection] = None
        self._after()

    def failed(self, connection: Connection, outcome: Outcome) -> None:
        """Record a request that got no answer."""
        self._record(connection, 0, outcome, NO_ANSWER)
        self._loop.call_soon(self._after)

    def gone(self, connection: Connection) -> None:
        """Forget a closed connection."""
        self._open -= 1
        self._lingering.pop(connection, None)
        pool = self._idle[connection.address]
        if connection in pool:
            pool.remove(connection)

    def _after(self) -> None:
        self.on_finished()
        self._look_over()

    def _record(self, connection: Connection, status: int, outcome: Outcome, member: int) -> None:
        self._under_way.pop(connection, None)
        now, origin, columns = time.monotonic(), self._origin_s, self._columns
        columns.due_s.append(connection.due_s - origin)
        columns.sent_s.append(connection.sent_s - origin)
        columns.first_byte_s.append((connection.first_byte_s or now) - origin)
        columns.finished_s.append(now - origin)
        columns.status.append(status)
        columns.outcome.append(outcome)
        columns.member.append(member)
        columns.reused.append(connection.reused)
        columns.address.append(connection.address)

    def _look_over(self) -> None:
        if self._last and not self._under_way:
            self.over.set()

    def _sweep(self) -> None:
        now = time.monotonic()
        for connection in _older(self._under_way, "sent_s", now - self._plan.timeout_s):
            connection.expire(Outcome.TIMEOUT)
        for connection in _older(self._lingering, "abandoned_s", now - LINGER_S):
            connection.abort()
        self._hand_over()
        self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)

    def _hand_over(self) -> None:
        columns, self._columns = self._columns, SampleColumns()
        self.book.add(columns)
        self._handover.put(columns)


def _older(connections: dict[Connection, None], stamp: str, limit_s: float) -> list[Connection]:
    """Those stamped before the limit. They are kept in the order of the stamps."""
    found = []
    for connection in connections:
        if getattr(connection, stamp) > limit_s:
            break
        found.append(connection)
    return found


def _nothing() -> None:
    return None
