"""The answer of a `verify` run: on stdout, in the run's directory, in files, as an exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.context import Context, context_of
from alb_dr.errors import ExitCode, Interruption
from alb_dr.model.findings import Verdict

if TYPE_CHECKING:
    from alb_dr.cli.report_files import ReportFiles
    from alb_dr.journal.rundir import RunDir
    from alb_dr.model.verify import VerifyReport
    from alb_dr.report.document import Page

EXIT_CODES = {
    Verdict.PASS: ExitCode.OK,
    Verdict.FAIL: ExitCode.VERDICT_FAIL,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}
"""What a verdict is to a script."""
REPORT_JSON, REPORT_MARKDOWN = "report.json", "report.md"
"""Written into every run's directory."""


def conclude(
    ctx: typer.Context,
    report: VerifyReport,
    *,
    run: RunDir,
    files: ReportFiles,
    interruption: Interruption | None,
) -> None:
    """Write the report everywhere and leave with the verdict's code.

    An interrupted run is reported, too, and leaves as an interrupted process does.
    """
    from alb_dr.report.markdown import markdown
    from alb_dr.report.verify_json import verify_data
    from alb_dr.report.verify_page import verify_page

    page, data = verify_page(report), verify_data(report)
    code = EXIT_CODES[report.verdict]
    if interruption is not None:
        code = interruption.exit_code
    run.write_json(REPORT_JSON, data)
    run.write_text(REPORT_MARKDOWN, markdown(page))
    context = context_of(ctx)
    files.write(page, context.narrator)
    human = "" if context.wants_json else on_terminal(page, context)
    answer(ctx, human, data, verdict=report.verdict.value, exit_code=code)


def on_terminal(page: Page, context: Context) -> str:
    """The page as text for this stdout."""
    import shutil

    from alb_dr.report.terminal import text_of

    colour = sys.stdout.isatty() and "NO_COLOR" not in context.environ
    return text_of(page, colour=colour, width=shutil.get_terminal_size().columns)
