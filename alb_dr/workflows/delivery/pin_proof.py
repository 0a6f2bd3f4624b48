"""The proof of a pin: every answer to its header comes from its member."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from alb_dr.model.manifest import INGRESS, ResourceId
from alb_dr.model.pin import Pin
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, Journal, KubeApi, Narrator, Prober
from alb_dr.workflows.deadline import Alive, Deadline
from alb_dr.workflows.delivery.await_split import LOOKS, PAUSE_S, look
from alb_dr.workflows.delivery.pins import pinned_target
from alb_dr.workflows.live.events import warnings_since

PROOF = 50
"""Requests of one look: each of them must be answered by the pinned member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinPorts:
    """Everything pinning touches; ``operator`` is who does it, for the lock others read."""

    fleet: KubeApi
    prober: Prober
    clock: Clock
    narrator: Narrator
    journal: Journal
    shield: Callable[[], AbstractContextManager[None]]
    operator: str


def await_pin(
    topology: Topology,
    pin: Pin,
    ports: PinPorts,
    *,
    timeout_s: float,
    alive: Alive,
) -> str:
    """Look until every answer to the header comes from the pinned member, twice in a row.

    ``alive`` is called all the while, and may raise. Raises DeadlineExceeded with the last look
    and the controller's complaint, if any.
    """
    target = pinned_target(topology, pin, fleet=ports.fleet)
    wanted = [float(member.id == pin.member) for member in topology.members]
    deadline = Deadline(ports.clock, timeout_s, alive=alive)
    since = ports.clock.now()
    good = 0
    while True:
        seen = look(target, wanted, ports.prober, requests=PROOF, deadline=deadline)
        good = good + 1 if seen.agrees else 0
        if good >= LOOKS:
            return seen.words
        ports.narrator.progress(
            deadline.timeout_s - deadline.left_s, deadline.timeout_s, seen.words
        )
        if deadline.passed:
            about = ResourceId(
                kind=INGRESS, name=topology.ingress.name, namespace=topology.ingress.namespace
            )
            complaints = [f"; {w.message}" for w in warnings_since(ports.fleet, about, since)][:1]
            raise deadline.exceeded(
                f"{pin.header}={pin.value} does not reach the member alone",
                "".join([seen.words, *complaints]),
                hint="the form of a pin is a template: ingress/pin.yaml.j2",
            )
        deadline.pause(PAUSE_S)
