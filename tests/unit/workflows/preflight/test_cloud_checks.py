"""The cloud's checks, with the real SDKs against the stand-in: each passes, each fails."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from alb_dr.errors import ExitCode
from alb_dr.model.checks import Category, Gravity, Outcome
from alb_dr.model.cloud import SecurityGroup, SecurityGroupRule, ZoneState
from alb_dr.sandbox.cloud.faults import CloudFault
from alb_dr.workflows.preflight.catalogue import CHECKS, QUESTIONS
from alb_dr.workflows.preflight.runner import run_checks
from alb_dr.workflows.preflight.security_groups import closed_ports
from tests.fakes.cloud import FLEET, TestCloud, a_cloud, a_vswitch
from tests.fakes.voice import StillClock, TellTale
from tests.unit.workflows.preflight.world import World

pytest.importorskip("alibabacloud_alb20200616", reason="the SDKs are in the extra 'cloud'")
Spoil = Callable[[TestCloud], Any]
CODES = [check.code for check in CHECKS if check.category is Category.CLOUD]


@pytest.fixture
def cloud() -> Iterator[TestCloud]:
    """A healthy account."""
    with a_cloud() as found:
        yield found


def world_of(cloud: TestCloud) -> World:
    """A healthy world that talks to this cloud."""
    world = World()
    world.cloud = cloud.client(timeout_s=2.0)
    return world


def within(mapping: str, key: str, **changes: Any) -> Spoil:
    """Other values in one entry of a mapping of the account."""

    def spoil(cloud: TestCloud) -> None:
        entries = dict(getattr(cloud.state, mapping))
        entries[key] = dataclasses.replace(entries[key], **changes)
        cloud.change(**{mapping: entries})

    return spoil


def first(sequence: str, **changes: Any) -> Spoil:
    """Other values in the first entry of a sequence of the account."""

    def spoil(cloud: TestCloud) -> None:
        head, *rest = getattr(cloud.state, sequence)
        cloud.change(**{sequence: (dataclasses.replace(head, **changes), *rest)})

    return spoil


def first_of(mapping: str, key: str, **changes: Any) -> Spoil:
    """Other values in the first entry of a sequence in a mapping of the account."""

    def spoil(cloud: TestCloud) -> None:
        entries = dict(getattr(cloud.state, mapping))
        head, *rest = entries[key]
        entries[key] = (dataclasses.replace(head, **changes), *rest)
        cloud.change(**{mapping: entries})

    return spoil


def change(**changes: Any) -> Spoil:
    """Another account."""
    return lambda cloud: cloud.change(**changes)


def fault(name: str) -> Spoil:
    """A fault of the cloud itself."""
    return lambda cloud: cloud.server.faults.inject(CloudFault(name=name))


def both(*spoils: Spoil) -> Spoil:
    """Several things at once."""

    def spoil(cloud: TestCloud) -> None:
        for one in spoils:
            one(cloud)

    return spoil


def rules(*given: SecurityGroupRule) -> Spoil:
    """Other rules in the first member's group."""
    return within("security_groups", "sg-1", rules=given)


