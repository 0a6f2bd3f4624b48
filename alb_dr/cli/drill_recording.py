"""What a drill leaves in its run's folder, and the report that is made of that alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alb_dr.cli.context import Context
    from alb_dr.cli.report_files import ReportFiles
    from alb_dr.journal.rundir import RunDir
    from alb_dr.model.drill_report import DrillReport, DrillRun


def keep(context: Context, run: RunDir, described: DrillRun) -> None:
    """Write down what is known of the run; a full disk must not end a drill (F6)."""
    from alb_dr.journal.drill_run import to_document
    from alb_dr.journal.rundir import DESCRIPTION

    try:
        run.write_json(DESCRIPTION, to_document(described))
    except OSError as error:
        context.narrator.warn(f"the run's description cannot be written: {error.strerror}")


def saved_report(run: RunDir) -> DrillReport:
    """A saved drill judged again, every number from its samples. Raises NotFound or BadInput."""
    from alb_dr.journal.drill_run import from_document
    from alb_dr.journal.rundir import DESCRIPTION
    from alb_dr.journal.samples import SAMPLES, read_samples
    from alb_dr.model.sample import SampleColumns
    from alb_dr.stats.drill_judgement import report_of

    described = from_document(run.read_json(DESCRIPTION))
    samples = SampleColumns()
    for columns in read_samples(run.path / SAMPLES):
        samples.extend(columns)
    return report_of(described, samples)


def write_reports(context: Context, run: RunDir, files: ReportFiles | None) -> None:
    """The report in every format, made of what was saved; nothing for a run without traffic."""
    from alb_dr.cli.verify_answer import REPORT_JSON, REPORT_MARKDOWN
    from alb_dr.journal.rundir import DESCRIPTION
    from alb_dr.report.drill_json import drill_data
    from alb_dr.report.drill_page import drill_page
    from alb_dr.report.markdown import markdown

    if not (run.path / DESCRIPTION).exists():
        return
    report = saved_report(run)
    page = drill_page(report)
    run.write_json(REPORT_JSON, drill_data(report))
    run.write_text(REPORT_MARKDOWN, markdown(page))
    if files is not None:
        files.write(page, context.narrator)
    context.narrator.note(f"show it again: alb-dr report {run.name}")
