"""``alb-dr plan``: what `up` would change."""

from pathlib import Path
from typing import Annotated

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.context import context_of
from alb_dr.cli.options import (
    Adopt,
    AllowDeletions,
    ForceConflicts,
    PruneListeners,
    ResetWeights,
)
from alb_dr.errors import ExitCode


def plan(  # noqa: PLR0913, PLR0917  every flag is one parameter
    ctx: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Save it; alb-dr up FILE does it.")
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Leave with code 15 when anything differs.")
    ] = False,
    adopt: Adopt = False,
    force_conflicts: ForceConflicts = False,
    prune_listeners: PruneListeners = False,
    reset_weights: ResetWeights = False,
    allow_deletions: AllowDeletions = False,
) -> None:
    """Compare the project file with the Fleet, object by object; change nothing."""
    from alb_dr.cli.findings import say_findings
    from alb_dr.cli.planned import plan_of, shown
    from alb_dr.journal.plan_file import write_plan
    from alb_dr.model.plan import PlanChoices
    from alb_dr.model.weights import Weights
    from alb_dr.report.plan_report import plan_data

    context = context_of(ctx)
    choices = PlanChoices(
        adopt=adopt,
        force_conflicts=force_conflicts,
        prune_listeners=prune_listeners,
        reset_weights=reset_weights,
        delete_applications=allow_deletions,
    )
    made = plan_of(context, choices)
    human = shown(context, made)
    if out is not None:
        write_plan(out, made)
        human += f"\nsaved: {out}; carry it out with: alb-dr up {out}"
    code = ExitCode.DIFFERENCES if exit_code and made.differs else ExitCode.OK
    findings = say_findings(context, Weights.of(made.weights))
    data = {**plan_data(made), "saved": str(out) if out else None, "findings": findings}
    answer(ctx, human, data, exit_code=code)
