"""Zones of the sandbox's ALB: its name leads to fewer addresses while one is out of DNS."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from alb_dr.clock import RealClock
from alb_dr.cloud.adapter import AlibabaCloud
from alb_dr.cloud.sdk import Sdk
from alb_dr.cloud.zones import AlbZoneSwitch
from alb_dr.model.cloud import AlbZone, LoadBalancer
from alb_dr.sandbox.cloud.signature import AccessKey
from alb_dr.sandbox.options import REGION
from tests.e2e.conftest import Shell
from tests.fakes.cloud import credential_of

pytest.importorskip("alibabacloud_alb20200616", reason="the SDKs are in the extra 'cloud'")
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def up(world: Shell) -> Shell:
    """A sandbox with a gateway, and a shell that talks to its cloud."""
    for line in world.ok("sandbox", "cloud").splitlines():
        name, _, value = line.removeprefix("export ").partition("=")
        world.env[name] = value
    world.ok("up")
    return world


class Console:
    """Somebody who uses the cloud's API by hand."""

    def __init__(self, shell: Shell) -> None:
        self.alb_id = shell.data("gateway", "status")["gateway"]["alb_id"]
        names = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET")
        key = AccessKey(id=shell.env[names[0]], secret=shell.env[names[1]])
        sdk = Sdk(
            region=REGION,
            clock=RealClock(),
            timeout_s=10,
            environ=shell.env,
            credential=lambda: credential_of(key),
        )
        self._cloud, self._switch = AlibabaCloud(sdk), AlbZoneSwitch(sdk)

    def alb(self) -> LoadBalancer:
        return self._cloud.load_balancer(self.alb_id)

    def move(self, zone: AlbZone, *, out: bool) -> None:
        """Move a zone and wait for it."""
        move = self._switch.start_shift if out else self._switch.cancel_shift
        move(self.alb_id, zone, token=f"console-{time.monotonic()}")
        wanted, end = "Shifted" if out else "Active", time.monotonic() + 10
        while self.alb().zone(zone.id).state != wanted:  # type: ignore[union-attr]
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.fixture
def console(up: Shell) -> Iterator[Console]:
    """The console; every zone is back in DNS afterwards."""
    found = Console(up)
    yield found
    for zone in found.alb().zones:
        if zone.state == "Shifted":
            found.move(zone, out=False)


def addresses(shell: Shell) -> list[str]:
    """Where a fresh run sends its requests."""
    return list(shell.data("verify", "-n", "200", "--no-control-checks")["by_address"])


def test_the_ALB_has_one_fixed_address_in_each_member_s_zone(console: Console) -> None:
    alb = console.alb()
    assert alb.address_mode == "Fixed"
    assert [(z.id, z.state, z.addresses) for z in alb.zones] == [
        ("cn-hongkong-b", "Active", ("127.0.0.1",)),
        ("cn-hongkong-c", "Active", ("127.0.0.2",)),
    ]


@pytest.mark.parametrize("gone", [0, 1])
def test_a_zone_out_of_DNS_gets_no_new_requests_and_none_is_lost(
    up: Shell, console: Console, gone: int
) -> None:
    zones = console.alb().zones
    assert addresses(up) == ["127.0.0.1", "127.0.0.2"]
    console.move(zones[gone], out=True)
    assert addresses(up) == list(zones[1 - gone].addresses)
    console.move(zones[gone], out=False)
    assert addresses(up) == ["127.0.0.1", "127.0.0.2"]


def test_check_says_that_a_zone_is_out(up: Shell, console: Console) -> None:
    console.move(console.alb().zones[1], out=True)
    said = up.run("check", "--only", "ADR-ALB-STATE", "-o", "short")
    assert "zone cn-hongkong-c" in said.stdout
    assert "is Shifted" in said.stdout
