"""The watchdog of a drill: a process of its own that puts things back when the drill is killed.

Started as a file, with the standard library only, so that waiting costs next to nothing. It reads
from the drill until that ends: with the word that all is closed it leaves, without it the drill
died, and ``failover recover`` is run until it succeeds, ``PATIENCE_S`` is over or the project file
is gone, as that of a sandbox that was taken down is. The guard in the cluster is for a lost
machine; this is for a killed process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

CLOSED = b"closed"
"""What the drill says when everything is back."""
PATIENCE_S = 900.0
"""Longest it goes on trying: after that a person, or the guard, must look."""
PAUSE_S = 5.0
"""Between two tries."""
GAVE_UP = 11
"""Leaves with the code of a restore that is not complete when it gives up."""


def watch(project: str, recover: Sequence[str], *, patience_s: float = PATIENCE_S) -> int:
    """Wait for the drill's last word; without it, run ``recover``. 0 when all is back."""
    said = b""
    while chunk := os.read(sys.stdin.fileno(), 64):
        said = (said + chunk)[-64:]
    if said.strip().endswith(CLOSED):
        return 0
    end = time.monotonic() + patience_s
    while (left_s := end - time.monotonic()) > 0 and os.access(project, os.F_OK):
        if try_once(recover, left_s):
            return 0
        time.sleep(min(PAUSE_S, max(0.0, end - time.monotonic())))
    return GAVE_UP


def try_once(recover: Sequence[str], longest_s: float) -> bool:
    """Run ``recover``; whether all is back. One that hangs is ended."""
    try:
        done = subprocess.run(
            list(recover), stdin=subprocess.DEVNULL, check=False, timeout=longest_s
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    for signum in (signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    sys.exit(watch(sys.argv[1], sys.argv[2:]))
