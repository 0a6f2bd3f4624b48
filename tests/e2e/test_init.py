"""`alb-dr init` by discovery, from a live Fleet, and by questions on a terminal."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import PROGRAM, Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def clouded(tutorial: Shell) -> Iterator[Shell]:
    """The tutorial's sandbox with a shell whose SDKs go to the stand-in cloud."""
    lines = tutorial.ok("sandbox", "cloud").splitlines()
    exports = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    tutorial.env |= exports
    yield tutorial
    for name in exports:
        del tutorial.env[name]


def mode_of(path: Path) -> int:
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_discovery_writes_a_project_that_passes_check_pre(clouded: Shell) -> None:
    folder = clouded.state / "discovered"
    folder.mkdir()
    file = folder / "alb-dr.yaml"
    port = str(clouded.port)
    words = ("init", "--discover", "--region", "cn-hongkong", "--weights", "20,80")
    data = clouded.data(*words, "--port", port, "--file", str(file))
    fetched = [Path(path) for path in data["kubeconfigs"]]
    names = ["fleet.kubeconfig", "poc-ack-1.kubeconfig", "poc-ack-2.kubeconfig"]
    assert [path.name for path in fetched] == names
    assert {mode_of(path) for path in fetched} == {0o600}
    checked = clouded.data("check", "--pre", "--config", str(file))
    assert checked["counts"]["broken"] == checked["counts"]["unknown"] == 0
    assert checked["notes"] == []


def test_discovery_overwrites_nothing_without_force(clouded: Shell) -> None:
    folder = clouded.state / "careful"
    folder.mkdir()
    (folder / "poc-ack-2.kubeconfig").write_text("mine")
    file = folder / "alb-dr.yaml"
    words = ("init", "--discover", "--region", "cn-hongkong", "--file", str(file))
    assert "poc-ack-2.kubeconfig exists already" in clouded.refused(6, *words)
    assert not file.exists()
    assert not (folder / "fleet.kubeconfig").exists()
    clouded.ok(*words, "--force")
    assert (folder / "poc-ack-2.kubeconfig").read_text() != "mine"
    assert mode_of(folder / "poc-ack-2.kubeconfig") == 0o600


def test_a_file_from_the_live_fleet_changes_nothing(clouded: Shell) -> None:
    file = clouded.folder / "from-live.yaml"
    words = ("--from-live", "--fleet-kubeconfig", "fleet.kubeconfig", "--file", str(file))
    clouded.ok("init", *words)
    config = ("--config", str(file))
    for command in (("gateway", "create"), ("ingress", "apply"), ("distribute", "apply")):
        changes = clouded.data(*command, "--dry-run", *config)["changes"]
        assert {change["action"] for change in changes} == {"keep"}, (command, changes)
    checked = clouded.data("check", *config)
    assert checked["counts"]["broken"] == 0


def test_flags_that_say_nothing_together_are_refused(clouded: Shell) -> None:
    file = ("--file", str(clouded.state / "never.yaml"))
    both = clouded.refused(2, "init", "--discover", "--from-live", *file)
    assert "begin in two different places" in both
    assert "--ingress says nothing" in clouded.refused(2, "init", "--ingress", "a/b", *file)
    assert "--member says nothing with --discover" in clouded.refused(
        2, "init", "--discover", "--member", "id=c1", *file
    )


def test_without_credentials_discovery_says_so(shell: Shell) -> None:
    shell.env |= {"HOME": str(shell.state), "ALIBABA_CLOUD_ACCESS_KEY_ID": ""}
    words = ("init", "--discover", "--region", "cn-hongkong")
    said = shell.refused(3, *words, "--file", str(shell.state / "x.yaml"))
    assert "error[ADR-NO-CLOUD]: there are no cloud credentials on this machine" in said


def test_questions_on_a_terminal_are_answered_into_a_file(shell: Shell) -> None:
    file = shell.state / "asked.yaml"
    ours, theirs = pty.openpty()
    replies = ["poc-ack-1", "c1", "cn-hongkong-b", "", "", "c2", "cn-hongkong-c", ""]
    replies += ["", "", "vsw-1=cn-hongkong-b", "vsw-2=cn-hongkong-c"]
    os.write(ours, "".join(f"{reply}\n" for reply in replies).encode())
    try:
        done = subprocess.run(
            [PROGRAM, "init", "--file", str(file)],
            env=shell.environment(),
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=30,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert "cluster id of poc-ack-1: " in done.stderr
    text = file.read_text()
    for part in ("region: cn-hongkong", "id: c1", "name: poc-ack-2", "vSwitchId: vsw-2"):
        assert part in text
    shell.ok("render", "--config", str(file))
