"""``make shift-kills``: end a shift by signal before and after every operation; the figure is last.

The operations, on the Fleet, on the members and on the disk, are recorded from a whole shift, not
listed by hand. After SIGKILL a machine that knows nothing must see where it stopped and put it
back; after SIGTERM and SIGINT the shift itself must have put everything back.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import yaml

from alb_dr.journal.samples import SAMPLES
from alb_dr.model.manifest import CONFIG_MAP, INGRESS, LEASE, ResourceId
from alb_dr.render.annotations import weight_key
from tests.faults.bench import Bench, Finished, bench
from tests.kills import hook
from tests.kills.cases import SIGNALS, WHEN, Operation, recorded
from tests.kills.state import NAMESPACE, State, differences, forget_machine, leaks, state_of
from tests.kills.strike import struck

WORKERS = 3
"""Shifts mostly wait, so there are more than cores; but their traffic is real."""
START, WAY = (100, 0), ((100, 0), (50, 50), (0, 100))
"""Weights by the file's order: where every shift begins, and what it may ever write."""
SHIFT = (
    *("ingress", "shift", "--to", "0:100", "--steps", "50,100", "--yes"),
    # Steps as wide as these are told apart by few requests, so that a kill takes seconds.
    *("--tolerance", "25", "--rate", "100", "--baseline", "1s", "--hold", "0.3s"),
    # Latency is not judged: this machine may be busy with other kills.
    *("--slow-latency", "500", "--abort-latency", "999", "--step-timeout", "60s"),
)
ENDED = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}
INGRESS_ID = ResourceId(kind=INGRESS, name="web-demo", namespace=NAMESPACE)
RECORD_ID = ResourceId(kind=CONFIG_MAP, name="alb-dr-shift-web-demo", namespace=NAMESPACE)
"""The evidence of the last shift, which is to stay."""
PATIENCE = 10.0
"""So many times longer may a call or a command take: the fault is a signal, no slow API."""
HASTE = 10.0
"""So many times faster passes the time in which another machine takes a shift for dead."""
TRIES = 3
"""A call that depends on timing may not come every time."""
UNSTRUCK = {6, 9}
"""How it ends when the traffic suffers before the signal can: on a machine that is too busy."""

