"""A deadline in the middle of a drill: the drill is taken back, and the exit code says why."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def test_a_drill_that_meets_its_deadline_is_taken_back(tutorial: Shell) -> None:
    drill = ("failover", "drill", "poc-ack-2", "--yes", "--baseline", "1", "--observe", "60")
    said = tutorial.refused(7, *drill, "--deadline", "15s")
    assert "scaled from 2 to 0" in said, "it was in the middle"
    assert "error[ADR-DEADLINE]" in said
    assert tutorial.data("failover", "status")["open"] == []
    members = tutorial.data("distribute", "status")["members"]
    assert [m["ready_pods"] for m in members] == [2, 2]
