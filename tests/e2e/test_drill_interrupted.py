"""A drill that is cut short, at any moment and by any signal, is always taken back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Shell, processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
WORDS = ("failover", "drill", "poc-ack-2", "--yes", "--baseline", "1", "--observe", "4")
PATIENCE_S = 120.0
"""A machine that does other things, too, takes its time."""


def replicas(shell: Shell) -> int:
    """What the victim's Deployment wants now."""
    members = shell.data("distribute", "status")["members"]
    return int(members[1]["wanted_pods"])


def wait_until(what: Callable[[], bool], why: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.05)


def in_force(folder: Path) -> bool:
    """Whether a drill's description says that the fault is in force."""
    described = folder / "run.json"
    if not described.exists():
        return False
    return json.loads(described.read_text())["marks"]["in_force_s"] is not None


def until_said(drill: subprocess.Popen[str], words: str) -> None:
    """Read what a drill says until it says this; it then takes signals for sure."""
    assert drill.stderr is not None
    for line in drill.stderr:
        if words in line:
            return
    raise AssertionError(f"{words!r} was not said")


def scale(shell: Shell, wanted: int) -> None:
    """Scale the victim as somebody else would."""
    kubeconfig = str(shell.folder / "poc-ack-2.kubeconfig")
    words = ("scale", "deploy/web-demo", "--replicas", str(wanted))
    subprocess.run(
        ["kubectl", "--kubeconfig", kubeconfig, "-n", "gateway-demo", *words],
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
    )


def ready(shell: Shell) -> int:
    """How many of the victim's pods are ready."""
    return int(shell.data("distribute", "status")["members"][1]["ready_pods"])


def is_closed(status: dict[str, Any]) -> bool:
    """Whether nothing of any drill is left but evidence."""
    return not status["open"] and not status["records"] and status["lock"] is None


def fire(shell: Shell, *words: str) -> subprocess.Popen[str]:
    """Start a drill that watches for long; back when its fault is in force."""
    folder = Path(tempfile.mkdtemp(dir=shell.state))
    drill = shell.start(*WORDS, "--observe", "120", "--run-dir", str(folder), *words)
    wait_until(lambda: in_force(folder) or drill.poll() is not None, "the fault did not come")
    assert drill.poll() is None, drill.communicate()
    return drill


@pytest.mark.parametrize(
    ("words", "signum", "code"),
    [
        ("checking the guard rails", signal.SIGINT, 130),
        ("measuring the steady state", signal.SIGINT, 130),
        ("scaling poc-ack-2 to 0", signal.SIGINT, 130),
        ("watching the traffic", signal.SIGINT, 130),
        ("restoring poc-ack-2", signal.SIGINT, 130),
        ("watching the traffic", signal.SIGTERM, 143),
        ("watching the traffic", signal.SIGHUP, 130),
    ],
)
def test_F3_F4_a_signal_restores_before_it_ends_the_drill(
    tutorial: Shell, words: str, signum: int, code: int
) -> None:
    drill = tutorial.start(*WORDS)
    until_said(drill, words)
    os.killpg(drill.pid, signum)
    _, said = drill.communicate(timeout=PATIENCE_S)
    assert drill.returncode == code, said
    assert "Traceback" not in said
    assert replicas(tutorial) == 2
    assert tutorial.data("failover", "status")["open"] == []


def test_F3_ten_signals_are_no_worse_than_one(tutorial: Shell) -> None:
    drill = fire(tutorial)
    for _ in range(10):
        os.killpg(drill.pid, signal.SIGINT)
        time.sleep(0.02)  # the impatience of a person
    _, said = drill.communicate(timeout=PATIENCE_S)
    assert drill.returncode == 130, said
    assert said.count("its watchdog restores at once") <= 1
    assert replicas(tutorial) == 2


def test_F4_a_closed_terminal_does_not_stop_the_restore(tutorial: Shell) -> None:
    drill = fire(tutorial)
    assert drill.stdout is not None
    assert drill.stderr is not None
    drill.stdout.close()
    drill.stderr.close()
    os.killpg(drill.pid, signal.SIGHUP)
    assert drill.wait(timeout=PATIENCE_S) == 130
    assert replicas(tutorial) == 2


def test_F3_an_interrupted_drill_answers_with_its_report(tutorial: Shell) -> None:
    drill = fire(tutorial, "-o", "json")
    os.killpg(drill.pid, signal.SIGTERM)
    answered, _ = drill.communicate(timeout=PATIENCE_S)
    assert drill.returncode == 143
    envelope = json.loads(answered)
    assert (envelope["verdict"], envelope["exit_code"]) == ("INTERRUPTED", 143)
    assert envelope["data"]["marks"]["restored_s"] is not None


def test_F3_a_signal_after_the_end_does_not_cost_the_result(tutorial: Shell) -> None:
    drill = tutorial.start(*WORDS, "-o", "json")
    until_said(drill, "show it again")
    os.killpg(drill.pid, signal.SIGINT)
    answered, said = drill.communicate(timeout=PATIENCE_S)
    envelope = json.loads(answered)
    assert envelope["verdict"] in {"SUCCEEDED", "FAILED", "INCONCLUSIVE"}, said
    assert drill.returncode == envelope["exit_code"], "one word for both"
    assert replicas(tutorial) == 2


