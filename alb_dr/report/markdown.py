"""A page as Markdown, for a wiki or a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.model.findings import Severity, Verdict
from alb_dr.report.document import Page, Section, Table
from alb_dr.report.safe_text import for_markdown

_SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❔"}


def markdown(page: Page) -> str:
    """GitHub-flavoured Markdown, ending with a newline."""
    return "\n".join(_lines(page)).rstrip("\n") + "\n"


def _lines(page: Page) -> Iterator[str]:
    yield f"# {for_markdown(page.title)}"
    yield ""
    sign = _SIGNS[page.verdict]
    yield f"{sign} **{for_markdown(page.label)}**: {for_markdown(page.headline)}"
    yield ""
    for section in page.sections:
        yield f"## {for_markdown(section.title)}"
        yield ""
        yield from _section(section)
    shown = [f for f in page.findings if f.severity is not Severity.INFO]
    if shown:
        yield "## Findings"
        yield ""
        for finding in shown:
            hint = f" Hint: {for_markdown(finding.hint)}" if finding.hint else ""
            yield f"- `{finding.code}` {for_markdown(finding.text)}.{hint}"
        yield ""
    if page.footer:
        yield for_markdown(page.footer)


def _section(section: Section) -> Iterator[str]:
    if section.facts:
        yield from _table(Table(header=("", ""), rows=section.facts))
    for table in section.tables:
        if table.rows:
            yield from _table(table)
    for sentence in section.sentences:
        yield for_markdown(sentence)
        yield ""


def _table(table: Table) -> Iterator[str]:
    rules = ["--:" if n in table.numbers else "---" for n in range(len(table.header))]
    for cells in (table.header, rules, *table.rows):
        raw = cells is rules
        yield "| " + " | ".join(c if raw else for_markdown(c.strip()) for c in cells) + " |"
    yield ""
