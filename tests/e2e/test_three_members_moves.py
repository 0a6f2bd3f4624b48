"""Moving traffic in a Fleet of three: proportions, and a second loss on top of the first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import Shell, _shell
from tests.e2e.test_shift import PATIENT
from tests.e2e.test_switchover import away, weights

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]

QUICK = ("--rate", "400", "--baseline", "1s", "--hold", "500ms", "--steps", "100", "--yes")
START = ("failover", "start", "--reason", "x", "--yes")


@pytest.fixture(scope="module")
def up() -> Iterator[Shell]:
    """A sandbox of three members that is up, with 20, 40 and 40."""
    for shell in _shell():
        port = ("--gateway-port", str(shell.port))
        names = [word for name in ("one", "two", "three") for word in ("--member", name)]
        shell.ok("sandbox", "up", *port, *names)
        shell.env["ALB_DR_CONFIG"] = str(shell.folder / "alb-dr.yaml")
        shell.ok("up")
        yield shell


def test_three_members(up: Shell) -> None:
    assert weights(up) == ["20", "40", "40"]
    gone = up.data("failover", "switchover", "--away-from", "one", "--dry-run", "--steps", "100")
    assert [list(w.values()) for w in gone["way"]] == [[20, 40, 40], [0, 50, 50]]
    up.ok("failover", "switchover", "--away-from", "one", *QUICK, *PATIENT)
    assert weights(up) == ["0", "50", "50"]
    up.ok("sandbox", "fault", "zone-down", "three")
    assert up.data(*START, "--away-from", "three")["traffic"]["follows"]
    assert weights(up) == ["0", "100", "0"], "the first that was left stays left"
    (said,) = away(up)
    assert "before: one 20, two 40, three 40" in said
    up.ok("sandbox", "fault", "clear")
    up.ok("distribute", "apply")
    back = ("failover", "back", "--stabilise", "1s")
    up.ok(*back, *QUICK, *PATIENT)
    assert (weights(up), away(up)) == (["20", "40", "40"], [])
    assert "cannot all be 0" in up.refused(
        2, *START, "--away-from", "one", "--away-from", "two", "--away-from", "three"
    )
