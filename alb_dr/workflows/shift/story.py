"""The story of a shift: what its narrator tells, kept with the instants for the report."""

from __future__ import annotations

from contextlib import AbstractContextManager

from alb_dr.model.drill_report import Step
from alb_dr.model.manifest import Document
from alb_dr.ports import Clock, Narrator


class Story:
    """A narrator that passes everything on and keeps every action, remark and warning.

    What is told live and what the saved report tells are the same by that.
    """

    def __init__(self, narrator: Narrator, *, clock: Clock) -> None:
        self._narrator = narrator
        self._clock = clock
        self.timeline: list[Step] = []

    def phase(self, title: str) -> AbstractContextManager[None]:
        """Something that takes time; kept with the instant of its beginning."""
        self._keep(title)
        return self._narrator.phase(title)

    def note(self, text: str) -> None:
        """Something worth knowing."""
        self._keep(text)
        self._narrator.note(text)

    def warn(self, text: str) -> None:
        """Something that should be looked at."""
        self._keep(f"warning: {text}")
        self._narrator.warn(text)

    def end(self, text: str) -> None:
        """How it ended, which the answer says; kept, and not told a second time."""
        self._keep(text)

    def progress(self, done: float, total: float, text: str = "") -> None:
        """How far the current phase is; that is no event."""
        self._narrator.progress(done, total, text)

    def live(self, document: Document) -> None:
        """The newest state of a live view; no event."""
        self._narrator.live(document)

    def _keep(self, what: str) -> None:
        self.timeline.append(Step(at=self._clock.now(), what=what))
