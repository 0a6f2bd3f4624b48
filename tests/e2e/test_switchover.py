"""Switching over, back and away through the sandbox's real Envoy: operators, faults, kills."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Shell
from tests.e2e.test_shift import LONG, PATIENT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

PACE = ("--rate", "400", "--baseline", "1s", "--hold", "1s", "--steps", "50,100")
QUICK = (*PACE, "--yes", *PATIENT)
OVER = ("failover", "switchover", "--to", "poc-ack-1", "--reason", "maintenance")
BACK = ("failover", "back", "--stabilise", "1s")


@pytest.fixture(scope="module")
def up(world: Shell) -> Shell:
    """A sandbox that is up."""
    world.ok("up")
    return world


@pytest.fixture(autouse=True)
def from_20_to_80(up: Shell) -> Iterator[None]:
    """Every test begins with the file's weights, and cleans up after itself."""
    up.ok("ingress", "set-weights", "20", "80")
    yield
    up.ok("sandbox", "fault", "clear")
    up.ok("distribute", "apply")
    up.run("ingress", "abort")


def weights(shell: Shell) -> list[str]:
    """The live weights in the file's order."""
    return [m["live_weight"] for m in shell.data("status", "--requests", "0")["members"]]


def away(shell: Shell) -> list[str]:
    """What status says about traffic that is away or under way."""
    unfinished: list[str] = shell.data("status", "--requests", "0")["unfinished"]
    return unfinished


def result(shell: Shell, code: int, *words: str) -> dict[str, Any]:
    """The data of a command that must leave with ``code``."""
    done = shell.run(*words, "-o", "json")
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    data: dict[str, Any] = json.loads(done.stdout)["data"]
    return data


def without_pods(shell: Shell, name: str) -> None:
    """Wait until the member has no ready pod: a fault takes a moment to be seen."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        members = shell.data("distribute", "status")["members"]
        if not next(m["ready_pods"] for m in members if m["member"] == name):
            return
    raise AssertionError(f"{name} still has ready pods")


def until(process: subprocess.Popen[str], words: str) -> None:
    """Read the process's story until it says the words."""
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"it never said {words!r}")


def test_there_and_back_again(up: Shell) -> None:
    data = result(up, 0, *OVER, *QUICK)
    assert weights(up) == ["100", "0"]
    assert data["lost"] == 0
    assert data["shift"]["verb"] == "switchover"
    (said,) = away(up)
    assert "traffic is away from poc-ack-2" in said
    assert "maintenance; before: poc-ack-1 20, poc-ack-2 80" in said
    assert "drift" in up.ok("status", "--requests", "0")
    assert not up.data("up")["written"], "bringing up again does not move the traffic back"
    assert weights(up) == ["100", "0"]
    assert up.data("report", "latest")["requests"] == data["requests"]
    assert result(up, 0, *BACK, *QUICK)["lost"] == 0
    assert weights(up) == ["20", "80"]
    assert away(up) == []
    assert "nothing was moved away" in up.refused(6, *BACK, *QUICK)


def test_what_cannot_be_meant_is_refused(up: Shell) -> None:
    switchover = OVER[:2]
    cases: tuple[tuple[int, tuple[str, ...], str], ...] = (
        (2, (*switchover,), "say where the traffic is to go"),
        (2, (*switchover, "--to", "poc-ack-1", "--away-from", "poc-ack-2"), "exclude each other"),
        (2, (*switchover, "--to", "nobody"), "'nobody' is not a member"),
        (2, (*switchover, "--to", "poc-ack-1", "--steps", "1,100"), "less than 2 points"),
        (2, (*OVER,), "add --yes"),
        (6, (*OVER, "--headroom", "1.2", "--yes"), "would carry 1.2 times"),
        (2, ("failover", "start", "--away-from", "poc-ack-2", "--reason", " "), "is empty"),
        (2, ("failover", "start", "--away-from", "poc-ack-2"), "Missing option '--reason'"),
        (2, ("failover", "start", "--reason", "x"), "Missing option '--away-from'"),
        (2, ("failover", "start", "--away-from", "poc-ack-2", "--reason", "x"), "add --yes"),
    )
    for code, words, reason in cases:
        assert reason in up.refused(code, *words)
    assert weights(up) == ["20", "80"]


