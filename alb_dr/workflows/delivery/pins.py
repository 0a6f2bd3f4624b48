"""Pins: made, seen to work, listed, and taken away again when their time is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alb_dr.errors import BadInput, Conflict, NotFound, Refused
from alb_dr.model.load import Target
from alb_dr.model.manifest import INGRESS, Manifest, ResourceId
from alb_dr.model.pin import Pin
from alb_dr.model.printable import printable
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeApi, KubeReader
from alb_dr.render.annotations import (
    CANARY_HEADER,
    CANARY_VALUE,
    PIN_EXPIRES,
    PIN_LABEL,
    PIN_REASON,
    weights_of,
)
from alb_dr.render.variables import pin_name
from alb_dr.workflows.after_writing import after_writing
from alb_dr.workflows.delivery.apply import is_ours
from alb_dr.workflows.delivery.await_split import target_of
from alb_dr.workflows.delivery.weights import live_ingress


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


def check_pin(topology: Topology, pin: Pin, fleet: KubeReader) -> LivePin | None:
    """The pin of this member that would be replaced, if there is one. Reads only.

    Conflict when the header leads to another member already, NotFound without the Ingress.
    """
    live_ingress(topology, fleet=fleet)
    former = None
    for other in live_pins(topology, fleet):
        if other.live.id.name == pin_name(topology, pin.member):
            former = other
        elif other.pin is not None and other.pin.leads_like(pin):
            raise Conflict(
                f"{pin_words(topology, other)} already",
                hint="take that pin away first (alb-dr ingress unpin), or use another value",
            )
    return former


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
