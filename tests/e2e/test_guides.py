"""Every shell block of README, tutorial and how-to does what the page says, in one shell a page."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from alb_dr.sandbox import lifecycle
from tests.docs.pages import GUIDES, NEEDS, Guide, guide
from tests.e2e.conftest import Shell

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

VENV = Path(sys.executable).parent.parent
PATIENCE_S = 540
CALM = "--baseline 1s --slow-latency 500 --abort-latency 999"
"""A busy machine's latency is not judged here."""
QUICK = f"{CALM} --rate 400"
"""For the narrow steps of a guide, which take thousands of requests to prove."""
STEPS = f"--steps 50,100 --hold 500ms --rate 100 --tolerance 20 {CALM}"
"""Wide steps need few requests, and a machine that is busy serves few."""
SHORTER = (
    # Making a virtual environment is what CI does before it comes here.
    (r"python3 -m venv .venv && .venv/bin/pip install -q -e '.\[sandbox\]' && ", ""),
    (r"--hold 30s", "--hold 500ms"),
    (r"--duration 20s", "--duration 3s"),
    (r"(alb-dr ingress shift [^#\n]*?)( *(#.*)?)$", rf"\1 {QUICK}\2"),
    (r"(alb-dr failover (switchover|back)[^#\n]*?)( *(#.*)?)$", rf"\1 {STEPS}\3"),
    (r"(alb-dr failover back[^#\n]*?)( *(#.*)?)$", r"\1 --stabilise 2s\2"),
)
"""What only takes time is shortened."""
PAGES = [guide(path) for path in GUIDES]


def script_of(page: Guide) -> str:
    """The page as one script that says where it is and stops at the first command that fails."""
    parts = ["set -euo pipefail"]
    for block in page.run:
        parts += [f'echo "=== {page.path.name}:{block.line}"', block.first]
        parts += [f"set +e\n{block.text}\ncode=$?\nset -e\n[ $code = {block.exits} ]"
                  if block.exits else block.text]  # fmt: skip
    text = "\n".join(parts)
    for long, short in SHORTER:
        text = re.sub(long, short, text, flags=re.MULTILINE)
    return text


def answered(shell: Shell, script: str) -> tuple[int, str]:
    """Run a script at a terminal whose person agrees to everything; code and what was said."""
    ours, theirs = pty.openpty()
    env = {
        **shell.environment(),
        "PATH": f"{VENV / 'bin'}:{os.environ['PATH']}",
        "HOME": str(shell.state),
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    env.pop("CI")
    process = subprocess.Popen(
        ["bash", "-c", script],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=env,
        cwd=shell.state,
        start_new_session=True,
    )
    os.close(theirs)
    timer = threading.Timer(PATIENCE_S, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    said = b""
    try:
        assert process.stdout is not None
        while piece := os.read(process.stdout.fileno(), 65_536):
            said += piece
            tail = said[-200:]
            if tail.endswith(b"[y/N] "):
                os.write(ours, b"y\n")
            elif named := re.search(rb"type (\S+) to go on: $", tail):
                os.write(ours, named[1] + b"\n")
        return process.wait(30), said.decode(errors="replace")
    finally:
        timer.cancel()
        process.stdout.close()  # type: ignore[union-attr]
        os.close(ours)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_guide_does_what_it_says(page: Guide, shell: Shell) -> None:
    if not page.run:
        pytest.skip("nothing of it can be run here")
    (shell.state / ".venv").symlink_to(VENV)
    if page.needs != "nothing":
        shell.ok("sandbox", "up", "--gateway-port", str(shell.port), timeout=PATIENCE_S)
        shell.env["ALB_DR_CONFIG"] = str(shell.folder / "alb-dr.yaml")
    if page.needs == "a gateway":
        shell.ok("up", timeout=PATIENCE_S)
        shell.ok("ingress", "set-weights", "20", "80")
    script = script_of(page).replace("sandbox up", f"sandbox up --gateway-port {shell.port}")
    code, said = answered(shell, script)
    assert code == 0, f"{code}: {said[-3000:]}"
    assert said.count(f"=== {page.path.name}:") == len(page.run)
    if "sandbox down" in script:
        assert lifecycle.find(shell.folder) is None


def test_every_mark_is_understood() -> None:
    for page in PAGES:
        assert page.needs in NEEDS, page.name
        assert len(page.blocks) == page.path.read_text().count("```sh\n"), page.name


def test_most_of_the_guides_is_run() -> None:
    blocks = [block for page in PAGES for block in page.blocks]
    assert sum(block.skipped is None for block in blocks) >= 0.6 * len(blocks)
