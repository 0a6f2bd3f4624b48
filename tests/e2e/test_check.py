"""`alb-dr check` on a sandbox: before, after, and with something broken."""

from __future__ import annotations

import json
import time
import xml.etree.ElementTree as ET

import pytest

from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def test_before_anything_is_applied_nothing_is_broken(world: Shell) -> None:
    data = world.data("check", "--pre")
    assert data["counts"]["broken"] == data["counts"]["unknown"] == 0
    assert data["counts"]["passed"] >= 15


def test_a_healthy_sandbox_passes_within_five_seconds(tutorial: Shell) -> None:
    tutorial.ok("check", "--wait")
    began = time.monotonic()
    done = tutorial.run("check", "-o", "json")
    took_s = time.monotonic() - began
    envelope = json.loads(done.stdout)
    broken = [c for c in envelope["data"]["checks"] if c["outcome"] in {"failed", "unknown"}]
    assert done.returncode == 0, broken
    assert envelope["verdict"] == "pass"
    assert {c["severity"] for c in broken} <= {"warning", "info"}
    assert took_s <= 5.0


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
