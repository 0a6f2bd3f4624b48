"""One connection: sends a request, reads the answer up to a cap, sends the next when reused."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol, cast

import httptools

from alb_dr.model.sample import Outcome
from alb_dr.probe.failures import outcome_of
from alb_dr.probe.memory import AnswerMemory, Parsed

BODY_CAP = 64 * 1024
"""Bytes of a body that are read; the rest cannot change who answered (measurement §4)."""
HEAD_CAP = 64 * 1024
"""Bytes before the end of the header block, interim answers included (safety F75)."""

_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
_CACHE = frozenset({b"age", b"x-cache"})
_NAMELESS = (b"", b"0")


class Engine(Protocol):
    """What a connection tells its owner."""

    request: bytes
    request_once: bytes
    header: bytes
    memory: AnswerMemory

    def answered(self, connection: Connection, status: int) -> None:
        """A complete answer was read."""
        ...

    def failed(self, connection: Connection, outcome: Outcome) -> None:
        """The request will get no answer."""
        ...

    def gone(self, connection: Connection) -> None:
        """The connection is closed."""
        ...


class Connection(asyncio.Protocol):
    """The state of one connection and of the request on it.

    Whatever arrives is fed to a strict parser (llhttp); the request ends exactly once, in
    ``answered`` or in ``failed``.
    """

    __slots__ = (
        "_complete", "_engine", "_framed", "_in_body", "_parser", "_received", "_surplus",
        "_transport", "abandoned_s", "address", "body", "busy", "cached", "connecting", "due_s",
        "first_byte_s", "keep", "label", "reusable", "reused", "sent_s", "status",
    )  # fmt: skip

    def __init__(
        self, engine: Engine, address: int, due_s: float, sent_s: float, *, keep: bool
    ) -> None:
        self._engine = engine
        self.address = address
        self.keep = keep
        self._transport: asyncio.Transport | None = None
        self.connecting: asyncio.Task[None] | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self.reused = False
        self.abandoned_s = 0.0
        self._expect(due_s, sent_s)

    def _expect(self, due_s: float, sent_s: float) -> None:
        self.due_s = due_s
        self.sent_s = sent_s
        self.first_byte_s = 0.0
        self.busy = True
        self.body: bytes | bytearray = b""
        self.label = b""
        self.cached = False
        self.status = 0
        self.reusable = False
        self._received = 0
        self._in_body = self._framed = self._complete = self._surplus = False

    def send(self, due_s: float, sent_s: float) -> None:
        """Send the next request on this idle connection."""
        self._expect(due_s, sent_s)
        self.reused = True
        if self._transport is not None:
            self._transport.write(self._engine.request)

    def expire(self, outcome: Outcome) -> None:
        """Give up on the request and the connection."""
        if self.busy:
            self.busy = False
            self._engine.failed(self, outcome)
        self.abort()

    def abort(self) -> None:
        """Drop the connection, or the attempt to make it."""
        if self._transport is not None:
            self._transport.abort()
        elif self.connecting is not None:
            self.connecting.cancel()

    @property
    def is_open(self) -> bool:
        """Whether another request could be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection (and its TLS) is there: send, unless the request expired meanwhile."""
        self._transport = cast(asyncio.Transport, transport)
        if self.busy:
            engine = self._engine
            self._transport.write(engine.request if self.keep else engine.request_once)
        else:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; end the request when its answer is complete, broken or too long."""
        if not self.busy:
            self._surplus = True
            self.abort()
            return
        fresh = not self._received
        if fresh:
            self.first_byte_s = time.monotonic()
            known = self._engine.memory.recall(data)
            if known is not None:
                self._recall(known)
                return
        self._received += len(data)
        if not self._feed(data):
            self.expire(Outcome.PROTOCOL)
        elif self._complete:
            if fresh and not self._surplus and isinstance(self.body, bytes):
                self._engine.memory.keep(
                    data,
                    Parsed(self.status, self.label, self.body, self.cached, self.reusable),
                )
            self._finish()
        elif not self._in_body and self._received > HEAD_CAP:
            self.expire(Outcome.PROTOCOL)

    def _recall(self, known: Parsed) -> None:
        """Take an answer that was parsed before."""
        self.status, self.label, self.body = known.status, known.label, known.body
        self.cached, self.reusable = known.cached, known.reusable
        self._finish()

    def _feed(self, data: bytes) -> bool:
        """Parse; False when the answer is broken before it is complete."""
        if self._parser is None:
            self._parser = httptools.HttpResponseParser(self)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._surplus = True
            return self._complete
        return True

    def eof_received(self) -> bool:
        """The server closed: that ends an answer without a length, and cuts any other."""
        if self.busy and self._in_body and not self._framed:
            self._finish()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """A cut while a request is under way loses it."""
        if self.busy:
            self.busy = False
            cut = exc is None or isinstance(exc, ConnectionError)
            self._engine.failed(self, Outcome.RESET if cut else outcome_of(exc or EOFError()))
        self._engine.gone(self)

    def on_message_begin(self) -> None:
        """A second answer to one request must never be credited to the next request."""
        if self._complete:
            self._surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note framing, signs of a cache and the identity header; forget the rest."""
        if self._complete:
            return
        name = name.lower()
        if name in _FRAMING:
            self._framed = True
        elif name in _CACHE:
            hit = b"hit" in value.lower() if name == b"x-cache" else value.strip() not in _NAMELESS
            self.cached = self.cached or hit
        if name == self._engine.header:
            self.label = self.label + b"\x00" + value if self.label else value

    def on_headers_complete(self) -> None:
        """The head of the final answer is over; interim answers (1xx) are skipped."""
        if self._parser is not None and not self._complete:
            self.status = self._parser.get_status_code()
            self._in_body = not 100 <= self.status < 200

    def on_body(self, piece: bytes) -> None:
        """Keep the body up to the cap; beyond it the answer counts as read."""
        if self._complete:
            return
        if not self.body:
            self.body = piece
        else:
            if isinstance(self.body, bytes):
                self.body = bytearray(self.body)
            self.body += piece
        if len(self.body) > BODY_CAP:
            self.body = self.body[:BODY_CAP]
            self._complete = self._surplus = True

    def on_message_complete(self) -> None:
        """The answer is complete, and says whether the connection may be used again."""
        if self._parser is not None and self._in_body and not self._complete:
            self._complete = True
            self.reusable = self._parser.should_keep_alive()

    def _finish(self) -> None:
        self.busy = False
        self.reusable = self.reusable and not self._surplus
        self._engine.answered(self, self.status)
        if self._surplus:
            self.abort()
