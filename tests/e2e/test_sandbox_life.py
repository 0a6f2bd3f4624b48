"""The sandbox's life: up, a second up, killed, down; it never leaves anything behind."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import time

import pytest

from tests.e2e.conftest import PROGRAM, Shell, processes_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def wait_until(holds, seconds: float = 10.0) -> None:  # type: ignore[no-untyped-def]
    """Wait for something to become true, with an end."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not become true in time"
        time.sleep(0.05)


def test_up_prints_the_line_that_points_other_commands_at_it(shell: Shell) -> None:
    line = shell.ok("sandbox", "up", "--gateway-port", str(shell.port)).strip()
    assert line == f"export ALB_DR_CONFIG={shell.folder}/alb-dr.yaml"


def test_down_leaves_no_process_and_no_file(shell: Shell) -> None:
    shell.ok("sandbox", "up", "--gateway-port", str(shell.port))
    shell.env["ALB_DR_CONFIG"] = str(shell.folder / "alb-dr.yaml")
    shell.ok("distribute", "apply")
    assert list((shell.state / "alb-dr" / "pins").iterdir())
    shell.ok("sandbox", "down")
    assert processes_of(shell.folder) == []
    assert not shell.folder.exists()
    assert not (shell.state / "alb-dr" / "pins").exists()
    assert "no sandbox was running" in shell.ok("sandbox", "down")


def test_a_second_up_is_refused_with_the_way_out(shell: Shell) -> None:
    shell.ok("sandbox", "up", "--gateway-port", str(shell.port))
    said = shell.refused(5, "sandbox", "up", "--gateway-port", str(shell.port))
    assert "running already" in said
    assert "alb-dr sandbox down" in said


def test_a_taken_port_is_named(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", shell.port)):
        said = shell.refused(2, "sandbox", "up", "--gateway-port", str(shell.port))
    assert f"port {shell.port} of this machine is taken" in said
    assert "--gateway-port" in said


def test_the_next_up_recovers_from_a_killed_sandbox(shell: Shell) -> None:
    shell.ok("sandbox", "up", "--gateway-port", str(shell.port))
    shell.env["ALB_DR_CONFIG"] = str(shell.folder / "alb-dr.yaml")
    shell.ok("distribute", "apply")
    pid = json.loads((shell.folder / "world.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not processes_of(shell.folder))
    shell.ok("sandbox", "up", "--gateway-port", str(shell.port))
    assert shell.data("sandbox", "status")["members"][0]["api"] == "serving"


def test_a_stale_process_file_is_no_obstacle(shell: Shell) -> None:
    shell.folder.mkdir(parents=True)
    stale = {"pid": os.getpid(), "started": "1", "config": "x"}
    (shell.folder / "world.json").write_text(json.dumps(stale))
    (shell.folder / "options.json").write_text("{}")
    shell.ok("sandbox", "up", "--gateway-port", str(shell.port))


def test_status_without_a_sandbox_says_how_to_get_one(shell: Shell) -> None:
    assert "alb-dr sandbox up" in shell.refused(2, "sandbox", "status")


def test_all_processes_together_stay_small(shell: Shell) -> None:
    shell.ok("sandbox", "up", "--gateway-port", str(shell.port))
    shell.env["ALB_DR_CONFIG"] = str(shell.folder / "alb-dr.yaml")
    shell.ok("distribute", "apply")
    assert shell.data("sandbox", "status")["memory_kib"] < 400 * 1024


def test_without_envoy_the_extra_is_named(shell: Shell) -> None:
    code = (
        "import sys; sys.modules['envoy'] = None\n"
        "from alb_dr.cli.main import run; sys.exit(run(['sandbox', 'up']))"
    )
    python = PROGRAM.removesuffix("alb-dr") + "python"
    done = subprocess.run(
        [python, "-c", code],
        env=shell.environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "pip install 'alb-dr[sandbox]'" in done.stderr


def test_rehearse_does_everything_and_leaves_only_its_report(shell: Shell) -> None:
    data = shell.data("rehearse", "--yes", "--gateway-port", str(shell.port), timeout=100)
    assert [step["passed"] for step in data["steps"]] == [True] * 9
    drill = next(s for s in data["steps"] if s["title"].startswith("drill"))["data"]
    assert f":{shell.port}/" in drill["target"]["url"]
    left = [p.name for p in (shell.state / "alb-dr").iterdir()]
    assert left == ["runs"]
    assert processes_of(shell.state) == []


def test_rehearse_at_a_port_that_is_taken_names_it_and_leaves_nothing(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", shell.port)):
        said = shell.refused(2, "rehearse", "--yes", "--gateway-port", str(shell.port))
    assert f"port {shell.port} of this machine is taken" in said
    assert "--gateway-port" in said
    assert not list((shell.state / "alb-dr").glob("rehearse-*"))


@pytest.mark.parametrize("seconds", [0.0, 1.1, 3.6, 6.6])
def test_rehearse_interrupted_at_any_moment_leaves_nothing(shell: Shell, seconds: float) -> None:
    rehearsal = shell.start("rehearse", "--yes")
    assert select.select([rehearsal.stderr], [], [], 60)[0], "its first word"
    time.sleep(seconds)  # the moment of the interruption is what this test varies
    os.killpg(rehearsal.pid, signal.SIGINT)
    _, said = rehearsal.communicate(timeout=60)
    assert rehearsal.returncode == 130, said
    assert "Traceback" not in said
    assert processes_of(shell.state) == []
    assert not list((shell.state / "alb-dr").glob("rehearse-*"))
