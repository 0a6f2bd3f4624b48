"""The janitor of a pin: a process of its own that removes it when its time is up.

Started as a file, with the standard library only, so that waiting costs next to nothing. When the
time has come ``ingress unpin --expired`` looks itself what has expired: a pin that was made to
last longer meanwhile stays, one that is gone is no error. Without its project file there is
nothing left to do.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

LOOK_S = 1.0
"""Between two looks whether the project file is still there, and between two tries."""
PATIENCE_S = 900.0
"""Longest it goes on trying; `status` shows a pin that stays."""
LATE_S = 1.0
"""An expiry is kept in whole seconds: a moment later it is certainly over."""


def sweep(seconds: float, project: Path, unpin: Sequence[str]) -> int:
    """Wait, then unpin until that succeeds; 0 when it did or nothing is left to do."""
    due = time.monotonic() + seconds + LATE_S
    while (left := due - time.monotonic()) > 0:
        time.sleep(min(left, LOOK_S))
        if not project.exists():
            return 0
    end = time.monotonic() + PATIENCE_S
    while project.exists():
        done = subprocess.run(list(unpin), stdin=subprocess.DEVNULL, check=False)
        if done.returncode == 0 or time.monotonic() > end:
            return done.returncode
        time.sleep(LOOK_S)
    return 0


if __name__ == "__main__":
    for signum in (signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    sys.exit(sweep(float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
