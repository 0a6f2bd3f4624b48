"""Short sentences for tests that send real requests to loopback."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from alb_dr.model.gateway import GatewayAddress, Protocol
from alb_dr.model.load import ClosedLoad, Load, Target
from alb_dr.model.sample import SampleColumns
from alb_dr.ports import ProbeHealth, Stream
from alb_dr.probe.stream import HttpProber

NAMES = ("poc-ack-1", "poc-ack-2")


def a_target(port: int, *, host: str = "127.0.0.1", tls: bool = False, **changes: Any) -> Target:
    """A target on loopback with the tutorial's Host."""
    address = GatewayAddress(
        dns_name=host,
        port=port,
        host="alb.ingress.alibaba.com",
        path="/svc1",
        protocol=Protocol.HTTPS if tls else Protocol.HTTP,
    )
    target = Target(address=address, member_names=NAMES, timeout_s=2.0)
    return dataclasses.replace(target, **changes)


def probe(
    target: Target, load: Load | None = None, *, longest_s: float = 20.0
) -> tuple[SampleColumns, ProbeHealth]:
    """Run a load to its end; the samples and the prober's health."""
    stream = HttpProber().start(target, load or ClosedLoad(requests=8, concurrency=2))
    samples = until_finished(stream, longest_s=longest_s)
    return samples, stream.stop()


def until_finished(stream: Stream, *, longest_s: float = 20.0) -> SampleColumns:
    """Everything a stream delivers; fails when it does not end in time."""
    samples = SampleColumns()
    deadline = time.monotonic() + longest_s
    while not stream.finished:
        samples.extend(stream.take(wait_s=0.2))
        assert time.monotonic() < deadline, "the stream does not end"
    return samples
