"""``alb-dr distribute``: deliver the application to every member."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer, table
from alb_dr.cli.confirm import confirm
from alb_dr.cli.context import context_of
from alb_dr.cli.manifests import applied_answer, choices, rendered
from alb_dr.cli.options import EPILOG, Adopt, DryRun, ForceConflicts, NoWait, Timeout, Yes
from alb_dr.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alb_dr.workflows.distribute import MemberWorkload

app = typer.Typer(help="Deliver the application to every member.", no_args_is_help=True)


@app.command(epilog=EPILOG)
def render(ctx: typer.Context) -> None:
    """Print the manifests; contact nobody."""
    from alb_dr.render.manifests import render_distribution

    rendered(ctx, render_distribution)


@app.command(epilog=EPILOG)
def apply(
    ctx: typer.Context,
    dry_run: DryRun = False,
    force_conflicts: ForceConflicts = False,
    adopt: Adopt = False,
    no_wait: NoWait = False,
    timeout: Timeout = None,
) -> None:
    """Apply the ApplicationSet and wait until every member runs the workload."""
    from alb_dr.render.library import template_library
    from alb_dr.render.manifests import render_distribution
    from alb_dr.workflows.apply import apply as apply_manifests
    from alb_dr.workflows.distribute import await_distribution

    context = context_of(ctx)
    manifests = render_distribution(context.topology, template_library(environ=context.environ))
    applied = apply_manifests(
        manifests,
        api=context.fleet,
        choices=choices(dry_run=dry_run, force_conflicts=force_conflicts, adopt=adopt),
        narrator=context.narrator,
    )
    seen: Sequence[MemberWorkload] = ()
    if not (dry_run or no_wait):
        with context.narrator.phase("waiting until every member runs the workload"):
            seen = await_distribution(
                context.topology,
                fleet=context.fleet,
                members=context.members,
                clock=context.clock,
                narrator=context.narrator,
                timeout_s=timeout or context.config.settings.distribute_timeout_s,
            )
    applied_answer(
        ctx, applied, extra={"members": [member_data(m) for m in seen]}, tail=member_table(seen)
    )


@app.command(epilog=EPILOG)
def status(ctx: typer.Context) -> None:
    """Say how far every member is."""
    from alb_dr.workflows.distribute import distribution_status

    context = context_of(ctx)
    seen = distribution_status(context.topology, fleet=context.fleet, members=context.members)
    ready = all(m.is_ready for m in seen)
    answer(ctx, member_table(seen), {"ready": ready, "members": [member_data(m) for m in seen]})


@app.command(epilog=EPILOG)
def delete(
    ctx: typer.Context,
    dry_run: DryRun = False,
    yes: Yes = False,
    with_applications: Annotated[
        bool,
        typer.Option(
            "--with-applications",
            help="Delete the generated Applications too; their workloads go unless preserved.",
        ),
    ] = False,
    confirm_name: Annotated[
        str, typer.Option("--confirm", metavar="NAME", help="The ApplicationSet's name, typed.")
    ] = "",
) -> None:
    """Delete the ApplicationSet; its Applications and workloads stay unless you say otherwise."""
    from alb_dr.workflows.distribute import application_set_id
    from alb_dr.workflows.gateway import delete_own

    context = context_of(ctx)
    id_ = application_set_id(context.topology)
    if with_applications and not dry_run and confirm_name != id_.name:
        members = len(context.topology.members)
        raise BadInput(
            f"this removes {members} Applications and, unless preserved, their workloads",
            hint=f"if you mean it, add --confirm {id_.name}",
        )
    if not dry_run:
        confirm(f"delete {id_}?", yes=yes)
    removed = delete_own(id_, api=context.fleet, dry_run=dry_run, orphan=not with_applications)
    word = "would be deleted" if dry_run else "deleted"
    human = f"{id_} {word}" if removed else f"{id_} was not there"
    data = {"removed": [str(id_)] if removed else [], "dry_run": dry_run}
    answer(ctx, human, data, exit_code=ExitCode.OK)


def member_data(seen: "MemberWorkload") -> dict[str, Any]:
    """How far one member is, for programs."""
    return {
        "member": seen.member.name,
        "id": seen.member.id,
        "ready": seen.is_ready,
        "ready_pods": seen.ready_pods,
        "wanted_pods": seen.wanted_pods,
        "application": seen.application,
        "workload": seen.workload,
    }


def member_table(seen: "Sequence[MemberWorkload]") -> str:
    """How far every member is; empty when nobody was asked."""
    if not seen:
        return ""
    rows = [
        [
            m.member.name,
            f"{m.ready_pods}/{m.wanted_pods}",
            m.application or "Synced, Healthy",
            m.workload or "ready",
        ]
        for m in seen
    ]
    return table(rows, ["MEMBER", "PODS", "APPLICATION", "WORKLOAD"])
