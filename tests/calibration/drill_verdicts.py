"""``make drill-verdicts``: wrong verdicts and wrong error bars over simulated drills."""

from __future__ import annotations

import sys
from collections import Counter
from multiprocessing import Pool

from tests.calibration.drills import drill


def main(runs: int) -> int:
    """Simulate and print; 1 when anything said was wrong."""
    outcomes: Counter[str] = Counter()
    wrong: list[str] = []
    with Pool() as workers:
        for outcome, complaints in workers.imap_unordered(_told, range(runs), chunksize=50):
            outcomes[outcome] += 1
            wrong += complaints
    for line in wrong:
        sys.stdout.write(f"{line}\n")
    for name, count in sorted(outcomes.items()):
        sys.stdout.write(f"{count:6}  {name}\n")
    sys.stdout.write(f"{len(wrong)} wrong verdicts or error bars in {runs} simulated drills\n")
    return int(bool(wrong))


def _told(seed: int) -> tuple[str, list[str]]:
    told = drill(seed)
    outcome = f"{told.report.outcome}, truly {'passed' if told.passes else 'failed'}"
    return outcome, [f"drill {seed}: {complaint}" for complaint in told.complaints()]


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
