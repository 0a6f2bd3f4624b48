"""Pins through the sandbox's real Envoy: one header, one member, whatever the weights say."""

from __future__ import annotations

import json
import signal
import time

import pytest

from tests.e2e.conftest import LONGEST_S, Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

PIN = ("ingress", "pin", "--cluster", "poc-ack-2", "--header", "X-Cluster=green", "--yes")


@pytest.fixture(scope="module")
def up(world: Shell) -> Shell:
    """A sandbox in which the second member gets nothing."""
    world.ok("up")
    world.ok("ingress", "set-weights", "100", "0")
    return world


def events(up: Shell, verb: str) -> list[str]:
    """What the ledger of the newest run of this verb says was done."""
    newest = max((up.state / "alb-dr" / "runs").glob(f"*Z-{verb}-*/ledger.jsonl"))
    return [json.loads(line)["event"] for line in newest.read_text().splitlines()]


def test_one_member_is_tested_before_the_cut_over(up: Shell) -> None:
    made = up.data(*PIN, "--reason", "release 7")
    assert made["member"] == "poc-ack-2"
    assert "poc-ack-2 100%" in made["observed"]
    shares = up.data("verify", "--pin", "poc-ack-2", "-n", "200")["split"]["shares"]
    assert [s["count"] for s in shares] == [0, 200]
    assert up.run("verify", "-n", "200").returncode == 0, "the others follow the weights"
    (said,) = up.data("status", "--requests", "0")["unfinished"]
    assert said.startswith("X-Cluster=green is pinned to poc-ack-2 until 2")
    assert said.endswith(": release 7 (alb-dr ingress unpin)")
    assert not up.data("plan")["differs"], "a pin is no drift"
    assert up.data("ingress", "unpin", "--expired")["removed"] == []
    assert "add --yes" in up.refused(2, "ingress", "unpin")
    would = up.data("ingress", "unpin", "--dry-run")["removed"]
    assert up.data("ingress", "unpin", "--yes", "--reason", "tested")["removed"] == would
    assert [events(up, verb) for verb in ("pin", "unpin")] == [
        ["intent", "pinned"],
        ["intent", "unpinned"],
    ]
    assert "nothing is pinned" in up.refused(13, "verify", "--pin", "poc-ack-2")


def test_a_pin_that_stays_is_removed_by_ctrl_c(up: Shell) -> None:
    with up.start(*PIN, "--stay", "--ttl", "5m") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "keeping the pin" in line:
                break
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONGEST_S)
    assert process.returncode == 130
    assert up.data("ingress", "unpin", "--yes")["removed"] == []


def test_a_pin_that_stays_is_removed_when_its_time_is_up(up: Shell) -> None:
    assert up.data(*PIN, "--stay", "--ttl", "1s")["removed"]
    assert up.data("ingress", "unpin", "--yes")["removed"] == []


def test_a_pin_that_is_left_alone_is_removed_when_its_time_is_up(up: Shell) -> None:
    up.ok(*PIN, "--ttl", "2s", "--no-wait")
    deadline = time.monotonic() + LONGEST_S
    while "is pinned to" in up.ok("status", "--requests", "0"):
        assert time.monotonic() < deadline, "nobody removed it"
        time.sleep(0.5)


def test_an_expired_pin_is_swept(up: Shell) -> None:
    up.ok(*PIN, "--ttl", "100ms", "--no-janitor")
    assert "which is over" in up.refused(6, "verify", "--pin", "poc-ack-2")
    assert len(up.data("ingress", "unpin", "--expired")["removed"]) == 1


def test_of_two_who_pin_one_header_at_once_exactly_one_wins(up: Shell) -> None:
    words = ("ingress", "pin", "--header", "X-Cluster=both", "--yes", "--no-janitor", "--cluster")
    both = [up.start(*words, member) for member in ("poc-ack-1", "poc-ack-2")]
    said = [process.communicate(timeout=LONGEST_S)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 5], said
    assert len(up.data("ingress", "unpin", "--yes")["removed"]) == 1


def test_pins_stand_aside_while_traffic_is_moved(up: Shell) -> None:
    up.ok(*PIN, "--ttl", "100ms", "--no-janitor", "--no-wait")
    with up.start(
        "ingress", "shift", "--to", "0:100", "--steps", "100", "--hold", "5m", "--yes"
    ) as s:
        held = up.data("status", "--requests", "0")["lock"]
        deadline = time.monotonic() + LONGEST_S
        while not held:
            assert time.monotonic() < deadline, "no shift"
            held = up.data("status", "--requests", "0")["lock"]
        assert "holds" in up.refused(5, "ingress", "pin", *PIN[2:])
        assert "holds" in up.refused(5, "ingress", "unpin", "--yes")
        assert "would be refused now" in up.run(*PIN, "--dry-run").stderr
        assert "holds" in up.refused(5, "ingress", "unpin", "--expired")
        s.send_signal(signal.SIGINT)
        s.communicate(timeout=LONGEST_S)
    assert len(up.data("ingress", "unpin", "--expired")["removed"]) == 1


def test_a_pin_asks_first_and_is_gone_with_everything_else(up: Shell) -> None:
    assert "add --yes" in up.refused(2, *PIN[:-1])
    assert "longer than a day" in up.refused(2, *PIN, "--ttl", "48h")
    assert "--pin or --expect" in up.refused(2, "verify", "--pin", "x", "--expect", "0 100")
    up.ok(*PIN)
    deleted = up.data("down", "--yes")["deleted"]
    assert deleted[0] == "Ingress gateway-demo/web-demo-pin-poc-ack-2"
