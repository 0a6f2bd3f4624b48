"""A sandbox with a fault proxy before each of its APIs, and a way to run commands past them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import yaml

from alb_dr.clock import RealClock
from alb_dr.fleet.connect import connect
from alb_dr.fleet.objects import KubeCluster
from alb_dr.model.manifest import DEPLOYMENT, ResourceId
from alb_dr.model.member import KubeAccess
from alb_dr.model.settings import Settings
from tests.faults.command import Command, Step, Words
from tests.faults.forkserver import Forked, ForkServer
from tests.faults.proxy import FaultProxy
from tests.faults.scenes import no_guard, no_zone, unlocked, weights
from tests.faults.toxics import Rule

DEMO = ResourceId(kind=DEPLOYMENT, name="web-demo", namespace="gateway-demo")
PROGRAM = str(Path(sys.executable).parent / "alb-dr")
CLOUD = "cloud"
PATIENT = Settings(call_timeout_s=60.0)
"""For calls that no fault is to meet, on a busy machine."""
CALL_S = 1.0
"""Longest one call may take here: faults that hang must not hold up the matrix. On a machine that
is busy with other things a bench may be given more patience than 1."""
WAIT_S = 4.0
"""Longest a command waits for what it did to be in force."""
WHOLE: tuple[Words, ...] = (
    ("failover", "recover", "--execute"),
    ("distribute", "delete", "--via", "policy", "--yes"),
    ("distribute", "apply"),
    ("gateway", "create"),
    ("ingress", "apply", "--force-conflicts"),
    ("ingress", "unpin", "--yes"),
)
"""What makes the world whole again, whatever a case left; each must succeed."""


@dataclass
class Finished:
    """One command line that ended, or did not in time."""

    code: int
    stdout: str
    stderr: str
    seconds: float


@dataclass
class Bench:
    """The proxies by API, and the two project files: direct and past the proxies."""

    state: Path
    proxies: dict[str, FaultProxy]
    """Those of the Kubernetes APIs."""
    direct: Path
    proxied: Path
    forks: ForkServer
    process: Forked | subprocess.Popen[bytes] | None = None
    """The command line that runs, or ran last."""
    tokens: set[str] = field(default_factory=set)
    """The bearer tokens of the kubeconfigs, which no command may ever show."""
    apis: dict[str, KubeCluster] = field(default_factory=dict)
    beside: Forked | None = None
    """The command line that runs beside the others."""
    beside_words: Words = ()
    """What that one is; none when none is to run."""
    cloud: dict[str, FaultProxy] = field(default_factory=dict)
    """The one of the cloud."""
    credentials: dict[str, str] = field(default_factory=dict)
    """What leads to the cloud behind the proxy."""
    uses_cloud: bool = False
    """Whether the commands of now have a cloud."""
    patience: float = 1.0
    """How many times longer than on a quiet machine calls and commands may take."""
    weights: list[str] = field(default_factory=list)
    """Those the tutorial leaves, in the order of the members' ids."""

    def hang_up(self) -> None:
        """Close what the bench's own clients keep open between two looks."""
        for api in self.apis.values():
            api._transport._manager().clear()

    def run(
        self,
        words: Words,
        *,
        direct: bool = False,
        limit_s: float = 60,
        installed: bool = False,
    ) -> Finished:
        """Run one command line; code -1 when it does not end in time.

        ``{folder}`` in a word stands for the folder of the project file and its kubeconfigs,
        ``{wait}`` for the seconds it is to wait for what it did.
        ``installed``: with the program as a user starts it, not as a fork of one that has
        imported everything.
        """
        filled, env = self._filled(words, direct=direct)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began = time.monotonic()
            started = self._popen if installed else self._fork
            code = self._end_of(started(filled, env, out, err), limit_s * self.patience)
            seconds = time.monotonic() - began
            return Finished(code, _text(out), _text(err), seconds)

    def _filled(self, words: Words, *, direct: bool) -> tuple[list[str], dict[str, str]]:
        """The words, and the environment to run them in."""
        project = self.direct if direct else self.proxied
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ALB_DR_", "XDG_"))}
        env = {
            **kept,
            "CI": "true",
            "XDG_STATE_HOME": str(self.state / ("direct" if direct else "proxied")),
            "ALB_DR_CONFIG": str(project),
            "ALB_DR_CALL_TIMEOUT": "60" if direct else str(CALL_S * self.patience),
        }
        if self.uses_cloud:
            env |= self.credentials
        if self.uses_cloud and not direct:
            address = self.cloud[CLOUD].url
            env |= {k: address for k in self.credentials if k.startswith("ALB_DR_ENDPOINT_")}
        meant = {"{folder}": str(project.parent), "{wait}": str(WAIT_S * self.patience)}
        for blank, value in meant.items():
            words = tuple(word.replace(blank, value) for word in words)
        return list(words), env

    def _fork(
        self, words: list[str], env: dict[str, str], out: IO[bytes], err: IO[bytes]
    ) -> Forked:
        self.process = made = self.forks.start(
            words, env=env, cwd=str(self.state), stdout=out, stderr=err
        )
        made.go()
        return made

    def _popen(
        self, words: list[str], env: dict[str, str], out: IO[bytes], err: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        self.process = made = subprocess.Popen(
            [PROGRAM, *words],
            env=env,
            cwd=self.state,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        return made

    @staticmethod
    def _end_of(process: Forked | subprocess.Popen[bytes], limit_s: float) -> int:
        try:
            return process.wait(limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
            return -1

    @property
    def doors(self) -> dict[str, FaultProxy]:
        """Every proxy, the cloud's last."""
        return {**self.proxies, **self.cloud}

    def arm(self, api: str, rule: Rule | None) -> None:
        """Let one thing happen at one API, nothing at the others."""
        for name, proxy in self.doors.items():
            proxy.arm(rule if name == api else None)

    @property
    def was_late(self) -> bool:
        """Whether the machine was too busy since arming for what was seen to mean anything."""
        slowest_s = max(proxy.slowest_s for proxy in self.doors.values())
        return slowest_s > self.patience * CALL_S / 2

    def prepare(self, command: Command) -> None:
        """Make the command find work; complaints about what is gone already are fine."""
        self.uses_cloud = command.cloud
        self.beside_words = command.beside
        self.keep_company()
        for step in command.before:
            if callable(step):
                step(self)
            else:
                self.run(step, direct=True)

    def keep_company(self) -> None:
        """Have this command line, and no other, run beside: again, when it has ended."""
        words = self.beside_words
        if self.beside is not None and (not words or not self.beside.is_alive):
            self.beside.send_signal(signal.SIGINT)
            self.beside.wait(30)
            self.beside = None
        if words and self.beside is None:
            filled, env = self._filled(words, direct=True)
            with Path(os.devnull).open("wb") as nothing:
                self.beside = self.forks.start(
                    filled, env=env, cwd=str(self.state), stdout=nothing, stderr=nothing
                )
            self.beside.go()

    def leave_alone(self) -> None:
        """Have nothing run beside."""
        self.beside_words = ()
        self.keep_company()

    def make_whole(self) -> None:
        """Everything as it was when the bench was made, whatever was left."""
        self.leave_alone()
        if self.uses_cloud:
            no_zone(self)
        self.uses_cloud = False
        no_guard(self)
        unlocked(self)
        problem = self.succeed(WHOLE)
        assert problem is None, problem

    def succeed(self, steps: tuple[Step, ...]) -> str | None:
        """Take steps that must succeed; what did not, or None."""
        for words in steps:
            if callable(words):
                words(self)
                continue
            done = self.run(words, direct=True)
            if done.code != 0:
                return f"{' '.join(words)}: {done.code}: {done.stderr[-300:]}"
        return None

    def api(self, name: str) -> KubeCluster:
        """An API behind the proxies."""
        if name not in self.apis:
            access = KubeAccess(kubeconfig=self.direct.parent / f"{name}.kubeconfig")
            self.apis[name] = connect(access, label=name, settings=PATIENT, clock=RealClock())
        return self.apis[name]

    def open_drills(self) -> list[dict[str, Any]]:
        """The drills that are open, read behind the proxies."""
        done = self.run(("failover", "status", "-o", "json"), direct=True)
        found: list[dict[str, Any]] = json.loads(done.stdout)["data"]["open"]
        return found

    def release_lock(self) -> None:
        """Take away the lock of a drill that was killed before it harmed anything."""
        done = self.run(("failover", "status", "-o", "json"), direct=True)
        lock = json.loads(done.stdout)["data"]["lock"]
        if lock is not None:
            drill = str(lock).split()[1]
            self.run(("failover", "recover", "--execute", "--drill", drill), direct=True)

    def workload(self, api: str) -> dict[str, Any]:
        """The demo's Deployment in a member, read behind the proxies."""
        found = self.api(api).get(DEMO)
        assert found is not None
        return dict(found.document)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


@contextmanager
def bench(*, patience: float = 1.0) -> Iterator[Bench]:
    """A sandbox in which the tutorial is done; everything is ended afterwards."""
    state = Path(tempfile.mkdtemp(prefix="adr-"))
    made: dict[str, FaultProxy] = {}
    folder = state / "direct" / "alb-dr" / "sandbox"
    found = Bench(
        state=state,
        proxies=made,
        direct=folder / "alb-dr.yaml",
        proxied=state / "alb-dr.yaml",
        forks=ForkServer(),
        patience=patience,
    )
    up = ("sandbox", "up", "--gateway-port", str(_free_port()), "--propagation", "0.1")
    try:
        done = found.run(up, direct=True, installed=True, limit_s=180)
        assert done.code == 0, done.stderr
        made.update(_proxies(state, folder))
        found.credentials.update(_credentials(folder))
        address = found.credentials["ALB_DR_ENDPOINT_ALB"]
        found.cloud[CLOUD] = FaultProxy(state / "cloud-proxy", address, None)
        for kubeconfig in folder.glob("*.kubeconfig"):
            users = yaml.safe_load(kubeconfig.read_text())["users"]
            found.tokens.update(user["user"]["token"] for user in users)
        found.proxied.write_text(found.direct.read_text())
        (state / "hosts").symlink_to(folder / "hosts")
        found.make_whole()
        found.weights = weights(found)
        yield found
    finally:
        found.leave_alone()
        found.hang_up()
        for proxy in found.doors.values():
            proxy.close()
        found.run(("sandbox", "down"), direct=True, installed=True)
        found.forks.close()
        shutil.rmtree(state, ignore_errors=True)


def _credentials(folder: Path) -> dict[str, str]:
    """The variables that lead to the sandbox's cloud."""
    lines = (folder / "cloud.env").read_text().splitlines()
    pairs = (line.removeprefix("export ").partition("=") for line in lines)
    return {name: value for name, _, value in pairs}


def _proxies(state: Path, folder: Path) -> dict[str, FaultProxy]:
    """One for each kubeconfig of the sandbox, with a kubeconfig of the same name beside."""
    made = {}
    for original in sorted(folder.glob("*.kubeconfig")):
        document = yaml.safe_load(original.read_text())
        cluster = document["clusters"][0]["cluster"]
        name = original.stem
        ca = folder / "ca.crt"
        proxy = FaultProxy(state / f"{name}-proxy", cluster["server"], ca)
        cluster.pop("certificate-authority-data", None)
        cluster |= {"server": proxy.url, "certificate-authority": str(proxy.ca)}
        copy = state / original.name
        copy.touch(mode=0o600)
        copy.write_text(yaml.safe_dump(document))
        made[name] = proxy
    return made


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
