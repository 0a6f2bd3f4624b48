"""Every way to fail, with the exit code and the hint it carries.

The tree, by exit code (the one table of the tool; ``docs/reference/exit-codes.md``)::

    AlbDrError                  1   a bug, when nothing below fits
    ├── BadInput                2   what the user gave cannot be used
    ├── CredentialsError        3   kubeconfig or credentials unusable
    ├── Forbidden               4   RBAC or RAM says no
    ├── Conflict                5   locked by somebody, or changed under our hands
    ├── Refused                 6   a guard rail refused
    ├── DeadlineExceeded        7   waited in vain; carries the last state seen
    ├── PartlyApplied           8   some objects were written, some were not
    ├── RestoreIncomplete      11   the undo of a drill is not proven
    ├── Unreachable            12   the API did not answer; nothing was changed
    │   └── OutcomeUnknown     12   a write may or may not have happened
    └── Rejected               13   the server refused the object
        └── NotFound           13   the object or its kind does not exist

A verdict (9, 14, 15) and an interrupted run (10, 130, 143) are results, not errors.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """What the process says when it ends; one code per cause."""

    OK = 0
    BUG = 1
    BAD_INPUT = 2
    CREDENTIALS = 3
    FORBIDDEN = 4
    CONFLICT = 5
    REFUSED = 6
    TIMED_OUT = 7
    PARTLY_APPLIED = 8
    VERDICT_FAIL = 9
    DRILL_ABORTED = 10
    RESTORE_INCOMPLETE = 11
    UNREACHABLE = 12
    REJECTED = 13
    INCONCLUSIVE = 14
    DIFFERENCES = 15
    INTERRUPTED = 130
    TERMINATED = 143


class AlbDrError(Exception):
    """A failure with words for a person: what happened to what, and what to do next.

    ``code`` is stable and may be looked up with ``alb-dr explain``.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.BUG
    default_code: ClassVar[str] = "ADR-BUG"

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or self.default_code


class BadInput(AlbDrError):
    """A flag, a file or a value that cannot be used; nothing was contacted or changed."""

    exit_code = ExitCode.BAD_INPUT
    default_code = "ADR-INPUT"


class ProjectFileErrors(BadInput):
    """Everything wrong with a project file, found in one pass, one line each."""

    default_code = "ADR-PROJECT-FILE"

    def __init__(self, complaints: Sequence[str], *, hint: str | None = None) -> None:
        super().__init__("\n".join(complaints), hint=hint)
        self.complaints = tuple(complaints)


class CredentialsError(AlbDrError):
    """A kubeconfig, a token, a certificate or an access key that cannot be used."""

    exit_code = ExitCode.CREDENTIALS
    default_code = "ADR-CREDENTIALS"


class Forbidden(AlbDrError):
    """The API knows who we are and does not let us."""

    exit_code = ExitCode.FORBIDDEN
    default_code = "ADR-FORBIDDEN"


class Conflict(AlbDrError):
    """Somebody else owns it, holds it, or changed it since we looked."""

    exit_code = ExitCode.CONFLICT
    default_code = "ADR-CONFLICT"


class Refused(AlbDrError):
    """A guard rail refused: going on would be dangerous."""

    exit_code = ExitCode.REFUSED
    default_code = "ADR-REFUSED"


class DeadlineExceeded(AlbDrError):
    """What was waited for did not come; ``message`` ends with the last state seen."""

    exit_code = ExitCode.TIMED_OUT
    default_code = "ADR-TIMEOUT"


class PartlyApplied(AlbDrError):
    """Some objects were written before one failed; running again is safe."""

    exit_code = ExitCode.PARTLY_APPLIED
    default_code = "ADR-PARTLY-APPLIED"

    def __init__(
        self,
        message: str,
        *,
        applied: Sequence[str],
        not_applied: Sequence[str],
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.applied = tuple(applied)
        self.not_applied = tuple(not_applied)


class RestoreIncomplete(AlbDrError):
    """A drill's harm may still be in force. Outranks every other failure."""

    exit_code = ExitCode.RESTORE_INCOMPLETE
    default_code = "ADR-OPEN"


class Unreachable(AlbDrError):
    """The API did not give a usable answer in time; nothing was changed."""

    exit_code = ExitCode.UNREACHABLE
    default_code = "ADR-UNREACHABLE"


class OutcomeUnknown(Unreachable):
    """A write was sent and its answer was lost; re-reading could not settle it either."""

    default_code = "ADR-OUTCOME-UNKNOWN"


class Rejected(AlbDrError):
    """The server understood and refused: validation, admission, an unknown kind."""

    exit_code = ExitCode.REJECTED
    default_code = "ADR-REJECTED"


class NotFound(Rejected):
    """The object, its namespace or its kind does not exist on this API."""

    default_code = "ADR-NOT-FOUND"


class Interruption(BaseException):
    """A signal asked us to stop. Not an Exception, so no library may swallow and retry it.

    Raised once, by the first signal; later ones are only counted (``cli/signals.py``).
    """

    def __init__(self, signum: int) -> None:
        at_deadline = "the command's deadline passed"
        by_signal = f"ended by {signal.Signals(signum).name}"
        super().__init__(at_deadline if signum == signal.SIGALRM else by_signal)
        self.signum = signum

    @property
    def is_deadline(self) -> bool:
        """Whether it was our own alarm clock: the deadline of the command."""
        return self.signum == signal.SIGALRM

    @property
    def error(self) -> DeadlineExceeded | None:
        """What a person is told at the deadline; to be ended by a signal is no error."""
        if not self.is_deadline:
            return None
        return DeadlineExceeded(
            "the command did not end within its --deadline",
            hint="whatever harmed was put back; what was written otherwise stays, and running it "
            "again is safe",
            code="ADR-DEADLINE",
        )

    @property
    def exit_code(self) -> ExitCode:
        """143 for a request to terminate, 7 at the deadline, 130 for what a terminal sends."""
        if self.is_deadline:
            return ExitCode.TIMED_OUT
        terminated = 15  # SIGTERM
        return ExitCode.TERMINATED if self.signum == terminated else ExitCode.INTERRUPTED
