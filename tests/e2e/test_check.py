"""`alb-dr check` on a sandbox: before, after, and with something broken."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest

from alb_dr.sandbox.kubeconfig import write_kubeconfig
from alb_dr.sandbox.lifecycle import distort
from alb_dr.sandbox.pki import make_pki
from tests.builders import PROJECT
from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def test_before_anything_is_applied_nothing_is_broken(world: Shell) -> None:
    data = world.data("check", "--pre")
    assert data["counts"]["broken"] == data["counts"]["unknown"] == 0
    assert data["counts"]["passed"] >= 15


def test_a_healthy_sandbox_passes(tutorial: Shell) -> None:
    tutorial.ok("check", "--wait")
    done = tutorial.run("check", "-o", "json")
    envelope = json.loads(done.stdout)
    broken = [c for c in envelope["data"]["checks"] if c["outcome"] in {"failed", "unknown"}]
    assert done.returncode == 0, broken
    assert envelope["verdict"] == "pass"
    assert {c["severity"] for c in broken} <= {"warning", "info"}


def test_a_member_that_is_down_is_one_clear_line(tutorial: Shell) -> None:
    tutorial.ok("sandbox", "fault", "api-down", "poc-ack-2")
    try:
        done = tutorial.run("check", "--only", "members,application", "-o", "short")
    finally:
        tutorial.ok("sandbox", "fault", "clear")
    assert done.returncode == 12
    lines = [line for line in done.stdout.splitlines() if "poc-ack-2" in line]
    assert len(lines) == 1
    assert lines[0].startswith("ADR-MEMBER-API fatal: poc-ack-2: reading who it is: ")


def test_a_wrong_port_is_found_in_every_format(tutorial: Shell) -> None:
    other = tutorial.folder / "other.yaml"
    project = (tutorial.folder / "alb-dr.yaml").read_text()
    other.write_text(project.replace("port: 80\n", "port: 81\n"))
    words = ("check", "--config", str(other), "--only", "ADR-SERVICE")
    seen = "poc-ack-1: Service service1 has no port 81"
    for form in ("table", "short", "json", "junit"):
        done = tutorial.run(*words, "-o", form)
        assert (done.returncode, seen in done.stdout) == (9, True), form
    suite = ET.fromstring(done.stdout).find("testsuite")
    assert suite is not None
    assert suite.get("failures") == "1"


def test_a_wrong_name_is_refused_before_anything_is_asked(world: Shell) -> None:
    assert "neither a code nor a category" in world.refused(2, "check", "--only", "nonsense")
    assert "nothing is left to check" in world.refused(
        2, "check", "--only", "fleet", "--skip", "fleet"
    )


def test_a_sandbox_has_no_cloud_unless_it_is_asked_for(tutorial: Shell) -> None:
    tutorial.env["ALIBABA_CLOUD_ACCESS_KEY_ID"] = "a real one"
    try:
        data = tutorial.data("check")
    finally:
        del tutorial.env["ALIBABA_CLOUD_ACCESS_KEY_ID"]
    assert data["notes"] == ["the cloud's own checks are left out: the Fleet is on this machine"]


@pytest.fixture(scope="module")
def clouded(tutorial: Shell) -> Iterator[Shell]:
    """The tutorial's sandbox with a shell whose SDKs go to the stand-in cloud."""
    exports = dict(
        line.removeprefix("export ").split("=", 1)
        for line in tutorial.ok("sandbox", "cloud").splitlines()
    )
    assert len(exports) == 7
    tutorial.env |= exports
    yield tutorial
    for name in exports:
        del tutorial.env[name]


def test_with_the_cloud_everything_passes(clouded: Shell) -> None:
    clouded.ok("check", "--wait")
    done = clouded.run("check", "-o", "json")
    data = json.loads(done.stdout)["data"]
    assert data["notes"] == []
    cloud = {c["code"]: c["outcome"] for c in data["checks"] if c["category"] == "cloud"}
    assert len(cloud) == 17
    assert set(cloud.values()) == {"passed"}


