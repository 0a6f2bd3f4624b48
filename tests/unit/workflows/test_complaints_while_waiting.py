"""Waiting listens: what the controller complains about is said with advice, and last of all."""

from __future__ import annotations

import pytest

from alb_dr.errors import DeadlineExceeded
from alb_dr.model.sample import Outcome
from alb_dr.workflows.delivery.await_split import await_split
from alb_dr.workflows.delivery.gateway import await_gateway
from tests.fakes.prober import FakeProber
from tests.fakes.samples import a_sample, columns_of
from tests.fakes.voice import StillClock, TellTale
from tests.unit.workflows.preflight.world import NOW, World

ADVICE = (
    "FailedBuildModel: empty load balancer zone mapping (what to do: correct "
    "gateway.zoneMappings; vSwitches of another VPC are dropped in silence)"
)


def complaint(world: World, kind: str, name: str, message: str, space: str = "default") -> None:
    """A complaint of this very second."""
    world.complain(kind, name, message, space=space)
    stamp = {"lastTimestamp": f"{NOW:%Y-%m-%dT%H:%M:%SZ}"}
    world.fleet.merge("events", f"{name}.{kind.lower()}", stamp, space)


def test_waiting_for_the_gateway_says_what_the_controller_says() -> None:
    world, voice = World(), TellTale()
    status = {"status": {"loadBalancer": {"subClusters": ["c1"]}}}
    name = "ackone-gateway-demo"
    world.fleet.merge("albconfigs.alibabacloud.com", name, status, sub="status")
    complaint(world, "AlbConfig", name, "empty load balancer zone mapping")
    with pytest.raises(DeadlineExceeded) as caught:
        await_gateway(
            world.topology, fleet=world.fleet, clock=StillClock(), narrator=voice, timeout_s=9
        )
    assert voice.warnings == [ADVICE]
    assert caught.value.message.endswith(f"last seen: alb-1 is not connected to c2 yet; {ADVICE}")


def test_waiting_for_the_traffic_says_what_the_controller_says() -> None:
    world, voice = World(), TellTale()
    complaint(world, "Ingress", "web-demo", "conflict Ingress group order: 5", space="gateway-demo")
    silent = columns_of([a_sample(outcome=Outcome.SERVER_ERROR)])
    with pytest.raises(DeadlineExceeded) as caught:
        await_split(
            world.topology,
            fleet=world.fleet,
            prober=FakeProber(silent),
            clock=StillClock(),
            narrator=voice,
            timeout_s=9,
        )
    said = (
        "FailedBuildModel: conflict Ingress group order: 5 (what to do: give one of them another "
        "order annotation)"
    )
    assert voice.warnings == [said]
    assert caught.value.message.endswith(said)