ACCEPT = SecurityGroupRule(
    accept=True, protocol="all", ports=(1, 65_535), priority=1, source="10.0.0.0/8"
)
ONE_ZONE = (a_vswitch("vsw-1", "b", 1), a_vswitch("vsw-2", "b", 2))
CASES: list[tuple[str, str, Spoil, tuple[str, ...]]] = [
    (
        "ADR-CLOUD-ACCESS",
        "an unknown key",
        fault("bad-key"),
        ("alb:DescribeZones: InvalidAccessKeyId.NotFound: Specified access key is not found.",),
    ),
    (
        "ADR-CLOUD-ACCESS",
        "no right",
        fault("forbidden"),
        (
            "alb:DescribeZones: Forbidden.RAM: User not authorized to operate on the specified "
            "resource.",
        ),
    ),
    (
        "ADR-ALB-ACTIVATED",
        "not open",
        fault("not-open"),
        ("alb:DescribeZones: ProductNotOpen: The product is not activated.",),
    ),
    (
        "ADR-ALB-ACTIVATED",
        "one zone",
        change(alb_zones=("cn-hongkong-b",)),
        ("ALB has 1 zones in cn-hongkong",),
    ),
    (
        "ADR-CLOUD-FLEET",
        "none",
        change(fleets=()),
        ("no Fleet of this account has poc-ack-1, poc-ack-2",),
    ),
    (
        "ADR-CLOUD-FLEET",
        "deleting, elsewhere",
        first("fleets", state="deleting", region="cn-beijing"),
        (
            "Fleet cfleet is deleting",
            "Fleet cfleet is in cn-beijing, the project file says cn-hongkong",
        ),
    ),
    ("ADR-CLOUD-GITOPS", "off", first("fleets", gitops=False), ("GitOps is off on Fleet cfleet",)),
    (
        "ADR-CLOUD-MEMBERS",
        "failed",
        first_of("associated", FLEET, association="Failed", message="no route"),
        ("poc-ack-1 is running, its association Failed: no route",),
    ),
    (
        "ADR-CLOUD-MEMBERS",
        "another id",
        first_of("associated", FLEET, id="c9"),
        ("poc-ack-1 (c1) is not associated with cfleet",),
    ),
    (
        "ADR-CLOUD-VPC",
        "another",
        within("clusters", "c2", vpc_id="vpc-9"),
        ("poc-ack-2 is in vpc-9, Fleet cfleet is in vpc-1",),
    ),
    (
        "ADR-CLOUD-ZONES",
        "one",
        change(vswitches=ONE_ZONE),
        ("every vSwitch of every member is in cn-hongkong-b: they fail together",),
    ),
    (
        "ADR-VSWITCH",
        "missing, pending, elsewhere",
        change(vswitches=(a_vswitch("vsw-2", "c", vpc_id="vpc-9", status="Pending"),)),
        (
            "vsw-1 does not exist in cn-hongkong",
            "vsw-2 is Pending",
            "vsw-2 is in vpc-9, the Fleet is in vpc-1",
        ),
    ),
    (
        "ADR-VSWITCH-ZONES",
        "both in one",
        change(vswitches=ONE_ZONE),
        ("vsw-1 and vsw-2 are both in cn-hongkong-b",),
    ),
    (
        "ADR-ALB-ZONES",
        "not supported",
        change(alb_zones=("cn-hongkong-b", "cn-hongkong-d")),
        ("vsw-2 is in cn-hongkong-c, which ALB does not support",),
    ),
    (
        "ADR-VSWITCH-ADDRESSES",
        "seven",
        first("vswitches", free_addresses=7),
        ("vsw-1 has 7 free addresses, ALB needs 8",),
    ),
    (
        "ADR-SECURITY-GROUP",
        "nothing admitted",
        rules(),
        (
            "poc-ack-1: sg-1 does not admit TCP 1-65535 from 10.0.1.0/24 (vsw-1)",
            "poc-ack-1: sg-1 does not admit TCP 1-65535 from 10.0.2.0/24 (vsw-2)",
        ),
    ),
    (
        "ADR-SECURITY-GROUP",
        "a Drop before the Accept",
        rules(
            ACCEPT, dataclasses.replace(ACCEPT, accept=False, ports=(80, 80), source="10.0.2.7/32")
        ),
        ("poc-ack-1: sg-1 does not admit TCP 80 from 10.0.2.0/24 (vsw-2)",),
    ),
    (
        "ADR-ALB-STATE",
        "locked, of the wrong edition",
        within(
            "load_balancers",
            "alb-1",
            status="Configuring",
            edition="Basic",
            locks=("FinancialLocked",),
        ),
        (
            "alb-1 is Configuring",
            "alb-1 is locked: FinancialLocked",
            "alb-1 is of the Basic edition",
        ),
    ),
    (
        "ADR-ALB-STATE",
        "a zone out of DNS",
        lambda cloud: cloud.state.zones.put("alb-1", "cn-hongkong-c", ZoneState.SHIFTED),
        ("zone cn-hongkong-c of alb-1 is Shifted",),
    ),
    (
        "ADR-ALB-STATE",
        "gone",
        change(load_balancers={}),
        ("alb-1 does not exist in the cloud",),
    ),
    (
        "ADR-ALB-LISTENERS",
        "stopped",
        first_of("listeners", "alb-1", status="Stopped"),
        ("listener HTTP 8001 of alb-1 is Stopped",),
    ),
    (
        "ADR-ALB-LISTENERS",
        "missing",
        change(listeners={}),
        ("alb-1 has no listener HTTP 8001",),
    ),
    (
        "ADR-ALB-WEIGHTS",
        "others",
        first_of("rules", "alb-1", groups=(("sgp-c1", 50), ("sgp-c2", 50))),
        ("rule-1 has the weights 50, 50, the Ingress says 20, 80",),
    ),
    (
        "ADR-ALB-WEIGHTS",
        "no rule",
        change(rules={}),
        ("the ALB has no rule for alb.ingress.alibaba.com/svc1",),
    ),
    (
        "ADR-CROSS-ZONE",
        "off",
        first("server_groups", cross_zone=False),
        ("server group sgp-c1 has cross-zone forwarding off",),
    ),
    (
        "ADR-ALB-HEALTH",
        "off",
        first("server_groups", health_check=False),
        ("server group sgp-c1 has health checks off",),
    ),
]