def test_a_lying_gateway_is_seen_in_the_clouds_own_rule(clouded: Shell) -> None:
    distort(clouded.folder, {"poc-ack-1": 50, "poc-ack-2": 50})
    try:
        done = clouded.run("check", "--only", "ADR-ALB-WEIGHTS", "-o", "short")
    finally:
        distort(clouded.folder, {})
    assert done.returncode == 9
    assert "has the weights 50, 50, the Ingress says 20, 80" in done.stdout


def test_verify_asks_the_cloud_for_the_albs_own_weights(clouded: Shell) -> None:
    words = ("verify", "--requests", "200", "--ask-cloud")
    assert clouded.data(*words)["control"] == []
    distort(clouded.folder, {"poc-ack-1": 50, "poc-ack-2": 50})
    try:
        done = clouded.run(*words, "--expect", "50 50", "-o", "json")
    finally:
        distort(clouded.folder, {})
    assert done.returncode == 9, "the traffic is as expected; the ALB's rule is not the Ingress's"
    codes = [f["code"] for f in json.loads(done.stdout)["data"]["control"]]
    assert codes == ["ADR-ALB-WEIGHTS"]


def test_a_missing_right_is_one_line_that_names_it(clouded: Shell) -> None:
    clouded.ok("sandbox", "cloud", "--fault", "forbidden", "--action", "DescribeVSwitches")
    try:
        done = clouded.run("check", "--only", "ADR-VSWITCH", "-o", "short")
    finally:
        clouded.ok("sandbox", "cloud", "--clear")
    assert done.returncode == 14
    line = done.stdout.splitlines()[0]
    assert line.startswith("ADR-VSWITCH unknown: vpc:DescribeVSwitches: Forbidden.RAM")
    assert "grant the RAM action vpc:DescribeVSwitches" in line


@pytest.mark.parametrize("form", ["table", "json", "junit"])
def test_no_secret_is_in_any_answer_or_log(clouded: Shell, form: str) -> None:
    secrets = [clouded.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]]
    for name in ("fleet", "poc-ack-1", "poc-ack-2"):
        text = (clouded.folder / f"{name}.kubeconfig").read_text()
        secrets += re.findall(r"token: (\S+)", text)
    assert len(secrets) == 4
    done = clouded.run("check", "--verbose", "-o", form)
    assert done.returncode == 0
    for secret in secrets:
        assert secret not in done.stdout + done.stderr


def test_throttling_is_ridden_out(clouded: Shell) -> None:
    clouded.ok("sandbox", "cloud", "--fault", "throttling", "--times", "3")
    clouded.ok("check", "--only", "cloud")
    assert clouded.data("sandbox", "status")["cloud_faults"] == []


def test_a_wrong_key_is_one_line_and_ends_with_3(clouded: Shell) -> None:
    right = clouded.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
    clouded.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = "not-the-right-one"
    try:
        done = clouded.run("check", "--only", "cloud", "-o", "short")
    finally:
        clouded.env["ALIBABA_CLOUD_ACCESS_KEY_SECRET"] = right
    assert done.returncode == 3
    problems = [line for line in done.stdout.splitlines() if line.startswith("ADR-")]
    assert len(problems) == 1
    assert problems[0].startswith(
        "ADR-CLOUD-ACCESS error: alb:DescribeZones: SignatureDoesNotMatch"
    )
    assert "not-the-right-one" not in done.stdout + done.stderr


def test_an_interruption_does_not_wait_for_a_silent_server(shell: Shell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        write_kubeconfig(
            shell.state / "silent.kubeconfig",
            name="silent",
            server=f"https://127.0.0.1:{port}",
            ca=make_pki(shell.state).ca.read_bytes(),
            token="x",
        )
        project = PROJECT
        for name in ("fleet.yaml", "one.yaml", "two.yaml"):
            project = project.replace(name, "silent.kubeconfig")
        (shell.state / "alb-dr.yaml").write_text(project)
        process = shell.start("check")
        silent.settimeout(20)
        connection, _ = silent.accept()
        with connection:
            began = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert time.monotonic() - began < 3.0
