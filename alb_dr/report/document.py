"""The document: a report as neutral sections, which each format only dresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from alb_dr.model.findings import Finding, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of text below a header; columns named in ``numbers`` are set to the right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Sequence[int] = ()
    title: str = ""


class ChartKind(StrEnum):
    """How a chart is drawn."""

    LINES = "lines"
    """Values over time; a series may have a band and a level it should keep to."""
    BARS = "bars"
    """Groups of bars over labelled places."""
    STACK = "stack"
    """Bars over time, the series on top of each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line or one set of bars. ``y`` has a value for each x, None for a gap.

    ``band`` holds a low and a high for each x; ``level`` is the value it should keep to.
    ``alarming`` marks what is bad in itself (errors).
    """

    name: str
    y: Sequence[float | None]
    band: Sequence[tuple[float, float] | None] = ()
    level: float | None = None
    alarming: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An instant worth a vertical line."""

    at: float
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Something to look at. ``x`` are instants in seconds, or places for BARS (with ``labels``)."""

    kind: ChartKind
    title: str
    caption: str
    x: Sequence[float]
    series: Sequence[Series]
    x_label: str = ""
    y_label: str = ""
    labels: Sequence[str] = ()
    width: float = 0.0
    marks: Sequence[Mark] = ()
    log_scale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading with facts, sentences, tables and charts, shown in this order."""

    title: str
    facts: Sequence[tuple[str, str]] = ()
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that can pass or fail, for CI (a JUnit test case)."""

    name: str
    verdict: Verdict
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A whole report. ``word`` stands in the verdict's place where it says more."""

    title: str
    verdict: Verdict
    headline: str
    sections: Sequence[Section]
    findings: Sequence[Finding] = ()
    checks: Sequence[Check] = ()
    duration_s: float = 0.0
    started: str = ""
    footer: str = ""
    command: str = field(default="verify")
    word: str = ""

    @property
    def label(self) -> str:
        """The verdict's word; a command that knows more outcomes says its own."""
        return self.word or self.verdict.value.upper()
