"""The disk of simulated processes: real files, with an operation before each of which one may die.

Stands in for the ``os`` module of the journal. ``full`` machines have no space left.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from unittest import mock

from tests.histories.simulation import Killed, Process, current

FILES = ("ledger", "rundir", "samples")
"""The modules of the journal that a drill writes with."""


class Disk:
    """The ``os`` module, as a simulated process meets it."""

    def __init__(self) -> None:
        self.full: set[str] = set()
        self.open_files: set[int] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, *args: Any, **words: Any) -> int:
        """Open; without space nothing new can be made."""
        return int(self._operate("open", lambda: self._opened(*args, **words), writes=True))

    def _opened(self, *args: Any, **words: Any) -> int:
        """Remembered at once: a process killed right after it never hears of the descriptor."""
        found = os.open(*args, **words)
        self.open_files.add(found)
        return found

    def write(self, file: int, content: bytes) -> int:
        """Write."""
        return int(self._operate("write", lambda: os.write(file, content), writes=True))

    def ftruncate(self, file: int, length: int) -> None:
        """Shorten."""
        self._operate("ftruncate", lambda: os.ftruncate(file, length))

    def fsync(self, file: int) -> None:
        """Bring to the disk; a simulated disk needs no waiting for."""
        del file
        self._operate("fsync", lambda: None)

    def close(self, file: int) -> None:
        """Close, also for the dead: descriptors are the test's own."""
        self.open_files.discard(file)
        with suppress(OSError):
            os.close(file)

    def fdopen(self, *args: Any, **words: Any) -> Any:
        """Hand the file over."""
        self.open_files.discard(args[0])
        return os.fdopen(*args, **words)

    def _operate(self, what: str, work: Any, *, writes: bool = False) -> Any:
        process = current()
        if process is None:
            return work()
        if process.dead:
            raise Killed
        return process.operate(f"disk {what}", lambda: self._checked(process, work, writes))

    def _checked(self, process: Process, work: Any, writes: bool) -> Any:
        if writes and process.machine.name in self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return work()

    def close_all(self) -> None:
        """Close what killed processes left open."""
        for file in tuple(self.open_files):
            self.close(file)


@contextmanager
def mounted(disk: Disk) -> Iterator[None]:
    """The journal writes to this disk."""
    with ExitStack() as stack:
        for name in FILES:
            stack.enter_context(mock.patch(f"alb_dr.journal.{name}.os", disk))
        yield
