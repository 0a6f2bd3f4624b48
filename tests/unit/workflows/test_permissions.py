"""The printed rights: all that the commands use, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from alb_dr.model.cloud import RAM_ACTIONS
from alb_dr.model.manifest import Document
from alb_dr.workflows.preflight.access import Need, fleet_needs, member_needs, narrowed
from alb_dr.workflows.preflight.permissions import permissions
from tests.builders import a_topology

TOPOLOGY = a_topology()
GRANTED = permissions(TOPOLOGY)
SIDES = [
    pytest.param(fleet_needs(TOPOLOGY), GRANTED.fleet, id="fleet"),
    pytest.param(member_needs(TOPOLOGY), GRANTED.member, id="member"),
]


def allows(roles: Sequence[Document], need: Need, verb: str) -> bool:
    """What an RBAC authoriser would say of roles that are all bound."""
    return any(
        _rule_allows(rule, need, verb)
        for role in roles
        if role["kind"] == "ClusterRole" or role["metadata"]["namespace"] == need.namespace
        for rule in role["rules"]
    )


def _rule_allows(rule: dict[str, Any], need: Need, verb: str) -> bool:
    names = rule.get("resourceNames")
    return (
        need.kind.group in rule["apiGroups"]
        and need.kind.plural in rule["resources"]
        and verb in rule["verbs"]
        and (names is None or narrowed(need, verb) in names)
    )


@pytest.mark.parametrize(("needs", "roles"), SIDES)
def test_every_need_is_granted(needs: Sequence[Need], roles: Sequence[Document]) -> None:
    for need in needs:
        for verb in need.verbs:
            assert allows(roles, need, verb), (need, verb)


@pytest.mark.parametrize(("needs", "roles"), SIDES)
def test_nothing_else_is_granted(needs: Sequence[Need], roles: Sequence[Document]) -> None:
    granted = {
        (rule["apiGroups"][0], rule["resources"][0], verb)
        for role in roles
        for rule in role["rules"]
        for verb in rule["verbs"]
    }
    assert granted == {(n.kind.group, n.kind.plural, v) for n in needs for v in n.verbs}


@pytest.mark.parametrize(("needs", "roles"), SIDES)
def test_no_wildcards_no_secrets_and_no_unnamed_deletion(
    needs: Sequence[Need], roles: Sequence[Document]
) -> None:
    for role in roles:
        for rule in role["rules"]:
            assert "*" not in (*rule["apiGroups"], *rule["resources"], *rule["verbs"])
            assert "secrets" not in rule["resources"]
            if {"delete", "patch"} & set(rule["verbs"]):
                assert rule["resourceNames"], rule


def test_a_member_can_be_scaled_and_nothing_of_it_deleted() -> None:
    verbs = {v for role in GRANTED.member for rule in role["rules"] for v in rule["verbs"]}
    assert verbs == {"get", "list", "patch", "watch"}


def test_the_ram_policy_names_every_action_and_has_its_only_writes_apart() -> None:
    actions = [a for s in GRANTED.ram["Statement"] for a in s["Action"]]
    assert sorted(actions) == sorted(a.action for a in RAM_ACTIONS)
    *reading, zones = GRANTED.ram["Statement"]
    read = [a.partition(":")[2] for s in reading for a in s["Action"]]
    assert all(a.startswith(("Describe", "Get", "List")) for a in read)
    assert zones["Action"] == [
        "alb:StartShiftLoadBalancerZones",
        "alb:CancelShiftLoadBalancerZones",
    ]
    assert GRANTED.ram["Statement"][1]["Resource"] == [
        "acs:cs:*:*:cluster/c1",
        "acs:cs:*:*:cluster/c2",
    ]
