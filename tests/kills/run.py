"""``make kills``: end a drill by signal before and after every API call; the figure is last.

The calls are recorded from a whole drill, not listed by hand. After SIGKILL a machine that knows
nothing recovers; after SIGTERM and SIGINT the drill itself must have put everything back.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from alb_dr.workflows.drill_record import ANNOTATION, LABEL
from tests.faults.bench import Bench, bench
from tests.faults.commands import COMMANDS
from tests.faults.matrix import calls_of

WORKERS = 4
DRILL = next(c for c in COMMANDS if c.name == "failover drill")
RECOVER = ("failover", "recover", "--execute")
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
CODES = {
    signal.SIGKILL: {-9},
    # A signal that comes when everything is over no longer changes how it ended.
    signal.SIGTERM: {143, 0, 9},
    signal.SIGINT: {130, 0, 9},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One signal at one instant of a drill."""

    api: str
    method: str
    path: str
    nth: int
    when: str
    signum: signal.Signals

    @property
    def name(self) -> str:
        """How the list names it."""
        path = self.path.replace("\\", "").partition("?")[0]
        return f"{self.signum.name} {self.when} {self.api}: {self.method} {path} #{self.nth}"


def kills_of(found: Bench) -> list[Kill]:
    """Every instant of a drill, three signals each."""
    return [
        Kill(api=api, method=method, path=path, nth=nth, when=when, signum=signum)
        for api, method, path, nth in calls_of(found, DRILL)
        for when in ("before", "after")
        if not (when == "after" and "watch=" in path)
        for signum in SIGNALS
    ]


def problem_of(found: Bench, kill: Kill, *, again: bool = True) -> str | None:
    """Carry out one kill; what was wrong afterwards, or None."""
    wanted = found.workload(kill.api if kill.api != "fleet" else "poc-ack-1")["spec"]["replicas"]
    struck = _arm(found, kill)
    done = found.run(DRILL.words, limit_s=DRILL.seconds)
    found.proxies[kill.api].watcher = None
    found.arm("", None)
    if not struck.is_set() and done.code == 0 and again:
        # A call that depends on timing (a second look at a watch) did not come this time.
        return problem_of(found, kill, again=False)
    if not struck.is_set():
        return f"the call did not come; the drill ended with {done.code}"
    if done.code not in CODES[kill.signum]:
        return f"ended with {done.code}: {done.stderr[-300:]}"
    if kill.signum == signal.SIGKILL:
        # Another machine: nothing of the first one's state is there.
        shutil.rmtree(found.state / "direct" / "alb-dr" / "runs", ignore_errors=True)
        shutil.rmtree(found.state / "proxied", ignore_errors=True)
        recovered = found.run(RECOVER, direct=True)
        if recovered.code != 0:
            return f"recover ended with {recovered.code}: {recovered.stderr[-300:]}"
        found.release_lock()
    return _left_over(found, wanted)


def _arm(found: Bench, kill: Kill) -> threading.Event:
    """Send the signal when the call comes."""
    found.arm("", None)
    struck = threading.Event()
    met = 0
    lock = threading.Lock()

    def watch(when: str, method: str, path: str) -> None:
        nonlocal met
        if when != kill.when or method != kill.method or not re.fullmatch(kill.path, path):
            return
        with lock:
            met += 1
            due = met == kill.nth
        if due and found.process is not None:
            struck.set()
            with suppress(ProcessLookupError):
                os.kill(found.process.pid, kill.signum)

    found.proxies[kill.api].watcher = watch
    return struck


def _left_over(found: Bench, wanted: int) -> str | None:
    """What the drill left in a member or on the Fleet, or None.

    A drill killed before it harmed anything leaves its lock, which expires; nothing else.
    """
    for api in found.proxies:
        if api == "fleet":
            continue
        live = found.workload(api)
        metadata = live["metadata"]
        if live["spec"]["replicas"] != wanted:
            return f"{api} has {live['spec']['replicas']} replicas, not {wanted}"
        if ANNOTATION in (metadata.get("annotations") or {}):
            return f"{api} still carries the record"
        if LABEL in (metadata.get("labels") or {}):
            return f"{api} still carries the label"
    return None


def _work(share: int, of: int) -> list[tuple[str, str | None]]:
    results: list[tuple[str, str | None]] = []
    with bench() as found:
        for kill in kills_of(found)[share::of]:
            results.append((kill.name, problem_of(found, kill)))
            name, wrong = results[-1]
            if wrong:
                print(f"WRONG {name}\n      {wrong}", flush=True)
    return results


def main() -> int:
    """Carry out every kill, say what is wrong, end with N/N."""
    with ProcessPoolExecutor(WORKERS) as pool:
        parts = list(pool.map(_work, range(WORKERS), [WORKERS] * WORKERS))
    results = [result for part in parts for result in part]
    right = sum(wrong is None for _, wrong in results)
    print(f"kills: {right}/{len(results)} restored exactly")
    return int(right != len(results))


if __name__ == "__main__":
    sys.exit(main())
