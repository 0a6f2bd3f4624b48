"""`verify` on the real Envoy: an honest gateway passes, a lying one is caught, nothing is lost."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alb_dr.sandbox.lifecycle import distort
from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


def verified(shell: Shell, code: int, *words: str) -> dict[str, Any]:
    """The data of a `verify` that must leave with ``code``."""
    done = shell.run("verify", *words, "-o", "json")
    assert done.returncode == code, f"{done.returncode}\n{done.stdout}\n{done.stderr}"
    envelope: dict[str, Any] = json.loads(done.stdout)
    assert envelope["exit_code"] == code
    return {**envelope["data"], "verdict": envelope["verdict"]}


def counts(data: dict[str, Any]) -> list[int]:
    """Answers by member."""
    return [share["count"] for share in data["split"]["shares"]]


@pytest.fixture
def lying(tutorial: Shell) -> Iterator[Shell]:
    """A gateway that runs 25/75 while its Ingress says 20/80."""
    distort(tutorial.folder, {"poc-ack-1": 25, "poc-ack-2": 75})
    try:
        await_share(tutorial, 0.25)
        yield tutorial
    finally:
        distort(tutorial.folder, {})
        await_share(tutorial, 0.20)


def await_share(shell: Shell, share: float) -> None:
    """Wait until the data plane has followed."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        done = shell.run("verify", "-n", "200", "--expect", "20 80", "-o", "json")
        seen = counts(json.loads(done.stdout)["data"])[0] / 200
        if abs(seen - share) < 0.011:
            return
    raise AssertionError(f"the gateway never ran {share}")


def test_an_honest_gateway_passes_and_the_power_is_printed(tutorial: Shell) -> None:
    text = tutorial.ok("verify", "--requests", "500")
    assert text.startswith("PASS")
    assert "would catch a shift to" in text
    assert "control side  agrees" in text


def test_a_lying_gateway_is_caught(lying: Shell) -> None:
    data = verified(lying, 9, "--requests", "500")
    first = data["split"]["shares"][0]
    assert first["weight"] == 0.2
    assert first["share"] == pytest.approx(0.25, abs=0.005)
    assert data["control"] == [], "the control side believes its own words"
    assert data["findings"][0]["code"] == "ADR-VERIFY-SPLIT"


def test_a_lying_gateway_is_caught_early_when_only_a_decision_is_wanted(lying: Shell) -> None:
    words = ("--until-decided", "--tolerance", "2", "--rate", "2000")
    data = verified(lying, 9, *words)
    assert data["split"]["sequential"]
    assert data["requests"] < 10_000


def test_the_expected_weights_can_be_said(tutorial: Shell) -> None:
    assert verified(tutorial, 0, "--expect", "20,80")["weights_from"] == "--expect"
    assert verified(tutorial, 9, "--expect", "poc-ack-1=80 poc-ack-2=20")["verdict"] == "fail"
    tutorial.refused(2, "verify", "--expect", "20 70")


def test_kept_connections_are_counted(tutorial: Shell) -> None:
    data = verified(tutorial, 0, "--reuse", "-n", "800", "-c", "8")
    opened = data["prober"]["connections"]
    # At most one for each of 8 requests at once to each of the gateway's two addresses.
    assert 8 <= opened <= 16
    assert data["prober"]["reused"] == 800 - opened


def test_an_open_loop_keeps_its_rate(tutorial: Shell) -> None:
    data = verified(tutorial, 0, "--rate", "250", "--duration", "2s")
    assert data["requests"] == 500
    assert data["rate"] == pytest.approx(250, rel=0.05)


def test_a_host_without_a_rule_is_no_pass(tutorial: Shell) -> None:
    data = verified(tutorial, 9, "--host", "nobody.example.com", "-n", "100")
    assert data["loss"]["lost"] == 100


def test_traffic_alone_can_be_looked_at_without_the_fleet(tutorial: Shell) -> None:
    data = verified(
        tutorial, 0, "--connect-to", f"127.0.0.1:{tutorial.port}", "--expect", "20 80",
        "--no-control-checks", "--kubeconfig", "does-not-exist",
    )  # fmt: skip
    assert data["control"] is None


def test_the_metadata_service_is_never_asked(tutorial: Shell) -> None:
    said = tutorial.refused(6, "verify", "--connect-to", "169.254.169.254:80")
    assert "nothing was sent" in said


