"""A sandbox of its own for every test module, driven by the installed ``alb-dr``."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("envoy", reason="the gateway's binary is in the extra 'sandbox'")

LONGEST_S = 180.0
"""Longest one command line may take: its own windows are shorter, but the machine may be busy."""
PROGRAM = str(Path(sys.executable).parent / "alb-dr")


@dataclass
class Shell:
    """Runs ``alb-dr`` as a user would, with a state folder of its own."""

    state: Path
    port: int
    env: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ALB_DR_", "XDG_"))}
        return {**kept, "XDG_STATE_HOME": str(self.state), "CI": "true", **self.env}

    def run(self, *words: str, timeout: float = LONGEST_S) -> subprocess.CompletedProcess[str]:
        """Run one command line to its end."""
        return subprocess.run(
            [PROGRAM, *words],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            cwd=self.state,
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start one command line in the background, in a session of its own.

        As from a terminal: a hangup is heeded, though whoever runs the tests may ignore it.
        """
        return subprocess.Popen(
            ["env", "--default-signal=HUP", PROGRAM, *words],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd=self.state,
        )

    def ok(self, *words: str, timeout: float = LONGEST_S) -> str:
        """Run one command line that must succeed; what it answered."""
        done = self.run(*words, timeout=timeout)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def data(self, *words: str, timeout: float = LONGEST_S) -> dict[str, Any]:
        """The data of a JSON answer of a command that must succeed."""
        envelope: dict[str, Any] = json.loads(self.ok(*words, "-o", "json", timeout=timeout))
        data: dict[str, Any] = envelope["data"]
        return data

    def refused(self, code: int, *words: str) -> str:
        """Run one command line that must fail with ``code``; what it said on stderr."""
        done = self.run(*words)
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stderr

    @property
    def folder(self) -> Path:
        """Where the sandbox lives."""
        return self.state / "alb-dr" / "sandbox"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def shell() -> Iterator[Shell]:
    """A shell without a sandbox; whatever it started is ended."""
    yield from _shell()


@pytest.fixture(scope="module")
def world() -> Iterator[Shell]:
    """A shell with a sandbox that is up, shared by the tests of a module."""
    for shell in _shell():
        shell.ok("sandbox", "up", "--gateway-port", str(shell.port))
        shell.env["ALB_DR_CONFIG"] = str(shell.folder / "alb-dr.yaml")
        yield shell


@pytest.fixture(scope="module")
def tutorial(world: Shell) -> Shell:
    """A sandbox in which the tutorial's first three steps are done."""
    world.ok("distribute", "apply")
    world.ok("gateway", "create")
    world.ok("ingress", "apply")
    return world


def _shell() -> Iterator[Shell]:
    state = Path(tempfile.mkdtemp(prefix="adr-"))
    shell = Shell(state=state, port=free_port())
    try:
        yield shell
    finally:
        shell.run("sandbox", "down")
        shutil.rmtree(state, ignore_errors=True)


def processes_of(folder: Path) -> list[str]:
    """The command lines of processes that name a folder or serve as its pods."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(folder) in words:
                found.append(words)
    return found
