"""Advice: a valid file is accepted, and what its writer may regret is said."""

from __future__ import annotations

import pytest

from alb_dr.config.advice import advice
from tests.builders import PROJECT, a_topology

PINNED = PROJECT.replace("  parameters:", "  revision: v1.2.0\n  parameters:")


def codes(text: str) -> list[str]:
    """The codes of the advice on a project file of this text."""
    return [finding.code for finding in advice(a_topology(text))]


def test_a_pinned_active_active_project_needs_no_advice() -> None:
    assert codes(PINNED) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("weights: {poc-ack-1: 20, poc-ack-2: 80}", "weights: {c1: 0, c2: 100}", "STANDBY-ZERO"),
        ("  path: /svc1\n", "  path: /svc1\n  healthCheck: {enabled: false}\n", "NO-HEALTH-CHECK"),
        ("v1.2.0", "main", "MOVING-REVISION"),
        ("v1.2.0", "release-2", "MOVING-REVISION"),
    ],
)
def test_what_may_be_regretted_is_said(old: str, new: str, code: str) -> None:
    assert old in PINNED
    assert codes(PINNED.replace(old, new)) == [f"ADR-{code}"]


@pytest.mark.parametrize("revision", ["v1.2.0", "2024.1", "1.0.0-rc.1", "ab" * 20])
def test_F71_a_commit_or_a_version_does_not_move(revision: str) -> None:
    assert codes(PINNED.replace("v1.2.0", f'"{revision}"')) == []


def test_a_standby_with_weight_zero_is_a_manual_takeover() -> None:
    text = PINNED.replace("poc-ack-1: 20, poc-ack-2: 80", "poc-ack-1: 0, poc-ack-2: 100")
    (found,) = advice(a_topology("mode: primary-secondary\n" + text))
    assert found.text.startswith("weight 0 makes the takeover by poc-ack-1 manual")


def test_members_that_share_a_zone_fail_together() -> None:
    def in_zones(one: str, two: str) -> str:
        text = PINNED.replace("id: c1,", f"id: c1, zone: {one},")
        return text.replace("id: c2,", f"id: c2, zone: {two},")

    assert codes(in_zones("cn-hongkong-b", "cn-hongkong-b")) == ["ADR-ONE-ZONE"]
    assert codes(in_zones("cn-hongkong-b", "cn-hongkong-c")) == []