def test_every_report_is_written_and_can_be_made_again(tutorial: Shell, tmp_path: Path) -> None:
    html, junit, markdown = tmp_path / "r.html", tmp_path / "r.xml", tmp_path / "r.md"
    files = ("--html", str(html), "--junit", str(junit), "--markdown", str(markdown))
    data = verified(tutorial, 0, *files)
    again = tutorial.data("report", "latest", *files)
    assert again == {k: v for k, v in data.items() if k != "verdict"}
    assert html.read_text().count("<svg") >= 2
    assert ET.parse(junit).getroot().get("failures") == "0"
    assert "poc-ack-1" in markdown.read_text()
    assert tutorial.ok("report", data["run"][-8:]).startswith("PASS")


def test_an_interrupted_run_is_reported(tutorial: Shell, tmp_path: Path) -> None:
    junit = tmp_path / "r.xml"
    before = set((tutorial.state / "alb-dr" / "runs").glob("*"))
    running = tutorial.start(
        "verify", "--rate", "200", "--duration", "60s", "-o", "json", "--junit", str(junit)
    )
    deadline = time.monotonic() + 20
    while len(set((tutorial.state / "alb-dr" / "runs").glob("*/samples.adr"))) <= len(before):
        assert time.monotonic() < deadline, "the run does not begin"
        time.sleep(0.05)
    time.sleep(0.5)  # some requests must have been sent for the report to hold any
    running.send_signal(signal.SIGINT)
    answer, _ = running.communicate(timeout=20)
    envelope = json.loads(answer)
    assert running.returncode == envelope["exit_code"] == 130
    assert envelope["data"]["cut_short"]
    assert envelope["data"]["requests"] > 20
    assert junit.is_file()
    assert tutorial.data("report")["requests"] == envelope["data"]["requests"]


def test_a_killed_run_can_still_be_reported_but_is_no_pass(tutorial: Shell) -> None:
    running = tutorial.start("verify", "--rate", "400", "--duration", "60s", "--run-dir", "killed")
    samples = tutorial.state / "killed" / "samples.adr"
    deadline = time.monotonic() + 20
    while not samples.is_file() or samples.stat().st_size < 4000:
        assert time.monotonic() < deadline, "the run writes nothing"
        time.sleep(0.05)
    running.kill()
    running.communicate(timeout=10)
    done = tutorial.run("report", "killed", "-o", "json")
    envelope = json.loads(done.stdout)
    assert envelope["verdict"] == "inconclusive"
    assert envelope["data"]["requests"] > 50


def test_a_run_never_writes_over_another(tutorial: Shell) -> None:
    tutorial.ok("verify", "-n", "50", "--run-dir", "mine")
    assert "is not empty" in tutorial.refused(5, "verify", "-n", "50", "--run-dir", "mine")


def test_a_member_without_endpoints_is_named(tutorial: Shell) -> None:
    tutorial.ok("sandbox", "fault", "pods-down", "poc-ack-1")
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            done = tutorial.run("verify", "-n", "100", "-o", "json")
            control = json.loads(done.stdout)["data"]["control"]
            if control:
                break
        assert done.returncode == 9
        assert control[0]["code"] == "ADR-CONTROL-ENDPOINTS"
        assert "poc-ack-1" in control[0]["text"]
    finally:
        tutorial.ok("sandbox", "fault", "clear", "poc-ack-1")
        tutorial.ok("distribute", "apply")
        await_share(tutorial, 0.20)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Debian's chromium is not installed")
def test_a_browser_asks_for_nothing_and_complains_about_nothing(
    tutorial: Shell, tmp_path: Path
) -> None:
    page, log = tmp_path / "r.html", tmp_path / "net.json"
    tutorial.ok("verify", "--rate", "500", "--duration", "1s", "--html", str(page))
    done = subprocess.run(
        [
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
            "--disable-background-networking", "--disable-component-update", "--no-first-run",
            "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={tmp_path / 'profile'}",
            f"--log-net-log={log}", "--dump-dom", page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    assert "PASS" in done.stdout
    assert "CONSOLE" not in done.stderr
    assert page.name in log.read_text(), "the browser's log is empty"
    asked = [e for e in json.loads(log.read_text())["events"] if "url" in e.get("params", {})]
    initiated = [e["params"] for e in asked if e["params"].get("initiator") == "null"]
    assert not [p for p in initiated if p["url"].startswith("http")]
