"""A signal is never lost, wherever Python was when it came."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import os, signal, sys, time, weakref
from alb_dr.cli.signals import SIGNALS
from alb_dr.errors import Interruption

class Thing:
    pass

class Last:
    def __del__(self):
        os.kill(os.getpid(), signal.{name})
        time.sleep(0)

def gone(_):
    os.kill(os.getpid(), signal.{name})
    time.sleep(0)

SIGNALS.install()
SIGNALS.alarm(60)
try:
    thing = Last() if {destructor} else Thing()
    ref = weakref.ref(thing, None if {destructor} else gone)
    del thing
    for _ in range(1000):
        time.sleep(0.01)
except Interruption as ended:
    print(ended, SIGNALS.count)
"""


@pytest.mark.parametrize("destructor", [True, False], ids=["destructor", "weak reference"])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGALRM"])
def test_F3_a_signal_that_python_drops_is_sent_anew(name: str, destructor: bool) -> None:
    text = PROGRAM.format(name=name, destructor=destructor)
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=False
    )
    expected = "the command's deadline passed" if name == "SIGALRM" else f"ended by {name}"
    assert (done.stdout, done.stderr) == (f"{expected} 1\n", ""), "no traceback either"
    assert done.returncode == 0


def test_what_else_python_drops_is_told_as_ever() -> None:
    text = """
from alb_dr.cli.signals import SIGNALS

class Bad:
    def __del__(self):
        raise ValueError("dropped")

SIGNALS.install()
SIGNALS.install()
Bad()
"""
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stderr.count("ValueError: dropped") == 1
    assert "RecursionError" not in done.stderr, "installed twice, as in one process of tests"


@pytest.mark.parametrize(("word", "code"), [("ADR-DRILL-OPEN", 0), ("ADR-NO-SUCH", 2)])
def test_F3_a_signal_while_the_interpreter_ends_does_not_cost_the_result(
    word: str, code: int
) -> None:
    text = f"""
import atexit, os, signal, sys
from alb_dr.cli.main import main
atexit.register(os.kill, os.getpid(), signal.SIGINT)
sys.argv = ["alb-dr", "explain", "{word}"]
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == code
    assert "Traceback" not in done.stderr
