"""The request of a `verify` command: flags and live state made into a Verification."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from alb_dr.errors import BadInput, Conflict
from alb_dr.model.gateway import GatewayAddress, Protocol
from alb_dr.model.load import ClosedLoad, Load, OpenLoad, Target
from alb_dr.model.weights import TOTAL, Weights, parse_weight, parse_weights

if TYPE_CHECKING:
    from alb_dr.cli.context import Context
    from alb_dr.model.findings import Finding
    from alb_dr.model.manifest import Manifest
    from alb_dr.model.topology import Topology
    from alb_dr.model.verify import Question

DEFAULT_REQUESTS = 500
"""Enough to tell 20 % from 25.4 % with 80 % power (measurement: the tutorial's own split)."""
DEFAULT_PATIENCE = 20_000
"""Requests after which waiting for a decision ends; they decide a tolerance of 1.5 points."""
ALB_WEIGHTS = "ADR-ALB-WEIGHTS"
"""The check that compares the ALB's own rule with the Ingress."""
DEFAULT_TOLERANCE = 5.0
"""Points; what a decision is about when no tolerance was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """What was said on the command line; None where nothing was."""

    requests: int | None = None
    concurrency: int | None = None
    rate: float | None = None
    duration_s: float | None = None
    reuse: bool = False
    host: str | None = None
    path: str | None = None
    headers: Sequence[str] = ()
    connect_to: str | None = None
    timeout_s: float = 5.0
    insecure: bool = False
    expect: str | None = None
    pin: str | None = None
    tolerance: float | None = None
    confidence: float = 95.0
    until_decided: bool = False
    ask_cloud: bool = False


def load_of(flags: Flags) -> Load:
    """The load the flags ask for. Raises BadInput for flags that contradict each other."""
    if flags.rate is None:
        if flags.duration_s is not None:
            raise BadInput("a duration needs a rate", hint="like --rate 100 --duration 30s")
        default = DEFAULT_PATIENCE if flags.until_decided else DEFAULT_REQUESTS
        requests = default if flags.requests is None else flags.requests
        return ClosedLoad(requests=requests, concurrency=flags.concurrency or 16)
    if flags.concurrency is not None:
        raise BadInput(
            "an open loop has no concurrency: it sends on time whatever is under way",
            hint="give --rate or --concurrency, not both",
        )
    if flags.duration_s is not None and flags.requests is not None:
        raise BadInput("rate, duration and requests are given; two of them make the third")
    duration_s = flags.duration_s
    if duration_s is None:
        default = DEFAULT_PATIENCE if flags.until_decided else DEFAULT_REQUESTS
        duration_s = (default if flags.requests is None else flags.requests) / flags.rate
    return OpenLoad(rate=flags.rate, duration_s=duration_s)


def through_pin(context: Context, flags: Flags) -> tuple[Flags, Manifest | None]:
    """The flags with a pin's header, and the pin's Ingress, whose weights are expected then.

    Without a pin the flags as they are, and None. Raises NotFound, or Refused for one that is over.
    """
    if flags.pin is None:
        return flags, None
    from alb_dr.workflows.delivery.pins import pin_of

    if flags.expect is not None:
        raise BadInput("a pin says what to expect", hint="give --pin or --expect, not both")
    found = pin_of(context.topology, flags.pin, fleet=context.fleet, now=context.clock.now())
    if found.pin is None:
        return flags, found.live
    header = f"{found.pin.header}: {found.pin.value}"
    return replace(flags, headers=(*flags.headers, header)), found.live


def headers_of(lines: Sequence[str]) -> dict[str, str]:
    """Headers given as ``Name: value``."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise BadInput(f"{line!r} is no header", hint="like --header 'X-Zone: a'")
        headers[name.strip()] = value.strip()
    return headers


def question_of(flags: Flags, topology: Topology, weights: Weights) -> Question:
    """What is asked of the answers."""
    from alb_dr.model.verify import Question

    tolerance = flags.tolerance
    if tolerance is None and flags.until_decided:
        tolerance = DEFAULT_TOLERANCE
    return Question(
        names=tuple(member.name for member in topology.members),
        weights=tuple((weights.get(member.id) or 0) / TOTAL for member in topology.members),
        confidence=flags.confidence / 100,
        tolerance=None if tolerance is None else tolerance / 100,
        sequential=flags.until_decided,
    )


def expected_weights(text: str, topology: Topology) -> Weights:
    """The weights of ``--expect``: ``20 80``, ``20,80`` or ``poc-ack-1=20,poc-ack-2=80``."""
    return parse_weights([word for word in re.split(r"[\s,]+", text) if word], topology.members)


def live_weights(ingress: Manifest, topology: Topology) -> Weights:
    """The weights the live Ingress has. Raises Conflict when they are none the gateway can have."""
    from alb_dr.render.annotations import weights_of

    live: Mapping[str, str] = weights_of(ingress.annotations)
    strangers = [member for member in live if topology.weights.get(member) is None]
    if strangers:
        raise Conflict(
            f"{ingress.id} also gives weight to {', '.join(strangers)}, no member of the file",
            hint="add the member to the project file, or say the weights with --expect",
        )
    try:
        return Weights.of(
            {m.id: parse_weight(live.get(m.id, "0"), of=m.name) for m in topology.members}
        )
    except BadInput as error:
        raise Conflict(
            f"the weights of {ingress.id} cannot be right: {error.message}",
            hint="mend them: alb-dr ingress set-weights, or say them with --expect",
        ) from error


def target_of(flags: Flags, topology: Topology, address: GatewayAddress) -> Target:
    """Whom to ask and how."""
    if address.protocol is Protocol.QUIC:
        raise BadInput("QUIC cannot be probed", hint="probe the HTTPS listener of the same host")
    address = replace(address, host=flags.host or address.host, path=flags.path or address.path)
    return Target(
        address=address,
        member_names=tuple(member.name for member in topology.members),
        identity=topology.application.identity,
        connect_to=flags.connect_to,
        headers=headers_of(flags.headers),
        reuse=flags.reuse,
        timeout_s=flags.timeout_s,
        insecure=flags.insecure,
    )


def address_without_fleet(topology: Topology) -> GatewayAddress:
    """An address made of the project file alone, for ``--connect-to`` without a Fleet."""
    ingress = topology.ingress
    return GatewayAddress(
        dns_name=ingress.host,
        port=ingress.listen_port,
        host=ingress.host,
        path=ingress.path,
        protocol=ingress.listen_protocol,
    )


def echo_warning(target: Target) -> str | None:
    """Words when the request itself names a member: an application that echoes would lie."""
    from alb_dr.probe.identity import whole_word
    from alb_dr.probe.request import request_bytes

    found = whole_word(target.member_names).search(request_bytes(target, keep=True))
    if found is None:
        return None
    name = found.group(0).decode()
    return f"the request itself names {name}: an application that echoes it would be misread"


def cloud_side(context: Context) -> tuple[Finding, ...]:
    """Whether the ALB's own forwarding rule has the Ingress's weights, by the cloud's word."""
    from alb_dr.cli.scene import scene_of
    from alb_dr.model.checks import Outcome
    from alb_dr.model.findings import Finding, Severity
    from alb_dr.workflows.preflight.cloud_alb import QUESTIONS
    from alb_dr.workflows.preflight.runner import run_checks

    questions = [q for q in QUESTIONS if q.check.code == ALB_WEIGHTS]
    report = run_checks(
        questions,
        lambda: scene_of(context),
        wait=False,
        clock=context.clock,
        narrator=context.narrator,
    )
    found: list[Finding] = []
    for result in report.results:
        severity = Severity.ERROR if result.outcome is Outcome.FAILED else Severity.WARNING
        said: list[tuple[str, str | None]]
        said = [(trouble.seen, result.fix_of(trouble)) for trouble in result.troubles]
        if result.outcome in {Outcome.SKIPPED, Outcome.UNKNOWN}:
            said = [(f"the ALB's own weights could not be asked: {result.reason}", None)]
        found += [
            Finding(code=ALB_WEIGHTS, severity=severity, text=text, hint=hint)
            for text, hint in said
        ]
    return tuple(found)


def control_of(
    context: Context, ingress: Manifest, weights: Weights, *, ask_cloud: bool
) -> tuple[Finding, ...]:
    """What the control side says, and the cloud if it is to be asked."""
    from alb_dr.workflows.members.control_side import control_findings

    found = control_findings(
        context.topology,
        ingress=ingress,
        fleet=context.fleet,
        members=context.members,
        weights=weights.as_dict(),
        now=context.clock.now(),
    )
    return (*found, *cloud_side(context)) if ask_cloud else found
