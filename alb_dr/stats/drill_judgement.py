"""The judgement of a drill: from its samples and its saved description to the report. Pure.

The running drill and `alb-dr report` call the same functions, so a saved run says what was said.
"""

from __future__ import annotations

from alb_dr.model.drill_report import DrillOutcome, DrillReport, DrillRun, Recovery
from alb_dr.model.sample import SampleColumns
from alb_dr.stats.outage import clean_since, losses, recovery, shares


def unsteady(run: DrillRun, samples: SampleColumns) -> str | None:
    """Why the traffic before the fault allows no drill, or None when it does."""
    end = run.marks.fired_s if run.marks.fired_s is not None else float("inf")
    lost, total = losses(samples, 0, end)
    seen = shares(samples, run.members, 0, end)
    if total == 0 or not seen:
        return "no request was answered before the fault; nothing was harmed"
    if lost / total > run.max_error_rate:
        return f"{lost} of {total} requests were lost before the fault; nothing was harmed"
    if not seen.get(run.plan.victim):
        return f"{run.plan.victim} answered nothing before the fault; nothing was harmed"
    return None


def report_of(run: DrillRun, samples: SampleColumns) -> DrillReport:
    """The report: everything computed from the samples, nothing remembered."""
    marks = run.marks
    fired = marks.fired_s if marks.fired_s is not None else float("inf")
    restored = marks.restored_s if marks.restored_s is not None else float("inf")
    recovered = marks.recovered_s if marks.recovered_s is not None else float("inf")
    victim = run.members.index(run.plan.victim)
    clean = clean_since(samples, victim, fired) if marks.fired_s is not None else None
    found = recovery(samples, victim=victim, marks=marks, rate=run.plan.rate)
    outcome, why = _judged(run, samples, found)
    return DrillReport(
        run=run,
        outcome=outcome,
        why=why,
        recovery=found,
        shares_before=shares(samples, run.members, 0, fired),
        shares_during=shares(samples, run.members, clean or fired, restored),
        shares_after=shares(samples, run.members, recovered - 1, float("inf")),
    )


def _judged(
    run: DrillRun, samples: SampleColumns, found: Recovery | None
) -> tuple[DrillOutcome, str]:
    """The outcome, by what ended the drill and else by the objectives."""
    if run.ended is not None:
        return run.ended.outcome, run.ended.why
    if found is None:
        why = unsteady(run, samples) or "the fault was never set; nothing was harmed"
        return DrillOutcome.INCONCLUSIVE, why
    if found.rta_s is None:
        why = "the traffic did not recover while the fault was in force"
        return DrillOutcome.FAILED, why
    if found.rta_s > run.rto_s:
        return DrillOutcome.FAILED, f"the recovery took longer than {run.rto_s:g} s"
    rate = found.lost / max(1, found.requests)
    if rate > run.max_error_rate:
        words = f"{rate:.1%} of the requests were lost, more than {run.max_error_rate:.1%}"
        return DrillOutcome.FAILED, words
    return DrillOutcome.SUCCEEDED, "the traffic moved to the survivors"
