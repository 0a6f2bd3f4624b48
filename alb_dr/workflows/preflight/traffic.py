"""Traffic: the gateway's name resolves, and a request through it is answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from alb_dr.errors import Unreachable
from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.gateway import GatewayAddress
from alb_dr.model.load import ClosedLoad, Target
from alb_dr.model.sample import Outcome, SampleColumns
from alb_dr.workflows.delivery.gateway import address_of, albconfig_id
from alb_dr.workflows.delivery.weights import ingress_id
from alb_dr.workflows.preflight.read_once import NotAskedError
from alb_dr.workflows.preflight.scene import Question, Scene, existing

REQUESTS = 4
"""Enough to see whether anybody answers; the split is `alb-dr verify`'s business."""
LONGEST_S = 3.0
"""For one request."""
NEW_DOMAINS = (".alb.aliyuncsslb.com", ".alb.aliyuncsslbintl.com")
"""Instances made since 2024-11-15 have names below these, which must not be called directly."""


def _address(scene: Scene) -> GatewayAddress:
    albconfig = existing(scene.fleet, albconfig_id(scene.topology))
    address = address_of(scene.topology, albconfig)
    if not address.dns_name:
        raise NotAskedError("the gateway has no DNS name yet")
    return address


def _domain(scene: Scene) -> Iterator[Trouble]:
    name = _address(scene).dns_name
    if name.endswith(NEW_DOMAINS):
        yield Trouble(seen=f"{name} may refuse to be called by this name")


def _answered(scene: Scene) -> Iterator[Trouble]:
    address = _address(scene)
    existing(scene.fleet, ingress_id(scene.topology))
    topology = scene.topology
    target = Target(
        address=address,
        member_names=tuple(m.name for m in topology.members),
        identity=topology.application.identity,
        timeout_s=LONGEST_S,
    )
    try:
        stream = scene.prober.start(target, ClosedLoad(requests=REQUESTS, concurrency=REQUESTS))
    except Unreachable as error:
        yield Trouble(seen=error.message, fix=error.hint)
        return
    samples = SampleColumns()
    while not stream.finished:
        samples.extend(stream.take(wait_s=0.2))
    samples.extend(stream.take())
    stream.stop()
    bad = Counter(_words(s.outcome, s.status) for s in samples if s.outcome is not Outcome.OK)
    if bad:
        words = ", ".join(f"{count} {word}" for word, count in bad.most_common())
        yield Trouble(seen=f"of {len(samples)} requests to {address.url}: {words}")


def _words(outcome: Outcome, status: int) -> str:
    return f"answered {status}" if status else outcome.name.lower().replace("_", " ")


QUESTIONS = (
    Question(
        check=Check(
            code="ADR-NEW-DOMAIN",
            category=Category.TRAFFIC,
            gravity=Gravity.WARNING,
            title="the gateway may be called by its own DNS name",
            fix="point a CNAME of your own at it, and use verify --connect-to",
            why="ALB instances made since 2024-11-15 have names that cannot be accessed directly; "
            "a CNAME on a domain of one's own is needed.",
        ),
        ask=_domain,
    ),
    Question(
        check=Check(
            code="ADR-NO-ANSWER",
            category=Category.TRAFFIC,
            gravity=Gravity.ERROR,
            title="the gateway's name resolves and a request is answered",
            fix="503 without a rule: wait, or alb-dr ingress status; no address: wait for DNS",
            why="An ALB without a rule for host and path answers 503 by itself; right after "
            "`ingress apply` that only means not yet. 502 and 504 come from the pods.",
            retry_s=300,
        ),
        ask=_answered,
    ),
)
"""What a few requests say; not asked before gateway and Ingress exist."""
