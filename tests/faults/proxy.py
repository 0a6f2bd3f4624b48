"""A proxy in front of an API server, or a cloud, that can do to a call whatever a network can."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from alb_dr.sandbox.pki import make_pki
from tests.faults.toxics import Effect, Rule, Toxic

LONGEST_S = 20.0
"""No toxic holds a connection longer than this."""
DELAY_S = 0.2
HUGE = 100 * 1024 * 1024
_BLOCK = b" " * 65_536


class FaultProxy:
    """Serves ``https://127.0.0.1:port`` for ``upstream``; ``rule`` is the one fault armed.

    Without ``upstream_ca`` both sides are plain HTTP, as a sandbox's cloud is.
    """

    def __init__(self, folder: Path, upstream: str, upstream_ca: Path | None) -> None:
        scheme, _, address = upstream.partition("://")
        self._scheme = scheme
        self._contexts: dict[bool, ssl.SSLContext] = {}
        self._upstream_tls: ssl.SSLContext | None = None
        if upstream_ca is not None:
            good, other = make_pki(_made(folder)), make_pki(_made(folder / "other"))
            self.ca = good.ca
            self._contexts = {False: _context(good.server), True: _context(other.server)}
            self._upstream_tls = ssl.create_default_context(cafile=str(upstream_ca))
        host, _, port = address.partition(":")
        self._upstream = (host, int(port))
        self.seen: list[tuple[str, str]] = []
        self.seen_at: list[float] = []
        """When each came, on the monotonic clock."""
        self.rule: Rule | None = None
        self.watcher: Callable[[str, str, str], None] | None = None
        """Told of every call: ``before`` it is passed on, ``after`` it was answered upstream."""
        self.slowest_s = 0.0
        """Longest that a call no fault met has taken since arming."""
        self._met: Counter[Rule] = Counter()
        self._first: dict[str, tuple[int, bytes]] = {}
        self._strange = self._down = False
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def arm(self, rule: Rule | None) -> None:
        """Forget what was seen; from now on let this happen."""
        self._released.set()
        with self._lock:
            self._released = threading.Event()
            self.rule, self._strange, self._down = rule, False, False
            self._met.clear()
            self._first.clear()
            self.seen.clear()
            self.seen_at.clear()
            self.slowest_s = 0.0

    def close(self) -> None:
        """Stop; nothing is left listening."""
        self.arm(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def struck(self) -> bool:
        """Whether the armed fault happened."""
        return self.rule is not None and self._met[self.rule] >= self.rule.nth

    def accepts(self) -> bool:
        """Whether new connections are taken."""
        return not self._down

    def wrapped(self, connection: socket.socket) -> socket.socket:
        """The TLS side of a new connection; raises OSError when the client does not like it."""
        if not self._contexts:
            return connection
        return self._contexts[self._strange].wrap_socket(connection, server_side=True)

    def toxic_for(self, method: str, path: str) -> Toxic | None:
        """What is to happen to this call."""
        with self._lock:
            self.seen.append((method, path))
            self.seen_at.append(time.monotonic())
            if self.rule is None or not self.rule.matches(method, path):
                return None
            self._met[self.rule] += 1
            met, toxic = self._met[self.rule], self.rule.toxic
            if met < self.rule.nth or (toxic.once and met > self.rule.nth):
                return None
            self._down = self._down or toxic.effect is Effect.DOWN
            self._strange = self._strange or toxic.effect is Effect.OTHER_CERTIFICATE
            return toxic

    def wait(self) -> None:
        """Hold a call until the fault is disarmed, at most LONGEST_S."""
        self._released.wait(LONGEST_S)

    def first_answer(self, path: str, answer: tuple[int, bytes]) -> tuple[int, bytes]:
        """What this read was answered first."""
        return self._first.setdefault(path, answer)

    def connection(self) -> http.client.HTTPConnection:
        """A connection to the upstream, not made yet."""
        host, port = self._upstream
        if self._upstream_tls is None:
            return http.client.HTTPConnection(host, port, timeout=LONGEST_S)
        return http.client.HTTPSConnection(
            host, port, timeout=LONGEST_S, context=self._upstream_tls
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        super().__init__(("127.0.0.1", 0), _Handler)

    def verify_request(self, request: object, client_address: object) -> bool:
        return self.proxy.accepts()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        # In the connection's own thread: a handshake must not hold up the others.
        self.request.settimeout(LONGEST_S)
        self.request = self.server.proxy.wrapped(self.request)
        self._upstream = self.server.proxy.connection()
        super().setup()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        with suppress(OSError):
            self.request.close()
        self._upstream.close()

    @contextmanager
    def _passed_on(self, body: bytes) -> Iterator[http.client.HTTPResponse]:
        """The upstream's answer. As many connections there as here, and kept as long."""
        # The host is part of what a call to a cloud is signed with.
        kept = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
        try:
            self._upstream.request(self.command, self.path, body or None, kept)
            with self._upstream.getresponse() as answer:
                yield answer
                whole = answer.isclosed()
        except BaseException:
            self._upstream.close()
            raise
        if not whole:
            self._upstream.close()

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # All calls to a cloud have one path; a header says what is called.
        action = self.headers.get("x-acs-action")
        toxic = self.server.proxy.toxic_for(self.command, f"/{action}" if action else self.path)
        self._tell("before")
        with suppress(OSError, http.client.HTTPException):
            if toxic is None:
                began = time.monotonic()
                self._forward(body)
                if "watch=true" not in self.path:
                    proxy = self.server.proxy
                    proxy.slowest_s = max(proxy.slowest_s, time.monotonic() - began)
            else:
                self._poison(toxic, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def _forward(self, body: bytes) -> None:
        with self._passed_on(body) as answer:
            if "watch=true" in self.path:
                self._stream(answer)
                return
            content = answer.read()
            self._tell("after")
            if self.command == "GET":
                self.server.proxy.first_answer(self.path, (answer.status, content))
            self._send(answer.status, content, answer.headers.get("Content-Type", ""))

    def _tell(self, when: str) -> None:
        watcher = self.server.proxy.watcher
        if watcher is not None:
            watcher(when, self.command, self.path)

    def _stream(self, answer: http.client.HTTPResponse) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", ""))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        while chunk := answer.read1(65_536):
            self.wfile.write(chunk)

    def _send(self, status: int, content: bytes, kind: str, **more: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in more.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def _poison(self, toxic: Toxic, body: bytes) -> None:
        proxy = self.server.proxy
        match toxic.effect:
            case Effect.HANG:
                proxy.wait()
                self._cut()
            case Effect.RESET | Effect.DOWN | Effect.OTHER_CERTIFICATE:
                self._cut()
            case Effect.DELAY:
                threading.Event().wait(DELAY_S)
                self._forward(body)
            case Effect.STATUS:
                self._refuse(toxic)
            case Effect.BODY:
                self._send(200, toxic.body, toxic.content_type)
            case Effect.REDIRECT:
                self._send(307, b"", "text/plain", Location="https://127.0.0.1:1/elsewhere")
            case Effect.HUGE:
                self._flood()
            case Effect.GZIP_BOMB:
                self._send(200, _bomb(), "application/json", Content_Encoding="gzip")
            case _:
                self._spoil(toxic, body)

    def _spoil(self, toxic: Toxic, body: bytes) -> None:
        """Pass the request on, then do harm to the answer."""
        with self._passed_on(body) as answer:
            if toxic.effect is Effect.COMMIT_DROP:
                answer.read()
                self._cut()
                return
            content = b"{}" if "watch=true" in self.path else answer.read()
            status = answer.status
        if toxic.effect is Effect.STALE:
            self._send(
                *self.server.proxy.first_answer(self.path, (status, content)), "application/json"
            )
            return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content) + 10))
        self.end_headers()
        if toxic.effect is Effect.HALF:
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
        else:
            for n in range(len(content)):
                self.wfile.write(content[n : n + 1])
                self.wfile.flush()
                threading.Event().wait(0.05)
        self._cut()

    def _refuse(self, toxic: Toxic) -> None:
        reasons = {401: "Unauthorized", 403: "Forbidden", 409: "Conflict", 410: "Expired",
                   422: "Invalid", 429: "TooManyRequests"}  # fmt: skip
        status = {
            "kind": "Status",
            "apiVersion": "v1",
            "status": "Failure",
            "reason": reasons.get(toxic.status, "InternalError"),
            "message": f"the proxy refuses with {toxic.status}",
            "code": toxic.status,
        }
        more = {"Retry_After": toxic.retry_after} if toxic.retry_after else {}
        self._send(toxic.status, json.dumps(status).encode(), "application/json", **more)

    def _flood(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(HUGE))
        self.end_headers()
        for _ in range(HUGE // len(_BLOCK)):
            self.wfile.write(_BLOCK)

    def _cut(self) -> None:
        """Reset the connection: the client sees no clean end."""
        self.close_connection = True
        with suppress(OSError):
            linger = struct.pack("ii", 1, 0)
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        with suppress(OSError):
            # Without TLS's own goodbye.
            socket.socket(fileno=self.request.detach()).close()


@cache
def _bomb() -> bytes:
    return gzip.compress(b" " * HUGE, compresslevel=9)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _context(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
