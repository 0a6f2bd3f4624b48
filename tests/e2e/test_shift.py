"""Shifting through the sandbox's real Envoy: gates, faults, other terminals, kills."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from alb_dr.sandbox.lifecycle import distort
from tests.e2e.conftest import PROGRAM, Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

# Latency is not judged here: this machine may be busy with other tests.
PATIENT = ("--slow-latency", "500", "--abort-latency", "999")
LONG = 180.0
"""Longer than a step and its way back may take by themselves: the machine may be busy."""
QUICK = ("--rate", "400", "--baseline", "1s", "--hold", "1s", "--yes", *PATIENT)


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
    distort(up.folder, {})


def shifted(shell: Shell, code: int, *words: str) -> dict[str, Any]:
    """The data of a shift to the second member that must leave with ``code``."""
    done = shell.run(
        "ingress", "shift", "--to", "0:100", *QUICK, *words, "-o", "json", timeout=LONG
    )
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    data: dict[str, Any] = json.loads(done.stdout)["data"]
    return data


def weights(shell: Shell) -> list[str]:
    """The live weights in the file's order."""
    return [m["live_weight"] for m in shell.data("status", "--requests", "0")["members"]]


def begun(shell: Shell, *words: str) -> subprocess.Popen[str]:
    """A shift in the background whose first step is proven."""
    command = ("ingress", "shift", "--to", "0:100", "--steps", "50,100", *QUICK, *words)
    process = shell.start(*command)
    assert process.stderr is not None
    for line in process.stderr:
        if "proven" in line:
            return process
    raise AssertionError("the first step was never proven")


def test_the_traffic_goes_over_step_by_step_and_nothing_is_lost(up: Shell) -> None:
    data = shifted(up, 0, "--steps", "20,60,100")
    assert [step["proven"] for step in data["steps"]] == [True, True, True]
    assert [list(step["weights"].values()) for step in data["steps"]] == [
        [80, 20],
        [40, 60],
        [0, 100],
    ]
    assert data["lost"] == 0
    assert weights(up) == ["0", "100"]
    again = up.data("report", "latest")
    assert [step["requests"] for step in again["steps"]] == [s["requests"] for s in data["steps"]]
    assert (again["requests"], again["lost"]) == (data["requests"], data["lost"])
    assert again["steps"][2]["shares"]["poc-ack-2"] > 0.5
    page = up.ok("report", "latest")
    assert page.startswith("DONE")
    assert "step 3 of 3" in page, "its course is the story that was told"
    assert up.data("status")["unfinished"] == []


def test_who_is_left_must_be_able_to_carry_it(up: Shell) -> None:
    up.ok("ingress", "set-weights", "50", "50", "--no-wait")
    alone = ("ingress", "shift", "--to", "0:100", "--dry-run")
    assert "would carry 2 times" in up.refused(6, *alone)
    assert up.data(*alone, "--headroom", "2")["dry_run"]
    more = up.run(*alone[:3], "20:80", "--steps", "100", "--dry-run")
    assert more.returncode == 0
    assert more.stderr.count("will carry 1.6 times") == 1, "said, and once"


def test_a_dry_run_tells_the_way_and_moves_nothing(up: Shell) -> None:
    words = ("ingress", "shift", "--to", "poc-ack-1=0,poc-ack-2=100", "--dry-run")
    way = [list(w.values()) for w in up.data(*words)["way"]]
    assert way == [[100, 0], [95, 5], [75, 25], [50, 50], [0, 100]]
    assert weights(up) == ["100", "0"]


def test_a_lying_gateway_does_not_pass_the_gate(up: Shell) -> None:
    distort(up.folder, {"poc-ack-1": 100, "poc-ack-2": 0})
    data = shifted(up, 9, "--steps", "50,100", "--step-timeout", "3s")
    assert data["phase"] == "rolled back"
    assert not data["steps"][0]["proven"]
    assert "does not follow the weights: poc-ack-1 100.0%" in data["why"]
    assert weights(up) == ["100", "0"]


