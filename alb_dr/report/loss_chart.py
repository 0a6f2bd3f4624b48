"""The chart of requests that were not served, by class over time: one for every page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from alb_dr.report.document import Chart, ChartKind, Mark, Series


def loss_chart(
    x: Sequence[float],
    width: float,
    counts: Mapping[str, Sequence[int]],
    marks: Sequence[Mark] = (),
) -> Iterator[Chart]:
    """``counts`` by class for each slice; nothing when all was served."""
    bad = {name: values for name, values in counts.items() if any(values)}
    if bad:
        yield Chart(
            kind=ChartKind.STACK,
            title="Requests not served",
            caption="By what became of them, at the instant they were due.",
            x=x,
            width=width,
            series=[
                Series(name=name, y=[float(v) for v in values], alarming=True)
                for name, values in bad.items()
            ],
            x_label="seconds",
            y_label="requests",
            marks=marks,
        )
