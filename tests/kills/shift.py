"""``make shift-kills``: end a shift by signal before and after every operation; the figure is last.

The operations, on the Fleet, on the members and on the disk, are recorded from a whole shift, not
listed by hand. After SIGKILL a machine that knows nothing must see where it stopped and put it
back; after SIGTERM and SIGINT the shift itself must have put everything back.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.faults.bench import PROGRAM, Bench, bench
from tests.faults.cases import pattern_of

WORKERS = 2
START, WAY = (100, 0), ((100, 0), (50, 50), (0, 100))
"""Weights by the file's order: where every shift begins, and what it may ever write."""
SHIFT = (
    *("ingress", "shift", "--to", "0:100", "--steps", "50,100", "--yes"),
    # Steps as wide as these are told apart by few requests, so that a kill takes seconds.
    *("--tolerance", "25", "--rate", "100", "--baseline", "0.5s", "--hold", "0.3s"),
    # Latency is not judged: this machine may be busy with other kills.
    *("--slow-latency", "500", "--abort-latency", "999", "--step-timeout", "60s"),
)
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
ENDED = {signal.SIGKILL: -9, signal.SIGTERM: 143, signal.SIGINT: 130}
STRIKER = Path(__file__).parent / "striker"
KEY = "alb.ingress.kubernetes.io/cluster-weight."
DISK = "disk"
POLLED = 2
"""Of a read made again and again, so many are struck; of a write, every one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One signal at one instant. ``where`` is an API or the disk."""

    where: str
    what: str
    path: str
    nth: int
    when: str
    signum: signal.Signals

    @property
    def name(self) -> str:
        """How the list names it."""
        path = self.path.replace("\\", "").partition("?")[0]
        return f"{self.signum.name} {self.when} {self.where}: {self.what} {path} #{self.nth}"


