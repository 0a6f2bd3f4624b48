"""M13: what a test may not leave behind: processes, descriptors, threads, temporary files.

Cheap enough for every test: 0.1 ms when nothing was left.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvloop

MARK = "ADR_TESTS_OF"
"""In the environment of every process that descends from this one, however far."""
PATIENCE_S = 3.0
"""What is on its way out (a daemon that was told to end, a thread that was woken) may take so long.
"""
LASTING = ("pytest_timeout", "execnet")
"""Beginnings of the names of threads that belong to the test runner."""
STANDING = ("/dev/urandom", "/dev/null")
"""Descriptors that a library keeps for good once it was used."""
FONTS = "/mpl-data/fonts/"
"""The plotting library keeps the fonts it has drawn with open."""
OWN = ("0", "1", "2")
"""The test runner's own streams, which it points now here, now there."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What this process holds at one instant."""

    processes: frozenset[str]
    descriptors: frozenset[str]
    threads: frozenset[str]
    files: frozenset[str]

    def left_since(self, before: Seen) -> list[str]:
        """What is here now and was not then."""
        return [
            f"{kind}: {', '.join(sorted(left))}"
            for kind in self.__slots__
            if (left := getattr(self, kind) - getattr(before, kind))
        ]


def seen() -> Seen:
    """A look at this process and its temporary folder."""
    return Seen(
        processes=frozenset(_children()),
        descriptors=frozenset(_descriptors()),
        threads=frozenset(
            f"{t.name} ({t.ident})" for t in threading.enumerate() if not t.name.startswith(LASTING)
        ),
        files=frozenset(p.name for p in Path(tempfile.gettempdir()).iterdir()),
    )


def _children() -> Iterator[str]:
    """Children of this process, dead ones nobody waited for, too."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return
    for pid, words in _processes():
        with suppress(OSError, ValueError, IndexError):
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            if int(stat[1]) == os.getpid():
                yield f"{pid} ({stat[0]}) {words}"


def _processes() -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                yield int(entry.name), words.decode(errors="replace").strip()[:120]


def _descriptors() -> Iterator[str]:
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            target = str(entry.readlink())
            standing = target.startswith(STANDING) or FONTS in target or entry.name in OWN
            if not standing and "/proc/" not in target:
                yield f"{entry.name} {target}"


def descendants() -> frozenset[str]:
    """Processes that carry our mark but are no longer our children: daemons a test started."""
    wanted = f"{MARK}={os.environ.get(MARK, '')}".encode()
    found = []
    for pid, words in _processes():
        if pid == os.getpid():
            continue
        with suppress(OSError):
            if wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append(f"{pid} {words}")
    return frozenset(found)


@contextmanager
def nothing_left(look: Callable[[], list[str]]) -> Iterator[None]:
    """``look`` says what was left since this began; the test fails when that stays so."""
    yield
    left = look()
    end = time.monotonic() + PATIENCE_S
    while left and time.monotonic() < end:
        gc.collect()
        time.sleep(0.02)
        left = look()
    assert not left, f"left behind: {'; '.join(left)}"


@contextmanager
def watched() -> Iterator[None]:
    """Nothing of this process may be left at the end of this block."""
    before = seen()
    with nothing_left(lambda: seen().left_since(before)):
        yield


@contextmanager
def watched_widely() -> Iterator[None]:
    """The same, and no process that was started in between lives on, whoever its parent is."""
    before, others = seen(), descendants()
    with nothing_left(
        lambda: (
            seen().left_since(before)
            + [f"daemon: {words}" for words in sorted(descendants() - others)]
        )
    ):
        yield


def warm_up() -> None:
    """Let a library open now what it keeps for good: libuv has one pipe for signals a process."""
    loop = uvloop.new_event_loop()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def own_temporary_folder() -> Path:
    """Give this process, and what it starts, a temporary folder of its own; short, for sockets."""
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    os.environ[MARK] = f"{os.getpid()}-{time.monotonic_ns()}"
    made = Path(tempfile.mkdtemp(prefix="t", dir=os.environ["PYTEST_DEBUG_TEMPROOT"]))
    os.environ["TMPDIR"] = str(made)
    tempfile.tempdir = None
    return made


def remove(folder: Path) -> None:
    """Take the folder away again."""
    shutil.rmtree(folder, ignore_errors=True)
