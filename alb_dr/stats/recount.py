"""Counting a saved shift again: requests, losses and shares, from its samples alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from alb_dr.errors import BadInput
from alb_dr.model.sample import Outcome, SampleColumns
from alb_dr.model.shift import LossCount, RecountedShift, ShiftReport


def recount(
    report: ShiftReport, batches: Iterable[SampleColumns], *, members: Sequence[str]
) -> RecountedShift:
    """The report with its numbers counted again, and each member's share in every step.

    Failures of the measuring machine are no requests, as in the shift itself. Raises BadInput
    when the samples end before the last step does: the file was cut.
    """
    samples = SampleColumns()
    for columns in batches:
        samples.extend(columns)
    last = max((step.end for step in report.steps), default=0)
    if last > len(samples):
        raise BadInput(f"the samples are cut short: {len(samples)} of at least {last} are there")
    steps, shares = [], []
    for step in report.steps:
        steps.append(replace(step, **_counts(samples, step.first, step.end)))
        shares.append(_shares(samples, step.first, step.end, members))
    counted = replace(report, steps=tuple(steps), **_counts(samples, 0, len(samples)))
    return RecountedShift(report=counted, shares=tuple(shares))


def _counts(samples: SampleColumns, first: int, end: int) -> dict[str, Any]:
    return asdict(LossCount.of(Counter(samples.outcome[first:end])))


def _shares(
    samples: SampleColumns, first: int, end: int, members: Sequence[str]
) -> dict[str, float]:
    """Of the answers that name a member; before any of them everybody's share is 0."""
    pairs = zip(samples.member[first:end], samples.outcome[first:end], strict=True)
    served = Counter(member for member, outcome in pairs if outcome == Outcome.OK)
    answers = sum(served[n] for n in range(len(members)))
    return {name: served[n] / answers if answers else 0.0 for n, name in enumerate(members)}