@pytest.mark.parametrize("code", CODES)
def test_a_check_passes_in_a_healthy_account(code: str, cloud: TestCloud) -> None:
    result = world_of(cloud).ask(code)
    assert (result.outcome, result.troubles, result.reason) == (Outcome.PASSED, (), "")


@pytest.mark.parametrize(
    ("code", "name", "spoil", "seen"), CASES, ids=[f"{c[0]} {c[1]}" for c in CASES]
)
def test_a_check_fails_with_its_words(
    code: str, name: str, spoil: Spoil, seen: tuple[str, ...], cloud: TestCloud
) -> None:
    spoil(cloud)
    result = world_of(cloud).ask(code)
    assert tuple(trouble.seen for trouble in result.troubles) == seen, result.reason
    assert result.outcome is Outcome.FAILED
    assert all(result.fix_of(trouble) for trouble in result.troubles)


def test_every_check_has_a_failing_case() -> None:
    assert set(CODES) == {c[0] for c in CASES}


def test_a_wrong_key_is_one_failure_and_the_rest_is_not_asked(cloud: TestCloud) -> None:
    cloud.server.faults.inject(CloudFault(name="bad-key"))
    world = world_of(cloud)
    questions = [q for q in QUESTIONS if q.check.category is Category.CLOUD]
    report = run_checks(questions, world.scene, wait=False, clock=StillClock(), narrator=TellTale())
    assert [r.check.code for r in report.broken] == ["ADR-CLOUD-ACCESS"]
    assert report.exit_code is ExitCode.CREDENTIALS
    assert report.count(Outcome.SKIPPED) + report.count(Outcome.UNKNOWN) == len(questions) - 1
    assert report.count(Outcome.UNKNOWN) <= 1


def test_a_missing_right_names_its_ram_action(cloud: TestCloud) -> None:
    cloud.server.faults.inject(CloudFault(name="forbidden", action="DescribeVSwitches"))
    result = world_of(cloud).ask("ADR-VSWITCH-ADDRESSES")
    assert (result.outcome, result.gravity) == (Outcome.UNKNOWN, Gravity.ERROR)
    assert "vpc:DescribeVSwitches: Forbidden.RAM" in result.reason
    assert "grant the RAM action vpc:DescribeVSwitches" in result.reason


def test_one_server_group_for_all_members_is_not_judged(cloud: TestCloud) -> None:
    first_of("rules", "alb-1", groups=(("sgp-all", 100),))(cloud)
    result = world_of(cloud).ask("ADR-ALB-WEIGHTS")
    assert result.outcome is Outcome.SKIPPED


def a_rule(*, accept: bool = True, **changes: Any) -> SecurityGroupRule:
    """An inbound rule for everything, changed."""
    return dataclasses.replace(ACCEPT, accept=accept, **changes)


@pytest.mark.parametrize(
    ("given", "closed"),
    [
        ([a_rule()], ()),
        ([], ((1, 65_535),)),
        ([a_rule(source="10.0.1.0/24")], ()),
        ([a_rule(source="10.0.1.0/25")], ((1, 65_535),)),
        ([a_rule(source="10.0.1.0/25"), a_rule(source="10.0.1.128/25")], ()),
        ([a_rule(ports=(1, 1000)), a_rule(ports=(2000, 65_535))], ((1001, 1999),)),
        ([a_rule(), a_rule(accept=False, ports=(22, 22))], ((22, 22),)),
        ([a_rule(), a_rule(accept=False, ports=(22, 22), priority=2)], ()),
        ([a_rule(priority=5), a_rule(accept=False, priority=4)], ((1, 65_535),)),
        ([a_rule(), a_rule(accept=False, protocol="udp")], ()),
        ([a_rule(protocol="udp")], ((1, 65_535),)),
        ([a_rule(protocol="tcp")], ()),
        ([a_rule(source="")], ((1, 65_535),)),
        ([a_rule(source="fd00::/8")], ((1, 65_535),)),
        ([a_rule(source="0.0.0.0/0"), a_rule(accept=False, source="192.168.0.0/16")], ()),
        ([a_rule(source="0.0.0.0/0"), a_rule(accept=False, source="10.0.1.9/32")], ((1, 65_535),)),
    ],
)
def test_rules_are_evaluated_by_priority_drop_first(
    given: list[SecurityGroupRule], closed: tuple[tuple[int, int], ...]
) -> None:
    group = SecurityGroup(id="sg", rules=tuple(given))
    assert closed_ports(group.rules, "10.0.1.0/24") == closed
