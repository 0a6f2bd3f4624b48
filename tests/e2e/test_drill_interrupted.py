"""A drill that is cut short, at any moment and by any signal, is always taken back."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Shell, processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
WORDS = (
    *("failover", "drill", "poc-ack-2", "--yes", "--baseline", "1", "--observe", "4"),
    # One test leaves three pods where there were two, which makes those of the other look small.
    *("--headroom", "3"),
)


def replicas(shell: Shell) -> int:
    """What the victim's Deployment wants now."""
    members = shell.data("distribute", "status")["members"]
    return int(members[1]["wanted_pods"])


def until_fired(shell: Shell, known: set[str]) -> None:
    """Wait until a drill's ledger says that the harm was done: a busy machine takes its time."""
    deadline = time.monotonic() + 30
    while not any('"fired"' in path.read_text() for path in ledgers(shell, known)):
        assert time.monotonic() < deadline, "the drill does not fire"
        time.sleep(0.05)


def ledgers(shell: Shell, known: set[str]) -> list[Path]:
    """The ledgers of drills that were not known before."""
    runs = shell.state / "alb-dr" / "runs"
    return [p for p in runs.glob("*/ledger.jsonl") if p.parent.name not in known]


def is_closed(status: dict[str, Any]) -> bool:
    """Whether nothing of any drill is left but evidence."""
    return not status["open"] and not status["records"] and status["lock"] is None


def fire(shell: Shell, *words: str) -> subprocess.Popen[str]:
    """Start a drill; back when its fault was done to the member."""
    runs = shell.state / "alb-dr" / "runs"
    known = {p.name for p in runs.iterdir()} if runs.exists() else set()
    drill = shell.start(*WORDS, *words)
    until_fired(shell, known)
    return drill


@pytest.mark.parametrize(
    ("seconds", "signum", "code"),
    [
        (0.3, signal.SIGINT, 130),
        (1.2, signal.SIGINT, 130),
        (2.5, signal.SIGINT, 130),
        (2.5, signal.SIGTERM, 143),
        (2.5, signal.SIGHUP, 130),
    ],
)
def test_F3_F4_a_signal_restores_before_it_ends_the_drill(
    tutorial: Shell, seconds: float, signum: int, code: int
) -> None:
    drill = tutorial.start(*WORDS)
    time.sleep(seconds)  # the moment is what this test varies
    os.killpg(drill.pid, signum)
    _, said = drill.communicate(timeout=60)
    assert drill.returncode == code, said
    assert "Traceback" not in said
    assert replicas(tutorial) == 2
    assert tutorial.data("failover", "status")["open"] == []


def test_F3_ten_signals_are_no_worse_than_one(tutorial: Shell) -> None:
    drill = fire(tutorial)
    for _ in range(10):
        os.killpg(drill.pid, signal.SIGINT)
        time.sleep(0.02)  # the impatience of a person
    _, said = drill.communicate(timeout=60)
    assert drill.returncode == 130, said
    assert replicas(tutorial) == 2


def test_F4_a_closed_terminal_does_not_stop_the_restore(tutorial: Shell) -> None:
    drill = fire(tutorial)
    assert drill.stdout is not None
    assert drill.stderr is not None
    drill.stdout.close()
    drill.stderr.close()
    drill.wait(timeout=60)
    assert replicas(tutorial) == 2


def test_F1_a_killed_drill_is_recovered_with_a_members_api_alone(tutorial: Shell) -> None:
    drill = fire(tutorial, "--no-watchdog")
    os.killpg(drill.pid, signal.SIGKILL)
    drill.communicate(timeout=10)
    (found,) = tutorial.data("failover", "status")["open"]
    assert found["replicas"] == 2
    assert tutorial.run("failover", "status", "--fail-if-open").returncode == 11
    assert "ADR-DRILL-OPEN" in tutorial.refused(6, *WORDS)
    only_said = tutorial.data("failover", "recover")
    assert not only_said["executed"]
    assert replicas(tutorial) == 0
    done = tutorial.data("failover", "recover", "--execute")
    assert [d["done"] for d in done["recovered"]] == ["restore"]
    assert replicas(tutorial) == 2
    assert tutorial.data("failover", "recover", "--execute")["open"] == []


def test_F1_the_watchdog_restores_what_a_killed_drill_left(tutorial: Shell) -> None:
    drill = fire(tutorial)
    os.killpg(drill.pid, signal.SIGKILL)
    drill.communicate(timeout=10)
    deadline = time.monotonic() + 30
    while not is_closed(tutorial.data("failover", "status")):
        assert time.monotonic() < deadline, "the watchdog does nothing"
        time.sleep(0.2)
    assert replicas(tutorial) == 2


def test_a_drill_leaves_no_watchdog_behind(tutorial: Shell) -> None:
    tutorial.run(*WORDS)
    assert not [words for words in processes_of(tutorial.folder) if "watchdog" in words]


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_F22_somebody_who_scales_meanwhile_ends_the_drill(tutorial: Shell) -> None:
    drill = fire(tutorial, "-o", "json", "--observe", "20")
    kubeconfig = str(tutorial.folder / "poc-ack-2.kubeconfig")
    subprocess.run(
        [
            *("kubectl", "--kubeconfig", kubeconfig, "-n", "gateway-demo"),
            *("scale", "deploy/web-demo", "--replicas", "3"),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    answer, said = drill.communicate(timeout=60)
    assert drill.returncode == 10, said
    assert "somebody else scaled" in json.loads(answer)["data"]["why"]
    assert replicas(tutorial) == 3
    assert tutorial.data("failover", "status")["open"] == []


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
    words = (*WORDS, "--observe", "60")
    before = replicas(tutorial)
    drill = tutorial.start(*words, "--expires-in", "30s")
    seen: set[str] = set()
    deadline = time.monotonic() + 30
    while len(seen) < 2:
        assert time.monotonic() < deadline, f"the deadline stays {seen}"
        seen |= {d["deadline"] for d in tutorial.data("failover", "status")["open"]}
        time.sleep(0.5)
    os.killpg(drill.pid, signal.SIGINT)
    _, said = drill.communicate(timeout=60)
    assert drill.returncode == 130, said
    assert replicas(tutorial) == before


def test_a_drill_that_would_stay_open_for_hours_is_refused(tutorial: Shell) -> None:
    assert "30 minutes" in tutorial.refused(6, *WORDS, "--expires-in", "2h")
