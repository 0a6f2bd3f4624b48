"""The page of a `verify` run."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.model.findings import Severity, Verdict
from alb_dr.model.sample import Outcome
from alb_dr.model.verify import NO_TEST, Latency, MemberShare, VerifyReport
from alb_dr.report.document import Check, Page, Section, Table
from alb_dr.report.verify_charts import latency_chart, outcome_chart, share_chart
from alb_dr.report.words import (
    OUTCOME_WORDS,
    between,
    instant,
    milliseconds,
    percent,
    seconds,
    small_percent,
)


def verify_page(report: VerifyReport) -> Page:
    """The report as sections."""
    run, traffic = report.run, report.traffic
    return Page(
        title=f"Traffic split of {run.host}",
        verdict=report.verdict,
        headline=headline(report),
        sections=(_split(report), _losses(report), _latencies(report), _conditions(report)),
        findings=report.findings,
        checks=tuple(_checks(report)),
        duration_s=traffic.last_s - traffic.first_s,
        started=instant(run.started),
        footer=f"run {run.name}" if run.name else "",
        command="verify",
    )


def headline(report: VerifyReport) -> str:
    """The verdict in one sentence."""
    short = " (cut short)" if report.run.cut_short else ""
    reason = next(
        (f.text for f in report.findings if f.severity is Severity.ERROR),
        report.distribution.reason,
    )
    return f"{reason}{short}"


def _split(report: VerifyReport) -> Section:
    test = report.distribution
    interval = f"{100 * test.confidence:.4g} % interval"
    shares = Table(
        header=("member", "weight", "answers", "share", interval),
        rows=[_share_row(share) for share in test.shares],
        numbers=(1, 2, 3, 4),
    )
    return Section(
        title="Shares",
        tables=(shares,),
        sentences=tuple(_about_the_test(report)),
        charts=tuple(share_chart(report)),
    )


def _share_row(share: MemberShare) -> tuple[str, ...]:
    return (
        share.name,
        f"{100 * share.weight:g} %",
        str(share.count),
        percent(share.share),
        between(share.low, share.high),
    )


def _about_the_test(report: VerifyReport) -> Iterator[str]:
    test = report.distribution
    if test.method != NO_TEST:
        yield f"By the {test.method} test: {test.reason}."
    yield from _power(report)
    zero = [share for share in test.shares if share.weight == 0 and share.count == 0]
    for share in zero if test.answers else ():
        yield f"{share.name} has weight 0 and answered nothing: at most {percent(share.high)}."
    if test.dispersion is not None:
        yield f"Dispersion {test.dispersion:.2f}: {_independence(test.dispersion, test.clumped)}."
    if test.more_requests:
        yield f"Send about {test.more_requests} more requests to decide."


def _power(report: VerifyReport) -> Iterator[str]:
    """What this many requests would have caught; one line for two members, whose shares mirror."""
    test = report.distribution
    weighted = [share for share in test.shares if share.weight > 0]
    shown = weighted[:1] if len(weighted) == 2 else weighted
    told = test.answers and len(weighted) > 1 and not report.run.question.sequential
    for share in shown if told else ():
        edges = [e for e in (share.catches_above, share.catches_below) if e is not None]
        caught = " or ".join(percent(edge) for edge in edges)
        would = f"would catch a shift to {caught}" if edges else "would catch no shift at all"
        yield f"{share.name}: {would} with 80 % power."


def _independence(ratio: float, clumped: bool) -> str:
    if clumped:
        return "answers come in runs, so they count for less"
    if ratio < 0.5:
        return "the gateway deals out by turns, so the shares are steadier than chance"
    return "answers look independent"


def _losses(report: VerifyReport) -> Section:
    traffic, loss = report.traffic, report.loss
    rows = [
        (OUTCOME_WORDS[outcome], str(count), small_percent(count / traffic.requests))
        for outcome, count in traffic.outcomes.items()
    ]
    rows += [
        (f"  of these {word}", str(count), small_percent(count / traffic.requests))
        for word, count in (
            ("naming no member", traffic.unattributed),
            ("naming several members", traffic.ambiguous),
        )
        if count
    ]
    bound = percent(loss.high, 2)
    confidence = f"{100 * report.distribution.confidence:.4g} %"
    sentence = (
        f"{loss.lost} of {loss.of} requests were not served; with {confidence} confidence the "
        f"true rate is at most {bound} (objective {small_percent(loss.objective)})."
        if loss.of
        else "No request was measured."
    )
    return Section(
        title="Requests",
        tables=(Table(header=("outcome", "requests", "share"), rows=rows, numbers=(1, 2)),),
        sentences=(sentence,),
        charts=tuple(outcome_chart(report)),
    )


def _latencies(report: VerifyReport) -> Section:
    traffic = report.traffic
    names = [share.name for share in report.distribution.shares]
    lines = [("all answers", traffic.latency), *zip(names, traffic.member_latency, strict=True)]
    rows = [(name, *_quantiles(latency)) for name, latency in lines if latency is not None]
    return Section(
        title="Latency",
        tables=(
            Table(
                header=("from due to answered", "median", "p90", "p99", "p99.9", "longest"),
                rows=rows,
                numbers=(1, 2, 3, 4, 5),
            ),
        )
        if rows
        else (),
        sentences=() if rows else ("Nothing was answered.",),
        charts=tuple(latency_chart(report)),
    )


def _quantiles(latency: Latency) -> tuple[str, ...]:
    values = (latency.p50, latency.p90, latency.p99, latency.p999, latency.highest)
    return tuple(milliseconds(value) for value in values)


def _conditions(report: VerifyReport) -> Section:
    run, traffic, prober = report.run, report.traffic, report.prober
    reuse = f"reused, {traffic.reused} of {traffic.requests} requests" if run.reuse else "fresh"
    facts = [
        ("target", f"{run.url} (Host {run.host})"),
        ("addresses", ", ".join(run.addresses) or "none"),
        ("load", run.load),
        ("rate", f"{traffic.rate:.0f} requests/s over {seconds(traffic.last_s - traffic.first_s)}"),
        ("connections", f"{prober.connections}, {reuse}"),
        ("weights", run.weights_from),
        ("control side", _control(report)),
        ("started", instant(run.started)),
    ]
    if prober.late_p99_s > 0:
        lag = f"{milliseconds(prober.late_p50_s)} median, {milliseconds(prober.late_p99_s)} p99"
        facts.insert(5, ("send lag", lag))
    return Section(title="Conditions", facts=tuple(facts))


def _control(report: VerifyReport) -> str:
    if report.run.control is None:
        return "not asked"
    return f"{len(report.run.control)} findings" if report.run.control else "agrees"


def _checks(report: VerifyReport) -> Iterator[Check]:
    invalid = report.prober.invalid
    yield Check(
        name="the prober kept up",
        verdict=Verdict.INCONCLUSIVE if invalid else Verdict.PASS,
        text=invalid or "yes",
    )
    nameless = any(finding.code == "ADR-VERIFY-NAMELESS" for finding in report.findings)
    split = Verdict.INCONCLUSIVE if nameless else report.distribution.verdict
    for share in report.distribution.shares:
        yield Check(
            name=f"share of {share.name} agrees with its weight",
            verdict=split,
            text=f"{percent(share.share)} for weight {100 * share.weight:g} %",
            detail=report.distribution.reason,
        )
    loss = report.loss
    yield Check(
        name="requests are served",
        verdict=loss.verdict,
        text=f"{loss.lost} of {loss.of} were not",
        detail=_worst_outcomes(report),
    )
    for finding in report.run.control or ():
        bad = finding.severity is Severity.ERROR
        yield Check(
            name=finding.code,
            verdict=Verdict.FAIL if bad else Verdict.PASS,
            text=finding.text,
            detail=finding.hint or "",
        )


def _worst_outcomes(report: VerifyReport) -> str:
    outcomes = report.traffic.outcomes.items()
    return ", ".join(f"{OUTCOME_WORDS[o]}: {n}" for o, n in outcomes if o is not Outcome.OK)
