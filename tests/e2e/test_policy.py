"""Distribution by policy on a sandbox, in both dialects and in none."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from alb_dr.sandbox.lifecycle import bind
from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

DRILL = ("failover", "drill", "poc-ack-2", "--yes", "--baseline", "1", "--observe", "6")
OLDER = "one.alibabacloud.com"


def sandbox(shell: Shell, *words: str) -> None:
    """Start a sandbox and point the shell at it."""
    shell.ok("sandbox", "up", "--gateway-port", str(shell.port), *words)
    shell.env["ALB_DR_CONFIG"] = str(shell.folder / "alb-dr.yaml")


def change_project(shell: Shell, **application: object) -> None:
    """Say something else in the project file's part about the application."""
    path = Path(shell.env["ALB_DR_CONFIG"])
    project = yaml.safe_load(path.read_text())
    project["application"].update(application)
    path.write_text(yaml.safe_dump(project))


def test_the_tutorial_can_be_done_by_policy(shell: Shell) -> None:
    sandbox(shell)
    change_project(shell, method="policy")
    assert "will be generated" not in shell.ok("plan")
    brought = shell.data("up")
    assert [m["ready_pods"] for m in brought["members"]] == [2, 2]
    assert brought["observed"]["shares"] == pytest.approx(
        {"poc-ack-1": 0.2, "poc-ack-2": 0.8}, abs=0.02
    )
    assert shell.run("plan", "--exit-code").returncode == 0
    assert shell.data("up")["written"] == []
    seen = shell.data("distribute", "status")
    assert (seen["ready"], seen["method"]) == (True, "policy")
    assert shell.run("status", "--exit-code").returncode == 0

    drilled = shell.run(*DRILL, timeout=120)
    assert drilled.returncode == 0, drilled.stderr
    assert "the Fleet may scale it back by itself" in drilled.stderr
    gone = shell.data("down", "--yes", "--confirm", "ackone-gateway-demo")
    assert "PropagationPolicy gateway-demo/web-demo" in gone["deleted"]
    left = [r["what"] for r in gone["remains"]]
    assert any("poc-ack-1: Deployment gateway-demo/web-demo" in what for what in left), left


def test_an_older_fleet_is_spoken_to_in_its_own_group(shell: Shell) -> None:
    sandbox(shell, "--policy-group", OLDER)
    applied = shell.data("distribute", "apply", "--via", "policy")
    assert [m["ready"] for m in applied["members"]] == [True, True]
    assert len(applied["changes"]) == 6
    again = shell.data("distribute", "apply", "--via", "policy", "--dry-run")
    assert {c["action"] for c in again["changes"]} == {"keep"}
    removed = shell.data("distribute", "delete", "--via", "policy", "--yes")["removed"]
    assert len(removed) == 5
    status = shell.data("distribute", "status", "--via", "policy")
    assert [m["ready_pods"] for m in status["members"]] == [2, 2], "what is preserved stays"


def test_F61_what_is_not_preserved_goes_only_when_that_is_typed(shell: Shell) -> None:
    sandbox(shell)
    change_project(shell, method="policy", preserveResourcesOnDeletion=False)
    shell.ok("distribute", "apply")
    said = shell.refused(6, "distribute", "delete", "--yes")
    assert "ADR-TAKES-WORKLOADS" in said
    assert shell.data("distribute", "status")["ready"]
    shell.ok("distribute", "delete", "--yes", "--with-applications", "--confirm", "web-demo")
    assert not shell.data("distribute", "status")["ready"]


def test_a_fleet_without_policies_refuses_in_words(shell: Shell) -> None:
    sandbox(shell, "--policy-group", "none")
    said = shell.refused(13, "distribute", "apply", "--via", "policy")
    assert "ADR-POLICY-DIALECT" in said
    assert "distribute --via gitops" in said
    assert "--via is gitops or policy" in shell.refused(2, "distribute", "status", "--via", "fax")
    assert shell.data("distribute", "apply")["method"] == "gitops"


def test_the_printed_rights_suffice_for_distribution_by_policy(shell: Shell) -> None:
    sandbox(shell, "--policy-group", OLDER)
    change_project(shell, method="policy", policy={"image": "demo", "group": OLDER})
    printed = shell.data("check", "--print-permissions")
    bind(shell.folder, {"fleet": printed["fleet"], "member": printed["member"]})
    shell.ok("check", "--pre")
    assert shell.data("distribute", "apply")["method"] == "policy"
    assert shell.data("distribute", "status")["ready"]
    assert shell.data("up")["observed"]["requests"] > 0
    assert shell.run("plan", "--exit-code").returncode == 0
    assert len(shell.data("down", "--yes")["deleted"]) == 8


def test_F22_a_fleet_that_scales_back_ends_the_drill_and_nothing_is_left_open(shell: Shell) -> None:
    sandbox(shell, "--policy-reverts")
    change_project(shell, method="policy")
    shell.ok("up")
    done = shell.run(*DRILL, timeout=120)
    assert done.returncode == 10, done.stderr
    assert "somebody else scaled Deployment gateway-demo/web-demo to 2" in done.stdout
    assert shell.data("status", "--requests", "0")["unfinished"] == []
    assert shell.data("distribute", "status")["ready"]
