"""The operator's day on a sandbox: plan, up, a stale plan."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import LONGEST_S, Shell
from tests.e2e.others import as_other

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def test_the_day_of_an_operator(world: Shell) -> None:
    """One sandbox, in order: each step needs the one before."""
    plan = world.state / "plan.json"
    assert world.run("plan", "--exit-code").returncode == 15
    text = world.ok("plan", "--out", str(plan))
    assert "+ AlbConfig ackone-gateway-demo  create" in text
    assert "will be generated" in text
    assert world.data("gateway", "status")["lacking"] == "the AlbConfig does not exist"

    brought = world.data("up", str(plan))
    assert len(brought["written"]) == 5
    assert [m["ready_pods"] for m in brought["members"]] == [2, 2]
    assert brought["observed"]["shares"] == pytest.approx(
        {"poc-ack-1": 0.2, "poc-ack-2": 0.8}, abs=0.02
    )
    assert world.run("plan", "--exit-code").returncode == 0
    assert world.data("up")["written"] == []
    assert world.data("up", str(plan))["written"] == [], "carried out already"


def test_F57_a_stale_plan_names_what_changed(world: Shell) -> None:
    world.ok("up")
    plan = world.state / "second.json"
    world.ok("plan", "--out", str(plan))
    world.ok("ingress", "set-weights", "60", "40")
    said = world.refused(5, "up", str(plan))
    assert "ADR-STALE-PLAN" in said
    assert "('20' -> '60')" in said
    world.ok("ingress", "set-weights", "20", "80")


def test_live_weights_are_kept_until_they_are_reset(world: Shell) -> None:
    world.ok("up")
    world.ok("ingress", "set-weights", "100", "0")
    assert world.data("up")["written"] == []
    assert sorted(world.data("ingress", "status")["weights"].values()) == ["0", "100"]
    assert "add --yes" in world.refused(2, "up", "--reset-weights")
    assert "ADR-WEIGHTS-MOVED" in world.refused(5, "ingress", "apply")
    shares = world.data("up", "--reset-weights", "--yes")["observed"]["shares"]
    assert shares == pytest.approx({"poc-ack-1": 0.2, "poc-ack-2": 0.8}, abs=0.02)


def test_a_change_of_the_file_is_planned_and_carried_out(world: Shell) -> None:
    world.ok("up")
    config = Path(world.env["ALB_DR_CONFIG"])
    before = config.read_text()
    try:
        config.write_text(before.replace("path: /svc1", "path: /svc1/"))
        changes = {c["object"]: c for c in world.data("plan")["changes"]}
        (field,) = [
            f
            for f in changes["Ingress gateway-demo/web-demo"]["fields"]
            if f["path"].startswith("spec")
        ]
        assert (field["before"], field["after"]) == ("/svc1", "/svc1/")
    finally:
        config.write_text(before)
    assert not world.data("plan")["differs"]


def test_going_up_is_carried_on_after_a_kill(world: Shell) -> None:
    world.ok("down", "--confirm", "ackone-gateway-demo", "--with-namespace")
    with world.start("up") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "created AlbConfig" in line:
                break
        process.kill()
        process.communicate(timeout=LONGEST_S)
    brought = world.data("up")
    assert "Ingress gateway-demo/web-demo" in brought["written"]
    assert "AlbConfig ackone-gateway-demo" not in brought["written"]
    assert not world.data("plan")["differs"]


def test_F53_what_kubectl_made_is_adopted_only_when_asked(shell: Shell) -> None:
    """The gateway's own class exists, made by somebody else with the same content."""
    shell.ok("sandbox", "up", "--gateway-port", str(shell.port))
    shell.env["ALB_DR_CONFIG"] = str(shell.folder / "alb-dr.yaml")
    documents = json.loads(shell.ok("gateway", "render", "-o", "json"))["data"]["manifests"]
    (ingress_class,) = [d for d in documents if d["kind"] == "IngressClass"]
    as_other(shell, "kubectl-create", "POST", "networking.k8s.io/v1/ingressclasses", ingress_class)
    assert "made by kubectl-create" in shell.refused(5, "up")
    assert shell.data("gateway", "status")["lacking"] == "the AlbConfig does not exist"
    brought = shell.data("up", "--adopt", "--yes")
    assert "IngressClass alb" in brought["written"]
    assert not shell.data("plan")["differs"]


def test_status_is_one_screen_with_everything(world: Shell) -> None:
    world.ok("up")
    data = world.data("status", "--exit-code")
    assert data["gateway"]["lacking"] is None
    members = [(m["ready_pods"], m["endpoints"], m["live_weight"]) for m in data["members"]]
    assert members == [(2, 2, "20"), (2, 2, "80")]
    assert data["traffic"]["agrees"]
    assert data["drift"] == data["attention"] == []
    assert isinstance(data["origins"], dict)
    text = world.ok("status")
    assert len(text.splitlines()) < 24
    world.ok("ingress", "set-weights", "50", "50")
    assert world.run("status", "--exit-code").returncode == 15
    assert "file says" in world.ok("status")
    world.ok("up", "--reset-weights", "--yes")


def test_a_watch_shows_changes_until_ctrl_c(world: Shell) -> None:
    world.ok("up")
    with world.start("status", "--watch", "--interval", "0.5") as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline().startswith("20")
        world.ok("ingress", "set-weights", "60", "40")
        for line in watching.stdout:
            if "60%" in line:
                break
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=LONGEST_S)
    assert watching.returncode == 0
    assert "-o json gives one answer" in world.refused(2, "status", "--watch", "-o", "json")
    world.ok("up", "--reset-weights", "--yes")


def test_F61_going_down_asks_for_the_name_and_names_what_stays(world: Shell) -> None:
    world.ok("up")
    said = world.refused(2, "down")
    assert "the ALB alb-" in said
    assert "--confirm ackone-gateway-demo" in said
    assert "nothing was deleted" in world.refused(6, "down", "--confirm", "wrong")
    foreseen = world.data("down", "--dry-run")["deleted"]
    torn = world.data("down", "--yes")
    assert torn["deleted"] == foreseen
    assert [id_.split()[0] for id_ in foreseen] == [
        "Ingress",
        "AlbConfig",
        "IngressClass",
        "ApplicationSet",
    ]
    assert [r["what"] for r in torn["remains"] if r["costs_money"]] == [
        "poc-ack-1: Deployment gateway-demo/web-demo",
        "poc-ack-2: Deployment gateway-demo/web-demo",
    ]
    members = world.data("distribute", "status")["members"]
    assert [m["ready_pods"] for m in members] == [2, 2], "the workloads go on"

    assert len(world.data("up")["written"]) == 4, "everything but the Namespace"
    assert not world.data("plan")["differs"], "Argo CD took the old Applications over"
    words = ("--with-applications", "--with-namespace")
    assert "--confirm" in world.refused(2, "down", "--yes", *words)
    world.ok("down", "--confirm", "ackone-gateway-demo", *words)
    assert {c["action"] for c in world.data("plan")["changes"]} == {"create"}
    world.ok("up")