def test_F1_a_killed_drill_is_recovered_with_a_members_api_alone(tutorial: Shell) -> None:
    drill = fire(tutorial, "--no-watchdog")
    os.killpg(drill.pid, signal.SIGKILL)
    drill.communicate(timeout=10)
    (found,) = tutorial.data("failover", "status")["open"]
    assert found["replicas"] == 2
    # Whoever mistypes an id must not read that all is well.
    said = tutorial.refused(2, "failover", "recover", "--execute", "--drill", "mistyped")
    assert f"open are: {found['drill']}" in said
    assert replicas(tutorial) == 0
    assert tutorial.run("failover", "status", "--fail-if-open").returncode == 11
    other = str(tutorial.folder / "poc-ack-1.kubeconfig")
    said = tutorial.ok("failover", "recover", "--execute", "--member", other)
    assert "in poc-ack-1; the Fleet and others were not asked" in said
    runs = tutorial.state / "alb-dr" / "runs"
    before = sorted(runs.glob("*"))
    assert "ADR-DRILL-OPEN" in tutorial.refused(6, *WORDS)
    assert sorted(runs.glob("*")) == before, "a drill that was refused leaves none"
    only_said = tutorial.data("failover", "recover")
    assert not only_said["executed"]
    assert replicas(tutorial) == 0
    done = tutorial.data("failover", "recover", "--execute")
    assert [d["done"] for d in done["recovered"]] == ["restore"]
    assert replicas(tutorial) == 2
    assert tutorial.data("failover", "recover", "--execute")["open"] == []


def test_a_fleet_that_cannot_even_be_connected_to_is_no_all_clear(tutorial: Shell) -> None:
    blind = ("--context", "nope", "failover")
    assert tutorial.run(*blind, "status", "--fail-if-open").returncode == 12
    said = tutorial.refused(11, *blind, "recover", "--execute")
    assert "Fleet could not be looked at" in said


def test_F1_the_watchdog_restores_what_a_killed_drill_left(tutorial: Shell) -> None:
    drill = fire(tutorial)
    os.killpg(drill.pid, signal.SIGKILL)
    drill.communicate(timeout=10)
    wait_until(lambda: is_closed(tutorial.data("failover", "status")), "the watchdog does nothing")
    assert replicas(tutorial) == 2


def test_a_drill_leaves_no_watchdog_behind(tutorial: Shell) -> None:
    tutorial.run(*WORDS, timeout=PATIENCE_S)
    assert not [words for words in processes_of(tutorial.folder) if "watchdog" in words]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_F22_somebody_who_scales_meanwhile_ends_the_drill(tutorial: Shell) -> None:
    drill = fire(tutorial, "-o", "json")
    try:
        scale(tutorial, 3)
        answer, said = drill.communicate(timeout=PATIENCE_S)
        assert drill.returncode == 10, said
        assert "somebody else scaled" in json.loads(answer)["data"]["why"]
        assert replicas(tutorial) == 3
        assert tutorial.data("failover", "status")["open"] == []
    finally:
        scale(tutorial, 2)
        wait_until(lambda: ready(tutorial) == 2, "the pods do not come back")


def test_the_guard_needs_one_kubeconfig_and_ends_a_drill_past_its_deadline(
    tutorial: Shell,
) -> None:
    drill = fire(tutorial, "--no-watchdog")
    os.killpg(drill.pid, signal.SIGKILL)
    drill.communicate(timeout=10)
    kubeconfig = str(tutorial.folder / "poc-ack-2.kubeconfig")
    words = ("guard", "--once", "--namespace", "gateway-demo", "--kubeconfig", kubeconfig)
    without = {k: v for k, v in tutorial.env.items() if k != "ALB_DR_CONFIG"}
    alone = Shell(state=tutorial.state, port=tutorial.port, env=without)
    (seen,) = alone.data(*words)["drills"]
    assert seen["done"].startswith("under way until"), "its deadline is minutes away"
    assert replicas(tutorial) == 0
    tutorial.ok("failover", "recover", "--execute")


def test_the_guard_is_installed_in_every_member(tutorial: Shell) -> None:
    image = f"example.com/alb-dr@sha256:{'0' * 64}"
    said = tutorial.data("failover", "install-guard", "--image", image)
    actions = [c["action"] for changes in said["members"].values() for c in changes]
    assert actions == ["create"] * 8
    again = tutorial.data("failover", "install-guard", "--image", image)
    assert {c["action"] for changes in again["members"].values() for c in changes} == {"keep"}
    assert "by digest" in tutorial.refused(2, "failover", "install-guard", "--image", "alb-dr:1")


def test_a_drill_that_lives_moves_its_deadline_on(tutorial: Shell) -> None:
    drill = fire(tutorial, "--expires-in", "60s", "--rate", "20")
    seen: set[str] = set()

    def moved() -> bool:
        assert drill.poll() is None, drill.communicate()
        seen.update(d["deadline"] for d in tutorial.data("failover", "status")["open"])
        return len(seen) > 1

    wait_until(moved, "the deadline stays")
    os.killpg(drill.pid, signal.SIGINT)
    _, said = drill.communicate(timeout=PATIENCE_S)
    assert drill.returncode == 130, said
    assert replicas(tutorial) == 2


def test_a_drill_that_would_stay_open_for_hours_is_refused(tutorial: Shell) -> None:
    assert "30 minutes" in tutorial.refused(6, *WORDS, "--expires-in", "2h")
