"""What a person is told who sends one signal after another while a drill is taken back (F3)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alb_dr.cli.signals import Signals

OFFER_AT = 3
"""The signal at which somebody is about to kill the process, and should know what happens then."""


@contextmanager
def told(
    signals: Signals, left_s: Callable[[], float | None], *, drill: str, watched: bool
) -> Iterator[None]:
    """While this lasts each repeated signal is answered with how long the restore may take.

    ``left_s`` is None before the restore began. ``watched`` says whether a watchdog runs.
    """

    def answer(count: int) -> None:
        with suppress(OSError):
            os.write(2, words(count, left_s(), drill=drill, watched=watched).encode())

    signals.on_repeat = answer
    try:
        yield
    finally:
        signals.on_repeat = None


def words(count: int, left_s: float | None, *, drill: str, watched: bool) -> str:
    """The answer to one more signal, with its line ends."""
    if left_s is None:
        said = "stopping: putting things back first\n"
    else:
        said = f"restoring, {max(0.0, left_s):.0f} s left\n"
    return said + _offer(drill, watched=watched) if count == OFFER_AT else said


def _offer(drill: str, *, watched: bool) -> str:
    """Who restores when this process is killed, and where that is seen."""
    if watched:
        who = "if this process is killed now, its watchdog restores at once"
    else:
        who = (
            "if this process is killed now, a guard installed in the member restores at the "
            f"drill's deadline; without one: alb-dr failover recover --execute --drill {drill}"
        )
    return f"{who} (see it: alb-dr failover status)\n"
