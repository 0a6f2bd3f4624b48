"""Checks against objects nobody validates, and the evaluation of security groups by brute force."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alb_dr.config.answers import Answers
from alb_dr.errors import AlbDrError, BadInput, NotFound
from alb_dr.model.checks import Category, Outcome
from alb_dr.model.cloud import SecurityGroupRule
from alb_dr.model.manifest import Manifest
from alb_dr.workflows.preflight.catalogue import QUESTIONS
from alb_dr.workflows.preflight.from_live import answers_from_live
from alb_dr.workflows.preflight.runner import answer
from alb_dr.workflows.preflight.security_groups import ALL_PORTS, closed_ports
from tests.unit.workflows.preflight.world import World

SLOW = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
BLOCK = "10.0.0.0/29"
PORTS = st.sampled_from([1, 2, 79, 80, 81, 443, 1000, 65_534, 65_535])
SOURCES = st.sampled_from(
    ["10.0.0.0/8", "10.0.0.0/29", "10.0.0.0/30", "10.0.0.4/30", "10.0.0.3/32", "0.0.0.0/0",
     "192.168.0.0/16", "", "fd00::/8"]
)  # fmt: skip


@st.composite
def a_rule(draw: st.DrawFn) -> SecurityGroupRule:
    """Any inbound rule."""
    low, high = sorted((draw(PORTS), draw(PORTS)))
    return SecurityGroupRule(
        accept=draw(st.booleans()),
        protocol=draw(st.sampled_from(["all", "tcp", "udp", "icmp"])),
        ports=draw(st.sampled_from([(low, high), ALL_PORTS])),
        priority=draw(st.integers(1, 3)),
        source=draw(SOURCES),
    )


def admitted(rules: list[SecurityGroupRule], address: str, port: int) -> bool:
    """What one packet meets, asked rule by rule."""
    for rule in sorted(rules, key=lambda r: (r.priority, r.accept)):
        if rule.protocol not in {"all", "tcp"} or not rule.source or ":" in rule.source:
            continue
        inside = ipaddress.ip_address(address) in ipaddress.ip_network(rule.source)
        if inside and rule.ports[0] <= port <= rule.ports[1]:
            return rule.accept
    return False


@SLOW
@given(st.lists(a_rule(), max_size=6))
def test_closed_ports_are_what_single_packets_meet(rules: list[SecurityGroupRule]) -> None:
    closed = closed_ports(rules, BLOCK)
    addresses = [str(a) for a in ipaddress.ip_network(BLOCK)]
    for port in (1, 2, 3, 78, 79, 80, 81, 82, 442, 443, 444, 999, 1000, 65_533, 65_534, 65_535):
        expected = not all(admitted(rules, address, port) for address in addresses)
        assert any(low <= port <= high for low, high in closed) == expected, port


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 99_999)
    | st.sampled_from(["", "8001", "x", "c1,c2"]),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(
        st.sampled_from(["port", "protocol", "config", "vSwitchId", "zoneMappings", "listeners",
                         "loadBalancer", "subClusters", "id", "dnsname", "parameters", "rules"]),
        inner,
        max_size=3,
    ),
    max_leaves=6,
)  # fmt: skip


@SLOW
@given(
    kind=st.sampled_from(["AlbConfig", "Ingress", "IngressClass", "Deployment", "Service"]),
    part=st.sampled_from(["spec", "status"]),
    junk=JUNK,
)
def test_no_live_object_is_taken_for_a_bug(kind: str, part: str, junk: Any) -> None:
    world = World()
    for api in (world.fleet, world.one, world.two):
        _spoil(api, kind, part, junk)
    scene = world.scene()
    for question in QUESTIONS:
        if question.check.category is not Category.CLOUD:
            result = answer(question, scene)
            assert result.outcome in Outcome
            assert result.outcome is not Outcome.UNKNOWN or result.reason


@SLOW
@given(
    kind=st.sampled_from(["AlbConfig", "IngressClass"]),
    part=st.sampled_from(["spec", "status"]),
    junk=JUNK,
)
def test_a_strange_fleet_is_read_or_refused(kind: str, part: str, junk: Any) -> None:
    world = World()
    _spoil(world.fleet, kind, part, junk)
    read: Answers | AlbDrError
    try:
        read = answers_from_live(
            world.fleet, fleet_kubeconfig="f", region="cn-hongkong", ingress=None
        )
    except AlbDrError as error:
        read = error
    assert isinstance(read, Answers | NotFound | BadInput)


def _spoil(api: Any, kind: str, part: str, junk: Any) -> None:
    """Let an API answer with a document one part of which is anything."""
    real_get, real_list = api.get, api.list

    def spoilt(live: Manifest) -> Manifest:
        if live.id.kind.name != kind:
            return live
        return Manifest(id=live.id, document={**live.document, part: junk})

    api.get = lambda id_: spoilt(live) if (live := real_get(id_)) is not None else None
    api.list = lambda k, **rest: tuple(map(spoilt, real_list(k, **rest)))


def test_an_object_of_another_form_is_unknown_with_its_reason() -> None:
    world = World()
    _spoil(world.fleet, "AlbConfig", "spec", {"listeners": [{"port": "many"}]})
    result = world.ask("ADR-LISTENERS")
    assert result.outcome is Outcome.UNKNOWN
    assert result.reason.startswith("an object read for it has an unexpected form (ValueError: ")


@pytest.mark.parametrize("cidr", ["10.0.0.0/24", "10.0.0.5/24"])
def test_host_bits_of_a_block_do_not_matter(cidr: str) -> None:
    rule = SecurityGroupRule(
        accept=True, protocol="all", ports=ALL_PORTS, priority=1, source="10.0.0.0/24"
    )
    assert closed_ports([rule], cidr) == ()
