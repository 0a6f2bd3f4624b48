"""A deadline in the middle of a drill: the drill is taken back, and the exit code says why."""

from __future__ import annotations

import json

import pytest

from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_a_drill_that_meets_its_deadline_is_taken_back(tutorial: Shell) -> None:
    drill = ("failover", "drill", "poc-ack-2", "--yes", "--baseline", "1", "--observe", "60")
    done = tutorial.run(*drill, "--deadline", "15s", "-o", "json")
    said, answered = done.stderr, json.loads(done.stdout)
    assert done.returncode == answered["exit_code"] == 7
    assert answered["verdict"] == "INTERRUPTED"
    assert answered["data"]["why"] == "the command's deadline passed"
    assert [error["code"] for error in answered["errors"]] == ["ADR-DEADLINE"]
    assert "scaled from 2 to 0" in said, "it was in the middle"
    assert "error[ADR-DEADLINE]" in said
    assert tutorial.data("failover", "status")["open"] == []
    members = tutorial.data("distribute", "status")["members"]
    assert [m["ready_pods"] for m in members] == [2, 2]
