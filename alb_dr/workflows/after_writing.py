"""After writing: a failure that comes then must not read as if nothing had been changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from alb_dr.errors import AlbDrError, DeadlineExceeded, PartlyApplied, RestoreIncomplete


@contextmanager
def after_writing(written: Iterable[object]) -> Iterator[None]:
    """What fails in here fails after these were written: PartlyApplied names them.

    ``written`` may grow meanwhile; while it is empty the failure is raised as it is. A time-out
    says by itself that the writing was done.
    """
    try:
        yield
    except (DeadlineExceeded, PartlyApplied, RestoreIncomplete):
        raise
    except AlbDrError as error:
        done = [str(each) for each in written]
        if not done:
            raise
        raise PartlyApplied(
            f"something was written before this failed: {error.message}",
            applied=done,
            not_applied=(),
            hint=hint_after_writing(error.hint),
        ) from error


def hint_after_writing(hint: str | None, *, again: str = "the same command") -> str:
    """A call's hint for whoever has written before, which the call does not know."""
    claim = " nothing was changed"
    kept = (hint or "mend the cause").replace(f";{claim}", "").replace(f"?{claim}", "?")
    joint = "" if kept.endswith("?") else ";"
    return f"{kept}{joint} running {again} again is safe"
