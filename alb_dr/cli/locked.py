"""Who holds the lock of drills and shifts, for the commands that only say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alb_dr.errors import AlbDrError

if TYPE_CHECKING:
    from alb_dr.cli.context import Context


def lock_words(context: Context) -> str | None:
    """Who holds the lock; None when nobody does or the Fleet does not say."""
    from alb_dr.workflows.records.lease import words
    from alb_dr.workflows.recover.unlock import live_lock

    try:
        lock = live_lock(context.topology, fleet=context.fleet)
    except AlbDrError as error:
        context.narrator.warn(f"the lock cannot be read: {error.message}")
        return None
    return words(lock, context.clock.now()) if lock is not None else None


def under_way(context: Context) -> str | None:
    """The drill or shift that holds the lock, in words: whose, and where the weights stand."""
    from alb_dr.workflows.records.shift_record import read_record, record_verb, record_words

    held = lock_words(context)
    if held is None:
        return None
    try:
        found = read_record(context.topology, context.fleet)
    except AlbDrError as error:
        context.narrator.warn(f"where it stands cannot be read: {error.message}")
        return held
    if found is None or not found.is_open:
        return held
    return f"{record_verb(found)} {record_words(found)}"
