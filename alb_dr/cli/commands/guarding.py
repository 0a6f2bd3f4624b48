"""``alb-dr failover install-guard``: the sweeper in every member that needs no operator."""

from typing import Annotated

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.context import context_of
from alb_dr.cli.options import Adopt, DryRun, ForceConflicts


def install_guard(
    ctx: typer.Context,
    image: Annotated[
        str,
        typer.Option("--image", metavar="IMAGE", help="An image with alb-dr, named by digest."),
    ],
    render_only: Annotated[
        bool, typer.Option("--render", help="Print the manifests; contact nobody.")
    ] = False,
    dry_run: DryRun = False,
    force_conflicts: ForceConflicts = False,
    adopt: Adopt = False,
) -> None:
    """Install the guard in every member: a CronJob that ends drills whose deadline has passed."""
    from alb_dr.cli.manifests import change_data, choices
    from alb_dr.render.library import template_library
    from alb_dr.render.manifests import render_guard
    from alb_dr.render.text import as_yaml
    from alb_dr.workflows.guard.install import install

    context = context_of(ctx)
    library = template_library(environ=context.environ)
    manifests = render_guard(context.topology, library, image=image)
    if render_only:
        documents = {"manifests": [dict(m.document) for m in manifests]}
        answer(ctx, as_yaml(manifests), documents)
        return
    asked = choices(dry_run=dry_run, force_conflicts=force_conflicts, adopt=adopt)
    members = {member.name: context.members[member.id] for member in context.topology.members}
    done = install(manifests, members=members, choices=asked, narrator=context.narrator)
    lines = [f"{name}: {c.id}: {c.action}" for name, each in done.items() for c in each.changes]
    data = {name: [change_data(c) for c in each.changes] for name, each in done.items()}
    answer(ctx, "\n".join(lines), {"members": data, "dry_run": dry_run})