Result = tuple[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One signal at one instant of the shift."""

    operation: Operation
    when: str
    signum: signal.Signals

    @property
    def name(self) -> str:
        """How the list names it."""
        what = self.operation.what.replace("\\", "").partition("?")[0]
        return (
            f"{self.signum.name} {self.when} {self.operation.where}: {what} #{self.operation.nth}"
        )


@dataclass
class Scene:
    """A sandbox behind proxies at the first weights, and how everything stands there."""

    found: Bench
    ids: tuple[str, ...] = field(init=False)
    before: State = field(init=False)

    def __post_init__(self) -> None:
        members = yaml.safe_load(self.found.direct.read_text())["members"]
        self.ids = tuple(member["id"] for member in members)
        self.reset()
        self.before = state_of(self.found)

    def weights(self) -> tuple[int, ...]:
        """The live weights in the order of the project file."""
        live = self.found.api("fleet").get(INGRESS_ID)
        assert live is not None
        return tuple(int(live.annotations[weight_key(id_)]) for id_ in self.ids)

    def locks(self) -> list[ResourceId]:
        """The Leases that are held."""
        return [lease.id for lease in self.found.api("fleet").list(LEASE, namespace=NAMESPACE)]

    def reset(self) -> None:
        """The first weights, no lock, nothing open, nothing on the disk; whatever went wrong."""
        fleet = self.found.api("fleet")
        for id_ in (*self.locks(), RECORD_ID):
            fleet.delete(id_)
        if self.weights() != START:
            pairs = zip(self.ids, START, strict=True)
            values = {weight_key(id_): str(weight) for id_, weight in pairs}
            patch = [
                {"op": "replace", "path": f"/metadata/annotations/{_escaped(key)}", "value": value}
                for key, value in values.items()
            ]
            fleet.patch(INGRESS_ID, patch)
        forget_machine(self.found)

    def elsewhere(self, *words: str) -> Finished:
        """One command line on a machine that knows nothing, straight to the APIs."""
        os.environ[hook.HASTE] = str(HASTE)
        try:
            return self.found.run(words, direct=True)
        finally:
            del os.environ[hook.HASTE]

    def unfinished(self) -> list[str]:
        """What ``status`` says is under way, without its pins and zones."""
        done = self.elsewhere("status", "--requests", "0", "-o", "json")
        lines = json.loads(done.stdout)["data"]["unfinished"]
        return [line for line in lines if "shift" in line]

    def changed(self) -> list[str]:
        """What is not as it was before the shift, but for the record of it."""
        lines = differences(self.before, state_of(self.found))
        return [line for line in lines if str(RECORD_ID) not in line]


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def kills_of(scene: Scene) -> list[Kill]:
    """Every instant of a shift, three signals each, from a recorded run."""
    scene.reset()
    operations, done = recorded(scene.found, SHIFT, every_write=True)
    assert done.code == 0, f"{done.stdout}\n{done.stderr}"
    assert scene.weights() == WAY[-1]
    return [
        Kill(operation=operation, when=when, signum=signum)
        for operation in _told_apart(operations)
        for when in WHEN
        for signum in SIGNALS
    ]


def _told_apart(operations: list[Operation]) -> Iterator[Operation]:
    """Without the blocks of samples after the second: how many there are depends on timing."""
    for operation in operations:
        if SAMPLES not in operation.what or operation.nth <= 2:
            yield operation


def problem_of(scene: Scene, kill: Kill) -> str | None:
    """Carry out one kill; what was wrong afterwards, or None."""
    for _ in range(TRIES):
        scene.reset()
        came, done = struck(scene.found, SHIFT, kill.operation, kill.when, kill.signum)
        if came and done.code not in UNSTRUCK:
            break
    else:
        return f"the operation did not come; it ended with {done.code}: {done.stderr[-300:]}"
    wrong = leaks(scene.found, done.stdout, done.stderr)
    if kill.signum is signal.SIGKILL:
        wrong += _after_kill(scene, done)
    else:
        wrong += _after_signal(scene, kill, done)
    return "; ".join(wrong) or None


def _after_kill(scene: Scene, done: Finished) -> list[str]:
    """SIGKILL: listed weights, status says where, abort puts back exactly; no lock stays."""
    live = scene.weights()
    if done.code != ENDED[signal.SIGKILL] or live not in WAY:
        return [f"ended with {done.code}, the live weights are {live}: {done.stderr[-300:]}"]
    lines = scene.unfinished()
    if lines:
        return _said(lines[0], live) or _put_back(scene)
    if live not in {START, WAY[-1]}:
        return [f"the weights are {live}, and status says nothing"]
    return []


def _put_back(scene: Scene) -> list[str]:
    """Let another machine abort it; what is wrong then."""
    done = scene.elsewhere("ingress", "abort")
    if done.code != 0:
        return [f"abort ended with {done.code}: {done.stderr[-300:]}"]
    open_still = [f"still open after abort: {line}" for line in scene.unfinished()]
    return [*open_still, *scene.changed()]


def _said(line: str, live: tuple[int, ...]) -> list[str]:
    """Whether status names the step that is live, or the one that was about to be written."""
    found = re.search(r"step (\d) of 2 \(weights (\d+)/(\d+)\)", line)
    if found is None:
        return [f"status does not say where it stopped: {line}"]
    step, said = int(found[1]), (int(found[2]), int(found[3]))
    if said != WAY[step] or live not in {WAY[step], WAY[max(0, step - 1)]}:
        return [f"status says {said} at step {step}, live is {live}"]
    return []


def _after_signal(scene: Scene, kill: Kill, done: Finished) -> list[str]:
    """SIGTERM, SIGINT: the shift went back by itself and left nothing; or it was over already."""
    open_still = [f"left open: {line}" for line in scene.unfinished()]
    if done.code == 0 and scene.weights() == WAY[-1] and "DONE" in done.stdout:
        # It came when everything was over.
        return [*open_still, *(f"left {lock}" for lock in scene.locks())]
    if done.code != ENDED[kill.signum]:
        return [f"ended with {done.code}: {done.stderr[-300:]}"]
    return [*open_still, *scene.changed()]


def _work(share: list[Kill]) -> list[Result]:
    results: list[Result] = []
    with bench(patience=PATIENCE) as found:
        scene = Scene(found)
        for kill in share:
            results.append((kill.name, problem_of(scene, kill)))
            name, wrong = results[-1]
            print(f"WRONG {name}\n      {wrong}" if wrong else f"ok    {name}", flush=True)
    return results


def _everything() -> list[Kill]:
    """Recorded once: what depends on timing must not differ from worker to worker."""
    with bench(patience=PATIENCE) as found:
        return kills_of(Scene(found))


def main(argv: list[str]) -> int:
    """Carry out every kill, say what is wrong, end with N/N."""
    parser = argparse.ArgumentParser(prog="shift-kills")
    parser.add_argument("only", nargs="?", default="", help="a part of the names")
    parser.add_argument("--workers", type=int, default=WORKERS)
    options = parser.parse_args(argv)
    began = time.monotonic()
    kills = [kill for kill in _everything() if options.only in kill.name]
    with ProcessPoolExecutor(options.workers) as pool:
        shares = [kills[n :: options.workers] for n in range(options.workers)]
        results = [result for part in pool.map(_work, shares) for result in part]
    for signum in SIGNALS:
        mine = [wrong for name, wrong in results if name.startswith(signum.name)]
        print(f"  {signum.name}: {sum(wrong is None for wrong in mine)}/{len(mine)}")
    right = sum(wrong is None for _, wrong in results)
    took = f"({time.monotonic() - began:.0f} s)"
    print(f"shift kills: {right}/{len(results)} whole, said and put back exactly {took}")
    return int(right != len(results) or not results)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
