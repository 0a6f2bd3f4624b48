"""Signals: the first one interrupts the work, later ones only say what is left.

Python runs no ``finally`` on an unhandled SIGTERM, so turning it into an exception is part of the
safety of a drill, not a nicety.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from alb_dr.errors import Interruption

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

AGAIN_S = 0.02
"""After so long a signal that Python dropped is sent once more: longer than any destructor runs."""
CAUGHT = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What a terminal, a supervisor and a closed session send."""


class Signals:
    """Turns the first caught signal into one Interruption; counts the others.

    ``on_repeat`` is called with the number of signals so far for each later one; a drill's
    restore sets it to say how long it still needs.
    """

    def __init__(self) -> None:
        self.count = 0
        self._shields = 0
        self._held: int | None = None
        self.on_repeat: Callable[[int], None] | None = None
        self._hook = sys.unraisablehook

    def install(self) -> None:
        """Take over the signals of this process. A broken pipe is an error, not a death."""
        sys.unraisablehook = self._dropped
        for signum in CAUGHT:
            if signal.getsignal(signum) is not signal.SIG_IGN or signum == signal.SIGINT:
                signal.signal(signum, self._caught)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    def alarm(self, seconds: float) -> None:
        """Interrupt the work after so long, like a signal: what harms is taken back first."""
        signal.signal(signal.SIGALRM, self._caught)
        signal.setitimer(signal.ITIMER_REAL, seconds)

    @staticmethod
    def ignore() -> None:
        """Take no more signals: the work is done, and the interpreter is about to end.

        While it ends Python puts the default handlers back, and a late Ctrl-C would turn a
        proven restore into a death by signal.
        """
        for signum in (*CAUGHT, signal.SIGALRM):
            signal.signal(signum, signal.SIG_IGN)

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Let no signal into this block; one that came is raised at its end.

        Taking back the harm of a drill must not be cut short by the signal that asks for it.
        """
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
        if self._held is not None and not self._shields:
            held, self._held = self._held, None
            raise Interruption(held)

    def settle(self) -> None:
        """The work is over: from now on a signal cuts nothing short, and ``late`` tells of it."""
        self._shields += 1
        self.on_repeat = _say_result_follows

    @property
    def late(self) -> Interruption | None:
        """The signal that came since ``settle``, if one did."""
        return Interruption(self._held) if self._held is not None else None

    def resume(self) -> None:
        """There is more to be done after ``settle``. Raises the signal that came meanwhile."""
        self.on_repeat = None
        with self.shield():
            self._shields -= 1

    def _dropped(self, what: UnraisableHookArgs) -> None:
        """Send a signal anew that came in a destructor or the callback of a weak reference.

        Python runs those between any two instructions, and drops what is raised in them: the
        drill would go on as if nobody had asked it to stop.
        """
        if not isinstance(what.exc_value, Interruption):
            self._hook(what)
            return
        self.count = 0
        # What is raised in this hook is dropped, too: it must come from elsewhere, and later.
        again = threading.Timer(AGAIN_S, os.kill, (os.getpid(), what.exc_value.signum))
        again.daemon = True
        again.start()

    def _caught(self, signum: int, _frame: FrameType | None) -> None:
        self.count += 1
        if self.count == 1 and self._shields:
            self._held = signum
        elif self.count == 1:
            raise Interruption(signum)
        if self.on_repeat is not None:
            self.on_repeat(self.count)
        else:
            with suppress(OSError):
                os.write(2, b"stopping: putting things back first\n")


def _say_result_follows(_count: int) -> None:
    with suppress(OSError):
        os.write(2, b"all is done; the result follows\n")


SIGNALS = Signals()
"""The one instance of the process; ``main`` installs it."""
