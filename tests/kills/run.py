"""``make kills``: end a drill by signal before and after every operation; the figure is last.

After SIGKILL a machine that knows nothing recovers, or the guard alone does; after SIGTERM and
SIGINT the drill itself must have put everything back. Recover itself is killed, too, and run again.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.faults.bench import Bench, bench
from tests.kills.cases import PATIENCE, Kill, kills_of, ramp_kills_of
from tests.kills.state import state_of
from tests.kills.strike import DidNotComeAgain, nested, problem_of

WORKERS = 4
"""Drills mostly wait, so there are more than cores."""

Result = tuple[str, str | None]


def mid_drill(kills: list[Kill]) -> Kill:
    """The kill right after the harm: from there recover has most to do."""
    return next(
        k
        for k in kills
        if k.operation.what.startswith("PATCH")
        and k.operation.where != "fleet"
        and k.when == "after"
        and k.signum == signal.SIGKILL
    )


def carried_out(found: Bench, kills: list[Kill], inner: Kill | None) -> list[Result]:
    """One worker's part; ``inner`` is the killed drill whose recover is killed, too."""
    before = state_of(found)
    results: list[Result] = []
    for kill in kills:
        try:
            results.append((kill.name, problem_of(found, kill, before)))
        except DidNotComeAgain:
            print(f"did not come again, so not counted: {kill.name}", flush=True)
            continue
        _tell(*results[-1])
    if inner is not None:
        for result in nested(found, inner, before):
            results.append(result)
            _tell(*result)
    return results


def _tell(name: str, wrong: str | None) -> None:
    if wrong:
        print(f"WRONG {name}\n      {wrong}", flush=True)


def _work(kills: list[Kill], inner: Kill | None) -> list[Result]:
    with bench(patience=PATIENCE) as found:
        return carried_out(found, kills, inner)


def _everything() -> list[Kill]:
    """Recorded once: what depends on timing must not differ from worker to worker."""
    with bench(patience=PATIENCE) as found:
        return [*kills_of(found), *ramp_kills_of(found)]


def main(argv: list[str]) -> int:
    """Carry out every kill, say what is wrong, end with N/N."""
    parser = argparse.ArgumentParser(prog="kills")
    parser.add_argument("only", nargs="?", default="", help="a part of the names")
    parser.add_argument("--workers", type=int, default=WORKERS)
    options = parser.parse_args(argv)
    began = time.monotonic()
    every = _everything()
    kills = [kill for kill in every if options.only in kill.name]
    inner = mid_drill(every) if options.only in {"", "nested"} else None
    shares = [kills[n :: options.workers] for n in range(options.workers)]
    inners = [inner] + [None] * (options.workers - 1)
    with ProcessPoolExecutor(options.workers) as pool:
        parts = list(pool.map(_work, shares, inners))
    results = [result for part in parts for result in part]
    right = sum(wrong is None for _, wrong in results)
    for rescuer in ("then recover", "then guard", "SIGTERM", "SIGINT", "recover killed"):
        mine = [wrong for name, wrong in results if rescuer in name]
        print(f"  {rescuer}: {sum(wrong is None for wrong in mine)}/{len(mine)}")
    took = time.monotonic() - began
    print(f"kills: {right}/{len(results)} restored exactly, nothing left over ({took:.0f} s)")
    return int(right != len(results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
