"""Plots: charts as inline SVG that follows the page's colours, drawn by matplotlib.

matplotlib comes with the extra ``alb-dr[plots]`` and is imported when a plot is drawn.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from alb_dr.report.document import Chart, ChartKind, Series
from alb_dr.report.safe_text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE_IN = (7.2, 2.9)
"""Inches: as wide as the text of a printed page."""
INK, PAPER, GRID = "#0a0b0c", "#fafbfc", "#7a7b7c"
"""Stand-ins that become CSS variables, so that one picture suits light, dark and print."""
HEADROOM, LATE = 1.1, 0.88
"""Room for the names of marks above the curves; from where on a name would leave the picture."""
SERIES_COLOURS = ("#1a1b01", "#1a1b02", "#1a1b03", "#1a1b04", "#1a1b05", "#1a1b06")
ALARM_COLOURS = ("#1a1c01", "#1a1c02", "#1a1c03", "#1a1c04")
_DASHES: tuple[tuple[float, ...], ...] = ((), (5, 1.5), (2, 1.5), (6, 1.5, 1.5, 1.5))
_HATCHES = ("", "///", "...", "xxx")
"""Lines and bars also differ in dashes and hatches: colour never carries meaning alone."""


def available() -> bool:
    """Whether matplotlib is installed."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def svg(chart: Chart, *, number: int) -> str:
    """The chart as an ``<svg>`` element; ``number`` keeps its ids apart from other charts'."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "alb-dr",
        "font.family": "sans-serif",
        "font.size": 9,
        "hatch.linewidth": 0.6,
        **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
        "axes.edgecolor": GRID,
        "hatch.color": PAPER,
    }
    with mpl.rc_context(settings):
        figure = Figure(figsize=SIZE_IN, layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        _PAINTERS[chart.kind](axes, chart)
        _furnish(axes, chart)
        target = io.StringIO()
        figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    return _inline(target.getvalue(), chart, number)


def _lines(axes: Axes, chart: Chart) -> None:
    for n, series in enumerate(chart.series):
        colour = _colour(series, n)
        y = [math.nan if v is None else v for v in series.y]
        axes.plot(
            chart.x, y, color=colour, dashes=_DASHES[n % 4], linewidth=1.6, label=_name(series)
        )
        if series.band:
            low = [math.nan if b is None else b[0] for b in series.band]
            high = [math.nan if b is None else b[1] for b in series.band]
            axes.fill_between(chart.x, low, high, color=colour, alpha=0.15, linewidth=0)
        if series.level is not None:
            axes.axhline(series.level, color=colour, linewidth=0.9, dashes=(1, 1.5))


def _stack(axes: Axes, chart: Chart) -> None:
    floor = [0.0] * len(chart.x)
    for n, series in enumerate(chart.series):
        heights = [value or 0.0 for value in series.y]
        axes.bar(
            chart.x, heights, width=chart.width, bottom=floor, align="edge",
            color=_colour(series, n), hatch=_HATCHES[n % 4], label=_name(series),
        )  # fmt: skip
        floor = [low + height for low, height in zip(floor, heights, strict=True)]
    if chart.x:
        axes.set_xlim(min(0.0, chart.x[0]), chart.x[-1] + chart.width)


def _bars(axes: Axes, chart: Chart) -> None:
    width = 0.8 / max(1, len(chart.series))
    for n, series in enumerate(chart.series):
        places = [x - 0.4 + width * (n + 0.5) for x in chart.x]
        heights = [value or 0.0 for value in series.y]
        axes.bar(
            places, heights, width=width * 0.92, color=_colour(series, n),
            hatch=_HATCHES[n % 4], label=_name(series),
        )  # fmt: skip
    axes.set_xticks(list(chart.x), [_quiet(label) for label in chart.labels])


_PAINTERS: dict[ChartKind, Callable[[Axes, Chart], None]] = {
    ChartKind.LINES: _lines,
    ChartKind.STACK: _stack,
    ChartKind.BARS: _bars,
}


def _furnish(axes: Axes, chart: Chart) -> None:
    axes.set_xlabel(_quiet(chart.x_label))
    axes.set_ylabel(_quiet(chart.y_label))
    if chart.log_scale:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.grid(axis="y", color=GRID, alpha=0.3, linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    _mark(axes, chart)
    if len(chart.series) > 1 or chart.kind is not ChartKind.LINES:
        axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=4, fontsize=8)


def _mark(axes: Axes, chart: Chart) -> None:
    """Vertical lines with names above the curves; the last names stand to the left of theirs."""
    if chart.marks and not chart.log_scale:
        axes.set_ylim(top=axes.get_ylim()[1] * HEADROOM)
    left, right = axes.get_xlim()
    for mark in chart.marks:
        late = mark.at > left + LATE * (right - left)
        axes.axvline(mark.at, color=INK, linewidth=0.8, dashes=(3, 2))
        axes.annotate(
            _quiet(mark.name), (mark.at, 1), xycoords=("data", "axes fraction"),
            xytext=(-3 if late else 3, -9), textcoords="offset points", fontsize=8,
            ha="right" if late else "left",
        )  # fmt: skip


def _colour(series: Series, n: int) -> str:
    palette: Sequence[str] = ALARM_COLOURS if series.alarming else SERIES_COLOURS
    return palette[n % len(palette)]


def _name(series: Series) -> str:
    return _quiet(series.name)


def _quiet(text: str) -> str:
    """Text that matplotlib takes for text: no mathematics, no hidden legend entries."""
    return plain(text, longest=60).replace("$", r"\$").lstrip("_")


def _inline(document: str, chart: Chart, number: int) -> str:
    """The ``<svg>`` element alone, with ids of its own and the page's colours."""
    element = document[document.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\1c{number}-", element)
    element = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'width="100%"', element, count=1)
    for colour, name in _variables().items():
        element = element.replace(colour, f"var(--{name})")
    label = plain(chart.title).replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return element.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _variables() -> dict[str, str]:
    named = {INK: "ink", PAPER: "paper", GRID: "grid"}
    named |= {colour: f"series-{n}" for n, colour in enumerate(SERIES_COLOURS)}
    return named | {colour: f"alarm-{n}" for n, colour in enumerate(ALARM_COLOURS)}