def test_a_member_dying_half_way_leaves_the_traffic_whole(up: Shell) -> None:
    with begun(up, "--hold", "60s") as process:
        up.ok("sandbox", "fault", "pods-down", "poc-ack-2")
        out, _ = process.communicate(timeout=LONG)
    assert process.returncode == 9, out
    assert "ROLLED BACK" in out
    assert weights(up) == ["100", "0"]
    counted = re.search(r"in all +(\d+) of (\d+) requests lost", out)
    assert counted is not None, out
    lost, sent = int(counted[1]), int(counted[2])
    # Half of the traffic went to the dead member, for as long as it took to see that and go back.
    assert lost < 0.5 * sent, out
    whole = up.data("verify", "-n", "500", "--no-control-checks")
    assert whole["outcomes"]["ok"] == 500, "measured, not assumed"
    up.ok("sandbox", "fault", "clear")
    up.ok("gateway", "wait")
    deadline = time.monotonic() + LONG
    while up.data("distribute", "status")["members"][1]["ready_pods"] < 2:
        assert time.monotonic() < deadline


def test_a_member_that_answers_with_errors_gets_nothing(up: Shell) -> None:
    """Requests are lost, or the health checks take it out and it never gets its share."""
    up.ok("sandbox", "fault", "errors", "poc-ack-2")
    data = shifted(up, 9, "--steps", "50,100", "--step-timeout", "5s")
    assert data["phase"] == "rolled back"
    assert weights(up) == ["100", "0"]


def test_a_person_at_the_terminal_is_asked_and_may_freeze_what_failed(up: Shell) -> None:
    distort(up.folder, {"poc-ack-1": 100, "poc-ack-2": 0})
    ours, theirs = os.openpty()
    words = ("--to", "0:100", "--steps", "50,100", *QUICK, "--step-timeout", "2s")
    command = [PROGRAM, "ingress", "shift", *words, "--on-failure", "ask"]
    with subprocess.Popen(
        command,
        env=up.environment(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(theirs)
        assert process.stderr is not None
        asked = ""
        while not asked.endswith("[c]ontinue? "):
            piece = process.stderr.read(1)
            assert piece, asked
            asked += piece
        assert "does not follow the weights" in asked.splitlines()[-2]
        os.write(ours, b"f\n")
        out, _ = process.communicate(timeout=LONG)
        os.close(ours)
    assert process.returncode == 9, out
    assert "FROZEN" in out
    assert weights(up) == ["50", "50"]
    assert up.data("status", "--requests", "0")["unfinished"] == [], "frozen is over"


def test_another_terminal_pauses_resumes_and_ends_it(up: Shell) -> None:
    with begun(up, "--hold", "60s") as process:
        assert up.data("ingress", "pause")["phase"] == "paused"
        assert "paused" in up.data("status", "--requests", "0")["unfinished"][0]
        assert "a shift is open" in up.refused(6, "ingress", "shift", "--to", "0:100", "--yes")
        assert up.data("ingress", "resume")["phase"] == "running"
        ended = up.data("ingress", "abort")
        out, _ = process.communicate(timeout=LONG)
    assert ended["phase"] == "aborted"
    assert process.returncode == 10, out
    assert weights(up) == ["100", "0"]


def test_ctrl_c_puts_the_weights_back(up: Shell) -> None:
    with begun(up, "--hold", "60s") as process:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONG)
    assert process.returncode == 130
    assert weights(up) == ["100", "0"]
    assert up.data("status", "--requests", "0")["unfinished"] == []


def test_a_killed_shift_says_where_it_stopped_and_is_ended_from_elsewhere(up: Shell) -> None:
    with begun(up, "--hold", "60s") as process:
        process.kill()
        process.communicate(timeout=LONG)
    assert weights(up) == ["50", "50"], "one of the listed vectors; tests/kills has all instants"
    unfinished = up.data("status", "--requests", "0")["unfinished"][0]
    assert "step 1 of 2 (weights 50/50)" in unfinished
    assert "a shift is open" in up.refused(6, "down", "--yes")
    assert "a shift is open" in up.refused(6, "failover", "drill", "poc-ack-2", "--yes")
    assert up.data("ingress", "abort")["phase"] == "aborted"
    assert weights(up) == ["100", "0"]
    assert up.data("failover", "status")["lock"] is None
    assert "no shift is under way" in up.refused(13, "ingress", "pause")


def test_F8_a_shift_holds_the_lock_of_drills_and_gives_it_back(up: Shell) -> None:
    with begun(up, "--hold", "60s") as process:
        assert "last renewed" in up.data("failover", "status")["lock"]
        assert "a shift is open" in up.refused(6, "failover", "drill", "poc-ack-2", "--yes")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONG)
    assert up.data("failover", "status")["lock"] is None


