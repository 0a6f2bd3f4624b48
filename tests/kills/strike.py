"""Carries out one kill, lets the rescuer work, and says what is not as it was."""

from __future__ import annotations

import os
import re
import signal
import threading
from contextlib import suppress

from tests.faults.bench import Bench, Finished
from tests.kills import hook
from tests.kills.cases import FINE, Kill, Operation, hooked, recorded
from tests.kills.state import State, differences, forget_heartbeat, forget_machine, leaks, state_of

RECOVER = ("failover", "recover", "--execute")
CODES = {
    signal.SIGKILL: {-9},
    # A signal that comes when everything is over no longer changes how it ended.
    signal.SIGTERM: {143, 9} | FINE,
    signal.SIGINT: {130, 9} | FINE,
}
OFTEN = 2
"""What comes more often than this, blocks of samples, say, may come a few times fewer."""
TRIES = 3
"""A call that depends on timing (a second look at a watch) may not come every time."""
HASTE = "10"
"""How many times as fast the monotonic clock of whoever recovers goes."""
LATER_S = "3600"
"""By so much the guard's clock is ahead: every deadline has passed."""


class DidNotComeAgain(Exception):
    """One more of an operation that is repeated as often as the machine's pace has it."""


def problem_of(found: Bench, kill: Kill, before: State) -> str | None:
    """Carry out one kill; what was wrong afterwards, or None. Raises DidNotComeAgain."""
    for _ in range(TRIES):
        came, done = struck(found, kill.words, kill.operation, kill.when, kill.signum)
        if came:
            break
        _empty_machine(found)
    else:
        if kill.operation.nth > OFTEN and done.code in FINE:
            raise DidNotComeAgain
        return f"the operation did not come; it ended with {done.code}: {done.stderr[-300:]}"
    if done.code not in CODES[kill.signum]:
        return f"ended with {done.code}: {done.stderr[-300:]}"
    wrong = leaks(found, done.stdout, done.stderr)
    if kill.signum == signal.SIGKILL:
        wrong += _rescued(found, kill.rescuer)
    _empty_machine(found)
    return "; ".join(wrong + differences(before, state_of(found))) or None


def struck(
    found: Bench, words: tuple[str, ...], operation: Operation, when: str, signum: signal.Signals
) -> tuple[bool, Finished]:
    """Run a command line into its signal; whether the operation came, and how it ended."""
    if operation.where == "disk":
        return _on_disk(found, words, operation, when, signum)
    hit = _arm(found, operation, when, signum)
    done = found.run(words)
    found.proxies[operation.where].watcher = None
    return hit.is_set(), done


def _on_disk(
    found: Bench, words: tuple[str, ...], operation: Operation, when: str, signum: signal.Signals
) -> tuple[bool, Finished]:
    found.arm("", None)
    log = found.state / "operations"
    log.unlink(missing_ok=True)
    strike = f"{operation.nth}:{when}:{int(signum)}:{operation.what}"
    with hooked(found, **{hook.STRIKE: strike, hook.LOG: str(log)}):
        done = found.run(words)
    came = log.read_text().splitlines().count(operation.what) if log.exists() else 0
    return came >= operation.nth, done


def _arm(found: Bench, operation: Operation, when: str, signum: signal.Signals) -> threading.Event:
    """Send the signal when the call comes."""
    found.arm("", None)
    hit = threading.Event()
    met = 0
    lock = threading.Lock()
    wanted_method, _, wanted_path = operation.what.partition(" ")

    def watch(now: str, method: str, path: str) -> None:
        nonlocal met
        if now != when or method != wanted_method or not re.fullmatch(wanted_path, path):
            return
        with lock:
            met += 1
            due = met == operation.nth
        if due and found.process is not None:
            hit.set()
            with suppress(ProcessLookupError):
                os.kill(found.process.pid, signum)

    found.proxies[operation.where].watcher = watch
    return hit


def _rescued(found: Bench, rescuer: str) -> list[str]:
    """Let somebody else put things back, who knows nothing of the machine that died."""
    _empty_machine(found)
    if rescuer == "guard":
        for member in (m for m in found.proxies if m != "fleet"):
            done = guard(found, member)
            if done.code != 0:
                return [f"the guard ended with {done.code}: {done.stderr[-300:]}"]
            forget_heartbeat(found, member)
        marked = [k for k, text in state_of(found).items() if "alb-dr.io/drill-open" in text]
        if marked:
            return [f"the guard left {marked}"]
    done = hastened(found, RECOVER)
    if done.code != 0:
        return [f"recover ended with {done.code}: {done.stderr[-300:]}"]
    return []


def hastened(found: Bench, words: tuple[str, ...], *, direct: bool = True) -> Finished:
    """A command line that waits for the lock of the dead in a tenth of the time."""
    os.environ[hook.HASTE] = HASTE
    try:
        return found.run(words, direct=direct)
    finally:
        del os.environ[hook.HASTE]


def guard(found: Bench, member: str) -> Finished:
    """What the CronJob in a member runs, when every deadline has passed."""
    kubeconfig = str(found.direct.parent / f"{member}.kubeconfig")
    os.environ[hook.CLOCK] = LATER_S
    try:
        return found.run(
            ("guard", "--once", "--namespace", "gateway-demo", "--kubeconfig", kubeconfig),
            direct=True,
        )
    finally:
        del os.environ[hook.CLOCK]


def nested(
    found: Bench, drill: Kill, before: State, *, only: str = ""
) -> list[tuple[str, str | None]]:
    """M3: a killed drill whose recover is killed at each of its operations, and run again."""
    results: list[tuple[str, str | None]] = []
    operations = _recovery_of(found, drill)
    for operation in (o for o in operations if only in o.what):
        for when in ("before", "after"):
            if when == "after" and "watch=" in operation.what:
                continue
            name = f"{drill.name} | recover killed {when} {operation.where}: {operation.what}"
            results.append((name, _nested_once(found, drill, operation, when, before)))
    return results


def _recovery_of(found: Bench, drill: Kill) -> list[Operation]:
    """What recover does after this kill."""
    came, done = struck(found, drill.words, drill.operation, drill.when, drill.signum)
    assert came, done.stderr
    _empty_machine(found)
    operations, done = recorded(found, RECOVER)
    assert done.code == 0, done.stderr
    return operations


def _nested_once(
    found: Bench, drill: Kill, operation: Operation, when: str, before: State
) -> str | None:
    came, done = struck(found, drill.words, drill.operation, drill.when, drill.signum)
    if not came:
        return f"the drill was not struck; it ended with {done.code}: {done.stderr[-300:]}"
    _empty_machine(found)
    came, died = struck(found, RECOVER, operation, when, signal.SIGKILL)
    if not came:
        return f"recover did not come to this; it ended with {died.code}: {died.stderr[-300:]}"
    if died.code != -9:
        return f"recover ended with {died.code}: {died.stderr[-300:]}"
    wrong = _rescued(found, "recover")
    return "; ".join(wrong + differences(before, state_of(found))) or None


def _empty_machine(found: Bench) -> None:
    """Nothing of the first machine's state is there."""
    forget_machine(found)
    found.arm("", None)
