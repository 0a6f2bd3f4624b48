"""A drill's report as data, and from data to Markdown."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from alb_dr.model.drill_report import DrillReport, Recovery
from alb_dr.model.printable import printable


def drill_data(report: DrillReport) -> dict[str, Any]:
    """Everything in the report, with plain names and units in them."""
    return {
        "drill": asdict(report.run.plan),
        "outcome": str(report.outcome),
        "why": report.why,
        "path_tested": report.run.path_tested,
        "not_tested": list(report.run.not_tested),
        "recovery": asdict(report.recovery) if report.recovery else None,
        "objectives": {"rto_s": report.run.rto_s, "max_error_rate": report.run.max_error_rate},
        "shares": {
            "before": report.shares_before,
            "during": report.shares_during,
            "after": report.shares_after,
        },
        "marks": asdict(report.run.marks),
        "timeline": [{"at": s.at.isoformat(), "what": s.what} for s in report.run.timeline],
    }


def drill_lines(report: DrillReport) -> list[str]:
    """The report in lines for a terminal."""
    lines = [f"{report.outcome}: {report.why}"]
    if report.recovery is not None:
        lines += _clock(report.recovery, report)
    for word, shares in (
        ("before", report.shares_before),
        ("during", report.shares_during),
        ("after", report.shares_after),
    ):
        seen = "  ".join(f"{name} {share:.1%}" for name, share in shares.items())
        lines.append(f"  shares {word:<7} {seen or 'no answers'}")
    lines.append(f"  path tested     {report.run.path_tested}")
    lines.append(f"  not tested      {'; '.join(report.run.not_tested)}")
    return [printable(line) for line in lines]


def _clock(found: Recovery, report: DrillReport) -> list[str]:
    good_to = f"± {found.resolution_s * 1000:.0f} ms"
    rta = f"{found.rta_s:.2f} s {good_to}" if found.rta_s is not None else "not reached"
    detect = f"{found.detect_s:.2f} s" if found.detect_s is not None else "nothing was lost"
    return [
        f"  RTA             {rta} (objective {report.run.rto_s:g} s)",
        f"  first loss      {detect} after the fault",
        f"  blackout        {found.blackout_s:.2f} s without a served request at most",
        f"  brownout        {found.brownout_s:.2f} s from the first to the last lost request",
        f"  lost            {found.lost} of {found.requests} requests while the fault was in "
        f"force; the true rate is below {found.lost_bound:.2%} (95 %)",
    ]


def drill_markdown(report: DrillReport) -> str:
    """The report for a wiki or a pull request."""
    plan = report.run.plan
    lines = [
        f"# Drill {plan.drill_id}: {report.outcome}",
        "",
        f"Victim `{_plain(plan.victim)}`, reason: {_plain(plan.reason)}",
        "",
        "```",
        *drill_lines(report),
        "```",
        "",
        "| time | what |",
        "|---|---|",
        *(
            f"| {s.at.isoformat(timespec='milliseconds')} | {_plain(s.what)} |"
            for s in report.run.timeline
        ),
    ]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Untrusted text without anything Markdown would take for its own."""
    escaped = printable(text)
    for sign in ("\\", "`", "*", "_", "|", "<", ">", "[", "]", "#"):
        escaped = escaped.replace(sign, f"\\{sign}" if sign not in "<>" else "")
    return escaped
