"""An error as lines on stderr."""

from __future__ import annotations

from alb_dr.cli.narrator import say
from alb_dr.errors import AlbDrError, RestoreIncomplete


def tell(error: AlbDrError) -> None:
    """Say the error on stderr; what to do next stands in the last line."""
    for line in describe(error):
        say(line)


def describe(error: AlbDrError) -> list[str]:
    """The lines a person reads: one reason (or one per complaint), then one hint."""
    loud = "RESTORE INCOMPLETE" if isinstance(error, RestoreIncomplete) else "error"
    complaints = getattr(error, "complaints", None)
    lines = list(complaints) if complaints else [f"{loud}[{error.code}]: {error.message}"]
    for word, listed in (
        ("applied", getattr(error, "applied", ())),
        ("not applied", getattr(error, "not_applied", ())),
    ):
        lines += [f"  {word}: {item}" for item in listed]
    if error.hint:
        lines.append(f"  hint: {error.hint}")
    return lines
