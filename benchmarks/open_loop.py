"""The open loop: how late requests are sent, and whether a stall shows its true latency.

Send lag at 200, 1,000 and 5,000 requests a second, with k6's constant arrival rate beside it;
then what answers is frozen for a second at 500 a second, and p99 must be what the clock says.
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import tempfile
import threading
import time
from pathlib import Path

from alb_dr.model.load import OpenLoad
from alb_dr.ports import ProbeHealth
from alb_dr.probe.stream import HttpProber
from alb_dr.stats.tally import Tally
from benchmarks.gateway import Gateway, gateway, peer, run_client

RATES, SECONDS = (200, 1000, 5000), 4
MEDIAN_GOAL_S = 0.0002
STALL_RATE, STALL_SECONDS, STALL_S, STALL_ROUNDS = 500, 8, 1.0, 3


def ours(at: Gateway, rate: int, seconds: float) -> tuple[Tally, ProbeHealth]:
    """Our open loop on kept connections."""
    stream = HttpProber().start(at.target(reuse=True), OpenLoad(rate=rate, duration_s=seconds))
    tally = Tally(2)
    while not stream.finished:
        tally.add(stream.take(wait_s=0.2))
    health = stream.stop()
    assert tally.requests == rate * seconds, f"{tally.requests} sent"
    return tally, health


def k6_p99_s(at: Gateway, rate: int, seconds: float) -> float:
    """k6's constant arrival rate."""
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        script = Path(__file__).with_name("k6.js")
        run_client(
            [str(peer("k6")), "run", "--quiet", "--summary-export", str(summary), str(script)],
            URL=at.url, RATE=str(rate), SECONDS=str(seconds),
        )  # fmt: skip
        return float(json.loads(summary.read_text())["metrics"]["http_req_duration"]["p(99)"]) / 1e3


def lags(at: Gateway) -> None:
    """Send lag and latency at each rate."""
    for rate in RATES:
        tally, health = ours(at, rate, SECONDS)
        latency = tally.latency
        assert latency is not None
        met = "met" if health.late_p50_s <= MEDIAN_GOAL_S else "MISSED"
        beside = "k6 absent"
        if peer("k6"):
            beside = f"{1e3 * k6_p99_s(at, rate, SECONDS):.2f} ms"
        print(
            f"{rate:5}/s  send lag median {1e3 * health.late_p50_s:.3f} ms "
            f"(goal <= {1e3 * MEDIAN_GOAL_S:g}: {met}), p99 {1e3 * health.late_p99_s:.2f} ms; "
            f"latency p99 {1e3 * latency.p99:.2f} ms, k6 {beside}"
        )


def freeze(pid: int, stalled: list[float]) -> None:
    """Freeze what answers for a second, and note how long it really was."""
    time.sleep(2)
    os.kill(pid, signal.SIGSTOP)
    began = time.monotonic()
    time.sleep(STALL_S)
    os.kill(pid, signal.SIGCONT)
    stalled.append(time.monotonic() - began)


def stall(at: Gateway) -> None:
    """The true p99: one request in a hundred waited longer than this."""
    for name, client in (("alb-dr", _our_p99), ("k6", k6_p99_s)):
        if name == "k6" and not peer("k6"):
            print("k6 is absent: skipped")
            continue
        found = []
        for _ in range(STALL_ROUNDS):
            stalled: list[float] = []
            freezer = threading.Thread(target=freeze, args=(at.pid, stalled))
            freezer.start()
            seen = client(at, STALL_RATE, STALL_SECONDS)
            freezer.join()
            # Requests due in the stall wait from its whole length down to nothing, evenly.
            found.append((seen, stalled[0] - 0.01 * STALL_SECONDS))
        seen, true = (statistics.median(values) for values in zip(*found, strict=True))
        off = abs(seen / true - 1)
        print(
            f"stall of {STALL_S:g} s at {STALL_RATE}/s: {name} p99 {seen:.3f} s, true "
            f"{true:.3f} s, off by {100 * off:.1f} %   goal <= 5 %: "
            f"{'met' if off <= 0.05 else 'MISSED'}"
        )


def _our_p99(at: Gateway, rate: int, seconds: float) -> float:
    latency = ours(at, rate, seconds)[0].latency
    assert latency is not None
    return latency.p99


def main() -> None:
    """Measure and print."""
    with gateway() as at:
        lags(at)
        stall(at)


if __name__ == "__main__":
    main()
