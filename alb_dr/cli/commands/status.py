"""``alb-dr status``: everything on one screen."""

import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.stdout import write
from alb_dr.errors import AlbDrError, BadInput, ExitCode, Interruption

if TYPE_CHECKING:
    from alb_dr.model.status import Status
    from alb_dr.model.topology import Topology

CLEAR = "\x1b[H\x1b[2J"
"""Moves the cursor home and clears the screen; only ever sent to a terminal."""


def status(
    ctx: typer.Context,
    requests: Annotated[
        int,
        typer.Option(
            "--requests", "-n", help="Requests to see the split; 0: none.", min=0, max=5000
        ),
    ] = 100,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Leave with code 15 on drift or anything amiss.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Look again and again, until Ctrl-C.")
    ] = False,
    interval: Annotated[
        float,
        typer.Option("--interval", metavar="SECONDS", help="Between looks.", min=0.5, max=3600),
    ] = 2.0,
) -> None:
    """Show gateway, members, weights (file, live, seen), drift and what needs attention."""
    from alb_dr.report.status_text import status_data, status_text

    context = context_of(ctx)
    if watch:
        if context.wants_json:
            raise BadInput("--watch draws a screen; -o json gives one answer")
        _watch(context, requests, interval)
        return
    seen = _look(context, requests)
    wrong = bool(seen.drift or seen.attention)
    code = ExitCode.DIFFERENCES if exit_code and wrong else ExitCode.OK
    data = {**status_data(seen), "origins": dict(context.config.origins)}
    answer(ctx, status_text(seen), data, exit_code=code)


def _look(context: Context, requests: int) -> "Status":
    from alb_dr.render.library import template_library
    from alb_dr.render.manifests import render
    from alb_dr.workflows.project.status import StatusPorts, look_at_everything

    topology = _topology(context)
    return look_at_everything(
        topology,
        render(topology, template_library(environ=context.environ)),
        ports=StatusPorts(
            fleet=context.fleet,
            members=context.members,
            prober=context.prober,
            clock=context.clock,
            narrator=context.narrator,
        ),
        requests=requests,
    )


def _topology(context: Context) -> "Topology":
    """As it is distributed; a Fleet that cannot be asked is no reason to show nothing."""
    unsettled = context.topology
    try:
        return context.settled()
    except AlbDrError as error:
        context.narrator.warn(error.message)
        return unsettled


def _watch(context: Context, requests: int, interval_s: float) -> None:
    """Draw the screen until Ctrl-C, or until nobody reads on.

    Off a terminal only screens that differ are written.
    """
    from alb_dr.report.status_text import status_text

    quiet = replace(context, quiet=True)
    terminal = sys.stdout.isatty()
    last = ""
    try:
        while True:
            screen, read = status_text(_look(quiet, requests)), True
            if terminal:
                read = write(f"{CLEAR}{screen}\n\n{quiet.clock.now():%H:%M:%S}Z, Ctrl-C ends")
            elif screen != last:
                read = write(f"{quiet.clock.now().isoformat(timespec='seconds')}\n{screen}\n")
            if not read:
                return
            last = screen
            quiet.clock.sleep(interval_s)
    except Interruption as interruption:
        # Ctrl-C is how a watch ends; everything else that stops it is told as always.
        if interruption.signum != signal.SIGINT:
            raise
