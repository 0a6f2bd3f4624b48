"""A drill is reported again from what it saved, number for number, however it ended."""

from __future__ import annotations

import json
import os
import signal
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
WORDS = ("failover", "drill", "poc-ack-2", "--yes", "--baseline", "2")


def begun(folder: Path) -> None:
    """Wait until the fault is in force."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        described = folder / "run.json"
        if described.exists():
            marks = json.loads(described.read_text())["marks"]
            if marks["in_force_s"] is not None:
                return
        time.sleep(0.05)
    raise AssertionError("the fault did not come")


def again(shell: Shell, folder: Path) -> dict[str, Any]:
    """What `report` says of the run, checked to be what was said at the time."""
    envelope = json.loads(shell.ok("report", str(folder), "-o", "json"))
    found: dict[str, Any] = envelope["data"]
    assert found == json.loads((folder / "report.json").read_text())
    assert envelope["verdict"] == found["outcome"], "as the drill itself said"
    return found


def test_a_drill_is_recomputed_to_the_very_numbers_it_said(tutorial: Shell) -> None:
    folder, at = tutorial.state / "whole", tutorial.state
    files = ("--junit", str(at / "d.xml"), "--html", str(at / "d.html"))
    files += ("--markdown", str(at / "d.md"))
    said = tutorial.data(*WORDS, "--observe", "3", *files, "--run-dir", str(folder), timeout=120)
    assert again(tutorial, folder) == said
    found = said["recovery"]
    assert found["rta_low_s"] <= found["rta_s"] <= found["rta_high_s"]
    assert found["fresh"]["requests"] == pytest.approx(found["kept"]["requests"], rel=0.1)
    assert found["fault_error_s"] > 0
    assert "recovered within 30 s" in (at / "d.xml").read_text()
    page = (at / "d.html").read_text()
    assert "Not tested: the data layer" in page
    assert "<svg" in page


def test_a_drill_that_came_to_nothing_leaves_no_earlier_page_in_its_place(tutorial: Shell) -> None:
    page = tutorial.state / "earlier.xml"
    page.write_text("<testsuites failures='0' errors='0'/>")
    asked = ("failover", "drill", "poc-ack-2", "--dry-run", "--junit", str(page))
    reason = tutorial.refused(6, *asked, "--expires-in", "2h")
    assert "a drill expires between" in reason
    assert ET.parse(page).getroot().get("errors") == "1"
    assert "a drill expires between" in page.read_text()
    tutorial.ok(*asked, "--html", str(page.with_suffix(".html")))
    suite = ET.parse(page).getroot()
    assert (suite.get("errors"), suite.get("failures")) == ("0", "0")
    assert [case.get("name") for case in suite.iter("testcase")] == ["guard rails (dry run)"]
    title = "<title>alb-dr drill --dry-run: dry run</title>"
    assert title in page.with_suffix(".html").read_text(), "no drill has passed"


def test_an_interrupted_drill_is_reported(tutorial: Shell) -> None:
    folder = tutorial.state / "interrupted"
    drill = tutorial.start(*WORDS, "--observe", "60", "--run-dir", str(folder))
    begun(folder)
    os.killpg(drill.pid, signal.SIGINT)
    _, said = drill.communicate(timeout=90)
    assert drill.returncode == 130, said
    found = again(tutorial, folder)
    assert found["outcome"] == "INTERRUPTED"
    assert found["marks"]["restored_s"] > found["marks"]["fired_s"]
    assert found["recovery"]["loss"]["of"] > 0


def test_a_restore_that_is_not_proven_is_reported_with_its_error(tutorial: Shell) -> None:
    page, folder = tutorial.state / "open.xml", tutorial.state / "open"
    files = ("--junit", str(page), "--run-dir", str(folder), "--no-watchdog")
    done = tutorial.run(*WORDS, "--observe", "1", "--restore-timeout", "0.5", *files, "-o", "json")
    tutorial.ok("failover", "recover", "--execute")
    envelope = json.loads(done.stdout)
    assert done.returncode == envelope["exit_code"] == 11, done.stderr
    assert envelope["verdict"] == envelope["data"]["outcome"] == "RESTORE_INCOMPLETE"
    assert envelope["data"]["run"] == folder.name
    assert envelope["errors"][0]["hint"] in done.stderr.splitlines()[-1]
    assert ET.parse(page).getroot().get("failures") != "0"
    assert again(tutorial, folder) == envelope["data"]


def test_F1_a_killed_drill_is_reported_as_not_restored(tutorial: Shell) -> None:
    folder = tutorial.state / "killed"
    drill = tutorial.start(*WORDS, "--observe", "60", "--no-watchdog", "--run-dir", str(folder))
    begun(folder)
    os.killpg(drill.pid, signal.SIGKILL)
    drill.communicate(timeout=10)
    found = tutorial.data("report", str(folder))
    assert found["outcome"] == "RESTORE_INCOMPLETE"
    assert found["recovery"]["loss"]["of"] > 0, "its samples were saved as they came"
    tutorial.ok("failover", "recover", "--execute")
