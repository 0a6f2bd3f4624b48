"""``make histories N=100000``: play so many histories; the figure is the last line.

The numbers of violated histories are printed with their scenario, shrunk to the acts that matter.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.histories.invariants import violations
from tests.histories.play import play
from tests.histories.scenario import scenario
from tests.histories.shrink import shrunk

BATCH = 50


def outcomes(start: int, count: int) -> list[tuple[int, list[str]]]:
    """Play the histories of these numbers; the violated ones with what was violated."""
    found = []
    for seed in range(start, start + count):
        wrong = play(scenario(seed), violations)
        if wrong:
            found.append((seed, wrong))
    return found


def main(argv: list[str]) -> int:
    """Play, say what is wrong, end with the figure."""
    parser = argparse.ArgumentParser(prog="histories")
    parser.add_argument("count", type=int, nargs="?", default=2000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(argv)
    began = time.monotonic()
    wrong = 0
    end = options.start + options.count
    starts = range(options.start, end, BATCH)
    sizes = [min(BATCH, end - n) for n in starts]
    with ProcessPoolExecutor(options.jobs) as pool:
        for found in pool.map(outcomes, starts, sizes):
            for seed, words in found:
                wrong += 1
                print(f"WRONG {seed}: {'; '.join(words)}", flush=True)
                if wrong <= 5:
                    print(shrunk(scenario(seed), words), flush=True)
    took = time.monotonic() - began
    print(
        f"histories: {options.count - wrong}/{options.count} without a violation "
        f"(seeds {options.start} to {end - 1}, {took:.0f} s)"
    )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
