"""The charts of a `verify` run: shares over time, outcomes over time, latency by member."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from alb_dr.model.sample import Outcome
from alb_dr.model.verify import VerifyReport
from alb_dr.report.document import Chart, ChartKind, Series
from alb_dr.report.loss_chart import loss_chart
from alb_dr.report.words import OUTCOME_WORDS

LEAST_BINS = 2
"""With fewer slices nothing happens over time."""


def share_chart(report: VerifyReport) -> Iterator[Chart]:
    """Each member's share from the beginning to each instant, its interval band, its weight.

    The band is the interval of the whole run's method scaled to what was known then, by the
    normal curve: a picture, not a test.
    """
    bins = [b for b in report.traffic.bins if sum(b.members)]
    if len(bins) < LEAST_BINS:
        return
    totals = list(accumulate(sum(b.members) for b in bins))
    series = []
    for n, share in enumerate(report.distribution.shares):
        counts = list(accumulate(b.members[n] for b in bins))
        shares = [c / t for c, t in zip(counts, totals, strict=True)]
        series.append(
            Series(
                name=share.name,
                y=[100 * s for s in shares],
                band=[_band(s, t) for s, t in zip(shares, totals, strict=True)],
                level=100 * share.weight,
            )
        )
    yield Chart(
        kind=ChartKind.LINES,
        title="Share of each member from the start to each instant",
        caption="Dotted: the weight. Shaded: where the true share is, with 95 % confidence.",
        x=[b.start_s + b.width_s for b in bins],
        series=series,
        x_label="seconds",
        y_label="share, %",
    )


def outcome_chart(report: VerifyReport) -> Iterator[Chart]:
    """Requests that were not served, by class over time; nothing when there are none."""
    bins = report.traffic.bins
    counts = {
        OUTCOME_WORDS[o]: [b.outcomes.get(o, 0) for b in bins]
        for o in Outcome
        if o is not Outcome.OK
    }
    if bins:
        yield from loss_chart([b.start_s for b in bins], bins[0].width_s, counts)


def latency_chart(report: VerifyReport) -> Iterator[Chart]:
    """Latency quantiles of each member side by side."""
    names = [share.name for share in report.distribution.shares]
    pairs = zip(names, report.traffic.member_latency, strict=True)
    measured = [(name, latency) for name, latency in pairs if latency is not None]
    if measured:
        yield Chart(
            kind=ChartKind.BARS,
            title="Latency by member",
            caption="From the instant a request was due to the end of its answer.",
            x=[0, 1, 2, 3],
            labels=("median", "p90", "p99", "p99.9"),
            series=[
                Series(name=name, y=[1e3 * v for v in (q.p50, q.p90, q.p99, q.p999)])
                for name, q in measured
            ],
            y_label="milliseconds",
        )


def _band(share: float, answers: int) -> tuple[float, float]:
    """Wilson's interval, which stays inside 0 to 100 % and needs no tables."""
    z = 1.96
    centre = (share + z * z / (2 * answers)) / (1 + z * z / answers)
    spread = share * (1 - share) / answers + z * z / (4 * answers * answers)
    half = z / (1 + z * z / answers) * spread**0.5
    return 100 * (centre - half), 100 * (centre + half)