def test_dry_runs_move_nothing(up: Shell) -> None:
    assert [list(w.values()) for w in up.data(*OVER, "--dry-run", "--steps", "50,100")["way"]] == [
        [20, 80],
        [60, 40],
        [100, 0],
    ]
    gone = up.data("failover", "start", "--away-from", "poc-ack-2", "--reason", "x", "--dry-run")
    assert gone["after"] == {"poc-ack-1": 100, "poc-ack-2": 0}
    assert weights(up) == ["20", "80"]
    up.ok("failover", "start", "--away-from", "poc-ack-2", "--reason", "x", "--yes", "--no-wait")
    assert [list(w.values()) for w in up.data(*BACK, "--dry-run", "--steps", "100")["way"]] == [
        [100, 0],
        [20, 80],
    ]
    assert weights(up) == ["100", "0"]


@pytest.mark.parametrize("fault", ["api-down", "zone-down"])
def test_an_emergency_needs_nothing_of_the_lost_member(up: Shell, fault: str) -> None:
    up.ok("sandbox", "fault", fault, "poc-ack-2")
    words = ("failover", "start", "--away-from", "poc-ack-2", "--reason", fault, "--yes")
    data = result(up, 0, *words)
    assert data["written"]
    assert data["traffic"]["follows"]
    assert {*data["endpoints"], *data["unknown"]} == {"poc-ack-1"}, "the lost one is not asked"
    assert up.run("verify", "-n", "200", "--no-control-checks").returncode == 0
    assert not up.data(*words, "--no-wait")["written"], "once is enough"
    if fault == "zone-down":
        # The way back is barred as long as the member cannot serve.
        assert "poc-ack-2" in up.refused(7, *BACK, "--stabilise-timeout", "3s", *QUICK)
        assert weights(up) == ["100", "0"]
    up.ok("sandbox", "fault", "clear")
    up.ok("distribute", "apply")
    result(up, 0, *BACK, *QUICK)
    assert weights(up) == ["20", "80"]


def test_a_dead_survivor_is_refused(up: Shell) -> None:
    up.ok("sandbox", "fault", "pods-down", "poc-ack-1")
    without_pods(up, "poc-ack-1")
    words = ("failover", "start", "--away-from", "poc-ack-2", "--reason", "x", "--yes")
    assert "poc-ack-1 has no ready endpoint" in up.refused(6, *words, "--ask-survivors", "20s")
    assert "is not healthy" in up.refused(6, *OVER[:2], "--to", "poc-ack-2", *QUICK)
    assert weights(up) == ["20", "80"]


def test_a_member_dying_on_the_way_back_sends_the_traffic_where_it_was(up: Shell) -> None:
    up.ok("failover", "start", "--away-from", "poc-ack-2", "--reason", "x", "--yes")
    with up.start(*BACK, *QUICK, "--hold", "60s") as process:
        until(process, "proven")
        up.ok("sandbox", "fault", "pods-down", "poc-ack-2")
        out, _ = process.communicate(timeout=LONG)
    assert process.returncode == 9, out
    assert "ROLLED BACK" in out
    assert weights(up) == ["100", "0"]
    assert "traffic is away from poc-ack-2" in away(up)[0], "the way home is still remembered"
    assert up.run("verify", "-n", "200", "--no-control-checks").returncode == 0


def test_a_killed_switchover_says_where_it_stopped_and_is_ended(up: Shell) -> None:
    with up.start(*OVER, *QUICK) as process:
        until(process, "step 2 of 2")
        process.kill()
        process.communicate(timeout=LONG)
    assert weights(up) in (["60", "40"], ["100", "0"])
    assert any("switchover" in line and "of 2 (weights" in line for line in away(up))
    assert "a switchover is open" in up.refused(6, *OVER, *QUICK)
    assert up.data("ingress", "abort")["phase"] == "aborted"
    assert weights(up) == ["20", "80"]
    assert away(up) == []


