"""The memory: answers seen before, byte for byte, need no parsing.

A gateway sends the same few answers again and again (the date changes once a second), so most
answers of a fast run are found here; that saves a third of the cost of a request.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST = 1024
"""Answers remembered; with LONGEST this bounds the memory to 4 MiB."""
LONGEST = 4096
"""Bytes of the longest answer remembered, head included."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the parser made of one complete answer that came in one piece."""

    status: int
    label: bytes
    body: bytes
    cached: bool
    reusable: bool


class AnswerMemory:
    """Complete answers by their bytes.

    Only an answer that began at the start of a piece and ended with it is kept, so the parser's
    state before and after is the same and can be skipped over.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, Parsed] = {}
        self.recall = self._known.get

    def keep(self, piece: bytes, parsed: Parsed) -> None:
        """Remember an answer, unless it is long; forget all when there are too many."""
        if len(piece) > LONGEST:
            return
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[piece] = parsed
