"""A narrator that remembers, and a clock that moves only when told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from alb_dr.model.manifest import Document


class TellTale:
    """Remembers everything that was said."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self.lives: list[Document] = []

    @contextmanager
    def phase(self, title: str) -> Iterator[None]:
        """Remember the title."""
        self.phases.append(title)
        yield

    def note(self, text: str) -> None:
        """Remember."""
        self.notes.append(text)

    def warn(self, text: str) -> None:
        """Remember."""
        self.warnings.append(text)

    def progress(self, done: float, total: float, text: str = "") -> None:
        """Forget: how far something is says nothing afterwards."""

    def live(self, document: Document) -> None:
        """Remember."""
        self.lives.append(document)


class StillClock:
    """Stands still unless slept on."""

    def __init__(self, now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)) -> None:
        self._now = now
        self._elapsed_s = 1000.0

    def now(self) -> datetime:
        """The wall clock."""
        return self._now

    def monotonic(self) -> float:
        """Seconds; a look takes a second, so that a live view may be drawn each time."""
        self._elapsed_s += 1.0
        return self._elapsed_s

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self._elapsed_s += seconds
        self._now += timedelta(seconds=seconds)
