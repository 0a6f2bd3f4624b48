"""Outages: what a stream of samples says about a fault and the recovery from it. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from alb_dr.model.drill_report import Marks, Recovery
from alb_dr.model.sample import LOST, Outcome, SampleColumns
from alb_dr.stats.binomial import clopper_pearson

CLEAN_S = 1.0
"""A stretch without a loss and without an answer of the victim that counts as recovered."""


def shares(
    samples: SampleColumns, names: Sequence[str], start_s: float, end_s: float
) -> dict[str, float]:
    """Each member's share of the good answers that were due in a span; empty without answers."""
    counts = [0] * len(names)
    for due, outcome, member in zip(samples.due_s, samples.outcome, samples.member, strict=True):
        if start_s <= due < end_s and outcome == Outcome.OK and member >= 0:
            counts[member] += 1
    total = sum(counts)
    return {n: c / total for n, c in zip(names, counts, strict=True)} if total else {}


def losses(samples: SampleColumns, start_s: float, end_s: float) -> tuple[int, int]:
    """Lost requests and all requests that were due in a span."""
    lost = total = 0
    for due, outcome in zip(samples.due_s, samples.outcome, strict=True):
        if start_s <= due < end_s:
            total += 1
            lost += outcome in LOST
    return lost, total


def clean_since(samples: SampleColumns, victim: int, after_s: float) -> float | None:
    """When the first clean stretch after a fault began; None when there is none yet.

    Clean is: no lost request and no answer of the victim for CLEAN_S, with answers in it.
    """
    rows = sorted(
        (due, outcome in LOST or member == victim, outcome == Outcome.OK)
        for due, outcome, member in zip(samples.due_s, samples.outcome, samples.member, strict=True)
        if due >= after_s
    )
    began: float | None = None
    for due, dirty, good in rows:
        if dirty:
            began = None
        elif began is None and good:
            began = due
        elif began is not None and due - began >= CLEAN_S:
            return began
    return None


def longest_gap(samples: SampleColumns, start_s: float, end_s: float) -> float:
    """The longest time without a served request, between requests that were due in a span."""
    served = sorted(
        due
        for due, outcome in zip(samples.due_s, samples.outcome, strict=True)
        if start_s <= due < end_s and outcome == Outcome.OK
    )
    edges = [start_s, *served, end_s]
    return max(b - a for a, b in pairwise(edges))


def recovery(samples: SampleColumns, *, victim: int, marks: Marks, rate: float) -> Recovery | None:
    """The recovery's clock, from the fault to the restore; None without a fault."""
    if marks.fired_s is None:
        return None
    end = marks.restored_s if marks.restored_s is not None else float("inf")
    lost_at = sorted(
        due
        for due, outcome in zip(samples.due_s, samples.outcome, strict=True)
        if marks.fired_s <= due < end and outcome in LOST
    )
    lost, total = losses(samples, marks.fired_s, end)
    clean = clean_since(samples, victim, marks.fired_s)
    last_due = max(samples.due_s, default=marks.fired_s)
    gap_end = min(end, last_due)
    bound = clopper_pearson(lost, total, 0.1)[1] if total else 1.0
    return Recovery(
        detect_s=lost_at[0] - marks.fired_s if lost_at else None,
        blackout_s=longest_gap(samples, marks.fired_s, gap_end) if gap_end > marks.fired_s else 0.0,
        brownout_s=lost_at[-1] - lost_at[0] if lost_at else 0.0,
        rta_s=clean - marks.fired_s if clean is not None and clean < end else None,
        resolution_s=1 / rate,
        requests=total,
        lost=lost,
        lost_bound=bound,
    )
