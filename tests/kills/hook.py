"""Disk operations of a command line, counted, and a signal before or after one of them.

Only in processes that the tests fork (``tests/faults/forkserver.py``), and only when asked by the
environment; the product knows nothing of it. An operation is what the program asks of the kernel
about a file below its state folder: open for writing, write, fsync, shorten, rename, make, remove.
"""

from __future__ import annotations

import builtins
import io
import os
import re
import signal
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER = "KILLS_FOLDER"
"""Below which folder operations count; without it nothing is hooked."""
LOG = "KILLS_LOG"
"""Where to note each operation, a line each: what a recorded run did."""
STRIKE = "KILLS_STRIKE"
"""``NTH:before|after:SIGNAL:WHAT``: the operation to strike, the first of its like is 1."""
CLOCK = "KILLS_CLOCK"
"""Seconds by which this process's wall clock is ahead: how a deadline passes at once."""
HASTE = "KILLS_HASTE"
"""How many times as fast this process's monotonic clock goes: a wait is over sooner."""
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Hook:
    """Counts, notes and strikes."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._folder = environ[FOLDER]
        self._log = environ.get(LOG)
        nth, self._when, signum, self._what = environ.get(STRIKE, "0:before:0:").split(":", 3)
        self._nth, self._signum = int(nth), int(signum)
        self._counted: Counter[str] = Counter()
        self._files: dict[int, str] = {}
        self._real_open = os.open
        self._real_write = os.write
        self._real_close = os.close

    def counts(self, target: object) -> bool:
        """Whether an operation on this path or descriptor is one of ours."""
        if isinstance(target, int):
            return target in self._files
        return str(os.fspath(target)).startswith(self._folder)  # type: ignore[call-overload]

    def opened(self, file: int, place: str) -> None:
        """From now on what happens to this descriptor counts."""
        self._files[file] = place

    def place(self, file: int) -> str:
        """The path behind a descriptor that counts."""
        return self._files[file]

    def closed(self, file: int) -> None:
        """It is somebody else's from now on."""
        self._files.pop(file, None)

    def operate(self, what: str, work: Callable[[], Any]) -> Any:
        """One operation."""
        what = what.replace(self._folder, "")
        self._counted[what] += 1
        if self._log:
            line = f"{what}\n".encode()
            file = self._real_open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            self._real_write(file, line)
            self._real_close(file)
        self._strike(what, "before")
        try:
            return work()
        finally:
            self._strike(what, "after")

    def _strike(self, what: str, when: str) -> None:
        if (what, self._counted[what], when) == (self._what, self._nth, self._when):
            os.kill(os.getpid(), signal.Signals(self._signum))


def install(environ: Mapping[str, str]) -> None:
    """Hook this process, if the environment asks for it."""
    if CLOCK in environ:
        _turn_clock(float(environ[CLOCK]))
    if HASTE in environ:
        _hasten(float(environ[HASTE]))
    if FOLDER not in environ:
        return
    hook = Hook(environ)
    _hook_opening(hook)
    for name in ("write", "fsync", "ftruncate"):
        setattr(os, name, _on_descriptor(hook, name, getattr(os, name)))
    for name in ("replace", "rename", "mkdir", "unlink", "rmdir"):
        setattr(os, name, _on_path(hook, name, getattr(os, name)))


def _hook_opening(hook: Hook) -> None:
    real_open, real_close, real_fdopen, real_io = os.open, os.close, os.fdopen, io.open

    def hooked_open(path: Any, flags: int, *rest: Any, **words: Any) -> int:
        if not flags & WRITING or not hook.counts(path):
            return real_open(path, flags, *rest, **words)
        file: int = hook.operate(
            f"open {_place(path)}", lambda: real_open(path, flags, *rest, **words)
        )
        hook.opened(file, _place(path))
        return file

    def hooked_close(file: int) -> None:
        hook.closed(file)
        real_close(file)

    def hooked_fdopen(file: int, *rest: Any, **words: Any) -> Any:
        stream = real_fdopen(file, *rest, **words)
        return Stream(hook, stream, hook.place(file)) if hook.counts(file) else stream

    def hooked_io(path: Any, mode: str = "r", *rest: Any, **words: Any) -> Any:
        if not set(mode) & set("wax+") or isinstance(path, int) or not hook.counts(path):
            return real_io(path, mode, *rest, **words)
        return hook.operate(f"open {_place(path)}", lambda: real_io(path, mode, *rest, **words))

    os.open, os.close, os.fdopen = hooked_open, hooked_close, hooked_fdopen  # type: ignore[assignment]
    io.open = builtins.open = hooked_io  # type: ignore[assignment]


class Stream:
    """A file object whose writes count."""

    def __init__(self, hook: Hook, stream: Any, place: str) -> None:
        self._hook = hook
        self._stream = stream
        self._place = place

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> Stream:
        self._stream.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        return self._stream.__exit__(*error)

    def write(self, content: Any) -> Any:
        """Write, through to the kernel: what stays in a buffer is no operation."""
        return self._hook.operate(f"write {self._place}", lambda: self._through(content))

    def _through(self, content: Any) -> Any:
        written = self._stream.write(content)
        self._stream.flush()
        return written

    def close(self) -> None:
        """Close."""
        with suppress(OSError):
            self._hook.closed(self._stream.fileno())
        self._stream.close()


def _on_descriptor(hook: Hook, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def hooked(file: int, *rest: Any) -> Any:
        if not hook.counts(file):
            return real(file, *rest)
        return hook.operate(f"{name} {hook.place(file)}", lambda: real(file, *rest))

    return hooked


def _on_path(hook: Hook, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
    def hooked(path: Any, *rest: Any, **words: Any) -> Any:
        if isinstance(path, int) or not hook.counts(path):
            return real(path, *rest, **words)
        return hook.operate(f"{name} {_place(path)}", lambda: real(path, *rest, **words))

    return hooked


def _place(path: Any) -> str:
    """A path without the names of its run and of its cluster: those are others each time."""
    parts = Path(os.fspath(path)).parts
    named = "/".join("RUN" if re.match(r"\d{8}T\d+", part) else part for part in parts)
    return re.sub(r"[0-9a-f]{16}", "CLUSTER", named)


def _turn_clock(ahead_s: float) -> None:
    from alb_dr.clock import RealClock

    real = RealClock.now

    def now(clock: RealClock) -> datetime:
        return real(clock) + timedelta(seconds=ahead_s)

    RealClock.now = now  # type: ignore[method-assign]  # as the docstring of CLOCK says


def _hasten(factor: float) -> None:
    from alb_dr.clock import RealClock

    real = RealClock.monotonic

    def monotonic(clock: RealClock) -> float:
        return real(clock) * factor

    RealClock.monotonic = monotonic  # type: ignore[method-assign]  # as the docstring of HASTE says
