"""A drill's report as JSON (docs/reference/json.md)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from alb_dr.model.drill_report import DrillReport, Recovery


def drill_data(report: DrillReport) -> dict[str, Any]:
    """Everything in the report, with plain names and units in them."""
    run = report.run
    return {
        "drill": asdict(run.plan),
        "run": run.name,
        "started": run.started.isoformat() if run.started else None,
        "outcome": str(report.outcome),
        "why": report.why,
        "path_tested": run.path_tested,
        "not_tested": list(run.not_tested),
        "target": {"url": run.url, "addresses": list(run.addresses)},
        "recovery": _recovery(report.recovery) if report.recovery else None,
        "objectives": {"rto_s": run.rto_s, "max_error_rate": run.max_error_rate},
        "shares": {
            "before": dict(report.shares_before),
            "during": dict(report.shares_during),
            "after": dict(report.shares_after),
        },
        "latency": {
            "before": asdict(report.latency_before) if report.latency_before else None,
            "during": asdict(report.latency_during) if report.latency_during else None,
        },
        "marks": asdict(run.marks),
        "prober": asdict(run.prober) if run.prober else None,
        "findings": [asdict(finding) for finding in report.findings],
        "timeline": [{"at": s.at.isoformat(), "what": s.what} for s in run.timeline],
    }


def _recovery(found: Recovery) -> dict[str, Any]:
    clock = found.clock
    return {
        **asdict(clock),
        "brownout_s": clock.brownout_s,
        "settle_s": clock.settle_s,
        "loss": asdict(found.loss),
        "classes": dict(found.classes),
        "nameless": found.nameless,
        "fresh": asdict(found.fresh),
        "kept": asdict(found.kept),
        "return": asdict(found.back) if found.back else None,
    }