@dataclass
class Scene:
    """A sandbox behind proxies at the first weights, and what a shift in it wrote to the disk."""

    found: Bench
    count: Path = field(init=False)

    def __post_init__(self) -> None:
        self.count = self.found.state / "count"

    def environment(self, state: str, project: Path, **more: str) -> dict[str, str]:
        """A machine of this name; every name is another machine."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ALB_", "XDG_"))}
        return {
            **kept,
            "CI": "true",
            "XDG_STATE_HOME": str(self.found.state / state),
            "ALB_DR_CONFIG": str(project),
            "ALB_DR_CALL_TIMEOUT": "10",
            **more,
        }

    def begin(self, **strike: str) -> subprocess.Popen[str]:
        """The shift, past the proxies, watched at its disk."""
        shutil.rmtree(self.found.state / "victim", ignore_errors=True)
        more = {
            "PYTHONPATH": str(STRIKER),
            "ALB_TEST_FOLDER": str(self.found.state / "victim"),
            **strike,
        }
        return subprocess.Popen(
            [PROGRAM, *SHIFT],
            env=self.environment("victim", self.found.proxied, **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def elsewhere(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One command line on a machine that knows nothing, straight to the APIs."""
        state = "elsewhere"
        shutil.rmtree(self.found.state / state, ignore_errors=True)
        return subprocess.run(
            [PROGRAM, *words],
            env=self.environment(state, self.found.direct),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def fleet(self, path: str, *, method: str = "GET") -> dict[str, Any]:
        """One call to the Fleet's API behind the proxies, as its administrator."""
        folder = self.found.direct.parent
        kubeconfig = yaml.safe_load((folder / "fleet.kubeconfig").read_text())
        server = kubeconfig["clusters"][0]["cluster"]["server"]
        token = kubeconfig["users"][0]["user"]["token"]
        trusted = ssl.create_default_context(cafile=str(folder / "ca.crt"))
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(server + path, headers=headers, method=method)
        with urllib.request.urlopen(request, context=trusted, timeout=10) as answer:
            document: dict[str, Any] = json.load(answer)
        return document

    def weights(self) -> tuple[int, ...]:
        """The live weights in the order of the project file."""
        path = "/apis/networking.k8s.io/v1/namespaces/gateway-demo/ingresses/web-demo"
        annotations: Mapping[str, str] = self.fleet(path)["metadata"]["annotations"]
        members = yaml.safe_load(self.found.direct.read_text())["members"]
        return tuple(int(annotations[KEY + member["id"]]) for member in members)

    def drop_lock(self) -> None:
        """Take away the Lease of a shift that was killed before its record; it would expire."""
        path = "/apis/coordination.k8s.io/v1/namespaces/gateway-demo/leases"
        for lease in self.fleet(path)["items"]:
            self.fleet(f"{path}/{lease['metadata']['name']}", method="DELETE")

    def reset(self) -> None:
        """The first weights, nothing open; an earlier kill may have gone wrong."""
        if self.unfinished():
            self.elsewhere("ingress", "abort", "--freeze")
        if self.weights() != START:
            weights = tuple(map(str, START))
            done = self.elsewhere("ingress", "set-weights", *weights, "--no-wait")
            assert done.returncode == 0, done.stderr

    def unfinished(self) -> list[str]:
        """What ``status`` says is under way, without its pins and zones."""
        done = self.elsewhere("status", "--requests", "0", "-o", "json")
        lines = json.loads(done.stdout)["data"]["unfinished"]
        return [line for line in lines if "shift" in line]


def kills_of(scene: Scene) -> list[Kill]:
    """Every instant of a shift, three signals each, from a recorded run."""
    scene.reset()
    scene.found.arm("", None)
    scene.count.unlink(missing_ok=True)
    with scene.begin(ALB_TEST_COUNT=str(scene.count)) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, f"{out}\n{err}"
    assert scene.weights() == WAY[-1]
    instants = [*_calls(scene.found), *_disk(scene.count.read_text().split())]
    return [
        Kill(where=where, what=what, path=path, nth=nth, when=when, signum=signum)
        for where, what, path, nth in instants
        for when in ("before", "after")
        for signum in SIGNALS
    ]


def _calls(found: Bench) -> list[tuple[str, str, str, int]]:
    calls = []
    for api, proxy in found.proxies.items():
        counted: Counter[tuple[str, str]] = Counter()
        for method, path in proxy.seen:
            key = (method, pattern_of(path))
            counted[key] += 1
            if counted[key] <= POLLED or method != "GET":
                calls.append((api, *key, counted[key]))
    return calls


def _disk(names: list[str]) -> list[tuple[str, str, str, int]]:
    counted: Counter[str] = Counter()
    instants = []
    for name in names:
        counted[name] += 1
        instants.append((DISK, name, "", counted[name]))
    return instants


def problem_of(scene: Scene, kill: Kill, *, again: bool = True) -> str | None:
    """Carry out one kill; what was wrong afterwards, or None."""
    scene.reset()
    if kill.where == DISK:
        strike = f"{kill.what} {kill.nth} {kill.when} {int(kill.signum)}"
        with scene.begin(ALB_TEST_STRIKE=strike) as process:
            _, err = process.communicate(timeout=120)
    else:
        with scene.begin() as process:
            _arm(scene.found, kill, process)
            _, err = process.communicate(timeout=120)
        scene.found.proxies[kill.where].watcher = None
    try:
        if process.returncode == 0 and scene.weights() == WAY[-1] and not scene.unfinished():
            # A call that depends on timing did not come, or came when everything was done.
            return problem_of(scene, kill, again=False) if again else None
        if kill.signum is signal.SIGKILL:
            return _after_kill(scene, process.returncode, err)
        return _after_signal(scene, kill, process.returncode, err)
    finally:
        scene.drop_lock()


def _arm(found: Bench, kill: Kill, process: subprocess.Popen[str]) -> None:
    """Send the signal when the call comes."""
    met, lock = Counter[str](), threading.Lock()

    def watch(when: str, method: str, path: str) -> None:
        if when != kill.when or method != kill.what or not re.fullmatch(kill.path, path):
            return
        with lock:
            met[when] += 1
            due = met[when] == kill.nth
        if due:
            with suppress(ProcessLookupError):
                os.kill(process.pid, kill.signum)

    found.proxies[kill.where].watcher = watch


def _after_kill(scene: Scene, code: int, err: str) -> str | None:
    """SIGKILL: listed weights, status says where, abort puts back exactly; no lock stays."""
    live = scene.weights()
    if code != ENDED[signal.SIGKILL] or live not in WAY:
        return f"ended with {code}, the live weights are {live}: {err[-300:]}"
    lines = scene.unfinished()
    if not lines:
        silent = f"the weights are {live}, and status says nothing"
        return None if live in {START, WAY[-1]} else silent
    return _said(lines[0], live) or _put_back(scene)


def _put_back(scene: Scene) -> str | None:
    """Whether another machine's abort puts everything back; what is wrong, or None."""
    done = scene.elsewhere("ingress", "abort")
    if done.returncode != 0:
        return f"abort ended with {done.returncode}: {done.stderr[-300:]}"
    if scene.weights() != START:
        return f"abort left the weights at {scene.weights()}"
    if scene.unfinished():
        return f"still open after abort: {scene.unfinished()}"
    seen = json.loads(scene.elsewhere("failover", "status", "-o", "json").stdout)
    return f"abort left a lock: {seen['data']['lock']}" if seen["data"]["lock"] else None


def _said(line: str, live: tuple[int, ...]) -> str | None:
    """Whether status names the step that is live, or the one that was about to be written."""
    found = re.search(r"step (\d) of 2 \(weights (\d+)/(\d+)\)", line)
    if found is None:
        return f"status does not say where it stopped: {line}"
    step, said = int(found[1]), (int(found[2]), int(found[3]))
    if said != WAY[step] or live not in {WAY[step], WAY[max(0, step - 1)]}:
        return f"status says {said} at step {step}, live is {live}"
    return None


def _after_signal(scene: Scene, kill: Kill, code: int, err: str) -> str | None:
    """SIGTERM, SIGINT: the shift went back by itself and left nothing."""
    if code != ENDED[kill.signum]:
        return f"ended with {code}: {err[-300:]}"
    live = scene.weights()
    if live != START and not (live == WAY[-1] and "DONE" in err):
        return f"the weights are {live}, not {START}: {err[-300:]}"
    if scene.unfinished():
        return f"left open: {scene.unfinished()}"
    path = "/apis/coordination.k8s.io/v1/namespaces/gateway-demo/leases"
    left = [lease["metadata"]["name"] for lease in scene.fleet(path)["items"]]
    return f"left the lock {left}" if left else None


def _work(share: int, of: int, only: str) -> list[tuple[str, str | None]]:
    results: list[tuple[str, str | None]] = []
    with bench() as found:
        scene = Scene(found)
        for kill in [k for k in kills_of(scene) if only in k.name][share::of]:
            results.append((kill.name, problem_of(scene, kill)))
            name, wrong = results[-1]
            print(f"WRONG {name}\n      {wrong}" if wrong else f"ok    {name}", flush=True)
    return results


def main(only: str = "") -> int:
    """Carry out every kill whose name holds ``only``, say what is wrong, end with N/N."""
    with ProcessPoolExecutor(WORKERS) as pool:
        parts = list(pool.map(_work, range(WORKERS), [WORKERS] * WORKERS, [only] * WORKERS))
    results = [result for part in parts for result in part]
    right = sum(wrong is None for _, wrong in results)
    print(f"shift kills: {right}/{len(results)} whole, said and put back exactly")
    return int(right != len(results) or not results)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
