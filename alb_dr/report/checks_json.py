"""The answer of ``alb-dr check`` as data; keys are documented in docs/reference/json.md."""

from __future__ import annotations

from typing import Any

from alb_dr.model.checks import CheckReport, CheckResult, Outcome


def checks_data(report: CheckReport) -> dict[str, Any]:
    """Counts, notes and every result."""
    return {
        "duration_s": round(report.duration_s, 3),
        "notes": list(report.notes),
        "counts": {
            "passed": report.count(Outcome.PASSED),
            "broken": len(report.broken),
            "warnings": len(report.warnings),
            "unknown": report.count(Outcome.UNKNOWN),
            "skipped": report.count(Outcome.SKIPPED),
        },
        "checks": [_result(result) for result in report.results],
    }


def _result(result: CheckResult) -> dict[str, Any]:
    check = result.check
    return {
        "code": check.code,
        "category": str(check.category),
        "title": check.title,
        "outcome": str(result.outcome),
        "severity": str(result.gravity),
        "seen": [
            {
                "text": trouble.seen,
                "severity": str(trouble.gravity or check.gravity),
                "fix": result.fix_of(trouble),
            }
            for trouble in result.troubles
        ],
        "reason": result.reason or None,
        "anchor": check.anchor,
        "retry_s": check.retry_s,
    }
