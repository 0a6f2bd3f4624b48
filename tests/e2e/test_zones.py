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
from alb_dr.sandbox.lifecycle import distort
from alb_dr.sandbox.options import REGION
from tests.e2e.conftest import Shell
from tests.fakes.cloud import close_sessions, credential_of

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
    close_sessions()


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


# beside a switchover -----------------------------------------------------------------------------

QUICK = (
    *("--steps", "50,100", "--hold", "500ms", "--baseline", "1s", "--rate", "200", "--yes"),
    *("--tolerance", "20", "--slow-latency", "500", "--abort-latency", "999", "--headroom", "5"),
)
AWAY = ("failover", "switchover", "--to", "poc-ack-1", "--zone", *QUICK)
HOME = ("failover", "back", "--stabilise", "1s", *QUICK)


@pytest.fixture
def at_home(up: Shell) -> Iterator[Shell]:
    """At 20:80 with nothing away, before and after."""
    up.ok("ingress", "set-weights", "20", "80")
    yield up
    up.ok("sandbox", "cloud", "--clear")
    distort(up.folder, {})
    if up.data("failover", "status")["zones"]:
        up.ok("failover", "back", "--yes", "--stabilise", "1s", *QUICK, timeout=120)


def states(console: Console) -> list[str]:
    return [zone.state for zone in console.alb().zones]


def weights(shell: Shell) -> list[str]:
    return [m["live_weight"] for m in shell.data("status", "--requests", "0")["members"]]


def test_a_switchover_takes_the_zone_along_and_back_returns_both_from_another_machine(
    at_home: Shell, console: Console
) -> None:
    told = at_home.ok("failover", "switchover", "--to", "poc-ack-1", "--zone", "--dry-run",
                      "--headroom", "5")  # fmt: skip
    assert "take cn-hongkong-c (127.0.0.2)" in told
    assert states(console) == ["Active", "Active"]
    data = at_home.data(*AWAY, timeout=120)
    assert data["lost"] == 0
    assert (states(console), weights(at_home)) == (["Active", "Shifted"], ["100", "0"])
    assert addresses(at_home) == ["127.0.0.1"]
    assert "cn-hongkong-c" in at_home.data("failover", "status")["zones"]
    unfinished = at_home.data("status", "--requests", "0")["unfinished"]
    assert any("cn-hongkong-c" in line and "failover back" in line for line in unfinished)
    elsewhere = Shell(state=at_home.state / "elsewhere", port=at_home.port, env=at_home.env)
    elsewhere.state.mkdir(exist_ok=True)
    data = elsewhere.data(*HOME, timeout=120)
    assert data["lost"] == 0
    assert (states(console), weights(at_home)) == (["Active", "Active"], ["20", "80"])
    assert at_home.data("failover", "status")["zones"] is None


def test_an_ALB_that_is_managed_refuses_before_anything_is_moved(
    at_home: Shell, console: Console
) -> None:
    at_home.ok("sandbox", "cloud", "--fault", "managed")
    said = at_home.refused(13, *AWAY)
    assert "ADR-CLOUD-MANAGED" in said
    assert (states(console), weights(at_home)) == (["Active", "Active"], ["20", "80"])
    assert not any(at_home.data("failover", "status").values())


def test_a_switchover_that_rolls_back_brings_the_zone_back(
    at_home: Shell, console: Console
) -> None:
    distort(at_home.folder, {"poc-ack-1": 20, "poc-ack-2": 80})
    done = at_home.run(*AWAY, "--step-timeout", "3s", timeout=120)
    assert done.returncode == 9, done.stderr
    assert "bringing zone cn-hongkong-c back into DNS" in done.stderr
    assert (states(console), weights(at_home)) == (["Active", "Active"], ["20", "80"])
    assert not any(at_home.data("failover", "status").values())


def test_a_killed_one_is_seen_and_undone(at_home: Shell, console: Console) -> None:
    with at_home.start(*AWAY, "--hold", "60s") as process:
        assert process.stderr is not None
        assert any("leads to cn-hongkong-b only" in line for line in process.stderr)
        process.kill()
        process.communicate(timeout=30)
    assert "cn-hongkong-c" in at_home.data("failover", "status")["zones"]
    at_home.ok("ingress", "abort", timeout=90)
    at_home.ok("failover", "back", "--yes", timeout=90)
    assert (states(console), weights(at_home)) == (["Active", "Active"], ["20", "80"])


def test_without_cloud_credentials_it_says_so_and_moves_nothing(at_home: Shell) -> None:
    names = [n for n in at_home.env if n.startswith(("ALIBABA_", "ALB_DR_ENDPOINT_"))]
    bare = Shell(
        state=at_home.state,
        port=at_home.port,
        env={n: v for n, v in at_home.env.items() if n not in names},
    )
    assert "ADR-NO-CLOUD" in bare.refused(2, *AWAY)
    assert weights(at_home) == ["20", "80"]
