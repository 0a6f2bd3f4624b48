"""Other worlds: faults that scaling to 0 does not show, three members, an API that is gone."""

from __future__ import annotations

import json
import time

import pytest

from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def shares(shell: Shell, *words: str) -> tuple[dict[str, float], int, int]:
    """Shares of the answers, lost requests and all requests of one verify run."""
    done = shell.run("verify", "--no-control-checks", *words, "-o", "json", timeout=90)
    data = json.loads(done.stdout)["data"]
    text = json.dumps(data)
    assert "poc-ack-1" in text
    seen = {s["name"]: s["share"] for s in data["split"]["shares"]}
    return seen, data["loss"]["lost"], data["loss"]["of"]


def test_a_dead_zone_is_left_only_because_of_health_checks(tutorial: Shell) -> None:
    """No endpoint is removed: after the health checks' own timing the traffic has moved."""
    tutorial.ok("sandbox", "fault", "zone-down", "poc-ack-2")
    try:
        _, lost_at_first, _ = shares(tutorial, "--requests", "20", "--timeout", "0.5s")
        assert lost_at_first > 0
        end = time.monotonic() + 40
        while time.monotonic() < end:
            seen, lost, _ = shares(tutorial, "--requests", "50", "--timeout", "0.5s")
            if lost == 0:
                break
        assert lost == 0
        assert seen["poc-ack-1"] == pytest.approx(1.0)
    finally:
        tutorial.ok("sandbox", "fault", "clear")
    tutorial.ok("ingress", "set-weights", "20", "80")


def test_errors_and_delays_can_be_made_and_taken_back(tutorial: Shell) -> None:
    tutorial.ok("sandbox", "fault", "errors", "poc-ack-1")
    _, lost, of = shares(tutorial, "--requests", "100")
    assert lost == pytest.approx(0.2 * of, abs=2)
    tutorial.ok("sandbox", "fault", "clear", "poc-ack-1")
    tutorial.ok("sandbox", "fault", "slow", "poc-ack-1", "--value", "100")
    assert shares(tutorial, "--requests", "50")[1] == 0
    tutorial.ok("sandbox", "fault", "clear")
    assert shares(tutorial, "--requests", "50")[1] == 0


def test_F41_a_member_whose_api_is_gone_is_not_drilled(tutorial: Shell) -> None:
    tutorial.ok("sandbox", "fault", "api-down", "poc-ack-1")
    try:
        said = tutorial.refused(12, "failover", "drill", "poc-ack-2", "--yes")
        assert "poc-ack-1" in said
    finally:
        tutorial.ok("sandbox", "fault", "clear")
    assert tutorial.data("failover", "status")["open"] == []


def test_a_fault_or_member_that_does_not_exist_is_refused(tutorial: Shell) -> None:
    assert "is no fault" in tutorial.refused(2, "sandbox", "fault", "earthquake", "poc-ack-1")
    assert "is no member" in tutorial.refused(2, "sandbox", "fault", "slow", "poc-ack-9")


def test_three_members_share_the_traffic(shell: Shell) -> None:
    members = [word for name in ("one", "two", "three") for word in ("--member", name)]
    shell.ok("sandbox", "up", "--gateway-port", str(shell.port), "--replicas", "1", *members)
    shell.env["ALB_DR_CONFIG"] = str(shell.folder / "alb-dr.yaml")
    shell.ok("distribute", "apply")
    shell.ok("gateway", "create")
    shell.ok("ingress", "apply")
    data = shell.data("ingress", "set-weights", "20", "30", "50")
    assert data["observed"]["shares"] == pytest.approx(
        {"one": 0.2, "two": 0.3, "three": 0.5}, abs=0.02
    )
    assert shell.run("verify", "--requests", "500").returncode == 0
    assert "2 weights are given for 3 members" in shell.refused(
        2, "ingress", "set-weights", "20", "80"
    )
    words = ("failover", "drill", "three", "--yes", "--baseline", "1", "--observe", "6")
    assert shell.data(*words)["outcome"] == "SUCCEEDED"
    assert not shell.data("plan")["differs"]
    assert [m["live_weight"] for m in shell.data("status")["members"]] == ["20", "30", "50"]
    words = ("--steps", "50,100", "--rate", "400", "--baseline", "1s", "--hold", "1s", "--yes")
    patient = ("--slow-latency", "500", "--abort-latency", "999")
    shifted = shell.data("ingress", "shift", "--to", "60:40:0", *words, *patient, timeout=150)
    assert shifted["phase"] == "done"
    assert [list(s["weights"].values()) for s in shifted["steps"]] == [[40, 35, 25], [60, 40, 0]]
    assert len(shell.data("down", "--yes")["deleted"]) == 4
