"""The answer of ``alb-dr check`` as JUnit XML: one test case for each check, for CI."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.model.checks import CheckReport, CheckResult, Outcome
from alb_dr.report.safe_text import for_xml


def checks_junit(report: CheckReport) -> str:
    """JUnit XML. Only what breaks something is a failure; a warning is said in system-out."""
    return "\n".join(_document(report))


def _document(report: CheckReport) -> Iterator[str]:
    counts = (
        f'tests="{len(report.results)}" failures="{len(report.broken)}" '
        f'errors="{report.count(Outcome.UNKNOWN)}" skipped="{report.count(Outcome.SKIPPED)}" '
        f'time="{report.duration_s:.3f}"'
    )
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="alb-dr" {counts}>'
    yield f'  <testsuite name="alb-dr check" {counts}>'
    for result in report.results:
        yield from _case(result)
    yield "  </testsuite>"
    yield "</testsuites>"


def _case(result: CheckResult) -> Iterator[str]:
    check = result.check
    name = for_xml(f"{check.code} {check.title}")
    opening = f'<testcase classname="alb-dr.check.{check.category}" name="{name}"'
    inner = _inner(result)
    if inner is None:
        yield f"    {opening}/>"
    else:
        yield f"    {opening}>{inner}</testcase>"


def _inner(result: CheckResult) -> str | None:
    if result.outcome is Outcome.PASSED:
        return None
    if result.outcome is Outcome.SKIPPED:
        return f'<skipped message="{for_xml(result.reason)}"/>'
    if result.outcome is Outcome.UNKNOWN:
        return f'<error type="unknown" message="{for_xml(result.reason)}"/>'
    seen = for_xml("; ".join(trouble.seen for trouble in result.troubles))
    fixes = "; ".join(dict.fromkeys(result.fix_of(trouble) for trouble in result.troubles))
    if result.breaks:
        return f'<failure type="{result.gravity}" message="{seen}">{for_xml(fixes)}</failure>'
    return f"<system-out>{result.gravity}: {seen}; {for_xml(fixes)}</system-out>"
