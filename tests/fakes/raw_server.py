"""A TCP server that does what a test scripts, byte by byte: honest, slow or hostile."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Script = Callable[[socket.socket], None]
"""What to do with one accepted connection; it is closed when the script returns."""


class RawServer:
    """Listens on a loopback address; each connection runs the script in its own thread."""

    def __init__(self, script: Script, *, host: str = "127.0.0.1", port: int = 0) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, port), family=family, backlog=512)
        self._script = script
        self._open: list[socket.socket] = []
        self.tls: ssl.SSLContext | None = None
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError):
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            self._script(connection)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    def close(self) -> None:
        """Close the listener and every connection."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


def read_request(connection: socket.socket) -> bytes:
    """One request without a body; empty when the client closed."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return b""
        received += piece
    return received


def answering(*answers: bytes, seen: list[bytes] | None = None) -> Script:
    """A script that gives the answers in turn, again and again, on a kept connection."""

    def script(connection: socket.socket) -> None:
        turn = 0
        while request := read_request(connection):
            if seen is not None:
                seen.append(request)
            connection.sendall(answers[turn % len(answers)])
            turn += 1
            if b"connection: close" in request.lower():
                return

    return script


def http(body: str, *, status: int = 200, headers: str = "") -> bytes:
    """A complete answer with a length."""
    content = body.encode()
    head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(content)}\r\n{headers}\r\n"
    return head.encode() + content


@contextmanager
def serving(script: Script, *, host: str = "127.0.0.1") -> Iterator[RawServer]:
    """A server for the length of a block."""
    server = RawServer(script, host=host)
    try:
        yield server
    finally:
        server.close()
