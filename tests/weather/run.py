"""``make weather N=50``: whole drills through bad weather on every API; the figure is last (M23).

Every call is late by up to 200 ms, and one in twenty is cut: half of those before anything was
done, half after it was done and before the answer. A drill may end any way its exit code tells
truly; when it says open, ``recover`` on a clear day puts everything back.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter

from alb_dr.errors import ExitCode
from tests.faults.bench import Bench, bench
from tests.kills.cases import DRILLS
from tests.kills.state import State, differences, state_of

LATE_S = 0.2
CUT = 0.05
DRILL = DRILLS["scale-to-zero"]
RECOVER = ("failover", "recover", "--execute")
OPEN = int(ExitCode.RESTORE_INCOMPLETE)


class Cut(Exception):
    """The connection ends here, without an answer."""


class Weather:
    """What happens to the calls of one API; told by its proxy of each."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self.cuts = 0

    def __call__(self, when: str, _method: str, _path: str) -> None:
        """Late by up to LATE_S; cut here, one time in forty before and one in forty after."""
        if when == "before":
            time.sleep(self._dice.uniform(0, LATE_S))
        if self._dice.random() < CUT / 2:
            self.cuts += 1
            raise Cut


def drilled(found: Bench, seed: int, before: State) -> tuple[int, str | None]:
    """One drill in one weather: its exit code, and what it did not tell truly, or None."""
    found.arm("", None)
    weathers = {name: Weather(seed * 10 + n) for n, name in enumerate(found.proxies)}
    for name, proxy in found.proxies.items():
        proxy.watcher = weathers[name]
    try:
        done = found.run(DRILL, limit_s=90)
    finally:
        for proxy in found.proxies.values():
            proxy.watcher = None
    return done.code, _lie(found, done.code, done.stderr, before)


def _lie(found: Bench, code: int, said: str, before: State) -> str | None:
    if code in {-1, int(ExitCode.BUG)} or "Traceback" in said:
        return f"ended with {code}: {said[-300:]}"
    left = differences(before, state_of(found))
    if code != OPEN:
        return f"says {code}, but {'; '.join(left)}" if left else None
    recovered = found.run(RECOVER, direct=True)
    left = differences(before, state_of(found))
    if recovered.code != 0 or left:
        return f"recover ended with {recovered.code}, and {'; '.join(left) or 'all is back'}"
    return None


def run(count: int) -> tuple[Counter[int], list[str]]:
    """So many drills; how often each exit code, and every untruth."""
    codes: Counter[int] = Counter()
    wrong = []
    with bench() as found:
        before = state_of(found)
        for seed in range(count):
            code, lie = drilled(found, seed, before)
            codes[code] += 1
            if lie:
                wrong.append(f"weather {seed}: {lie}")
                found.run(RECOVER, direct=True)
    return codes, wrong


def main(count: int) -> int:
    """Drill, say what is wrong, end with the figure."""
    codes, wrong = run(count)
    for line in wrong:
        print(f"WRONG {line}")
    how = ", ".join(f"{n} with {code}" for code, n in sorted(codes.items()))
    print(f"weather: {count - len(wrong)}/{count} drills told the truth ({how})")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))
