"""Samples made to order, for tests that measure nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from alb_dr.model.sample import NO_ANSWER, Outcome, Sample, SampleColumns

STATUS = {Outcome.OK: 200, Outcome.REDIRECT: 302, Outcome.CLIENT_ERROR: 404}


def a_sample(member: int = 0, *, at_s: float = 0.0, **changes: object) -> Sample:
    """A served request of 5 ms."""
    outcome = Outcome(changes.pop("outcome", Outcome.OK))  # type: ignore[arg-type]
    values: dict[str, object] = {
        "due_s": at_s,
        "sent_s": at_s,
        "first_byte_s": at_s + 0.004,
        "finished_s": at_s + 0.005,
        "status": STATUS.get(outcome, 503 if outcome is Outcome.SERVER_ERROR else 0),
        "outcome": outcome,
        "member": member if outcome in STATUS or outcome is Outcome.SERVER_ERROR else NO_ANSWER,
        "reused": False,
        "address": 0,
    }
    return Sample(**(values | changes))  # type: ignore[arg-type]


def columns_of(samples: Sequence[Sample]) -> SampleColumns:
    """The samples as columns."""
    columns = SampleColumns()
    for sample in samples:
        columns.append(sample)
    return columns


def answers(*counts: int, rate: float = 100.0, seed: int = 1) -> SampleColumns:
    """Served answers, so many by each member, in random order."""
    members = [n for n, count in enumerate(counts) for _ in range(count)]
    random.Random(seed).shuffle(members)
    return columns_of([a_sample(m, at_s=n / rate) for n, m in enumerate(members)])


def batches(columns: SampleColumns, size: int) -> Iterator[SampleColumns]:
    """The same samples in batches."""
    samples = list(columns)
    for start in range(0, len(samples), size):
        yield columns_of(samples[start : start + size])
