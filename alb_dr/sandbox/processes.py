"""Processes of the sandbox: told apart from strangers that got the same number later."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path


def started_at(pid: int) -> str:
    """When a process began, in the system's own units; empty when it is gone.

    A number is used again after its process ended; number and beginning together are not.
    """
    if sys.platform != "linux":
        with suppress(OSError):
            os.kill(pid, 0)
            return "unknown"
        return ""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def is_alive(pid: int, start: str) -> bool:
    """Whether this very process still runs."""
    return bool(start) and started_at(pid) == start


def end(pid: int, start: str, *, patience_s: float) -> bool:
    """Ask this very process to end, then make it; True when it was alive."""
    if not is_alive(pid, start):
        return False
    with suppress(OSError):
        os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + patience_s
    while is_alive(pid, start) and time.monotonic() < until:
        time.sleep(0.02)
    if is_alive(pid, start):
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
        while is_alive(pid, start) and time.monotonic() < until + 2:
            time.sleep(0.02)
    return True


_LIBRARY = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Ask Linux, in a new child, to kill it when its parent dies, however the parent dies.

    It reaches a stopped process too, which could not notice a closed pipe.
    """
    if _LIBRARY is not None:
        death_signal = 1  # PR_SET_PDEATHSIG
        _LIBRARY.prctl(death_signal, signal.SIGKILL)


def memory_kib(pid: int) -> int:
    """Resident memory of a process in KiB; 0 when it cannot be known."""
    with suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
    return 0
