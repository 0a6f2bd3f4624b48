"""What an operation writes into its journal: the intent before each write, the outcome after it."""

from __future__ import annotations

from alb_dr.errors import AlbDrError
from alb_dr.ports import Journal, Narrator


class Book:
    """The journal, strict before the harm and lenient after it (safety F6)."""

    def __init__(self, journal: Journal, narrator: Narrator) -> None:
        self._journal = journal
        self._narrator = narrator
        self._told: set[str] = set()

    def intend(self, event: str, **facts: object) -> None:
        """What comes next, before the harm; a journal that fails prevents it."""
        self._journal.write(event, **facts)

    def note(self, event: str, **facts: object) -> None:
        """What comes next or was done, after it. A full disk must not look like an open drill.

        Why it cannot be written is told once, not for every event.
        """
        try:
            self._journal.write(event, **facts)
        except (AlbDrError, OSError) as error:
            words = error.message if isinstance(error, AlbDrError) else str(error)
            if words not in self._told:
                self._told.add(words)
                self._narrator.warn(f"the journal could not be written: {words}")
