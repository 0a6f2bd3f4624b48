"""The emergency: from the command to an accepted patch, with the lost member's API hung.

The wall time of a whole `failover start --no-wait`, interpreter start-up included, on the sandbox:
the answer comes after the patch, so the patch was accepted earlier. Goal: under 2 s. Beside it a
`kubectl annotate` of both weights, which checks, locks, remembers and records nothing.
"""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS, GOAL_S = 7, 2.0
PROGRAM = str(Path(sys.executable).parent / "alb-dr")
KEY = "alb.ingress.kubernetes.io/cluster-weight."


def main() -> None:
    """Measure and print."""
    state = Path(tempfile.mkdtemp(prefix="adr-"))
    env = {**os.environ, "XDG_STATE_HOME": str(state), "CI": "true"}
    try:
        _run([PROGRAM, "sandbox", "up", "--gateway-port", str(_free_port())], env)
        folder = state / "alb-dr" / "sandbox"
        env |= {"ALB_DR_CONFIG": str(folder / "alb-dr.yaml"), "HOME": str(state)}
        _run([PROGRAM, "up"], env)
        for fault in (None, "api-down", "hung"):
            if fault is not None:
                _run([PROGRAM, "sandbox", "fault", "clear"], env)
                _run([PROGRAM, "sandbox", "fault", fault, "poc-ack-2"], env)
            _report(f"failover start, {fault or 'all healthy'}", _rounds(env))
        _beside(env, folder)
    finally:
        subprocess.run([PROGRAM, "sandbox", "down"], env=env, capture_output=True)
        shutil.rmtree(state, ignore_errors=True)


def _rounds(env: dict[str, str]) -> list[float]:
    """Times of the emergency, each from the file's weights."""
    start = [PROGRAM, "failover", "start", "--away-from", "poc-ack-2", "--reason", "benchmark"]
    times = []
    for _ in range(ROUNDS):
        _run([PROGRAM, "ingress", "set-weights", "20", "80", "--no-wait"], env)
        times.append(_timed([*start, "--yes", "--no-wait"], env))
    return times


def _beside(env: dict[str, str], folder: Path) -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        print("kubectl annotate                    absent")
        return
    env = {**env, "KUBECONFIG": str(folder / "fleet.kubeconfig")}
    shown = _run([kubectl, "-n", "gateway-demo", "get", "ingress", "web-demo", "-o", "yaml"], env)
    keys = [line.split(":")[0].strip() for line in shown.splitlines() if KEY in line]
    words = [kubectl, "-n", "gateway-demo", "annotate", "--overwrite", "ingress", "web-demo"]
    times = [_timed([*words, f"{keys[0]}={n}", f"{keys[1]}={100 - n}"], env) for n in range(ROUNDS)]
    _report("kubectl annotate", times, goal=False)


def _report(name: str, times: list[float], *, goal: bool = True) -> None:
    median, worst = statistics.median(times), max(times)
    verdict = f"   goal < {GOAL_S:g} s: {'met' if worst < GOAL_S else 'MISSED'}" if goal else ""
    print(f"{name:<36} median {median:5.2f} s, worst {worst:5.2f} s{verdict}")


def _run(words: list[str], env: dict[str, str]) -> str:
    done = subprocess.run(words, env=env, text=True, check=True, capture_output=True, timeout=300)
    return done.stdout


def _timed(words: list[str], env: dict[str, str]) -> float:
    began = time.perf_counter()
    _run(words, env)
    return time.perf_counter() - began


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
