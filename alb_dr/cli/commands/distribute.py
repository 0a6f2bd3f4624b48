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

    from alb_dr.model.manifest import ResourceId
    from alb_dr.workflows.delivery.distribute import MemberWorkload

Via = Annotated[
    str,
    typer.Option("--via", help="gitops or policy; unless said, the project file's method."),
]
"""How the application is delivered."""

app = typer.Typer(help="Deliver the application to every member.", no_args_is_help=True)


@app.command(epilog=EPILOG)
def render(ctx: typer.Context, via: Via = "") -> None:
    """Print the manifests; contact nobody.

    The policies are printed in the group the project file says, else in the newer one.
    """
    from alb_dr.render.manifests import render_distribution

    rendered(ctx, render_distribution, topology=context_of(ctx).distributed(via))


@app.command(epilog=EPILOG)
def apply(
    ctx: typer.Context,
    dry_run: DryRun = False,
    force_conflicts: ForceConflicts = False,
    adopt: Adopt = False,
    no_wait: NoWait = False,
    timeout: Timeout = None,
    via: Via = "",
) -> None:
    """Apply the ApplicationSet, or the policies, and wait until every member runs the workload."""
    from alb_dr.render.library import template_library
    from alb_dr.render.manifests import render_distribution
    from alb_dr.workflows.after_writing import after_writing
    from alb_dr.workflows.delivery.apply import apply as apply_manifests
    from alb_dr.workflows.delivery.distribute import await_distribution

    context = context_of(ctx)
    topology = context.settled(via)
    manifests = render_distribution(topology, template_library(environ=context.environ))
    applied = apply_manifests(
        manifests,
        api=context.fleet,
        choices=choices(dry_run=dry_run, force_conflicts=force_conflicts, adopt=adopt),
        narrator=context.narrator,
    )
    seen: Sequence[MemberWorkload] = ()
    if not (dry_run or no_wait):
        written = [change.id for change in applied.written]
        waiting = context.narrator.phase("waiting until every member runs the workload")
        with after_writing(written), waiting:
            seen = await_distribution(
                topology,
                fleet=context.fleet,
                members=context.members,
                clock=context.clock,
                narrator=context.narrator,
                timeout_s=timeout or context.config.settings.distribute_timeout_s,
            )
    applied_answer(
        ctx,
        applied,
        extra={"method": str(topology.application.method), "members": _members(seen)},
        tail=member_table(seen),
    )


@app.command(epilog=EPILOG)
def status(ctx: typer.Context, via: Via = "") -> None:
    """Say how far every member is."""
    from alb_dr.workflows.delivery.distribute import distribution_status

    context = context_of(ctx)
    topology = context.settled(via)
    seen = distribution_status(topology, fleet=context.fleet, members=context.members)
    ready = all(m.is_ready for m in seen)
    method = str(topology.application.method)
    answer(ctx, member_table(seen), {"ready": ready, "method": method, "members": _members(seen)})


@app.command(epilog=EPILOG)
def delete(
    ctx: typer.Context,
    dry_run: DryRun = False,
    yes: Yes = False,
    with_applications: Annotated[
        bool,
        typer.Option(
            "--with-applications",
            help="Also the Applications, or what a policy placed; workloads go unless preserved.",
        ),
    ] = False,
    confirm_name: Annotated[
        str,
        typer.Option(
            "--confirm", metavar="NAME", help="The ApplicationSet's or policy's name, typed."
        ),
    ] = "",
    via: Via = "",
) -> None:
    """Delete the ApplicationSet, or the policies; workloads stay unless you say otherwise."""
    from alb_dr.workflows.after_writing import after_writing
    from alb_dr.workflows.delivery.distribute import distribution_ids
    from alb_dr.workflows.delivery.gateway import delete_own
    from alb_dr.workflows.delivery.policy import by_policy, propagation_id, refuse_taking_copies

    context = context_of(ctx)
    topology = context.settled(via)
    ids = distribution_ids(topology)
    main = propagation_id(topology) if by_policy(topology) else ids[0]
    if with_applications and not dry_run and confirm_name != main.name:
        members = len(topology.members)
        raise BadInput(
            f"this removes {members} Applications and, unless preserved, their workloads",
            hint=f"if you mean it, add --confirm {main.name}",
        )
    if by_policy(topology) and not with_applications:
        refuse_taking_copies(topology, context.fleet)
    if not dry_run:
        confirm(f"delete {main}?", yes=yes)
    orphan = not (with_applications or by_policy(topology))
    removed: list[ResourceId] = []
    with after_writing(removed):
        removed.extend(
            id_ for id_ in ids if delete_own(id_, api=context.fleet, dry_run=dry_run, orphan=orphan)
        )
    word = "would be deleted" if dry_run else "deleted"
    human = [f"{id_} {word}" if id_ in removed else f"{id_} was not there" for id_ in ids]
    data = {"removed": [str(id_) for id_ in removed], "dry_run": dry_run}
    answer(ctx, "\n".join(human), data, exit_code=ExitCode.OK)


def _members(seen: "Sequence[MemberWorkload]") -> list[dict[str, Any]]:
    return [member_data(m) for m in seen]


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
            m.application or m.delivered,
            m.workload or "ready",
        ]
        for m in seen
    ]
    return table(rows, ["MEMBER", "PODS", "APPLICATION", "WORKLOAD"])
