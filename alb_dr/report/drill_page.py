"""The page of a drill."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.model.drill_report import DrillOutcome, DrillReport, DrillRun, Recovery
from alb_dr.model.findings import Verdict
from alb_dr.model.verify import Latency
from alb_dr.report.document import Check, Page, Section, Table
from alb_dr.report.drill_charts import latency_course, lost_chart
from alb_dr.report.drill_clock import clock_section
from alb_dr.report.words import (
    instant,
    loss_word,
    milliseconds,
    percent,
    seconds,
    small_percent,
)
from alb_dr.stats.drill_findings import rto_verdict

VERDICTS = {
    DrillOutcome.SUCCEEDED: Verdict.PASS,
    DrillOutcome.FAILED: Verdict.FAIL,
    DrillOutcome.RESTORE_INCOMPLETE: Verdict.FAIL,
}
"""Harm that may still be in force is the worst of failures. Every other outcome proves nothing."""


def drill_page(report: DrillReport) -> Page:
    """The report as sections."""
    run, found = report.run, report.recovery
    measured = (clock_section(report, found), _losses(report, found)) if found else ()
    return Page(
        title=f"Drill {run.plan.drill_id}: {run.plan.victim} fails",
        verdict=VERDICTS.get(report.outcome, Verdict.INCONCLUSIVE),
        word=str(report.outcome).replace("_", " "),
        headline=report.why,
        sections=(
            *measured,
            _shares(report),
            _latencies(report),
            _timeline(run),
            _paths(run),
            _conditions(run),
        ),
        findings=report.findings,
        checks=tuple(_checks(report)),
        duration_s=max((part.start_s + part.width_s for part in report.course), default=0.0),
        started=instant(run.started) if run.started else "",
        footer=f"run {run.name}" if run.name else "",
        command="drill",
    )


def _losses(report: DrillReport, found: Recovery) -> Section:
    loss = found.loss
    classes = [
        (loss_word(name), str(count), small_percent(count / loss.of))
        for name, count in found.classes.items()
    ]
    kinds = [
        (name, str(kind.requests), str(kind.lost), _after(kind.first_lost_s),
         _after(kind.last_lost_s), seconds(kind.blackout_s), _after(kind.rta_s))
        for name, kind in (("fresh", found.fresh), ("kept", found.kept))
        if kind.requests
    ]  # fmt: skip
    return Section(
        title="Lost requests",
        tables=(
            Table(header=("what became of them", "requests", "share"), rows=classes,
                  numbers=(1, 2)),
            Table(header=("connection", "requests", "lost", "first lost", "last lost",
                          "longest gap", "recovered"), rows=kinds, numbers=(1, 2, 3, 4, 5, 6)),
        ),
        sentences=tuple(_about_losses(found)),
        charts=tuple(lost_chart(report)),
    )  # fmt: skip


def _about_losses(found: Recovery) -> Iterator[str]:
    loss = found.loss
    yield (
        f"While the fault was in force {loss.lost} of {loss.of} requests were lost "
        f"({small_percent(loss.rate)}); the true rate is at most {percent(loss.high, 2)} "
        "(99.9 % sure)."
    )
    if found.back is not None:
        back = found.back
        took = seconds(back.seconds) if back.seconds is not None else "not within the measurement"
        yield (
            f"On the way back {back.loss.lost} of {back.loss.of} requests were lost; the member "
            f"had its former share again after: {took}."
        )


def _after(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _shares(report: DrillReport) -> Section:
    columns = (report.shares_before, report.shares_during, report.shares_after)
    rows = [
        (name, *(percent(shares[name]) if name in shares else "no answers" for shares in columns))
        for name in report.run.members
    ]
    # A drill that was cut short may have been measured no further than its restore.
    is_back = report.run.marks.recovered_s is not None
    last = "at the end" if is_back else "when measuring ended"
    found = report.recovery
    recovered = found is not None and found.clock.rta_s is not None
    during = "after the recovery" if recovered else "under the fault"
    header = ("member", "before", during, last)
    return Section(
        title="Shares",
        tables=(Table(header=header, rows=rows, numbers=(1, 2, 3)),),
    )


def _latencies(report: DrillReport) -> Section:
    lines = (("before", report.latency_before), ("under the fault", report.latency_during))
    rows = [(name, *_quantiles(found)) for name, found in lines if found is not None]
    header = ("from due to answered", "median", "p90", "p99", "longest")
    return Section(
        title="Latency",
        tables=(Table(header=header, rows=rows, numbers=(1, 2, 3, 4)),) if rows else (),
        sentences=() if rows else ("Nothing was answered.",),
        charts=tuple(latency_course(report)),
    )


def _quantiles(found: Latency) -> tuple[str, ...]:
    return tuple(milliseconds(v) for v in (found.p50, found.p90, found.p99, found.highest))


def _timeline(run: DrillRun) -> Section:
    fault_s = run.marks.sent_s if run.marks.sent_s is not None else run.marks.fired_s
    rows = []
    for step in run.timeline:
        since = ""
        if run.started is not None and fault_s is not None:
            since = f"{(step.at - run.started).total_seconds() - fault_s:+.2f} s"
        at = f"{step.at:%H:%M:%S}.{step.at.microsecond // 1000:03d}"
        rows.append((at, since, step.what))
    table = Table(
        header=("UTC", "from the fault", "what was done and seen"), rows=rows, numbers=(1,)
    )
    return Section(title="Timeline", tables=(table,))


def _paths(run: DrillRun) -> Section:
    sentences = [f"Tested: the path {run.path_tested}."]
    sentences += [f"Not tested: {each}." for each in run.not_tested]
    return Section(title="What this tested, and what it did not", sentences=tuple(sentences))


def _conditions(run: DrillRun) -> Section:
    facts = [
        ("reason", run.plan.reason),
        ("target", run.url or "unknown"),
        ("addresses", ", ".join(run.addresses) or "unknown"),
        ("load", f"{run.plan.rate:g} requests/s, kept and fresh connections by turns"),
    ]
    if run.prober is not None:
        lag = f"{milliseconds(run.prober.late_p50_s)} median, "
        facts.append(("send lag", f"{lag}{milliseconds(run.prober.late_p99_s)} p99"))
        facts.append(("prober", run.prober.invalid or "kept up"))
    return Section(title="Conditions", facts=tuple(facts))


def _course_verdict(report: DrillReport) -> Verdict:
    """Whether it was a whole drill, whatever the traffic said."""
    if report.outcome is DrillOutcome.RESTORE_INCOMPLETE:
        return Verdict.FAIL
    judged = report.outcome in {*VERDICTS, DrillOutcome.INCONCLUSIVE}
    return Verdict.PASS if judged and report.recovery else Verdict.INCONCLUSIVE


def _checks(report: DrillReport) -> Iterator[Check]:
    """One test case for each thing that can be wrong; an outcome that proves nothing is one."""
    run, found = report.run, report.recovery
    yield Check(
        name="the drill ran its course and was taken back",
        verdict=_course_verdict(report),
        text=f"{report.outcome}: {report.why}",
    )
    yield Check(
        name="the prober kept up",
        verdict=Verdict.INCONCLUSIVE if run.unproven else Verdict.PASS,
        text=run.unproven or "yes",
    )
    if found is None:
        return
    details = {finding.code: finding.text for finding in report.findings}
    parts = [
        (f"recovered within {run.rto_s:g} s", rto_verdict(run, found), "RTO"),
        ("requests are served under the fault", found.loss.verdict, "LOSS"),
    ]
    if found.back is not None:
        parts.append(("requests are served on the way back", found.back.loss.verdict, "RETURN"))
    void = f"not decided, {run.unproven}: " if run.unproven else ""
    for name, verdict, code in parts:
        yield Check(
            name=name,
            verdict=verdict,
            text=void + details.get(f"ADR-DRILL-{code}", "none was lost"),
        )