def test_weights_set_by_somebody_else_end_it(up: Shell) -> None:
    with begun(up, "--hold", "60s") as process:
        words = ("ingress", "set-weights", "30", "70", "--no-wait")
        asked = up.refused(2, *words)
        assert "add --yes" in asked
        assert re.search(r"ended by this: shift [0-9a-f]{8} of .*, running, step 1 of 2", asked)
        would = up.run(*words, "--dry-run")
        assert (would.returncode, weights(up)) == (0, ["50", "50"])
        assert "would be ended by this: shift " in would.stderr
        up.ok(*words, "--yes")
        out, _ = process.communicate(timeout=LONG)
    assert process.returncode == 5
    assert "somebody else set the weights" in out
    assert weights(up) == ["30", "70"]


def test_of_two_operators_one_shifts(up: Shell) -> None:
    command = ("ingress", "shift", "--to", "0:100", "--steps", "100", *QUICK)
    with up.start(*command) as one, up.start(*command) as two:
        said = [process.communicate(timeout=LONG) for process in (one, two)]
    codes = sorted([one.returncode, two.returncode])
    assert codes[0] == 0, said
    assert codes[1] in {5, 6}, said
    assert weights(up) == ["0", "100"]


def test_bad_words_are_refused(up: Shell) -> None:
    cases = (
        (("--to", "50:40"), "sum to 90"),
        (("--to", "0:100", "--steps", "50"), "do not rise to 100"),
        (("--to", "0:100", "--steps", "1,100"), "less than 2 points"),
        (("--to", "0:100", "--on-failure", "ask"), "no terminal to ask on"),
        (("--to", "0:100", "--on-failure", "panic"), "no way to fail"),
        (("--to", "0:100"), "no terminal to ask on"),
    )
    for words, reason in cases:
        assert reason in up.refused(2, "ingress", "shift", *words)
    assert weights(up) == ["100", "0"]


def test_a_shift_to_where_the_weights_are_is_done_already(up: Shell) -> None:
    assert "already poc-ack-1 100" in up.ok("ingress", "shift", "--to", "100:0")
    with begun(up, "--hold", "60s") as process:
        live = ":".join(weights(up))
        assert "a shift is open" in up.refused(6, "ingress", "shift", "--to", live)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONG)
    assert weights(up) == ["100", "0"]


def test_F20_Argo_CD_that_heals_the_Ingress_refuses_a_shift(up: Shell) -> None:
    up.ok("sandbox", "argo", "--ingress", "on")
    try:
        words = up.refused(6, "ingress", "shift", "--to", "0:100", "--yes")
        assert "undoes every change of the weights" in words
        again = up.run("ingress", "set-weights", "90", "10", "--no-wait")
        assert "this may not last" in again.stderr
        up.ok("sandbox", "argo", "--deny", "1h")
        assert up.data("ingress", "shift", "--to", "0:100", "--dry-run")["dry_run"]
    finally:
        up.ok("sandbox", "argo", "--ingress", "off", "--deny", "off")


def test_F21_Argo_CD_that_comes_to_heal_half_way_is_named_and_nothing_is_written_over_it(
    up: Shell,
) -> None:
    with begun(up, "--hold", "6s") as process:
        up.ok("sandbox", "argo", "--ingress", "on")
        try:
            out, _ = process.communicate(timeout=LONG)
        finally:
            up.ok("sandbox", "argo", "--ingress", "off")
    assert process.returncode == 5, out
    assert "STOPPED" in out
    assert "(argocd-controller); nothing was written over it" in out
    assert weights(up) == ["50", "50"], "as Git has them"
    assert up.data("status", "--requests", "0")["unfinished"] == []
    assert up.data("failover", "status")["lock"] is None
