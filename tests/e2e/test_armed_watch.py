"""Watching through the sandbox's real Envoy: armed and not, quiet, interrupted."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import LONGEST_S, Shell
from tests.e2e.test_shift import PATIENT
from tests.e2e.test_switchover import PACE, away, until, weights

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

WATCH = ("failover", "watch", "--every", "500ms", "--over", "2s", "--timeout", "1s")
PRIMARY = (*WATCH, "--away-from", "poc-ack-1")


@pytest.fixture(scope="module")
def up(world: Shell) -> Shell:
    """A sandbox that is up."""
    world.ok("up")
    return world


@pytest.fixture(autouse=True)
def from_100_to_0(up: Shell) -> Iterator[None]:
    """Every test begins with everything at the first member, and cleans up after itself."""
    up.ok("ingress", "set-weights", "100", "0")
    yield
    up.ok("sandbox", "fault", "clear")
    up.ok("distribute", "apply")


def watched(shell: Shell, code: int, *words: str) -> dict[str, Any]:
    """The data of a watch that must leave with ``code``."""
    done = shell.run(*words, "-o", "json")
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    data: dict[str, Any] = json.loads(done.stdout)["data"]
    return data


def test_a_lost_primary_is_flipped_away_from_once(up: Shell) -> None:
    up.ok("sandbox", "fault", "zone-down", "poc-ack-1")
    said = watched(up, 9, *PRIMARY)
    assert said["outcome"] == "would flip"
    assert weights(up) == ["100", "0"], "not armed, nothing written"
    said = watched(up, 9, *PRIMARY, "--arm", "--yes")
    assert said["outcome"] == "flipped"
    assert said["traffic"]["follows"]
    assert weights(up) == ["0", "100"]
    assert "failover watch" in away(up)[0]
    assert up.run("verify", "-n", "200", "--no-control-checks").returncode == 0
    assert "carries no traffic" in up.refused(6, *PRIMARY, "--arm", "--yes")
    assert len(list((up.state / "alb-dr" / "runs").glob("*-watch-*/ledger.jsonl"))) >= 2


def test_a_healthy_member_is_left_alone_and_ctrl_c_says_what_it_leaves(up: Shell) -> None:
    patient = (*PRIMARY, "--timeout", "10s", "--arm", "--yes")
    said = watched(up, 0, *patient, "--for", "3s")
    assert (said["outcome"], said["failed"]) == ("quiet", 0)
    with up.start(*patient) as process:
        until(process, "watching poc-ack-1, armed")
        until(process, "probe served")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 130
    assert "nothing was changed: poc-ack-1 100, poc-ack-2 0" in err
    assert weights(up) == ["100", "0"]


def test_arming_needs_consent(up: Shell) -> None:
    assert "add --yes" in up.refused(2, *PRIMARY, "--arm")
    assert "whom to watch" in up.refused(2, *WATCH)
    assert "longer than a day" in up.refused(2, *PRIMARY, "--for", "25h")


def test_primary_and_standby_exchange_their_roles(up: Shell) -> None:
    """The mode is said in the project file; everything else follows from it."""
    config = Path(up.env["ALB_DR_CONFIG"])
    before = config.read_text()
    text = before.replace("mode: active-active", "mode: primary-secondary")
    text = re.sub(r"poc-ack-1: 20\n(\s+)poc-ack-2: 80", r"poc-ack-1: 99\n\1poc-ack-2: 1", text)
    try:
        config.write_text(text)
        codes = {f["code"] for f in up.data("plan")["findings"]}
        assert codes == {"ADR-STANDBY-ZERO"}, "the live weights are 100 and 0"
        done = up.run("ingress", "set-weights", "99", "1")
        assert "is unconfirmed" in done.stderr
        pace = (*PACE[:-2], "--steps", "100", "--yes", *PATIENT)
        up.ok("failover", "switchover", "--to", "poc-ack-2", *pace)
        assert weights(up) == ["1", "99"]
        notes = up.data("status", "--requests", "0")["notes"]
        assert any("poc-ack-2 is the primary now" in note for note in notes)
        assert up.run("check", "--only", "ADR-ROLES", "-o", "short").returncode == 0
        assert "is the primary already" in up.refused(
            2, "failover", "switchover", "--to", "poc-ack-2"
        )
        assert up.run("verify", "-n", "500").returncode == 0
        up.ok("failover", "switchover", "--to", "poc-ack-1", *pace)
        assert (weights(up), away(up)) == (["99", "1"], []), "home again"
        up.ok("ingress", "set-weights", "100", "0")
        said = up.refused(6, "failover", "drill", "poc-ack-1", "--yes")
        assert "does not take over by itself" in said
    finally:
        config.write_text(before)
