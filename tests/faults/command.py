"""What the matrix knows of a command: its words, what makes it find work, what it may answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.faults.bench import Bench, Finished

Words = tuple[str, ...]
Step = Words | Callable[["Bench"], None]
"""A command line run behind the proxies, or a thing done there by hand."""
Agrees = Callable[["Bench", "Finished"], str | None]
"""What the exit code and the words say against what is there (safety I8); None when they agree."""


class Manner(StrEnum):
    """How a command takes the failure of a call."""

    STRICT = "strict"
    """It fails with the exit code of the cause."""
    TELLS = "tells"
    """It shows what it could not learn, and goes on."""
    JUDGES = "judges"
    """What it could not learn becomes part of its verdict."""
    RESTORES = "restores"
    """It takes back what it does, so it may also end aborted, or with the harm open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line; ``before`` are the steps that make it find work to do.

    ``after`` must succeed whatever happened to the command: as a rule the command again, which
    proves that nothing half done is in its way. ``beside`` runs all the while, and is started
    again when it has ended.

    ``optional`` are parts of paths of reads whose failure must not fail the command, ``unlisted``
    ends of paths that its documented roles may not list; one that ``shows_conflicts`` makes a
    refused dry run part of its answer, one that ``looks_at_lock_last`` reads its lock only to give
    it back. ``others`` are exit codes that are right for this command
    alone, ``ends`` those of a run that nothing disturbs: on a busy machine a verdict may lack
    samples. ``cloud``: it has credentials of the cloud, and the faults are at the cloud's calls;
    those of the APIs are another entry's. ``harms_only``: what comes before the harm is another
    entry's, too. ``only``: a part of the paths of the calls the faults are at; all others are
    another entry's.
    """

    name: str
    words: Words
    before: tuple[Step, ...] = ()
    after: tuple[Step, ...] = ()
    beside: Words = ()
    optional: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    others: frozenset[int] = frozenset()
    shows_conflicts: bool = False
    looks_at_lock_last: bool = False
    ends: frozenset[int] = frozenset({0})
    manner: Manner = Manner.STRICT
    agrees: Agrees | None = None
    cloud: bool = False
    harms_only: bool = False
    only: str = ""
    seconds: float = 15.0

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return bool(self.before or self.after)

    @property
    def waits(self) -> bool:
        """Whether it waits for what it did to be in force, and gives up some time."""
        return "--timeout" in self.words
