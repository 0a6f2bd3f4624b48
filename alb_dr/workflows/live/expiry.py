"""When what a drill left on an object is nobody's any more, whatever clock wrote its deadline."""

from __future__ import annotations

from datetime import datetime, timedelta

from alb_dr.model.drill import MOST_EXPIRY_S
from alb_dr.model.instant import instant_of
from alb_dr.model.manifest import Manifest
from alb_dr.workflows.live.field_owners import changed_at
from alb_dr.workflows.records.drill_record import ANNOTATION


def expires_at(target: Manifest, deadline: str) -> datetime | None:
    """The deadline of a record an object carries, or when no drill can live any more (F46).

    The deadline is by the clock of a machine that may be wrong by years; when the record was
    written, the API server says. None for a deadline that cannot be read.
    """
    due = instant_of(deadline)
    written = changed_at(target, "metadata", "annotations", ANNOTATION)
    if due is None or written is None:
        return due
    return min(due, written + timedelta(seconds=MOST_EXPIRY_S))
