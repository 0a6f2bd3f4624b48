"""``alb-dr up``: the whole tutorial, in order."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.commands.distribute import member_data
from alb_dr.cli.commands.gateway import gateway_data
from alb_dr.cli.confirm import confirm
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.options import (
    Adopt,
    AllowDeletions,
    DryRun,
    ForceConflicts,
    NoWait,
    PruneListeners,
    ResetWeights,
    Timeout,
    Yes,
)
from alb_dr.cli.stdout import write
from alb_dr.errors import BadInput

if TYPE_CHECKING:
    from alb_dr.model.plan import Plan, PlanChoices
    from alb_dr.workflows.project.up import Brought


def up(  # noqa: PLR0913, PLR0917  every flag is one parameter
    ctx: typer.Context,
    plan: Annotated[
        Path | None,
        typer.Argument(metavar="PLAN", help="A saved plan; refused when anything changed since."),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    adopt: Adopt = False,
    force_conflicts: ForceConflicts = False,
    prune_listeners: PruneListeners = False,
    reset_weights: ResetWeights = False,
    allow_deletions: AllowDeletions = False,
    no_wait: NoWait = False,
    timeout: Timeout = None,
) -> None:
    """Distribute the application, create the gateway, apply the Ingress; wait for the traffic.

    Running it again is safe: what is there is kept, and so are the live weights.
    """
    from alb_dr.cli.findings import say_findings
    from alb_dr.cli.planned import shown
    from alb_dr.model.plan import PlanChoices
    from alb_dr.model.weights import Weights
    from alb_dr.report.plan_report import plan_data
    from alb_dr.workflows.project.up import refuse_problems

    context = context_of(ctx)
    choices = PlanChoices(
        adopt=adopt,
        force_conflicts=force_conflicts,
        prune_listeners=prune_listeners,
        reset_weights=reset_weights,
        delete_applications=allow_deletions,
    )
    fresh = _plan(context, plan, choices)
    findings = say_findings(context, Weights.of(fresh.weights))
    if dry_run:
        data = {"dry_run": True, **plan_data(fresh), "findings": findings}
        answer(ctx, shown(context, fresh), data)
        return
    refuse_problems(fresh)
    if plan is None:
        _consent(context, fresh, yes=yes)
    brought = _bring_up(context, fresh, timeout, wait=not no_wait)
    data = {"dry_run": False, **plan_data(fresh), **_as_data(brought), "findings": findings}
    answer(ctx, _words(brought), data)


def _plan(context: Context, saved: Path | None, choices: "PlanChoices") -> "Plan":
    """The plan of this moment; with a saved one, it must still be that."""
    from alb_dr.cli.planned import plan_of
    from alb_dr.journal.plan_file import read_plan
    from alb_dr.model.plan import PlanChoices
    from alb_dr.workflows.project.stale import refuse_stale

    if saved is None:
        return plan_of(context, choices)
    if choices != PlanChoices():
        raise BadInput(
            "a saved plan says itself what is allowed",
            hint="give the flags to alb-dr plan, not to up",
        )
    old = read_plan(saved)
    fresh = plan_of(context, old.choices)
    refuse_stale(old, fresh)
    return fresh


def _consent(context: Context, plan: "Plan", *, yes: bool) -> None:
    """Ask on a terminal; elsewhere only what changes something that is there needs --yes."""
    import sys

    from alb_dr.cli.planned import shown
    from alb_dr.model.plan import Action

    if not plan.differs:
        return
    if sys.stdin.isatty() and not yes and not context.wants_json:
        write(shown(context, plan))
    if sys.stdin.isatty() or plan.count(Action.UPDATE):
        moved = " and move traffic" if plan.moves_traffic else ""
        confirm(
            f"create {plan.count(Action.CREATE)} and change {plan.count(Action.UPDATE)} "
            f"objects{moved}?",
            yes=yes,
        )


def _bring_up(context: Context, plan: "Plan", timeout: float | None, *, wait: bool) -> "Brought":
    from alb_dr.workflows.project.up import Patience, UpPorts, bring_up

    settings = context.config.settings
    return bring_up(
        context.settled(),
        plan,
        ports=UpPorts(
            fleet=context.fleet,
            members=context.members,
            prober=context.prober,
            clock=context.clock,
            narrator=context.narrator,
        ),
        patience=Patience(
            distribute_s=timeout or settings.distribute_timeout_s,
            gateway_s=timeout or settings.gateway_timeout_s,
            dataplane_s=timeout or settings.dataplane_timeout_s,
        ),
        wait=wait,
    )


def _as_data(brought: "Brought") -> dict[str, Any]:
    split = brought.split
    observed = {"requests": split.requests, "shares": dict(split.shares)} if split else None
    return {
        "written": [str(change.id) for change in brought.written],
        "members": [member_data(m) for m in brought.members],
        "gateway": gateway_data(brought.address) if brought.address else None,
        "observed": observed,
    }


def _words(brought: "Brought") -> str:
    count = len(brought.written)
    lines = [f"{count} objects written" if count else "everything was there already"]
    if brought.address is not None and brought.split is not None:
        pods = ", ".join(f"{m.member.name} {m.ready_pods}/{m.wanted_pods}" for m in brought.members)
        lines += [
            f"members  {pods} pods ready",
            f"gateway  {brought.address.url}",
            f"traffic  {brought.split.words}",
        ]
    return "\n".join(lines)
