"""The gateway's state becomes the Envoy configuration that has ALB's manners."""

from __future__ import annotations

from typing import Any

import pytest

from alb_dr.sandbox import envoy_config
from alb_dr.sandbox.gateway import Backend, GatewayState, HealthCheck, MemberGroup, Rule
from alb_dr.sandbox.options import EmptyGroup, Manners

CHECK = HealthCheck(
    path="/svc1",
    method="GET",
    codes=((200, 300),),
    interval_s=2,
    timeout_s=5,
    healthy=3,
    unhealthy=4,
)


def backend(*groups: tuple[str, int, int], check: HealthCheck | None = None) -> Backend:
    """A backend of (member, weight, number of endpoints)."""
    return Backend(
        name="svc",
        groups=tuple(
            MemberGroup(
                member=member,
                weight=weight,
                endpoints=tuple((f"127.9.{ord(member)}.{n + 1}", 8080) for n in range(count)),
            )
            for member, weight, count in groups
        ),
        health_check=check,
    )


def shares(found: Backend, **options: Any) -> dict[str, tuple[int, int]]:
    """Member to (weight, number of endpoints) as Envoy is told."""
    options = {"empty_group": EmptyGroup.SPILL, "distort": {}, **options}
    (assignment,) = envoy_config.endpoints(found, **options)["resources"]
    return {
        x["locality"]["zone"]: (x["load_balancing_weight"], len(x["lb_endpoints"]))
        for x in assignment["endpoints"]
    }


def cluster(found: Backend, manners: Manners = Manners.ALB) -> dict[str, Any]:
    """The one Envoy cluster of a backend."""
    state = GatewayState(backends=(found,))
    (only,) = envoy_config.clusters(state, folder="/f", manners=manners)["resources"]
    return dict(only)


def virtual_hosts(*rules: Rule, port: int = 80) -> dict[str, list[dict[str, Any]]]:
    """Host to its routes, in the order Envoy tries them."""
    state = GatewayState(ports=(port,), rules=rules)
    (table,) = envoy_config.routes(state, port, manners=Manners.ALB)["resources"]
    return {host["name"]: host["routes"] for host in table["virtual_hosts"]}


def rule(host: str = "a.test", path: str = "/svc1", kind: str = "Prefix", **more: Any) -> Rule:
    """A rule of port 80."""
    return Rule(
        **{"port": 80, "host": host, "path": path, "path_type": kind, "backend": "svc"} | more
    )


def test_every_member_is_one_locality_with_its_weight() -> None:
    assert shares(backend(("1", 20, 2), ("2", 80, 3))) == {"1": (20, 2), "2": (80, 3)}


def test_a_member_of_weight_zero_is_left_out_even_when_the_others_are_gone() -> None:
    assert shares(backend(("1", 100, 0), ("2", 0, 3))) == {}


def test_a_member_without_endpoints_hands_its_share_over() -> None:
    assert shares(backend(("1", 20, 2), ("2", 80, 0))) == {"1": (20, 2)}


def test_with_503_a_member_without_endpoints_keeps_its_share() -> None:
    found = shares(backend(("1", 20, 2), ("2", 80, 0)), empty_group=EmptyGroup.UNAVAILABLE)
    assert found == {"1": (20, 2), "2": (80, 1)}


def test_a_lying_gateway_uses_other_weights_than_the_ingress() -> None:
    found = shares(backend(("1", 20, 2), ("2", 80, 2)), distort={"1": 25, "2": 75})
    assert found == {"1": (25, 2), "2": (75, 2)}


def test_half_of_the_pods_keep_the_whole_weight() -> None:
    (assignment,) = envoy_config.endpoints(
        backend(("1", 1, 1)), empty_group=EmptyGroup.SPILL, distort={}
    )["resources"]
    assert assignment["policy"]["overprovisioning_factor"] == 100_000


def test_without_the_annotation_there_is_no_health_check_no_ejection_no_retry() -> None:
    found = cluster(backend(("1", 1, 1)))
    assert "health_checks" not in found
    assert "outlier_detection" not in found
    (route, _) = virtual_hosts(rule())["a.test"]
    assert "retry_policy" not in route["route"]


def test_a_health_check_has_exactly_the_timing_of_the_annotations() -> None:
    (check,) = cluster(backend(("1", 1, 1), check=CHECK))["health_checks"]
    assert (check["interval"], check["timeout"]) == ("2s", "5s")
    assert (check["healthy_threshold"], check["unhealthy_threshold"]) == (3, 4)
    assert check["http_health_check"]["path"] == "/svc1"
    assert check["http_health_check"]["method"] == "GET"


def test_the_gateway_fails_open_and_delays_nothing() -> None:
    common = cluster(backend(("1", 1, 1)))["common_lb_config"]
    assert common["healthy_panic_threshold"]["value"] == 1
    assert common["update_merge_window"] == "0s"


def test_the_limits_of_envoy_are_out_of_the_way() -> None:
    (limits,) = cluster(backend(("1", 1, 1)))["circuit_breakers"]["thresholds"]
    assert min(limits.values()) >= 65_536


def test_the_forgiving_profile_ejects_what_alb_would_not() -> None:
    assert "outlier_detection" in cluster(backend(("1", 1, 1)), Manners.FORGIVING)


@pytest.mark.parametrize(
    ("path", "kind", "match"),
    [
        ("/svc1", "Prefix", {"path_separated_prefix": "/svc1"}),
        ("/svc1/", "Prefix", {"path_separated_prefix": "/svc1"}),
        ("/", "Prefix", {"prefix": "/"}),
        ("/svc1", "Exact", {"path": "/svc1"}),
    ],
)
def test_a_path_is_matched_by_whole_segments_or_exactly(
    path: str, kind: str, match: dict[str, Any]
) -> None:
    assert virtual_hosts(rule(path=path, kind=kind))["a.test"][0]["match"] == match


def test_what_matches_no_rule_is_answered_503_by_the_gateway() -> None:
    for routes in virtual_hosts(rule()).values():
        assert routes[-1]["direct_response"] == {"status": 503}


def test_rules_are_tried_in_the_given_order_with_header_rules_as_given() -> None:
    found = virtual_hosts(rule(header=("stage", "gray"), backend="canary"), rule())["a.test"]
    assert [r["route"]["cluster"] for r in found[:2]] == ["canary", "svc"]
    assert found[0]["match"]["headers"][0]["name"] == "stage"


def test_a_rule_belongs_to_its_port_only() -> None:
    assert list(virtual_hosts(rule(port=81))) == ["*"]


def test_a_rule_without_host_serves_every_host() -> None:
    found = virtual_hosts(rule(host="*", path="/all"), rule())
    assert found["a.test"][1]["match"] == {"path_separated_prefix": "/all"}
    assert found["*"][0]["match"] == {"path_separated_prefix": "/all"}
