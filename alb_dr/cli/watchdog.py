"""The watchdog of a drill: a process of its own that puts things back when the drill is killed.

Started as a file, with the standard library only, so that waiting costs next to nothing. It reads
from the drill until that ends: with the word that all is closed it leaves, without it the drill
died, and ``failover recover`` is run until it succeeds or ``PATIENCE_S`` is over. The guard in
the cluster is for a lost machine; this is for a killed process.
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


def watch(recover: Sequence[str]) -> int:
    """Wait for the drill's last word; without it, run ``recover``. 0 when all is back."""
    said = b""
    while chunk := os.read(sys.stdin.fileno(), 64):
        said = (said + chunk)[-64:]
    if said.strip().endswith(CLOSED):
        return 0
    end = time.monotonic() + PATIENCE_S
    while True:
        done = subprocess.run(list(recover), stdin=subprocess.DEVNULL, check=False)
        if done.returncode == 0 or time.monotonic() > end:
            return done.returncode
        time.sleep(PAUSE_S)


if __name__ == "__main__":
    for signum in (signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    sys.exit(watch(sys.argv[1:]))
