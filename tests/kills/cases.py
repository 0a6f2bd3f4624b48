"""Every instant at which a drill can be ended: recorded from whole drills, not listed by hand."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.faults.bench import Bench, Finished
from tests.faults.cases import pattern_of
from tests.kills import hook
from tests.kills.state import forget_machine

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
WHEN = ("before", "after")
FINE = frozenset({0, 14})
"""A drill so short may see too little for a verdict."""
VICTIM = "poc-ack-1"
SHORT = (
    *("--no-watchdog", "--rate", "50", "--baseline", "0.5"),
    # The sandbox is minutes old, and pods come and go in it.
    *("--override", "ADR-SURVIVOR-YOUNG"),
    *("--observe", "1.5", "--restore-timeout", "10"),
)
DRILLS: dict[str, tuple[str, ...]] = {
    "scale-to-zero": ("failover", "drill", VICTIM, "--yes", *SHORT),
    "weight-drain": ("failover", "drill", VICTIM, "--yes", *SHORT, "--fault", "weight-drain"),
}
"""The drills that are killed, by what they do; of all but the first only the writes are struck."""
PATIENCE = 10.0
"""No call is made to hang here, so one may take as long as the product lets it."""
WRITES = ("PATCH ", "POST ", "PUT ", "DELETE ")
ASKS = ("reviews",)
"""Parts of paths of POSTs that write nothing."""
LONG = ("failover", "drill", VICTIM, "--yes", *SHORT[:-4], "--observe", "12", *SHORT[-2:])
"""Long enough for signs of life; only what a short drill does not do is struck in it."""

RAMP = (
    *("failover", "drill", "poc-ack-2", "--yes", "--ramp", "--no-watchdog"),
    *("--override", "ADR-SURVIVOR-YOUNG", "--rate", "100", "--baseline", "2"),
    *("--observe", "1.5", "--restore-timeout", "40"),
)
"""The member with most of the weight: its steps are wide, and so told apart by few requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One API call (``where`` is the API) or one disk operation (``where`` is ``disk``)."""

    where: str
    what: str
    nth: int
    """Which of its like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """One signal at one instant of one drill, and who cleans up: nobody but it, or whom."""

    drill: str
    words: tuple[str, ...]
    operation: Operation
    when: str
    signum: signal.Signals
    rescuer: str = "recover"

    @property
    def name(self) -> str:
        """How the list names it."""
        place = f"{self.operation.where}: {self.operation.what} #{self.operation.nth}"
        after = f", then {self.rescuer}" if self.signum == signal.SIGKILL else ""
        return f"{self.drill} | {self.signum.name} {self.when} {place}{after}"


@contextmanager
def hooked(found: Bench, **asked: str) -> Iterator[None]:
    """Command lines started here have their disk operations counted."""
    folder = str(found.state / "proxied" / "alb-dr")
    os.environ.update({hook.FOLDER: folder, **asked})
    try:
        yield
    finally:
        for name in (hook.FOLDER, *asked):
            os.environ.pop(name, None)


def recorded(
    found: Bench, words: tuple[str, ...], *, every_write: bool = False
) -> tuple[list[Operation], Finished]:
    """Run a command line to its end; everything it asked of APIs and of the disk.

    Of a call that is made again and again, a poll, the first two count; with ``every_write`` of
    reads only.
    """
    log = found.state / "operations"
    log.unlink(missing_ok=True)
    forget_machine(found)
    found.arm("", None)
    with hooked(found, **{hook.LOG: str(log)}):
        done = found.run(words)
    calls = []
    for api, proxy in found.proxies.items():
        counted: dict[tuple[str, str], int] = {}
        for method, path in list(proxy.seen):
            key = (method, pattern_of(path))
            counted[key] = counted.get(key, 0) + 1
            operation = Operation(where=api, what=f"{method} {key[1]}", nth=counted[key])
            if counted[key] <= 2 or (every_write and is_write(operation)):
                calls.append(operation)
    lines = log.read_text().splitlines() if log.exists() else []
    return [*calls, *_on_disk(lines)], done


def _on_disk(lines: list[str]) -> Iterator[Operation]:
    counted: Counter[str] = Counter()
    for line in lines:
        counted[line] += 1
        yield Operation(where="disk", what=line, nth=counted[line])


def kills_of(found: Bench) -> list[Kill]:
    """Every instant of every drill, three signals each; SIGKILL a second time for the guard."""
    kills: list[Kill] = []
    for drill, words in DRILLS.items():
        operations = _of(found, words)
        if drill != "scale-to-zero":
            writes = [o for o in operations if is_write(o)]
            kills += [k for k in _strikes(drill, words, writes) if k.rescuer != "guard"]
            continue
        kills += _strikes(drill, words, operations)
        known = {(o.where, o.what) for o in operations if o.where != "disk"}
        signs = [
            o
            for o in _of(found, LONG)
            if o.where != "disk" and (o.where, o.what) not in known and o.nth == 1
        ]
        kills += _strikes(f"{drill} for 12 s", LONG, signs)
    return kills


def ramp_kills_of(found: Bench) -> list[Kill]:
    """Around each write that only a ramp does: the weights held, raised in steps, given back."""
    steps = [
        operation
        for operation in _of(found, RAMP, every_write=True)
        if is_write(operation) and "ingresses" in operation.what
    ]
    assert len(steps) == 4, steps
    return [k for k in _strikes("ramp", RAMP, steps) if k.rescuer != "guard"]


def _of(found: Bench, words: tuple[str, ...], *, every_write: bool = False) -> list[Operation]:
    operations, done = recorded(found, words, every_write=every_write)
    assert done.code in FINE, f"{words}: {done.code}: {done.stderr}"
    return operations


def is_write(operation: Operation) -> bool:
    """Whether it changes an object of an API."""
    asks = any(part in operation.what for part in ASKS)
    return operation.where != "disk" and operation.what.startswith(WRITES) and not asks


def _strikes(drill: str, words: tuple[str, ...], operations: list[Operation]) -> list[Kill]:
    return [
        Kill(
            drill=drill,
            words=words,
            operation=operation,
            when=when,
            signum=signum,
            rescuer=rescuer,
        )
        for operation in operations
        for when in WHEN
        if not (when == "after" and "watch=" in operation.what)
        for signum in SIGNALS
        for rescuer in (("recover", "guard") if signum == signal.SIGKILL else ("recover",))
    ]
