"""Every kind of fault on the sandbox: done, seen, taken back, also when the drill is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from typing import Any

import pytest

from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
WORDS = ("failover", "drill", "poc-ack-2", "--yes", "--baseline", "1", "--observe", "4")


def open_faults(shell: Shell) -> dict[str, Any]:
    """What the sandbox bears, by member."""
    return {m["name"]: m["faults"] for m in shell.data("sandbox", "status")["members"]}


def test_a_weight_drain_is_measured_and_taken_back(tutorial: Shell) -> None:
    done = tutorial.run(*WORDS, "--fault", "weight-drain", "-o", "json")
    assert '"path_tested": "weight-drain"' in done.stdout, done.stderr
    seen = tutorial.data("failover", "status")
    assert seen["open"] == []
    assert seen["records"] == []
    assert len(seen["closed"]) == 1


def killed(shell: Shell, *words: str) -> None:
    """Kill a drill while its fault is in force."""
    drill: subprocess.Popen[str] = shell.start(*WORDS, "--observe", "60", "--no-watchdog", *words)
    deadline = time.monotonic() + 60
    while not any(
        '"fired"' in path.read_text() and '"restor' not in path.read_text()
        for path in (shell.state / "alb-dr" / "runs").glob("*/ledger.jsonl")
    ):
        assert time.monotonic() < deadline, "the drill does not fire"
        time.sleep(0.1)
    os.killpg(drill.pid, signal.SIGKILL)
    drill.communicate(timeout=10)
    shutil.rmtree(shell.state / "alb-dr" / "runs")


@pytest.mark.parametrize("fault", ["weight-drain", "sandbox:hung"])
def test_F1_a_killed_drill_of_any_fault_is_recovered(tutorial: Shell, fault: str) -> None:
    killed(tutorial, "--fault", fault)
    (found,) = tutorial.data("failover", "status")["open"]
    assert found["remedy"] == "restore"
    assert tutorial.run("failover", "status", "--fail-if-open").returncode == 11
    answer = tutorial.data("failover", "recover", "--execute")
    assert [d["done"] for d in answer["recovered"]] == ["restore"]
    assert answer["traffic"].startswith("20 requests")
    assert tutorial.data("failover", "status")["records"] == []
    assert open_faults(tutorial) == {"poc-ack-1": [], "poc-ack-2": []}


def test_a_fault_of_the_sandbox_is_refused_outside_of_one(tutorial: Shell) -> None:
    elsewhere = tutorial.state / "elsewhere"
    elsewhere.mkdir()
    for file in (*tutorial.folder.glob("*.kubeconfig"), tutorial.folder / "alb-dr.yaml"):
        shutil.copy(file, elsewhere)
    words = (*WORDS, "--config", str(elsewhere / "alb-dr.yaml"), "--fault", "sandbox:hung")
    assert "ADR-NO-SANDBOX" in tutorial.refused(6, *words)
    assert "no fault of a drill" in tutorial.refused(2, *WORDS, "--fault", "earthquake")


def test_F26_a_drill_whose_survivor_is_overwhelmed_aborts_and_restores(tutorial: Shell) -> None:
    """Two pods bear 15 requests a second each: enough for a fifth of the traffic, not for all."""
    tutorial.ok("sandbox", "fault", "capacity", "poc-ack-1", "--value", "15")
    try:
        words = ("--rate", "60", "--observe", "60", "-o", "json")
        done = tutorial.run(*WORDS, *words, timeout=200)
    finally:
        tutorial.ok("sandbox", "fault", "clear", "poc-ack-1")
    data = json.loads(done.stdout)["data"]
    assert (done.returncode, data["outcome"]) == (10, "ABORTED"), done.stderr
    assert "lost" in data["why"], data["why"]
    said = [step["what"] for step in data["timeline"]]
    assert any("the traffic is back" in what for what in said), said
    assert data["recovery"]["loss"]["lost"] > 0
    seen = tutorial.data("failover", "status")
    assert (seen["open"], seen["records"]) == ([], [])
    whole = {m["name"]: m["pods"] for m in tutorial.data("sandbox", "status")["members"]}
    assert whole == {"poc-ack-1": 2, "poc-ack-2": 2}
    assert tutorial.run("verify", "--requests", "300", timeout=120).returncode == 0


def health_checks(shell: Shell, *, on: bool) -> None:
    """Write into the project file whether the ALB asks the pods, and apply it."""
    project = shell.folder / "alb-dr.yaml"
    lines = [line for line in project.read_text().splitlines() if "enabled: " not in line]
    lines = [line for line in lines if line.strip() != "healthCheck:"]
    at = lines.index("ingress:") + 1
    lines[at:at] = ["  healthCheck:", f"    enabled: {str(on).lower()}"]
    project.write_text("\n".join(lines) + "\n")
    shell.ok("ingress", "apply", timeout=120)


def zone_down(shell: Shell) -> dict[str, Any]:
    """What a drill of a dead zone says, watched for longer than health checks take (8 s).

    The machine may be too busy for a verdict on the prober, so the numbers are asked.
    """
    words = ("--fault", "sandbox:zone-down", "--observe", "20", "-o", "json")
    done = shell.run(*WORDS, *words, timeout=200)
    data: dict[str, Any] = json.loads(done.stdout)["data"]
    assert data["path_tested"] == "cluster-unreachable", done.stderr
    return data


def test_health_checks_decide_whether_a_dead_zone_is_noticed(tutorial: Shell) -> None:
    noticed = zone_down(tutorial)
    assert noticed["recovery"]["rta_s"] is not None, noticed["why"]
    assert noticed["shares"]["during"].get("poc-ack-2", 0.0) < 0.05
    health_checks(tutorial, on=False)
    try:
        missed = zone_down(tutorial)
    finally:
        health_checks(tutorial, on=True)
    assert missed["recovery"]["rta_s"] is None, missed["why"]
    assert missed["outcome"] != "SUCCEEDED"
    assert missed["recovery"]["loss"]["rate"] > noticed["recovery"]["loss"]["rate"]
    assert open_faults(tutorial) == {"poc-ack-1": [], "poc-ack-2": []}
    assert tutorial.data("failover", "status")["records"] == []


@pytest.mark.parametrize("fault", ["api-down", "slow"])
def test_a_fault_that_should_move_nothing_leaves_the_traffic_alone(
    tutorial: Shell, fault: str
) -> None:
    done = tutorial.run(*WORDS, "--fault", f"sandbox:{fault}", "-o", "json", timeout=200)
    data = json.loads(done.stdout)["data"]
    assert data["shares"]["during"]["poc-ack-2"] > 0.6, "it serves on"
    assert data["recovery"]["loss"]["rate"] < 0.05, done.stderr
    # Whether that is a warning depends on how slow this machine was before.
    assert data["latency"]["during"]["p90"] > 0.9 or fault == "api-down"
    if data["outcome"] == "SUCCEEDED":  # else this machine was too busy to send in time
        assert "went on undisturbed" in data["why"]
    else:
        assert "ADR-DRILL-PROBER" in {finding["code"] for finding in data["findings"]}
