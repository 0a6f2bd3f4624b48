"""``alb-dr check``: every prerequisite, each with a code, what was seen and what to do."""

from typing import TYPE_CHECKING, Annotated

import typer

from alb_dr.cli.answer import answer, conclude
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.permissions import print_permissions as permissions_answer
from alb_dr.errors import BadInput

if TYPE_CHECKING:
    from alb_dr.model.checks import CheckReport
    from alb_dr.workflows.preflight.scene import Question

Names = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="A code or a category; repeat it.")
]


def check(
    ctx: typer.Context,
    pre: Annotated[
        bool, typer.Option("--pre", help="Only what can be known before anything is applied.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Ask again what waiting may heal, each until its limit.")
    ] = False,
    only: Names = None,
    skip: Names = None,
    print_permissions: Annotated[
        bool,
        typer.Option(
            "--print-permissions", help="Print the RBAC and RAM rights to grant; ask nobody."
        ),
    ] = False,
) -> None:
    """Ask every prerequisite (-o table, short, json, junit); exit 0 when nothing is broken."""
    from alb_dr.cli.scene import scene_of
    from alb_dr.fleet.connect import load
    from alb_dr.workflows.preflight.runner import run_checks

    if print_permissions:
        permissions_answer(ctx)
        return
    context = context_of(ctx)
    questions = _wanted(pre=pre, only=only, skip=skip)
    # A bad project file is said before anything is asked.
    names = ", ".join(m.name for m in context.topology.members)
    load()
    with context.narrator.phase(f"asking {len(questions)} things of the Fleet, {names}"):
        report = run_checks(
            questions,
            lambda: scene_of(context),
            wait=wait,
            clock=context.clock,
            narrator=context.narrator,
        )
    _say(ctx, context, report)


def _wanted(*, pre: bool, only: list[str] | None, skip: list[str] | None) -> "tuple[Question, ...]":
    from alb_dr.workflows.preflight.catalogue import QUESTIONS
    from alb_dr.workflows.preflight.runner import Selection

    selection = Selection(only=_names(only), skip=_names(skip), pre=pre)
    wanted = selection.of(QUESTIONS)
    if not wanted:
        raise BadInput("nothing is left to check", hint="use fewer of --only, --skip and --pre")
    return wanted


def _names(given: list[str] | None) -> frozenset[str]:
    """Codes and categories as they are called; BadInput for one that does not exist."""
    from alb_dr.workflows.preflight.catalogue import CHECKS

    categories = list(dict.fromkeys(str(c.category) for c in CHECKS))
    known = {name.lower(): name for c in CHECKS for name in (c.code, str(c.category))}
    words = [word for text in given or [] for word in text.split(",") if word]
    strange = [word for word in words if word.lower() not in known]
    if strange:
        raise BadInput(
            f"{strange[0]!r} is neither a code nor a category of checks",
            hint=f"categories are: {', '.join(categories)}; codes: docs/reference/checks.md",
        )
    return frozenset(known[word.lower()] for word in words)


def _say(ctx: typer.Context, context: Context, report: "CheckReport") -> None:
    from alb_dr.report.checks_json import checks_data
    from alb_dr.report.checks_junit import checks_junit
    from alb_dr.report.checks_text import short_of, table_of

    if context.output == "junit":
        conclude(ctx, checks_junit(report), exit_code=report.exit_code)
        return
    human = short_of(report) if context.output == "short" else table_of(report)
    answer(
        ctx,
        human,
        checks_data(report),
        verdict=report.verdict.value,
        exit_code=report.exit_code,
    )
