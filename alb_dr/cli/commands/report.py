"""``alb-dr report``: a saved run judged again from its samples, in any format."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.context import context_of
from alb_dr.cli.options import HtmlFile, JunitFile, MarkdownFile
from alb_dr.cli.report_files import ReportFiles
from alb_dr.errors import BadInput

if TYPE_CHECKING:
    from alb_dr.journal.rundir import RunDir
    from alb_dr.report.document import Page

    Recomputed = tuple[Page, dict[str, Any], str]


def report(
    ctx: typer.Context,
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's directory, name, id, or latest.")
    ] = "latest",
    markdown: MarkdownFile = None,
    junit: JunitFile = None,
    html: HtmlFile = None,
) -> None:
    """Show a saved run again, every number recomputed from its samples; exit 0 if that worked."""
    from alb_dr.cli.verify_answer import on_terminal
    from alb_dr.journal.rundir import find_run

    context = context_of(ctx)
    files = ReportFiles(markdown=markdown, junit=junit, html=html)
    files.check()
    with files.or_reason("report"):
        page, data, verdict = _recomputed(find_run(context.state_dir, run))
        files.write(page, context.narrator)
    human = "" if context.wants_json else on_terminal(page, context)
    answer(ctx, human, data, verdict=verdict)


def _recomputed(run: "RunDir") -> "Recomputed":
    """The page, the data and the verdict as the command itself gave them."""
    from alb_dr.cli.verify_answer import REPORT_JSON, REPORT_MARKDOWN
    from alb_dr.journal.rundir import DESCRIPTION

    if not (run.path / DESCRIPTION).exists() and (run.path / REPORT_MARKDOWN).exists():
        raise BadInput(
            f"{run.path} holds a report and no samples to judge again: a rehearsal",
            hint=f"what it found is in {run.path / REPORT_MARKDOWN} and {REPORT_JSON} beside it",
        )
    document = run.read_json(DESCRIPTION)
    verb = document.get("verb")
    if verb == "verify":
        return _verify_run(run, document)
    if verb == "shift":
        return _shift_run(run, document)
    if verb == "drill":
        return _drill_run(run)
    raise BadInput(
        f"{run.path} is a run of {verb!r}, which has no page",
        hint=f"what it found is in {run.path / 'report.json'}",
    )


def _verify_run(run: "RunDir", document: dict[str, Any]) -> "Recomputed":
    from alb_dr.journal.samples import SAMPLES, read_samples
    from alb_dr.journal.verify_run import from_document
    from alb_dr.report.verify_json import verify_data
    from alb_dr.report.verify_page import verify_page
    from alb_dr.stats.verification import reduced, report_of

    described = from_document(document)
    samples = read_samples(run.path / SAMPLES)
    found = report_of(described, reduced(described.question, samples))
    return verify_page(found), verify_data(found), found.verdict.value


def _shift_run(run: "RunDir", document: dict[str, Any]) -> "Recomputed":
    from alb_dr.journal.samples import SAMPLES, read_samples
    from alb_dr.journal.shift_run import from_document
    from alb_dr.report.shift_data import recounted_data
    from alb_dr.report.shift_page import shift_page
    from alb_dr.stats.recount import recount

    report, members = from_document(document)
    found = recount(report, read_samples(run.path / SAMPLES), members=members)
    return shift_page(found, run=run.name), recounted_data(found), str(report.phase)


def _drill_run(run: "RunDir") -> "Recomputed":
    from alb_dr.cli.drill_recording import saved_report
    from alb_dr.report.drill_json import drill_data
    from alb_dr.report.drill_page import drill_page

    found = saved_report(run)
    return drill_page(found), drill_data(found), str(found.outcome)
