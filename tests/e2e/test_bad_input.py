"""Bad input and bad luck: one line, the documented exit code, nothing half done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("20", "70"), "weights sum to 90, not 100"),
        (("-1", "101"), "'-1'"),
        (("20", "80", "0"), "3 weights are given for 2 members"),
        (("２０", "80"), "is not a whole number"),
        (("020", "80"), "is not a whole number"),
        (("33.3", "66.7"), "is not a whole number"),
        (("poc-ack-1=20",), "no weight for poc-ack-2"),
        (("poc-ack-1=20", "poc-ack-3=80"), "'poc-ack-3' is not a member"),
        (("poc-ack-1=20", "poc-ack-1=80"), "is given two weights"),
        (("20",), "1 weights are given for 2 members"),
        (("poc-ack-1=20", "80"), "mixed"),
    ],
)
def test_F54_weights_that_cannot_be_are_refused(
    tutorial: Shell, words: tuple[str, ...], reason: str
) -> None:
    before = tutorial.data("ingress", "status")["weights"]
    said = tutorial.refused(2, "ingress", "set-weights", *words)
    assert reason in said
    assert "hint:" in said
    assert tutorial.data("ingress", "status")["weights"] == before


def test_without_a_project_file_the_way_to_one_is_said(shell: Shell) -> None:
    said = shell.refused(2, "gateway", "create")
    assert "alb-dr init" in said


def test_every_complaint_about_a_project_file_comes_in_one_run(
    world: Shell, tmp_path: Path
) -> None:
    text = (world.folder / "alb-dr.yaml").read_text()
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        text.replace("poc-ack-2: 80", "poc-ack-2: 70")
        .replace("ingressClass:", "ingresClass:")
        .replace("listenPort:\n    HTTP:", "listenPort:\n    HTTPS:")
    )
    said = world.refused(2, "render", "--config", str(bad))
    assert "the weights sum to 90, not 100" in said
    assert "did you mean ingressClass?" in said
    assert "is no listener of the gateway" in said
    assert said.count(f"{bad}:") == 3


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("--kubeconfig", "nowhere.yaml"), 3, "no such file"),
        (("--context", "other"), 3, "no entry 'other'"),
    ],
)
def test_F64_an_unusable_kubeconfig_is_named(
    world: Shell, words: tuple[str, ...], code: int, reason: str
) -> None:
    said = world.refused(code, "gateway", "create", *words)
    assert reason in said


def test_an_unreachable_fleet_changes_nothing(world: Shell, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "fleet.yaml"
    text = (world.folder / "fleet.kubeconfig").read_text()
    server = next(line for line in text.splitlines() if "server:" in line)
    kubeconfig.write_text(text.replace(server, "    server: https://127.0.0.1:1"))
    said = world.refused(12, "gateway", "create", "--kubeconfig", str(kubeconfig))
    assert "the connection was refused" in said


def test_a_wrong_token_is_credentials(world: Shell, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "fleet.yaml"
    text = (world.folder / "fleet.kubeconfig").read_text()
    line = next(line for line in text.splitlines() if "token:" in line)
    kubeconfig.write_text(text.replace(line, "    token: wrong-secret-token"))
    said = world.refused(3, "gateway", "status", "--kubeconfig", str(kubeconfig))
    assert "401" in said
    assert "wrong-secret-token" not in said


def test_F58_a_missing_kind_names_the_add_on(world: Shell) -> None:
    member = str(world.folder / "poc-ack-1.kubeconfig")
    said = world.refused(13, "gateway", "create", "--kubeconfig", member)
    assert "multi-cluster gateway is not enabled" in said


def test_a_disruptive_command_refuses_without_a_terminal(tutorial: Shell) -> None:
    for words in (("gateway", "delete"), ("failover", "drill", "poc-ack-2")):
        assert "add --yes" in tutorial.refused(2, *words)


def test_verify_against_a_gateway_that_is_not_there(world: Shell, shell: Shell) -> None:
    shell.ok("sandbox", "up", "--gateway-port", str(shell.port))
    shell.env["ALB_DR_CONFIG"] = str(shell.folder / "alb-dr.yaml")
    done = shell.run("verify", "--requests", "20")
    assert done.returncode in {12, 13}, done.stderr
    assert "hint: make it: alb-dr" in done.stderr


def test_F63_a_kubeconfig_of_another_cluster_is_refused_until_accepted(tutorial: Shell) -> None:
    config = tutorial.folder / "alb-dr.yaml"
    tutorial.ok("ingress", "apply", "--dry-run", "--no-wait")
    wrong = str(tutorial.folder / "poc-ack-1.kubeconfig")
    said = tutorial.refused(6, "ingress", "apply", "--kubeconfig", wrong, "--no-wait")
    assert "ADR-OTHER-CLUSTER" in said
    assert "--accept-cluster" in said
    assert config.is_file()


def test_F65_members_that_are_one_cluster_are_not_drilled(tutorial: Shell) -> None:
    text = (tutorial.folder / "alb-dr.yaml").read_text()
    same = tutorial.folder / "same.yaml"
    same.write_text(text.replace("poc-ack-2.kubeconfig", "poc-ack-1.kubeconfig"))
    words = ("failover", "drill", "poc-ack-1", "--yes", "--baseline", "0.5")
    said = tutorial.refused(6, *words, "--config", str(same))
    assert "ADR-SAME-CLUSTER" in said
