"""What weights mean for a takeover."""

from __future__ import annotations

import pytest

from alb_dr.model.findings import Severity
from alb_dr.model.standby import weight_findings
from alb_dr.model.weights import Weights
from tests.builders import PROJECT, a_topology
from tests.unit.model.test_moves import STANDBY


def codes(text: str, one: int, two: int) -> list[str]:
    found = weight_findings(a_topology(text), Weights.of({"c1": one, "c2": two}))
    return [finding.code.removeprefix("ADR-") for finding in found]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ((99, 1), ["STANDBY-SERVES"]),
        ((100, 0), ["STANDBY-ZERO"]),
        ((1, 99), ["ROLES-SWITCHED", "STANDBY-SERVES"]),
        ((0, 100), ["STANDBY-ZERO", "ROLES-SWITCHED"]),
        ((50, 50), ["NO-PRIMARY"]),
    ],
)
def test_primary_and_standby(weights: tuple[int, int], expected: list[str]) -> None:
    assert codes(STANDBY, *weights) == expected


def test_active_active_members_have_no_roles() -> None:
    assert codes(PROJECT, 20, 80) == []
    assert codes(PROJECT, 0, 100) == ["STANDBY-ZERO"]


def test_a_standby_that_is_not_checked_is_not_said_to_be() -> None:
    unchecked = STANDBY.replace(
        "  path: /svc1\n", "  path: /svc1\n  healthCheck: {enabled: false}\n"
    )
    assert codes(unchecked, 99, 1) == []


def test_only_what_may_hurt_is_a_warning() -> None:
    found = weight_findings(a_topology(STANDBY), Weights.of({"c1": 0, "c2": 100}))
    assert {f.code: f.severity for f in found} == {
        "ADR-STANDBY-ZERO": Severity.WARNING,
        "ADR-ROLES-SWITCHED": Severity.INFO,
    }
    assert "manual" in found[0].text
    assert "does not check its health" in found[0].text
