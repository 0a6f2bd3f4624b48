"""``make calibration``: false alarms and detection beside what the verdict promises."""

from __future__ import annotations

import sys

from tests.calibration.simulation import figures


def main(runs: int) -> int:
    """Simulate and print; 1 when a promise is broken."""
    found = figures(runs)
    for figure in found:
        sys.stdout.write(f"{figure}\n")
    broken = sum(not figure.holds for figure in found)
    sys.stdout.write(f"{len(found) - broken}/{len(found)} promises kept in {runs} runs each\n")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
