"""Cron schedules as Argo CD reads them: five fields, names, steps, and the @words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_ANY = frozenset({"*", "?"})
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Cron:
    """When something begins: minutes, hours, days of the month, months, days of the week."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    """Both days are restricted: one of them suffices (the rule of every cron)."""

    @staticmethod
    def parse(text: str) -> Cron:
        """The schedule of a text; ValueError for one that is none."""
        fields = _WORDS.get(text.strip().lower(), text).split()
        try:
            minutes, hours, days, months, weekdays = (
                _values(field, number) for number, field in enumerate(fields[: len(_BOUNDS) + 1])
            )
        except (ValueError, IndexError):
            raise ValueError(f"{text!r} is no schedule of five fields") from None
        either = fields[2][0] not in _ANY and fields[4][0] not in _ANY
        return Cron(minutes, hours, days, months, frozenset(d % 7 for d in weekdays), either)

    def begins(self, at: datetime) -> bool:
        """Whether something begins in the minute of ``at``, in that time's own zone."""
        day, weekday = at.day in self.days, at.isoweekday() % 7 in self.weekdays
        right_day = day or weekday if self.either_day else day and weekday
        return (
            right_day
            and at.minute in self.minutes
            and at.hour in self.hours
            and at.month in self.months
        )

    def last_begin(self, now: datetime, *, within: timedelta) -> datetime | None:
        """The latest begin in the span that ends ``now``; None when there is none.

        Whole days that cannot begin anything are skipped, so a year costs no more than a day.
        """
        first = now - within
        at = now.replace(second=0, microsecond=0)
        while at > first:
            if self._day_matches(at):
                if self.begins(at):
                    return at
                at -= _MINUTE
            else:
                at = at.replace(hour=0, minute=0) - _MINUTE
        return None

    def _day_matches(self, at: datetime) -> bool:
        day, weekday = at.day in self.days, at.isoweekday() % 7 in self.weekdays
        right_day = day or weekday if self.either_day else day and weekday
        return right_day and at.month in self.months


def _values(field: str, number: int) -> frozenset[int]:
    return frozenset(v for part in field.split(",") for v in _part(part, number))


def _part(part: str, number: int) -> range:
    low, high = _BOUNDS[number]
    span, _, step = part.partition("/")
    if span in _ANY:
        first, last = low, high
    else:
        begin, _, end = span.partition("-")
        first = _number(begin, number)
        # "5/15" runs to the end of the field, a bare "5" does not.
        last = _number(end, number) if end else high if step else first
    every = int(step) if step else 1
    if every < 1 or not low <= first <= last <= high:
        raise ValueError(part)
    return range(first, last + 1, every)


def _number(text: str, number: int) -> int:
    names = {3: _MONTHS, 4: _DAYS}.get(number, ())
    if text.lower() in names:
        return names.index(text.lower()) + (1 if number == 3 else 0)
    return int(text)
