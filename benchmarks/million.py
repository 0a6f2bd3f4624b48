"""A million requests in flat memory: sent, attributed, written to disk, added up.

``python -m benchmarks.million [N]`` prints the peak of this process's memory beside its size
after a tenth of the run.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

from alb_dr.journal.samples import SampleFile
from alb_dr.model.load import ClosedLoad
from alb_dr.model.verify import Question
from alb_dr.probe.stream import HttpProber
from alb_dr.stats.verification import Reduction
from benchmarks.gateway import gateway

GOAL_MIB = 100.0


def memory_mib() -> float:
    """This process's largest resident memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(requests: int) -> None:
    """Measure and print."""
    question = Question(names=("poc-ack-1", "poc-ack-2"), weights=(1.0, 0.0))
    with tempfile.TemporaryDirectory() as folder, gateway() as at:
        log = SampleFile(Path(folder) / "samples", members=question.names)
        reduction = Reduction(question)
        began, early = time.monotonic(), 0.0
        load = ClosedLoad(requests=requests, concurrency=16)
        stream = HttpProber().start(at.target(reuse=True), load)
        while not stream.finished:
            columns = stream.take(wait_s=0.25)
            log.add(columns)
            reduction.add(columns)
            if not early and reduction.tally.requests >= requests / 10:
                early = memory_mib()
        health = stream.stop()
        size = log.path.stat().st_size / 2**20
        elapsed = time.monotonic() - began
    peak = memory_mib()
    assert reduction.tally.requests == requests
    assert health.invalid is None, health.invalid
    print(f"{requests} requests in {elapsed:.1f} s ({requests / elapsed:.0f}/s), {size:.1f} MiB")
    print(f"peak memory {peak:.1f} MiB, {early:.1f} MiB after a tenth of the run")
    print(f"goal <= {GOAL_MIB:g} MiB: {'met' if peak <= GOAL_MIB else 'MISSED'}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
