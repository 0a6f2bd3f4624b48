"""A page as HTML: one file without scripts or requests, for screens light and dark, and paper."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.model.findings import Severity
from alb_dr.report import plots
from alb_dr.report.document import Chart, Page, Section, Table
from alb_dr.report.html_style import STYLE
from alb_dr.report.safe_text import for_html

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The page may load nothing, whatever a server's words inside it try (safety F74)."""


def html(page: Page) -> str:
    """The whole page. Without matplotlib it has its tables and says what is missing."""
    return "\n".join(_lines(page)) + "\n"


def _lines(page: Page) -> Iterator[str]:
    title, verdict = for_html(page.title), page.verdict.value
    yield '<!doctype html>\n<html lang="en">\n<head>'
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield '<link rel="icon" href="data:,">'
    yield f"<title>{title}: {for_html(page.label.lower())}</title>"
    yield f"<style>{STYLE}</style>\n</head>\n<body>\n<main>"
    yield f"<header><h1>{title}</h1>"
    yield f'<p class="verdict {verdict}"><strong>{for_html(page.label)}</strong> '
    yield f"<span>{for_html(page.headline)}</span></p>"
    if page.started:
        yield f'<p class="quiet">{for_html(page.started)}</p>'
    yield "</header>"
    yield from _findings(page)
    charts = _Charts()
    for section in page.sections:
        yield from _section(section, charts)
    if charts.missing:
        yield (
            "<p class=\"quiet\">Plots need matplotlib: <code>pip install 'alb-dr[plots]'</code></p>"
        )
    yield f'<footer class="quiet">alb-dr {for_html(page.command)} {for_html(page.footer)}</footer>'
    yield "</main>\n</body>\n</html>"


def _findings(page: Page) -> Iterator[str]:
    shown = [f for f in page.findings if f.severity is not Severity.INFO]
    if not shown:
        return
    yield '<section><h2>Findings</h2><ul class="findings">'
    for finding in shown:
        hint = f'<br><span class="quiet">{for_html(finding.hint)}</span>' if finding.hint else ""
        severity, code = finding.severity.value, for_html(finding.code)
        text = for_html(finding.text)
        yield f'<li class="{severity}"><b>{severity}</b> {text} <code>{code}</code>{hint}</li>'
    yield "</ul></section>"


class _Charts:
    """Draws charts and remembers whether one could not be drawn."""

    def __init__(self) -> None:
        self._drawn = 0
        self._possible = plots.available()
        self.missing = False

    def figure(self, chart: Chart) -> str:
        if not self._possible:
            self.missing = True
            return ""
        self._drawn += 1
        picture = plots.svg(chart, number=self._drawn)
        caption = f"<b>{for_html(chart.title)}.</b> {for_html(chart.caption)}"
        return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"


def _section(section: Section, charts: _Charts) -> Iterator[str]:
    yield f"<section><h2>{for_html(section.title)}</h2>"
    if section.facts:
        yield "<dl>"
        for label, value in section.facts:
            yield f"<dt>{for_html(label)}</dt><dd>{for_html(value)}</dd>"
        yield "</dl>"
    for table in section.tables:
        if table.rows:
            yield from _table(table)
    for sentence in section.sentences:
        yield f"<p>{for_html(sentence)}</p>"
    for chart in section.charts:
        yield charts.figure(chart)
    yield "</section>"


def _table(table: Table) -> Iterator[str]:
    yield '<div class="wide"><table>'
    if table.title:
        yield f"<caption>{for_html(table.title)}</caption>"
    cells = "".join(
        f'<th scope="col"{_aligned(table, n)}>{for_html(h)}</th>'
        for n, h in enumerate(table.header)
    )
    yield f"<thead><tr>{cells}</tr></thead><tbody>"
    for row in table.rows:
        cells = "".join(
            f"<td{_aligned(table, n)}>{for_html(cell.strip())}</td>" for n, cell in enumerate(row)
        )
        yield f"<tr>{cells}</tr>"
    yield "</tbody></table></div>"


def _aligned(table: Table, column: int) -> str:
    return ' class="number"' if column in table.numbers else ""
