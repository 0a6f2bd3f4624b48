"""The charts of a drill: who answered, what was lost, how long it took, and the instants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alb_dr.model.drill_report import DrillReport, Slice
from alb_dr.report.document import Chart, ChartKind, Mark, Series
from alb_dr.report.loss_chart import loss_chart
from alb_dr.report.words import loss_word

CLOSE = 0.035
"""Marks nearer to each other than this part of the plot would be written over each other."""


def shift_chart(report: DrillReport) -> Iterator[Chart]:
    """Each member's share of the answers, slice by slice; a gap where nobody answered."""
    course = report.course
    if len(course) > 1:
        yield Chart(
            kind=ChartKind.LINES,
            title="Who answered",
            caption="Share of the answers of each slice of time; a gap means that nobody did.",
            x=[_middle(part) for part in course],
            series=[
                Series(name=name, y=[_share(part, n) for part in course])
                for n, name in enumerate(report.run.members)
            ],
            x_label="seconds since the beginning",
            y_label="share, %",
            marks=instants(report),
        )


def lost_chart(report: DrillReport) -> Iterator[Chart]:
    """Lost requests by class over time; nothing when there are none."""
    course = report.course
    names = dict.fromkeys(name for part in course for name in part.lost)
    counts = {loss_word(name): [part.lost.get(name, 0) for part in course] for name in names}
    if course:
        x = [part.start_s for part in course]
        yield from loss_chart(x, course[0].width_s, counts, instants(report))


def latency_course(report: DrillReport) -> Iterator[Chart]:
    """Latency of the answers over time."""
    course = report.course
    if len(course) > 1 and any(part.p95_s for part in course):
        yield Chart(
            kind=ChartKind.LINES,
            title="Latency of what was answered",
            caption="From the instant a request was due to the end of its answer.",
            x=[_middle(part) for part in course],
            series=[
                Series(name="median", y=[_ms(part.p50_s) for part in course]),
                Series(name="95th percentile", y=[_ms(part.p95_s) for part in course]),
            ],
            x_label="seconds since the beginning",
            y_label="milliseconds",
            marks=instants(report),
        )


def instants(report: DrillReport) -> tuple[Mark, ...]:
    """The drill's instants in order. One that is too near the one before shares its line."""
    marks, found = report.run.marks, report.recovery
    fault_s = marks.sent_s if marks.sent_s is not None else marks.fired_s
    if fault_s is None:
        return ()
    recovered_s = found.clock.rta_s if found is not None else None
    named = [
        (fault_s, "fault"),
        (fault_s + recovered_s if recovered_s is not None else None, "recovered"),
        (marks.restored_s, "restored"),
        (_back_s(report), "back"),
    ]
    span_s = max((part.start_s + part.width_s for part in report.course), default=1.0)
    return _apart([Mark(at=at, name=name) for at, name in named if at is not None], span_s)


def _back_s(report: DrillReport) -> float | None:
    """When the member had its share again."""
    restored_s, found = report.run.marks.restored_s, report.recovery
    if restored_s is None or found is None or found.back is None or found.back.seconds is None:
        return None
    return restored_s + found.back.seconds


def _apart(marks: Sequence[Mark], span_s: float) -> tuple[Mark, ...]:
    kept: list[Mark] = []
    for mark in marks:
        if kept and mark.at - kept[-1].at < CLOSE * span_s:
            kept[-1] = Mark(at=kept[-1].at, name=f"{kept[-1].name}, {mark.name}")
        else:
            kept.append(mark)
    return tuple(kept)


def _middle(part: Slice) -> float:
    return part.start_s + part.width_s / 2


def _share(part: Slice, n: int) -> float | None:
    total = sum(part.members)
    return 100 * part.members[n] / total if total else None


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1e3 * seconds
