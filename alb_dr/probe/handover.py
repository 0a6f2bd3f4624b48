"""The handover: samples from the thread that measures to the thread that reads them."""

from __future__ import annotations

import threading

from alb_dr.model.sample import SampleColumns


class Handover:
    """A box that is filled many samples at a time, so that no request pays for a lock."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting = SampleColumns()
        self._finished = False

    def put(self, columns: SampleColumns) -> None:
        """Hand over samples; the giver must not touch them afterwards."""
        if not columns:
            return
        with self._changed:
            if self._waiting:
                self._waiting.extend(columns)
            else:
                self._waiting = columns
            self._changed.notify_all()

    def take(self, wait_s: float) -> SampleColumns:
        """Everything handed over since the last call; waits up to ``wait_s`` for the first."""
        with self._changed:
            if wait_s > 0:
                self._changed.wait_for(lambda: bool(self._waiting) or self._finished, wait_s)
            taken, self._waiting = self._waiting, SampleColumns()
            return taken

    def finish(self) -> None:
        """No more will come."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    @property
    def finished(self) -> bool:
        """Whether the giver is done and everything was taken."""
        with self._changed:
            return self._finished and not self._waiting
