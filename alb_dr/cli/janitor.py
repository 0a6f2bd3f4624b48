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
LOCKED = 5
"""What `unpin` answers while somebody who moves traffic holds the lock: he will give it back."""
LOCKED_S = 86_400.0
"""Longest it waits for that; no shift is longer."""
PAUSE_S = 30.0
"""Longest pause between two tries; they begin with one of LOOK_S, and double."""
LATE_S = 1.0
"""An expiry is kept in whole seconds: a moment later it is certainly over."""


def sweep(seconds: float, project: Path, unpin: Sequence[str]) -> int:
    """Wait, then unpin until that succeeds; 0 when it did or nothing is left to do."""
    due = time.monotonic() + seconds + LATE_S
    while (left := due - time.monotonic()) > 0:
        time.sleep(min(left, LOOK_S))
        if not project.exists():
            return 0
    begun, pause = time.monotonic(), LOOK_S
    while project.exists():
        code = subprocess.run(list(unpin), stdin=subprocess.DEVNULL, check=False).returncode
        patience = LOCKED_S if code == LOCKED else PATIENCE_S
        if code == 0 or time.monotonic() > begun + patience:
            return code
        time.sleep(pause)
        pause = min(2 * pause, PAUSE_S)
    return 0


if __name__ == "__main__":
    for signum in (signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    sys.exit(sweep(float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
