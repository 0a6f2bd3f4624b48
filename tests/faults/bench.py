"""A sandbox with a fault proxy before each of its APIs, and a way to run commands past them."""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import yaml

from tests.faults.commands import WHOLE, Command
from tests.faults.forkserver import Forked, ForkServer
from tests.faults.proxy import FaultProxy
from tests.faults.toxics import Rule

PROGRAM = str(Path(sys.executable).parent / "alb-dr")
CALL_S = "0.7"
"""Longest one call may take here: faults that hang must not hold up the matrix."""


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
    direct: Path
    proxied: Path
    forks: ForkServer
    process: Forked | subprocess.Popen[bytes] | None = None
    """The command line that runs, or ran last."""

    def run(
        self,
        words: tuple[str, ...],
        *,
        direct: bool = False,
        limit_s: float = 60,
        installed: bool = False,
    ) -> Finished:
        """Run one command line; code -1 when it does not end in time.

        ``{folder}`` in a word stands for the folder of the project file and its kubeconfigs.
        ``installed``: with the program as a user starts it, not as a fork of one that has
        imported everything.
        """
        project = self.direct if direct else self.proxied
        filled = [word.replace("{folder}", str(project.parent)) for word in words]
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ALB_DR_", "XDG_"))}
        env = {
            **kept,
            "CI": "true",
            "XDG_STATE_HOME": str(self.state / ("direct" if direct else "proxied")),
            "ALB_DR_CONFIG": str(project),
            "ALB_DR_CALL_TIMEOUT": "10" if direct else CALL_S,
        }
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began = time.monotonic()
            started = self._popen if installed else self._fork
            code = self._end_of(started(filled, env, out, err), limit_s)
            seconds = time.monotonic() - began
            return Finished(code, _text(out), _text(err), seconds)

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

    def arm(self, api: str, rule: Rule | None) -> None:
        """Let one thing happen at one API, nothing at the others."""
        for name, proxy in self.proxies.items():
            proxy.arm(rule if name == api else None)

    def prepare(self, command: Command) -> None:
        """Make the command find work; complaints about what is gone already are fine."""
        for words in command.before:
            self.run(words, direct=True)

    def succeed(self, lines: tuple[tuple[str, ...], ...]) -> str | None:
        """Run lines that must succeed; what did not, or None."""
        for words in lines:
            done = self.run(words, direct=True)
            if done.code != 0:
                return f"{' '.join(words)}: {done.code}: {done.stderr[-300:]}"
        return None

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
        return self.read(api, "/apis/apps/v1/namespaces/gateway-demo/deployments/web-demo")

    def read(self, api: str, path: str) -> dict[str, Any]:
        """Any one document of an API, read behind the proxies; LookupError when there is none."""
        kubeconfig = yaml.safe_load((self.direct.parent / f"{api}.kubeconfig").read_text())
        server = kubeconfig["clusters"][0]["cluster"]["server"]
        token = kubeconfig["users"][0]["user"]["token"]
        trusted = ssl.create_default_context(cafile=str(self.direct.parent / "ca.crt"))
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"{server}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, context=trusted, timeout=10) as answer:
                document: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            raise LookupError(f"{path}: {error.code}") from None
        return document


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


@contextmanager
def bench() -> Iterator[Bench]:
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
    )
    up = ("sandbox", "up", "--gateway-port", str(_free_port()), "--propagation", "0.1")
    try:
        done = found.run(up, direct=True, installed=True)
        assert done.code == 0, done.stderr
        made.update(_proxies(state, folder))
        found.proxied.write_text(found.direct.read_text())
        (state / "hosts").symlink_to(folder / "hosts")
        problem = found.succeed(WHOLE)
        assert problem is None, problem
        yield found
    finally:
        for proxy in made.values():
            proxy.close()
        found.run(("sandbox", "down"), direct=True, installed=True)
        found.forks.close()
        shutil.rmtree(state, ignore_errors=True)


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
