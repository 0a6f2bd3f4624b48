"""Wait until the data plane shows the weights: accepted is not yet in effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alb_dr.errors import Unreachable
from alb_dr.model.load import ClosedLoad, Target
from alb_dr.model.manifest import Manifest
from alb_dr.model.sample import Outcome, SampleColumns
from alb_dr.model.topology import Topology
from alb_dr.model.weights import TOTAL
from alb_dr.ports import Clock, KubeReader, Narrator, Prober
from alb_dr.render.annotations import weights_of
from alb_dr.stats.multinomial import p_value
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.gateway import address_of, albconfig_id
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.live.event_watch import EventWatch

WINDOW = 200
"""Requests of one look; they tell 20 % from 29 % with 80 % power."""
REJECTED_BELOW = 0.01
"""A look whose probability is smaller says: these are not the weights."""
LOOKS = 2
"""Good looks in a row that count as in effect."""
PAUSE_S = 0.1
"""Between two looks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSeen:
    """The last look: requests sent, and each member's share of the answers (0 to 1)."""

    requests: int
    shares: Mapping[str, float]
    agrees: bool
    words: str


def target_of(topology: Topology, *, fleet: KubeReader) -> Target:
    """Where to send requests; Unreachable while the gateway has no DNS name."""
    live = fleet.get(albconfig_id(topology))
    address = address_of(topology, live) if live is not None else None
    if address is None or not address.dns_name:
        raise Unreachable("the gateway has no DNS name yet", hint="make it: alb-dr gateway create")
    return Target(
        address=address,
        member_names=tuple(m.name for m in topology.members),
        identity=topology.application.identity,
    )


def wanted_shares(topology: Topology, ingress: Manifest) -> list[float]:
    """Each member's share by the live weights (0 to 1), in the file's order."""
    weights = weights_of(ingress.annotations)
    return [int(weights.get(m.id, "0")) / TOTAL for m in topology.members]


def await_split(
    topology: Topology,
    *,
    fleet: KubeReader,
    prober: Prober,
    clock: Clock,
    narrator: Narrator,
    timeout_s: float,
) -> SplitSeen:
    """Look again and again until two looks in a row agree with the live weights.

    What the controller complains about meanwhile is said with advice. Raises DeadlineExceeded
    with the last look and the last complaint when the data plane does not follow.
    """
    deadline = Deadline(clock, timeout_s)
    target = target_of(topology, fleet=fleet)
    live = live_ingress(topology, fleet=fleet)
    complaints = EventWatch(fleet, live.id, since=clock.now(), narrator=narrator)
    wanted = wanted_shares(topology, live)
    good = 0
    while True:
        seen = look(target, wanted, prober, deadline=deadline)
        good = good + 1 if seen.agrees else 0
        if good >= LOOKS:
            return seen
        narrator.progress(deadline.timeout_s - deadline.left_s, deadline.timeout_s, seen.words)
        complaints.look()
        if deadline.passed:
            said = complaints.last
            raise deadline.exceeded(
                "the traffic does not follow the weights",
                f"{seen.words}; {said}" if said else seen.words,
                hint="alb-dr ingress status shows what the controller says; --no-wait skips this",
            )
        clock.sleep(PAUSE_S)


def look(
    target: Target,
    wanted: list[float],
    prober: Prober,
    *,
    requests: int = WINDOW,
    deadline: Deadline | None = None,
) -> SplitSeen:
    """Send some requests and compare their shares with the wanted ones.

    What is under way at the deadline is given up: hundreds of requests that hang would take
    minutes to be judged.
    """
    stream = prober.start(target, ClosedLoad(requests=requests, concurrency=8))
    samples = SampleColumns()
    try:
        while not stream.finished and not (deadline and deadline.passed):
            samples.extend(stream.take(wait_s=0.2))
            if deadline is not None:
                deadline.alive()
    finally:
        stream.stop()
    samples.extend(stream.take())
    return judged(samples, wanted, target.member_names)


def judged(samples: SampleColumns, wanted: list[float], names: Sequence[str]) -> SplitSeen:
    """Whether these samples could come from the wanted shares, every answer being good."""
    counts = [0] * len(wanted)
    for sample in samples:
        if sample.outcome is Outcome.OK and sample.member >= 0:
            counts[sample.member] += 1
    answered = sum(counts)
    shares = {n: c / max(1, answered) for n, c in zip(names, counts, strict=True)}
    words = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    if answered < len(samples):
        words += f", {len(samples) - answered} of {len(samples)} without a usable answer"
    agrees = answered == len(samples) > 0 and _fits(counts, wanted)
    return SplitSeen(requests=len(samples), shares=shares, agrees=agrees, words=words)


def _fits(counts: list[int], wanted: list[float]) -> bool:
    if any(count and not share for count, share in zip(counts, wanted, strict=True)):
        return False
    pairs = [(c, s) for c, s in zip(counts, wanted, strict=True) if s > 0]
    if len(pairs) == 1:
        return True
    probability, _ = p_value([c for c, _ in pairs], [s for _, s in pairs])
    return probability >= REJECTED_BELOW