def test_one_killed_before_its_first_step_leaves_a_lock_that_an_emergency_takes(up: Shell) -> None:
    with up.start(*OVER, *QUICK) as process:
        until(process, "measuring")
        process.kill()
        process.communicate(timeout=LONG)
    assert (weights(up), away(up)) == (["20", "80"], [])
    start = ("failover", "start", "--away-from", "poc-ack-2", "--reason", "x", "--yes", "--no-wait")
    done = up.run(*start)
    if done.returncode == 0:
        # On a slow machine the lock is older than its 30 s by now, and gives way by itself.
        assert "the lock was taken over" in done.stderr
    else:
        name = done.stderr.partition("--take-over ")[2].split()[0]
        assert name in up.data(*start, "--take-over", name)["took_over"]
    assert weights(up) == ["100", "0"]
    assert up.data("failover", "status")["lock"] is None


def test_a_killed_return_is_ended_and_begun_anew(up: Shell) -> None:
    up.ok("failover", "start", "--away-from", "poc-ack-2", "--reason", "x", "--yes")
    with up.start(*BACK, *QUICK) as process:
        until(process, "step 1 of 2")
        process.kill()
        process.communicate(timeout=LONG)
    assert any("back" in line and "of 2 (weights" in line for line in away(up))
    up.ok("ingress", "abort")
    assert weights(up) == ["100", "0"]
    assert len(away(up)) == 1
    result(up, 0, *BACK, *QUICK)
    assert (weights(up), away(up)) == (["20", "80"], [])


def test_a_signal_puts_a_switchover_and_a_return_back(up: Shell) -> None:
    with up.start(*OVER, *QUICK, "--hold", "60s") as process:
        until(process, "proven")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONG)
    assert (process.returncode, weights(up), away(up)) == (130, ["20", "80"], [])
    up.ok("failover", "start", "--away-from", "poc-ack-2", "--reason", "x", "--yes")
    with up.start(*BACK, *QUICK, "--hold", "60s") as process:
        until(process, "proven")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=LONG)
    assert (process.returncode, weights(up)) == (143, ["100", "0"])
    assert "traffic is away" in away(up)[0]
    up.ok("ingress", "set-weights", "20", "80", "--no-wait")
    assert away(up) == [], "a plain edit that brings everything back ends the record"


def test_F8_of_two_operators_one_moves_the_traffic(up: Shell) -> None:
    with up.start(*OVER, *QUICK) as one, up.start(*OVER, *QUICK) as two:
        said = [process.communicate(timeout=LONG) for process in (one, two)]
    codes = sorted([one.returncode, two.returncode])
    assert codes[0] == 0, said
    assert codes[1] in {2, 5, 6}, said
    assert weights(up) == ["100", "0"]


def test_an_emergency_takes_over_from_a_running_switchover_by_name(up: Shell) -> None:
    start = ("failover", "start", "--away-from", "poc-ack-1", "--reason", "it burns", "--yes")
    with up.start(*OVER, *QUICK, "--hold", "60s") as process:
        until(process, "proven")
        said = up.refused(5, *start)
        assert "ADR-LOCKED" in said
        name = said.partition("--take-over ")[2].split()[0]
        data = result(up, 0, *start, "--take-over", name)
        assert name in data["took_over"]
        out, _ = process.communicate(timeout=LONG)
    assert process.returncode == 5, out
    assert weights(up) == ["0", "100"]
    (said,) = away(up)
    assert "away from poc-ack-1" in said


def test_F6_a_disk_that_takes_nothing_does_not_stop_an_emergency(up: Shell) -> None:
    words = ("failover", "start", "--away-from", "poc-ack-2", "--reason", "x", "--yes", "--no-wait")
    done = up.run(*words, "--run-dir", "/proc/nowhere")
    assert done.returncode == 0, done.stderr
    assert "nothing is recorded on this machine" in done.stderr
    assert weights(up) == ["100", "0"]
