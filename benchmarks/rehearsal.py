"""The user's first minute: sandbox up, a no-op gateway create, verify, check, rehearse.

Prints wall times beside their goals, and the memory of all sandbox processes.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAM = str(Path(sys.executable).parent / "alb-dr")


def run(state: Path, *words: str, config: Path | None = None) -> tuple[float, str]:
    """Wall time and answer of one command line."""
    env = {**os.environ, "XDG_STATE_HOME": str(state), "CI": "true"}
    if config is not None:
        env["ALB_DR_CONFIG"] = str(config)
    began = time.perf_counter()
    done = subprocess.run(
        [PROGRAM, *words], env=env, capture_output=True, text=True, check=True, timeout=120
    )
    return time.perf_counter() - began, done.stdout


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Measure and print."""
    state = Path(tempfile.mkdtemp(prefix="adr-"))
    try:
        up, _ = run(state, "sandbox", "up", "--gateway-port", str(free_port()))
        config = state / "alb-dr" / "sandbox" / "alb-dr.yaml"
        print(f"sandbox up              {up:6.2f} s   {up / 6:.2f} of the goal (6 s)")
        run(state, "distribute", "apply", config=config)
        run(state, "gateway", "create", config=config)
        again, _ = run(state, "gateway", "create", config=config)
        run(state, "ingress", "apply", config=config)
        imported = min(_import_kubernetes() for _ in range(5))
        own = again - imported
        print(f"no-op gateway create    {again:6.2f} s   {own:.2f} s over import kubernetes")
        split = min(run(state, "verify", "--requests", "500", config=config)[0] for _ in range(3))
        print(f"verify --requests 500   {split:6.2f} s   {split / 2:.2f} of the goal (2 s)")
        checked = min(run(state, "check", config=config)[0] for _ in range(3))
        print(f"check                   {checked:6.2f} s   {checked / 5:.2f} of the goal (5 s)")
        _, text = run(state, "sandbox", "status", "-o", "json", config=config)
        memory = json.loads(text)["data"]["memory_kib"] / 1024
        print(f"all sandbox processes   {memory:6.0f} MiB {memory / 400:.2f} of the goal (400 MiB)")
        run(state, "sandbox", "down")
        rehearse, _ = run(state, "rehearse", "--yes")
        print(f"rehearse                {rehearse:6.2f} s   {rehearse / 60:.2f} of the goal (60 s)")
    finally:
        subprocess.run(
            [PROGRAM, "sandbox", "down"],
            env={**os.environ, "XDG_STATE_HOME": str(state)},
            capture_output=True,
        )
        shutil.rmtree(state, ignore_errors=True)


def _import_kubernetes() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import kubernetes"], check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
