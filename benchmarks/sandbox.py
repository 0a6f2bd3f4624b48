"""A sandbox of its own for a benchmark, and the installed program run in it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).parent / "alb-dr")
LONGEST_S = 900
"""A program that takes longer hangs."""


class Sandbox:
    """Where a benchmark works: its own state, its own ports."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.folder = state / "alb-dr" / "sandbox"
        self.project = self.folder / "alb-dr.yaml"
        self.env = {
            **os.environ,
            "XDG_STATE_HOME": str(state),
            "HOME": str(state),
            "CI": "true",
            "ALB_DR_CONFIG": str(self.project),
            "KUBECONFIG": str(self.folder / "fleet.kubeconfig"),
        }

    def up(self) -> float:
        """Start it, on a port nobody listens on; seconds it took."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        return self.timed("sandbox", "up", "--gateway-port", str(port))

    def run(self, *words: str) -> str:
        """What ``alb-dr`` answers; its failure is the benchmark's."""
        return self.run_any([PROGRAM, *words])

    def timed(self, *words: str) -> float:
        """Seconds of a whole ``alb-dr``, the interpreter's start included."""
        return self.time_any([PROGRAM, *words])

    def data(self, *words: str) -> dict[str, Any]:
        """What it answers as JSON."""
        answered = json.loads(self.run(*words, "-o", "json"))
        found: dict[str, Any] = answered["data"]
        return found

    def start(self, *words: str) -> subprocess.Popen[str]:
        """``alb-dr`` while it goes on; what it says can be read from its stderr."""
        return subprocess.Popen(
            [PROGRAM, *words],
            env=self.env,
            text=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def run_any(self, words: Sequence[str]) -> str:
        """What another program answers here."""
        done = subprocess.run(
            words, env=self.env, text=True, check=True, capture_output=True, timeout=LONGEST_S
        )
        return done.stdout

    def time_any(self, words: Sequence[str]) -> float:
        """Seconds of another program."""
        began = time.perf_counter()
        self.run_any(words)
        return time.perf_counter() - began


@contextmanager
def empty_place() -> Iterator[Sandbox]:
    """A place for a sandbox that is not up yet; nothing stays behind."""
    state = Path(tempfile.mkdtemp(prefix="adr-"))
    place = Sandbox(state)
    try:
        yield place
    finally:
        subprocess.run([PROGRAM, "sandbox", "down"], env=place.env, capture_output=True)
        shutil.rmtree(state, ignore_errors=True)


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that is up; nothing stays behind."""
    with empty_place() as place:
        place.up()
        yield place
