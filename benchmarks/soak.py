"""One long drill at 200 requests a second: does its memory stay flat?

``python -m benchmarks.soak [MINUTES]``: ten stand for a day. Resident memory is looked at each
second while the traffic is watched; printed are its medians over the second and the last tenth.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from pathlib import Path

from benchmarks.sandbox import sandbox

MINUTES, GOAL = 10.0, 1.10
"""Flat: the last tenth is at most a tenth above the second one."""


def main(minutes: float) -> None:
    """Measure and print."""
    seconds = 60 * minutes
    words = ("failover", "drill", "poc-ack-1", "--yes", "--rate", "200", "--no-watchdog")
    with sandbox() as place:
        place.run("up")
        drill = place.start(
            *words,
            *("--observe", f"{seconds:g}", "--expires-in", f"{seconds + 120:g}s"),
            *("--override", "ADR-SURVIVOR-YOUNG"),
        )
        assert drill.stderr is not None
        threading.Thread(target=drill.stderr.read, daemon=True).start()
        seen = []
        while drill.poll() is None:
            seen.append(_resident_mib(drill.pid))
            time.sleep(1.0)
        assert drill.returncode == 0, f"the drill ended with {drill.returncode}"
    tenth = max(1, int(seconds / 10))
    early, late = (
        statistics.median(seen[tenth : 2 * tenth]),
        statistics.median(seen[-2 * tenth : -tenth]),
    )
    ratio = late / early
    sizes = f"{early:.1f} MiB early, {late:.1f} MiB late, peak {max(seen):.1f} MiB"
    print(f"{seconds:g} s at 200 requests/s: {sizes}")
    print(f"{ratio:.2f} of the early size   goal <= {GOAL}: {'met' if ratio <= GOAL else 'MISSED'}")


def _resident_mib(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0.0
    sizes = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(sizes[0].split()[1]) / 1024 if sizes else 0.0


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES)
