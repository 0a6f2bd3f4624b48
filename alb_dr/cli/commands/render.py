"""``alb-dr render``: all manifests, without contacting anybody."""

from pathlib import Path
from typing import Annotated

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.context import context_of
from alb_dr.cli.stdout import write


def render(
    ctx: typer.Context,
    tutorial: Annotated[
        bool, typer.Option("--tutorial", help="With the tutorial's own choices, all of them.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say where the defaults differ, and why.")
    ] = False,
    templates: Annotated[
        Path | None, typer.Option("--templates", metavar="DIR", help="Edited templates.")
    ] = None,
) -> None:
    """Print every manifest; byte-stable, made for review and for GitOps."""
    from alb_dr.render.explanations import EXPLANATIONS
    from alb_dr.render.library import template_library
    from alb_dr.render.manifests import as_in_the_tutorial
    from alb_dr.render.manifests import render as render_all
    from alb_dr.render.text import as_yaml

    if explain:
        lines = [f"{what}\n  {why}" for what, why in EXPLANATIONS]
        data = {"explanations": [{"what": what, "why": why} for what, why in EXPLANATIONS]}
        answer(ctx, "\n".join(lines), data)
        return
    context = context_of(ctx)
    topology = as_in_the_tutorial(context.topology) if tutorial else context.topology
    manifests = render_all(topology, template_library(templates, environ=context.environ))
    if context.wants_json:
        answer(ctx, "", {"manifests": [dict(m.document) for m in manifests]})
    else:
        write(as_yaml(manifests))
