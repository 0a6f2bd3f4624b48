"""A pod: a small web server that says which cluster it is.

Started by file path with ``python -I -S``, so it is small and imports the standard library only.
Usage: ``pod.py ADDRESS PORT``; ENV_NAME and POD_NAME come from the environment. Prints ``ready``
when it listens. Reads commands from stdin (``delay MS``, ``errors PERCENT``, ``capacity RATE``)
and ends when stdin closes, so that no pod outlives the world it belongs to.
"""

from __future__ import annotations

import heapq
import os
import selectors
import signal
import socket
import sys
import time

MAX_REQUEST = 65_536
DRAIN_S = 2.0


class Pod:
    """One listening socket, its connections, and the faults it was told to show."""

    def __init__(self, address: str, port: int) -> None:
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server((address, port), backlog=1024, reuse_port=False)
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
        self.selector.register(0, selectors.EVENT_READ, self.command)
        self.buffers: dict[socket.socket, bytes] = {}
        self.later: list[tuple[float, int, socket.socket, bytes, bool]] = []
        self.delay_s = 0.0
        self.errors = 0
        self.capacity = 0
        self.left = 0.0
        self.filled_at = time.monotonic()
        self.count = 0
        self.asked = 0
        self.leaving_at: float | None = None
        name, pod = os.environ.get("ENV_NAME", ""), os.environ.get("POD_NAME", "")
        self.body = f"Hello from {name}\npod: {pod}\n".encode()

    def accept(self, _: object) -> None:
        """Take every waiting connection."""
        while True:
            try:
                connection, _address = self.listener.accept()
            except (BlockingIOError, OSError):
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.buffers[connection] = b""
            self.selector.register(connection, selectors.EVENT_READ, self.read)

    def command(self, _: object) -> None:
        """Obey the world, or end with it."""
        line = os.read(0, 4096)
        if not line:
            sys.exit(0)
        for word, value in (part.split() for part in line.decode().splitlines() if part):
            if word == "delay":
                self.delay_s = int(value) / 1000
            elif word == "errors":
                self.errors = int(value)
            elif word == "capacity":
                self.capacity, self.left = int(value), float(value)

    def read(self, connection: socket.socket) -> None:
        """Answer every complete request in what was read."""
        try:
            data = connection.recv(MAX_REQUEST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data or len(self.buffers[connection]) > MAX_REQUEST:
            self.close(connection)
            return
        self.buffers[connection] += data
        while b"\r\n\r\n" in self.buffers[connection]:
            head, _, rest = self.buffers[connection].partition(b"\r\n\r\n")
            self.buffers[connection] = rest
            self.answer(connection, head)
            if connection not in self.buffers:
                return

    def is_failing(self) -> bool:
        """Whether this request is one of the ordered share of errors, which is spread evenly."""
        before = self.asked * self.errors // 100
        self.asked += 1
        return self.asked * self.errors // 100 != before

    def is_overwhelmed(self) -> bool:
        """Whether this request is beyond the capacity, of which one second may come at once."""
        if not self.capacity:
            return False
        now = time.monotonic()
        gained = (now - self.filled_at) * self.capacity
        self.left, self.filled_at = min(float(self.capacity), self.left + gained), now
        if self.left < 1.0:
            return True
        self.left -= 1.0
        return False

    def answer(self, connection: socket.socket, head: bytes) -> None:
        """One response, now or after the delay."""
        self.count += 1
        health = head.split(b" ", 2)[1:2] == [b"/healthz"]
        close = b"connection: close" in head.lower() or self.leaving_at is not None
        body, status = self.body, b"200 OK"
        if not health and self.is_failing():
            body, status = b"broken on purpose\n", b"500 Internal Server Error"
        elif not health and self.is_overwhelmed():
            body, status = b"overwhelmed\n", b"503 Service Unavailable"
        shown = b"" if head.startswith(b"HEAD ") else body
        response = b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n%s\r\n%s" % (
            status,
            len(body),
            b"Connection: close\r\n" if close else b"",
            shown,
        )
        if self.delay_s and not health:
            due = time.monotonic() + self.delay_s
            heapq.heappush(self.later, (due, self.count, connection, response, close))
        else:
            self.send(connection, response, close)

    def send(self, connection: socket.socket, response: bytes, close: bool) -> None:
        """Write a response; it is small enough for the socket's buffer."""
        try:
            connection.sendall(response)
        except OSError:
            close = True
        if close:
            self.close(connection)

    def close(self, connection: socket.socket) -> None:
        """Forget a connection."""
        if self.buffers.pop(connection, None) is not None:
            self.selector.unregister(connection)
            connection.close()

    def leave(self, *_: object) -> None:
        """SIGTERM: accept no more, answer what is under way, then end."""
        if self.leaving_at is None:
            self.leaving_at = time.monotonic() + DRAIN_S
            self.selector.unregister(self.listener)
            self.listener.close()

    def run(self) -> None:
        """Serve until told to leave."""
        while True:
            timeout = 1.0
            if self.later:
                timeout = max(0.0, self.later[0][0] - time.monotonic())
            for key, _ in self.selector.select(timeout):
                key.data(key.fileobj)
            while self.later and self.later[0][0] <= time.monotonic():
                _, _, connection, response, close = heapq.heappop(self.later)
                if connection in self.buffers:
                    self.send(connection, response, close)
            if self.leaving_at is not None and (
                not self.buffers or time.monotonic() > self.leaving_at
            ):
                return


def main() -> None:
    """Serve on the address and port of the command line."""
    pod = Pod(sys.argv[1], int(sys.argv[2]))
    signal.signal(signal.SIGTERM, pod.leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.write(1, b"ready\n")
    pod.run()


if __name__ == "__main__":
    main()
