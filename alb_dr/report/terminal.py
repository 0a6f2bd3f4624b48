"""A page on a terminal: tables of at most 80 columns, colour only beside words."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from alb_dr.model.findings import Finding, Severity, Verdict
from alb_dr.report.document import Page, Section, Table
from alb_dr.report.safe_text import plain

_COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.INCONCLUSIVE: "yellow"}
_MARKS = {
    Severity.ERROR: ("✗", "red"),
    Severity.WARNING: ("!", "yellow"),
    Severity.INFO: ("·", "dim"),
}
WIDTH = 80
"""Columns everybody has."""


def text_of(page: Page, *, colour: bool, width: int = WIDTH) -> str:
    """The page as text for stdout; escape sequences only with ``colour``."""
    console = Console(
        file=StringIO(),
        width=max(40, min(width, 120)),
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    with console.capture() as captured:
        console.print(_page(page))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _page(page: Page) -> RenderableType:
    verdict = Text(page.label, style=f"bold {_COLOURS[page.verdict]}")
    parts: list[RenderableType] = [
        Text.assemble(verdict, "  ", plain(page.headline)),
        *(part for section in page.sections for part in _section(section)),
    ]
    shown = [f for f in page.findings if f.severity is not Severity.INFO]
    if shown:
        parts += [Text(""), *(part for finding in shown for part in _finding(finding))]
    if page.footer:
        parts += [Text(""), Text(plain(page.footer), style="dim")]
    return Group(*parts)


def _section(section: Section) -> Iterator[RenderableType]:
    yield Text("")
    if section.facts:
        grid = Grid.grid(padding=(0, 2))
        for label, value in section.facts:
            grid.add_row(Text(plain(label), style="dim"), Text(plain(value)))
        yield grid
    for n, table in enumerate(table for table in section.tables if table.rows):
        if n:
            yield Text("")
        yield _table(table)
    for sentence in section.sentences:
        yield Padding(Text(plain(sentence), style="dim"), (0, 0, 0, 2))


def _table(table: Table) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    for n, title in enumerate(table.header):
        grid.add_column(plain(title), justify="right" if n in table.numbers else "left")
    for row in table.rows:
        grid.add_row(*(Text(_cell(cell)) for cell in row))
    return grid


def _cell(text: str) -> str:
    indent = len(text) - len(text.lstrip(" "))
    return " " * indent + plain(text.lstrip(" "))


def _finding(finding: Finding) -> Iterator[RenderableType]:
    mark, colour = _MARKS[finding.severity]
    yield Text.assemble((mark, colour), " ", plain(finding.text), (f"  {finding.code}", "dim"))
    if finding.hint:
        yield Padding(Text(f"hint: {plain(finding.hint)}", style="dim"), (0, 0, 0, 2))
