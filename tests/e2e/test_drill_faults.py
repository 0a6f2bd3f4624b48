"""Every kind of fault on the sandbox: done, seen, taken back, also when the drill is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from typing import Any

import pytest

from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
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
