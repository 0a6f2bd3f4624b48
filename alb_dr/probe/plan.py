"""The plan: everything about a run's requests that is decided before the first is sent."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from alb_dr.model.load import Target
from alb_dr.probe.identity import Attributor, attributor, header_name
from alb_dr.probe.request import request_bytes
from alb_dr.probe.resolve import addresses_of, host_and_port
from alb_dr.probe.tls import server_name, tls_context


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbePlan:
    """Bytes to send (on a connection to keep, or on one for this request alone), addresses to
    connect to, and how to read the answers.
    """

    request: bytes
    request_once: bytes
    addresses: Sequence[str]
    port: int
    tls: ssl.SSLContext | None
    server_name: str | None
    reuse: bool
    by_turns: bool
    timeout_s: float
    attribute: Attributor
    header: bytes


def plan_for(target: Target) -> ProbePlan:
    """Resolve and check a target. Raises BadInput, Refused or Unreachable; sends nothing."""
    name, port = target.address.dns_name, target.address.port
    if target.connect_to:
        name, port = host_and_port(target.connect_to)
    request = request_bytes(target, keep=True)
    tls = tls_context(target)
    return ProbePlan(
        request=request,
        request_once=request_bytes(target, keep=False),
        addresses=addresses_of(name, target.address.hosts_file),
        port=port,
        tls=tls,
        server_name=server_name(target) if tls else None,
        reuse=target.reuse,
        by_turns=target.by_turns,
        timeout_s=target.timeout_s,
        attribute=attributor(target.identity, target.member_names),
        header=header_name(target.identity),
    )
