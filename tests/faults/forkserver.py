"""Runs command lines of alb-dr as forks of one process that has imported everything already.

Starting Python and importing the program costs 0.6 s of CPU, ten times what most commands need
themselves. A fork is a process of its own all the same: own arguments, environment, folder,
output and signals; its threads are waited for and its exit functions run.

The server is this file run as a program. One message asks for one command line; with it come
three descriptors: its stdout, its stderr, and a socket for what happened to it.
"""

from __future__ import annotations

import array
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO

LONGEST_MESSAGE = 131_072
"""Bytes of a command line with its environment."""
FOLDERS_LEFT_OUT = ("alb_dr.sandbox", "alb_dr.__main__")
"""Not part of any command that talks to an API; heavy."""


class Forked:
    """One command line under way; like a ``subprocess.Popen`` as far as it goes."""

    def __init__(self, told: socket.socket) -> None:
        self._told = told
        self._left = b""
        self.pid = int(self._line(60))
        self.returncode: int | None = None

    def go(self) -> None:
        """Let it begin: until then it waits, so that whoever needs its pid knows it in time."""
        self._told.sendall(b"!")

    @property
    def is_alive(self) -> bool:
        """Whether it goes on."""
        try:
            self.wait(0)
        except subprocess.TimeoutExpired:
            return True
        return False

    def wait(self, timeout: float) -> int:
        """Its exit code, negative for a signal; subprocess.TimeoutExpired when it goes on."""
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(int(self._line(timeout)))
            self._told.close()
        return self.returncode

    def send_signal(self, signum: int) -> None:
        """Send a signal, if it is still there."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signum)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _line(self, timeout: float) -> bytes:
        end = time.monotonic() + timeout
        while b"\n" not in self._left:
            ready, _, _ = select.select([self._told], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise subprocess.TimeoutExpired("alb-dr", timeout)
            chunk = self._told.recv(64)
            if not chunk:
                raise ConnectionError("the fork server is gone")
            self._left += chunk
        line, _, self._left = self._left.partition(b"\n")
        return line


class ForkServer:
    """The process that forks. Close it when done."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.forkserver", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )

    def start(
        self,
        words: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: str,
        stdout: IO[bytes],
        stderr: IO[bytes],
    ) -> Forked:
        """Make one command line; its standard input is empty, and it waits for ``go``."""
        ours, theirs = socket.socketpair()
        message = json.dumps({"words": list(words), "env": dict(env), "cwd": cwd}).encode()
        with theirs:
            handed = [stdout.fileno(), stderr.fileno(), theirs.fileno()]
            socket.send_fds(self._control, [message], handed)
        return Forked(ours)

    def close(self) -> None:
        """End it; command lines under way go on."""
        self._control.close()
        self._process.wait(10)


def serve(control: socket.socket) -> list[str] | None:
    """Fork for every message until the other side is gone.

    None in the server at its end; in a fork the words of the command line it now is.
    """
    wake, woken = socket.socketpair()
    for end in (wake, woken):
        end.setblocking(False)
    signal.set_wakeup_fd(woken.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # The end of whoever started the server is told by the control socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control, wake], [], [])
        if wake in ready:
            with suppress(BlockingIOError):
                wake.recv(4096)
            _reap(told)
        if control not in ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(control, LONGEST_MESSAGE, 3)
        if not message:
            return None
        request = json.loads(message)
        pid = os.fork()
        if pid == 0:
            for other in (control, wake, woken, *told.values()):
                other.close()
            _become(request, descriptors)
            return [str(word) for word in request["words"]]
        for descriptor in descriptors[:2]:
            os.close(descriptor)
        told[pid] = socket.socket(fileno=descriptors[2])
        told[pid].sendall(b"%d\n" % pid)


def _reap(told: dict[int, socket.socket]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        with told.pop(pid) as one, suppress(OSError):
            one.sendall(b"%d\n" % status)


def _become(request: Mapping[str, object], descriptors: array.array[int] | list[int]) -> None:
    """Make this fork what a fresh process would have been."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stdout, stderr, told = descriptors
    if not os.read(told, 1):
        os._exit(1)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    for descriptor in (stdout, stderr, told):
        os.close(descriptor)
    env = request["env"]
    assert isinstance(env, dict)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    tempfile.tempdir = None
    os.chdir(str(request["cwd"]))


def _import_everything() -> None:
    """Import the program whole, so that no fork has to."""
    import alb_dr
    from alb_dr.cloud.sdk import PACKAGES
    from alb_dr.fleet.connect import load

    load()
    for package in PACKAGES.values():
        importlib.import_module(f"{package}.client")
    for module in [name for name in sys.modules if name.startswith("alibabacloud_credentials")]:
        # It reads the environment when it is imported, which must be a fork's own.
        del sys.modules[module]
    for found in pkgutil.walk_packages(alb_dr.__path__, "alb_dr."):
        if not found.name.startswith(FOLDERS_LEFT_OUT):
            importlib.import_module(found.name)


def _main() -> None:
    import gc

    control = socket.socket(fileno=int(sys.argv[1]))
    _import_everything()
    # What is shared stays shared: a collection in a fork would touch, and so copy, all of it.
    gc.collect()
    gc.freeze()
    words = serve(control)
    if words is not None:
        _run(words)


def _run(words: list[str]) -> None:
    """Be the command line, to its end."""
    import atexit
    import threading

    from alb_dr.cli.main import main
    from tests.kills.hook import install

    install(os.environ)
    sys.argv = ["alb-dr", *words]
    code: object = 0
    try:
        main()
    except SystemExit as leaving:
        code = leaving.code
    # As an interpreter ends, but for taking apart every module, which costs more than the command.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    _main()
