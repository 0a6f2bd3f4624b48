"""The tutorial, command by command, on a sandbox with the real Envoy."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def test_the_whole_job_works_in_the_order_of_the_tutorial(tutorial: Shell) -> None:
    members = tutorial.data("distribute", "status")["members"]
    assert [(m["member"], m["ready_pods"]) for m in members] == [("poc-ack-1", 2), ("poc-ack-2", 2)]

    gateway = tutorial.data("gateway", "status")
    assert gateway["ready"]
    assert gateway["gateway"]["dns_name"].endswith(".cn-hongkong.alb.localhost")
    assert len(gateway["gateway"]["sub_clusters"]) == 2

    live = tutorial.data("ingress", "status")
    assert sorted(live["weights"].values()) == ["20", "80"]
    assert live["warnings"] == []


def test_a_curl_loop_sees_the_split(tutorial: Shell) -> None:
    tutorial.ok("ingress", "set-weights", "20", "80")
    url = f"http://127.0.0.1:{tutorial.port}/svc1?[1-100]"
    done = subprocess.run(
        ["curl", "-s", "-H", "host: alb.ingress.alibaba.com", url],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.count("poc-ack-1") == 20
    assert done.stdout.count("poc-ack-2") == 80


def test_weights_are_in_effect_when_the_command_returns(tutorial: Shell) -> None:
    data = tutorial.data("ingress", "set-weights", "70", "30")
    assert data["written"]
    assert data["observed"]["shares"] == pytest.approx(
        {"poc-ack-1": 0.7, "poc-ack-2": 0.3}, abs=0.02
    )
    named = tutorial.data("ingress", "set-weights", "poc-ack-2=80", "poc-ack-1=20")
    assert sorted(named["after"].values()) == [20, 80]


def test_doing_everything_again_changes_nothing(tutorial: Shell) -> None:
    for words in (("distribute", "apply"), ("gateway", "create"), ("ingress", "apply")):
        changes = tutorial.data(*words)["changes"]
        assert {c["action"] for c in changes} == {"keep"}, words


def test_a_dry_run_says_what_would_change_and_stores_nothing(tutorial: Shell) -> None:
    before = tutorial.data("ingress", "status")["weights"]
    data = tutorial.data("ingress", "set-weights", "1", "99", "--dry-run")
    assert not data["written"]
    assert tutorial.data("ingress", "status")["weights"] == before


def test_a_gateway_that_answers_already_is_not_waited_for(tutorial: Shell) -> None:
    assert "ackone-gateway-demo" in tutorial.ok("gateway", "wait")


def test_verify_passes_on_an_honest_gateway(tutorial: Shell) -> None:
    tutorial.ok("ingress", "set-weights", "20", "80")
    done = tutorial.run("verify", "--requests", "500", "-o", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["verdict"] in {"pass", "PASS"}


def test_a_drill_measures_the_recovery_and_puts_everything_back(tutorial: Shell) -> None:
    tutorial.ok("ingress", "set-weights", "20", "80")
    words = ("drill", "poc-ack-2", "--baseline", "1", "--observe", "3", "--yes")
    data = tutorial.data("failover", *words)
    assert data["outcome"] == "SUCCEEDED"
    assert 0 < data["recovery"]["rta_s"] < 5
    assert data["shares"]["during"]["poc-ack-1"] == pytest.approx(1.0)
    assert data["shares"]["after"]["poc-ack-2"] > 0.5
    assert tutorial.data("failover", "status")["open"] == []
    assert [m["ready_pods"] for m in tutorial.data("distribute", "status")["members"]] == [2, 2]


def test_the_tutorial_is_taken_down_in_order(tutorial: Shell) -> None:
    said = tutorial.refused(6, "gateway", "delete", "--yes")
    assert "still use class alb" in said
    tutorial.ok("ingress", "delete", "--yes")
    tutorial.ok("gateway", "delete", "--yes")
    assert tutorial.data("gateway", "status")["lacking"] == "the AlbConfig does not exist"
    tutorial.ok("distribute", "delete", "--yes")
    assert tutorial.data("distribute", "status")["ready"], "orphaned Applications keep running"
