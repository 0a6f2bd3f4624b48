"""The page of a saved shift."""

from __future__ import annotations

from alb_dr.model.findings import Verdict
from alb_dr.model.shift import RecountedShift, ShiftPhase, StepReport
from alb_dr.report.document import Check, Page, Section, Table
from alb_dr.report.shift_data import lost_words
from alb_dr.report.words import instant, percent, seconds


def shift_page(found: RecountedShift, *, run: str) -> Page:
    """The shift as sections. Ended by a person or by somebody else's weights it proves nothing."""
    report = found.report
    verdict = {
        ShiftPhase.DONE: Verdict.PASS,
        ShiftPhase.ABORTED: Verdict.INCONCLUSIVE,
        ShiftPhase.STOPPED: Verdict.INCONCLUSIVE,
    }.get(report.phase, Verdict.FAIL)
    started = report.timeline[0].at if report.timeline else None
    ended = report.timeline[-1].at if report.timeline else None
    return Page(
        title=f"Shift {report.request.shift_id}",
        verdict=verdict,
        word=str(report.phase).upper(),
        headline=report.why,
        sections=(_steps(found), _course(found)),
        checks=tuple(_check(n, step) for n, step in enumerate(report.steps, start=1)),
        duration_s=(ended - started).total_seconds() if started and ended else 0.0,
        started=instant(started) if started else "",
        footer=f"run {run}",
        command="shift",
    )


def _steps(found: RecountedShift) -> Section:
    members = list(found.report.start)
    rows = [
        (
            str(n),
            "/".join(str(weight) for weight in step.weights.values()),
            "/".join(percent(shares.get(name, 0.0)) for name in members),
            "yes" if step.proven else "no",
            "yes" if step.held else "no",
            seconds(step.seconds),
            str(step.requests),
            str(step.lost),
        )
        for n, (step, shares) in enumerate(zip(found.report.steps, found.shares, strict=True), 1)
    ]
    table = Table(
        header=("step", "weights", "shares", "proven", "held", "time", "requests", "lost"),
        rows=rows,
        numbers=(0, 5, 6, 7),
    )
    words = f"Weights and shares are those of {', '.join(members)}, in this order; a share "
    words += "counts the whole step, also the time before the traffic had followed."
    return Section(title="Steps", tables=(table,), sentences=(words,))


def _course(found: RecountedShift) -> Section:
    report = found.report
    now = ", ".join(f"{name} {weight}" for name, weight in report.end.items())
    facts = (
        ("reason", report.request.reason or "none given"),
        ("steady state", report.baseline),
        ("in all", lost_words(report)),
        ("weights at the end", now or "unknown"),
    )
    rows = [(instant(step.at), step.what) for step in report.timeline]
    return Section(title="Course", facts=facts, tables=(Table(header=("at", "what"), rows=rows),))


def _check(n: int, step: StepReport) -> Check:
    return Check(
        name=f"step {n}",
        verdict=Verdict.PASS if step.held else Verdict.FAIL,
        text=step.words,
        detail=lost_words(step),
    )
