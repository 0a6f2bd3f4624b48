"""The answer of ``alb-dr check`` for people: by category, or one line per problem."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.model.checks import CheckReport, CheckResult, Gravity, Outcome
from alb_dr.report.safe_text import plain

_MARKS = {Outcome.PASSED: "√", Outcome.SKIPPED: "-", Outcome.UNKNOWN: "?"}
_FAILED = {Gravity.FATAL: "×", Gravity.ERROR: "×", Gravity.WARNING: "‼", Gravity.INFO: "i"}


def table_of(report: CheckReport) -> str:
    """Every check under its category, with what was seen and what to do below it."""
    lines: list[str] = [plain(note) for note in report.notes]
    category = None
    for result in report.results:
        if result.check.category is not category:
            category = result.check.category
            lines += ["", str(category), "-" * len(category)]
        lines += _lines(result)
    return "\n".join([*lines, "", summary_of(report)]).lstrip("\n")


def short_of(report: CheckReport) -> str:
    """One line per problem, then the summary."""
    lines = [plain(note) for note in report.notes]
    for result in report.results:
        if result.outcome is Outcome.FAILED:
            lines += [
                f"{result.check.code} {t.gravity or result.check.gravity}: {plain(t.seen)}"
                for t in result.troubles
            ]
        elif result.outcome is Outcome.UNKNOWN:
            lines.append(f"{result.check.code} unknown: {plain(result.reason)}")
    return "\n".join([*lines, summary_of(report)])


def summary_of(report: CheckReport) -> str:
    """The counts and the verdict in one line."""
    counts = (
        f"{report.count(Outcome.PASSED)} passed, {len(report.broken)} broken, "
        f"{len(report.warnings)} to look at, {report.count(Outcome.UNKNOWN)} unknown, "
        f"{report.count(Outcome.SKIPPED)} skipped"
    )
    return f"{report.verdict.value.upper()}: {counts} in {report.duration_s:.1f} s"


def _lines(result: CheckResult) -> Iterator[str]:
    check = result.check
    if result.outcome is not Outcome.FAILED:
        behind = f" ({plain(result.reason)})" if result.reason else ""
        yield f"{_MARKS[result.outcome]} {check.title}{behind}"
        return
    yield f"{_FAILED[result.gravity]} {check.title}  {check.code}"
    for trouble in result.troubles:
        yield f"    {plain(trouble.seen)}"
    for fix in dict.fromkeys(result.fix_of(trouble) for trouble in result.troubles):
        yield f"    fix: {plain(fix)}"
    yield f"    more: alb-dr explain {check.code}"
