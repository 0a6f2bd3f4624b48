"""Pins: made, seen to work, listed, and taken away again when their time is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alb_dr.errors import BadInput, Conflict, DeadlineExceeded, NotFound, Refused
from alb_dr.model.load import Target
from alb_dr.model.manifest import INGRESS, Manifest, ManifestSet, ResourceId
from alb_dr.model.pin import Pin
from alb_dr.model.printable import printable
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator, Prober
from alb_dr.render.annotations import (
    CANARY_HEADER,
    CANARY_VALUE,
    PIN_EXPIRES,
    PIN_LABEL,
    PIN_REASON,
    weights_of,
)
from alb_dr.workflows.after_writing import after_writing
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.apply import ApplyChoices, apply, is_ours
from alb_dr.workflows.delivery.await_split import LOOKS, PAUSE_S, look, target_of
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.live.events import warnings_since

PROOF = 50
"""Requests of one look: each of them must be answered by the pinned member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePin:
    """A pin on the Fleet; ``pin`` is None when its annotations say nothing that could be one."""

    live: Manifest
    pin: Pin | None

    def is_over(self, now: datetime) -> bool:
        """Whether its time is up."""
        return self.pin is not None and self.pin.expires <= now


def own_pins(topology: Topology, fleet: KubeReader) -> tuple[Manifest, ...]:
    """The Ingresses of this project that alb-dr made as pins."""
    found = fleet.list(INGRESS, namespace=topology.ingress.namespace, labels=f"{PIN_LABEL}=true")
    prefix = f"{topology.ingress.name}-pin-"
    return tuple(pin for pin in found if is_ours(pin) and pin.id.name.startswith(prefix))


def live_pins(topology: Topology, fleet: KubeReader) -> tuple[LivePin, ...]:
    """The pins of this project, read from their annotations."""
    return tuple(LivePin(live=m, pin=_pin_of(m)) for m in own_pins(topology, fleet))


def _pin_of(ingress: Manifest) -> Pin | None:
    found = ingress.annotations
    members = [m for m, weight in weights_of(found).items() if weight != "0"]
    try:
        return Pin(
            member=members[0],
            header=found[CANARY_HEADER],
            value=found[CANARY_VALUE],
            expires=datetime.fromisoformat(found[PIN_EXPIRES]),
            reason=found.get(PIN_REASON, ""),
        )
    except (BadInput, KeyError, IndexError, ValueError):
        return None


def pin_words(topology: Topology, found: LivePin) -> str:
    """A pin in one line for a person."""
    if found.pin is None:
        return f"{found.live.id} is a pin that cannot be read"
    name = next((m.name for m in topology.members if m.id == found.pin.member), found.pin.member)
    until = found.pin.expires.isoformat(timespec="seconds")
    # The annotation is text that anybody with access to the namespace may have written.
    reason = printable(f": {found.pin.reason}") if found.pin.reason else ""
    return f"{found.pin.header}={found.pin.value} is pinned to {name} until {until}{reason}"


def pin_of(topology: Topology, member: str, *, fleet: KubeReader, now: datetime) -> LivePin:
    """The live pin of a member; NotFound with the command that makes one, Refused when over."""
    id_ = topology.member(member).id
    for found in live_pins(topology, fleet):
        if found.pin is not None and found.pin.member == id_:
            if found.is_over(now):
                raise Refused(
                    f"{pin_words(topology, found)}, which is over",
                    hint="remove it: alb-dr ingress unpin --expired",
                    code="ADR-PIN-EXPIRED",
                )
            return found
    raise NotFound(
        f"nothing is pinned to {topology.member(member).name}",
        hint=f"alb-dr ingress pin --cluster {topology.member(member).name} --header X-Cluster=test",
    )


def pinned_target(topology: Topology, pin: Pin, *, fleet: KubeReader) -> Target:
    """Requests that carry the pin's header."""
    return replace(target_of(topology, fleet=fleet), headers={pin.header: pin.value})


def make_pin(
    topology: Topology,
    pin: Pin,
    manifests: ManifestSet,
    *,
    fleet: KubeApi,
    narrator: Narrator,
    dry_run: bool,
) -> None:
    """Apply the pin's Ingress. Conflict when the header leads to another member already."""
    live_ingress(topology, fleet=fleet)
    for other in live_pins(topology, fleet):
        same = other.pin is not None and (other.pin.header.lower(), other.pin.value) == (
            pin.header.lower(),
            pin.value,
        )
        if same and other.pin is not None and other.pin.member != pin.member:
            raise Conflict(
                f"{pin_words(topology, other)} already",
                hint="take that pin away first (alb-dr ingress unpin), or use another value",
            )
    apply(manifests, api=fleet, choices=ApplyChoices(dry_run=dry_run), narrator=narrator)


def await_pin(
    topology: Topology,
    pin: Pin,
    *,
    fleet: KubeReader,
    prober: Prober,
    clock: Clock,
    narrator: Narrator,
    timeout_s: float,
) -> str:
    """Look until every answer to the header comes from the pinned member, twice in a row.

    Raises DeadlineExceeded with the last look and the controller's complaint, if any.
    """
    target = pinned_target(topology, pin, fleet=fleet)
    wanted = [float(member.id == pin.member) for member in topology.members]
    deadline = Deadline(clock, timeout_s)
    since = clock.now()
    good = 0
    while True:
        seen = look(target, wanted, prober, requests=PROOF, deadline=deadline)
        good = good + 1 if seen.agrees else 0
        if good >= LOOKS:
            return seen.words
        narrator.progress(deadline.timeout_s - deadline.left_s, deadline.timeout_s, seen.words)
        if deadline.passed:
            about = ResourceId(
                kind=INGRESS, name=topology.ingress.name, namespace=topology.ingress.namespace
            )
            complaints = [f"; {w.message}" for w in warnings_since(fleet, about, since)][:1]
            raise deadline.exceeded(
                f"{pin.header}={pin.value} does not reach the member alone",
                "".join([seen.words, *complaints]),
                hint="the form of a pin is a template: ingress/pin.yaml.j2",
            )
        clock.sleep(PAUSE_S)


def withdraw(pin: Manifest, *, fleet: KubeApi, because: DeadlineExceeded) -> DeadlineExceeded:
    """Take a pin away that does not work: it may block the rules of the whole ALB."""
    live = fleet.get(pin.id)
    if live is not None:
        fleet.delete(pin.id, uid=live.uid)
    return DeadlineExceeded(f"{because.message}; the pin was removed", hint=because.hint)


def unpin(found: Sequence[LivePin], *, fleet: KubeApi, dry_run: bool) -> tuple[ResourceId, ...]:
    """Delete pins; those that were still there."""
    removed: list[ResourceId] = []
    with after_writing([] if dry_run else removed):
        removed.extend(
            pin.live.id
            for pin in found
            if fleet.delete(pin.live.id, uid=pin.live.uid, dry_run=dry_run)
        )
    return tuple(removed)
