"""The judgement of a drill: from its samples and its saved description to the report. Pure.

The running drill and `alb-dr report` call the same functions, so a saved run says what was said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from alb_dr.model.drill_report import DrillOutcome, DrillReport, DrillRun, Recovery
from alb_dr.model.findings import Finding, Severity, Verdict, worst
from alb_dr.model.sample import SampleColumns
from alb_dr.model.verify import Latency
from alb_dr.stats.drill_curve import curve
from alb_dr.stats.drill_findings import RTO, findings_of, rto_verdict, slower
from alb_dr.stats.histogram import Histogram
from alb_dr.stats.judgement import loss, too_many_nameless
from alb_dr.stats.latency import summary
from alb_dr.stats.outage import (
    AMBIGUOUS_CLASS,
    UNATTRIBUTED_CLASS,
    WINDOW_S,
    Phases,
    Seen,
    loss_classes,
    shares_of,
)
from alb_dr.stats.pacing import LEAST_PROBES
from alb_dr.stats.recovery import SURENESS, phases_of, recovery

UNLIKELY = 1 - SURENESS
"""A member that serves answers nothing by chance less often than this."""


def unsteady(run: DrillRun, samples: SampleColumns) -> str | None:
    """Why the traffic before the fault allows no drill, or None when it does."""
    return _unsteady(run, phases_of(run, samples).before)


def _unsteady(run: DrillRun, before: Sequence[Seen]) -> str | None:
    if not any(seen.loss_class is None for seen in before):
        answered = any(seen.loss_class in _NAMELESS for seen in before)
        what = "no answer names a member" if answered else "no request was answered"
        return f"{what} before the fault; nothing was harmed"
    classes = loss_classes(before)
    nameless = sum(classes.get(name, 0) for name in _NAMELESS)
    if too_many_nameless(nameless, len(before)):
        words = f"{nameless} of {len(before)} answers before the fault name no member, or several"
        return f"{words}; nothing was harmed"
    lost = sum(classes.values())
    if lost > run.max_error_rate * len(before):
        return f"{lost} of {len(before)} requests were lost before the fault; nothing was harmed"
    answered_by = shares_of(before, run.members)
    if not answered_by.get(run.plan.victim):
        return f"{run.plan.victim} answered nothing before the fault; nothing was harmed"
    return _silent(run, len(before) - lost, answered_by)


def _silent(run: DrillRun, answers: int, answered_by: Mapping[str, float]) -> str | None:
    """A survivor that has a weight but answers nothing: it would not take over either."""
    total = sum(run.weights.values())
    for name, weight in run.weights.items():
        if name == run.plan.victim or not weight or answered_by.get(name):
            continue
        by_chance = (1 - weight / total) ** answers
        if by_chance < UNLIKELY:
            return (
                f"{name} has weight {weight}, but none of {answers} answers before the fault was "
                "its; nothing was harmed"
            )
    return None


_NAMELESS = (UNATTRIBUTED_CLASS, AMBIGUOUS_CLASS)


def report_of(run: DrillRun, samples: SampleColumns) -> DrillReport:
    """The report: everything computed from the samples, nothing remembered."""
    by_phase = phases_of(run, samples)
    found = recovery(run, by_phase)
    before, during = _latency(by_phase.before), _latency(by_phase.during)
    findings = (*findings_of(run, found), *slower(run, before, during))
    outcome, why = _judged(run, by_phase, found, findings)
    return DrillReport(
        run=run,
        outcome=outcome,
        why=why,
        recovery=found,
        findings=findings,
        latency_before=before,
        latency_during=during,
        shares_before=shares_of(by_phase.before, run.members),
        shares_during=shares_of(_whole(by_phase, run, found), run.members),
        shares_after=shares_of(_last_second(by_phase.after), run.members),
        course=curve(samples, len(run.members)),
    )


def _whole(by_phase: Phases, run: DrillRun, found: Recovery | None) -> Sequence[Seen]:
    """The requests under the fault from the recovery on; all of them when there was none."""
    if found is None or found.clock.rta_s is None:
        return by_phase.during
    start_s = (run.marks.sent_s or run.marks.fired_s or 0.0) + found.clock.rta_s
    return [seen for seen in by_phase.during if seen.sent_s >= start_s]


def _last_second(requests: Sequence[Seen]) -> Sequence[Seen]:
    last_s = max((seen.due_s for seen in requests), default=0.0)
    return [seen for seen in requests if seen.due_s >= last_s - WINDOW_S]


def _latency(requests: Sequence[Seen]) -> Latency | None:
    histogram = Histogram()
    histogram.add(seen.finished_s - seen.due_s for seen in requests if seen.good)
    return summary(histogram)


def _judged(
    run: DrillRun, by_phase: Phases, found: Recovery | None, findings: Sequence[Finding]
) -> tuple[DrillOutcome, str]:
    """The outcome and the reason: what ended the drill, else what the traffic says."""
    if run.ended is not None:
        return run.ended.outcome, run.ended.why
    if found is None:
        why = _unsteady(run, by_phase.before) or "the fault was never set; nothing was harmed"
        return DrillOutcome.INCONCLUSIVE, why
    if run.marks.restored_s is None:
        why = (
            "the record of the run ends while the fault is in force: it was killed; whether its "
            "watchdog or somebody else put things back since: alb-dr failover status"
        )
        return DrillOutcome.RESTORE_INCOMPLETE, why
    if run.prober is None:
        return DrillOutcome.INTERRUPTED, "it was killed after the restore"
    verdict = worst(tuple(_verdicts(run, found)))
    if verdict is Verdict.PASS:
        return DrillOutcome.SUCCEEDED, _success(run, found)
    outcome = DrillOutcome.FAILED if verdict is Verdict.FAIL else DrillOutcome.INCONCLUSIVE
    undecided = rto_verdict(run, found) is Verdict.INCONCLUSIVE
    reasons = [f.text for f in findings if f.severity is Severity.ERROR]
    if outcome is DrillOutcome.FAILED and undecided:
        # What failed is the reason, not what was not seen to the end.
        reasons = [f.text for f in findings if f.severity is Severity.ERROR and f.code != RTO]
    return outcome, reasons[0] if reasons else "the evidence does not suffice"


def _verdicts(run: DrillRun, found: Recovery) -> Iterator[Verdict]:
    """What each part of the evidence says. A prober that could not keep up voids the others."""
    if run.prober is not None and run.prober.invalid:
        yield Verdict.INCONCLUSIVE
        return
    if run.plan.rate * run.rto_s < LEAST_PROBES:
        yield Verdict.INCONCLUSIVE
    if too_many_nameless(found.nameless, found.loss.of):
        # Who answered is unknown, so the clock is, too; requests that failed stand by themselves.
        yield Verdict.INCONCLUSIVE
        failed = loss(
            found.loss.lost - found.nameless,
            found.loss.of,
            objective=run.max_error_rate,
            confidence=SURENESS,
        )
        if failed.verdict is Verdict.FAIL:
            yield Verdict.FAIL
        return
    yield rto_verdict(run, found)
    yield found.loss.verdict
    if found.back is not None:
        yield found.back.loss.verdict


def _success(run: DrillRun, found: Recovery) -> str:
    if not run.victim_leaves and not found.loss.lost:
        return f"the traffic went on undisturbed, 0 of {found.loss.of} requests lost"
    taken = f"{found.clock.rta_s:.2f} s" if found.clock.rta_s is not None else "time"
    lost = f"{found.loss.lost} of {found.loss.of} requests lost"
    return f"the traffic recovered in {taken} (objective {run.rto_s:g} s), {lost}"
