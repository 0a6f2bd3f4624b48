"""Traffic through the sandbox's gateway follows weights, endpoints and faults as ALB's would."""

from __future__ import annotations

import json
import time

import pytest

from alb_dr.sandbox import lifecycle
from alb_dr.sandbox.kube.resources import BUILTINS
from alb_dr.sandbox.kube.schema import pruned
from tests.sandbox.world.conftest import MEMBERS, Stage

pytestmark = pytest.mark.timeout(120)


def test_the_split_is_exact(stage: Stage) -> None:
    assert stage.ask(500) == {"poc-ack-1": 100, "poc-ack-2": 400}


def test_changed_weights_reach_the_data_plane_without_a_lost_request(stage: Stage) -> None:
    stage.set_weights(70, 30)
    lost: set[str] = set()

    def arrived(seen: dict[str, int]) -> bool:
        lost.update(seen.keys() - {"poc-ack-1", "poc-ack-2"})
        return seen == {"poc-ack-1": 70, "poc-ack-2": 30}

    stage.until(arrived)
    assert lost == set()


def test_a_member_of_weight_zero_gets_nothing_and_takes_nothing_over(stage: Stage) -> None:
    stage.set_weights(0, 100)
    stage.until(lambda seen: seen == {"poc-ack-2": 100})
    stage.scale("poc-ack-2", 0)
    stage.until(lambda seen: seen == {"503": 100})


def test_scaling_to_zero_moves_everything_and_scaling_back_brings_it_back(stage: Stage) -> None:
    stage.scale("poc-ack-2", 0)
    stage.until(lambda seen: seen == {"poc-ack-1": 100})
    stage.scale("poc-ack-2", 2)
    stage.until(lambda seen: seen == {"poc-ack-1": 20, "poc-ack-2": 80})


def test_with_503_the_share_of_an_empty_member_fails(strict_stage: Stage) -> None:
    strict_stage.scale("poc-ack-2", 0)
    strict_stage.until(lambda seen: seen == {"poc-ack-1": 20, "503": 80})


def test_a_lying_gateway_splits_otherwise_than_the_ingress_says(stage: Stage) -> None:
    lifecycle.distort(stage.folder, {"poc-ack-1": 25, "poc-ack-2": 75})
    stage.until(lambda seen: seen == {"poc-ack-1": 25, "poc-ack-2": 75})


def test_what_matches_no_rule_is_answered_503(stage: Stage) -> None:
    assert stage.ask(5, path="/other") == {"503": 5}
    assert stage.ask(5, Host="other.test") == {"503": 5}
    assert stage.ask(5, path="/svc10") == {"503": 5}


def test_killed_pods_are_noticed_and_come_back_when_the_fault_is_cleared(stage: Stage) -> None:
    lifecycle.inject(stage.folder, "pods-down", "poc-ack-2")
    stage.until(lambda seen: seen == {"poc-ack-1": 100})
    assert stage.ready_pods("poc-ack-2") == 0
    lifecycle.clear(stage.folder)
    stage.until(lambda seen: seen == {"poc-ack-1": 20, "poc-ack-2": 80})


def test_failing_pods_keep_their_share_for_want_of_retries(stage: Stage) -> None:
    lifecycle.inject(stage.folder, "errors", "poc-ack-2", 100)
    stage.until(lambda seen: seen == {"poc-ack-1": 20, "500": 80})


def test_a_dead_zone_announces_nothing_so_its_share_hangs(stage: Stage) -> None:
    lifecycle.inject(stage.folder, "zone-down", "poc-ack-2")
    seen = stage.ask(5)
    assert seen["TimeoutError"] >= 3
    assert seen["poc-ack-1"] + seen["TimeoutError"] == 5


def test_an_api_that_is_down_does_not_stop_traffic(stage: Stage) -> None:
    lifecycle.inject(stage.folder, "api-down", "poc-ack-2")
    assert stage.ask(100) == {"poc-ack-1": 20, "poc-ack-2": 80}
    seen = lifecycle.status(stage.folder)["members"]
    assert [m["api"] for m in seen] == ["serving", "down"]


def test_a_header_routes_to_one_member_before_the_weights_do(stage: Stage) -> None:
    header = {
        "canary": "true",
        "canary-by-header": "stage",
        "canary-by-header-value": "gray",
    }
    pin = stage.ingress("pin", weights=(100, 0), annotations=header)
    stage.apply(pin)
    try:
        stage.until_true(lambda: stage.ask(20, stage="gray") == {"poc-ack-1": 20})
        assert stage.ask(100) == {"poc-ack-1": 20, "poc-ack-2": 80}
    finally:
        stage.kubectl("fleet", "delete", "ingress", "pin", "-n", "gateway-demo")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"port": 9}, "listener is not exist in"),
        ({"service": "nowhere"}, "backend not found: unable to find port 80"),
        ({"weights": (20, 70)}, "the sum of cluster-weight is 90"),
        ({"annotations": {"listen-ports": "[{"}}, "failed to parse listen-ports configuration"),
    ],
)
def test_one_bad_ingress_warns_and_blocks_the_rules_of_the_whole_gateway(
    stage: Stage, changes: dict[str, object], message: str
) -> None:
    stage.apply(stage.ingress("bad", path="/bad", **changes))
    try:
        stage.until_true(lambda: any(message in text for text in stage.warnings("bad")))
        stage.apply(stage.ingress("good", path="/good"))
        # Watched for longer than a change takes to reach the data plane.
        end = time.monotonic() + 3 * stage.options.propagation_s
        while time.monotonic() < end:
            assert stage.ask(5, path="/good") == {"503": 5}
        assert stage.ask(100) == {"poc-ack-1": 20, "poc-ack-2": 80}
        stage.kubectl("fleet", "delete", "ingress", "bad", "-n", "gateway-demo")
        stage.until_true(lambda: "503" not in stage.ask(5, path="/good"))
    finally:
        words = ("delete", "ingress", "bad", "good", "-n", "gateway-demo", "--ignore-not-found")
        stage.kubectl("fleet", *words)
        stage.kubectl("fleet", "delete", "events", "--all", "-n", "gateway-demo")
        stage.until_true(lambda: stage.ask(5, path="/good") == {"503": 5})


@pytest.mark.parametrize("cluster", ["fleet", *MEMBERS])
def test_our_own_controllers_write_no_field_that_is_not_there(stage: Stage, cluster: str) -> None:
    kinds = [r for r in BUILTINS if r.plural != "customresourcedefinitions"]
    words = ("get", ",".join(r.name for r in kinds), "-A", "-o", "json")
    by_kind = {resource.kind: resource for resource in kinds}
    found = json.loads(stage.kubectl(cluster, *words))["items"]
    assert len({document["kind"] for document in found}) > 3
    for document in found:
        assert pruned(by_kind[document["kind"]], document) == (document, [])
