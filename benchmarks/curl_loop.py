"""The tutorial's curl loop beside `verify`: 500 requests, a fresh connection each.

Prints how many times faster the probing is, and the wall time of the whole process.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time

from alb_dr.model.load import ClosedLoad
from alb_dr.probe.stream import HttpProber
from benchmarks.gateway import HOST, Gateway, gateway

REQUESTS, ROUNDS, GOAL = 500, 3, 20.0


def curl_s(at: Gateway) -> float:
    """The tutorial's loop."""
    loop = f"for i in $(seq {REQUESTS}); do curl -s -H 'host: {HOST}' {at.url} >/dev/null; done"
    began = time.perf_counter()
    subprocess.run(["bash", "-c", loop], check=True, timeout=120)
    return time.perf_counter() - began


def ours_s(at: Gateway) -> float:
    """From the start of the prober to its last sample."""
    began = time.perf_counter()
    stream = HttpProber().start(at.target(), ClosedLoad(requests=REQUESTS, concurrency=16))
    got = 0
    while not stream.finished:
        got += len(stream.take(wait_s=0.2))
    elapsed = time.perf_counter() - began
    stream.stop()
    assert got == REQUESTS
    return elapsed


def main() -> None:
    """Measure and print."""
    if shutil.which("curl") is None:
        print("curl is absent: skipped")
        return
    with gateway() as at:
        pairs = [(curl_s(at), ours_s(at)) for _ in range(ROUNDS)]
    curl, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = curl / ours
    print(f"curl loop {curl:6.2f} s   alb-dr {ours:6.3f} s   {REQUESTS} requests")
    print(f"{ratio:.0f} times faster   goal >= {GOAL:g}: {'met' if ratio >= GOAL else 'MISSED'}")


if __name__ == "__main__":
    main()
