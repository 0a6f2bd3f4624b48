"""The deadline of a whole command: like a signal at that moment, with an exit code of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alb_dr.cli.main import run
from tests.unit.fleet.test_transport import an_api, hang

PROGRAM = str(Path(sys.executable).parent / "alb-dr")


def test_F31_a_command_ends_at_its_deadline_however_many_calls_hang(tmp_path: Path) -> None:
    with an_api(tmp_path, hang):
        words = ["guard", "--once", "-n", "b", "--kubeconfig", str(tmp_path / "kubeconfig")]
        began = time.monotonic()
        done = subprocess.run(
            [PROGRAM, *words, "--deadline", "1s", "-o", "json"],
            capture_output=True,
            text=True,
            timeout=20,
            stdin=subprocess.DEVNULL,
        )
        seconds = time.monotonic() - began
    assert done.returncode == 7, done.stderr
    assert "error[ADR-DEADLINE]" in done.stderr
    assert json.loads(done.stdout)["errors"][0]["code"] == "ADR-DEADLINE"
    assert seconds < 8, "one call alone may take 10 s"


def test_a_deadline_that_is_no_time_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--deadline", "soon"]) == 2
    assert "deadline 'soon' is no duration" in capsys.readouterr().err
