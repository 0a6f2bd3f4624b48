"""The tree of commands."""

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from alb_dr.cli.context import FORMATS, MORE_FORMATS, Context
from alb_dr.cli.durations import seconds_of
from alb_dr.cli.options import EPILOG
from alb_dr.cli.signals import SIGNALS
from alb_dr.errors import BadInput

GROUPS = ("distribute", "gateway", "ingress", "failover", "sandbox")
"""Commands with subcommands; each module holds a Typer named ``app``."""
VERBS = (
    "check",
    "down",
    "explain",
    "guard",
    "init",
    "plan",
    "rehearse",
    "render",
    "report",
    "schema",
    "status",
    "up",
    "verify",
    "version",
)
"""Commands of their own; each module holds a function of the command's name."""

NAMED = "alb_dr.command"
"""Where the click context keeps the whole name of the command that is about to run."""


class Root(TyperGroup):
    """The root, which knows the command below a group before its own options are looked at."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As every group does; the command's whole name is kept."""
        name, command, rest = super().resolve_command(ctx, args)
        below = rest[:1] if name in GROUPS and not "".join(rest[:1]).startswith("-") else []
        ctx.meta[NAMED] = " ".join([str(name), *below])
        return name, command, rest


app = typer.Typer(
    name="alb-dr",
    cls=Root,
    help="Set up, prove and rehearse zone-disaster recovery with ACK One ALB gateways.",
    epilog="Start here: alb-dr rehearse",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    add_completion=True,
)


@app.callback()
def root(  # noqa: PLR0913, PLR0917  every global option is one parameter
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Project file; else ALB_DR_CONFIG, else ./alb-dr.yaml."),
    ] = None,
    kubeconfig: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The Fleet's kubeconfig.")
    ] = None,
    context: Annotated[
        str | None, typer.Option(metavar="NAME", help="The Fleet's kubeconfig context.")
    ] = None,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FORMAT", help="table or json.")
    ] = "table",
    run_dir: Annotated[
        Path | None, typer.Option("--run-dir", metavar="DIR", help="Where this run is recorded.")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="No progress, only warnings and the answer.")
    ] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Log API calls.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of bugs.")] = False,
    deadline: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            envvar="ALB_DR_DEADLINE",
            help="End the whole command after so long; what harms is put back first.",
        ),
    ] = None,
    accept_cluster: Annotated[
        bool,
        typer.Option(
            "--accept-cluster", help="A kubeconfig names another cluster than before: it is right."
        ),
    ] = False,
) -> None:
    """Read the global options into the Context; they may stand anywhere on the line."""
    _check_format(output, ctx.meta.get(NAMED, ""))
    if verbose:
        _log_calls()
    if deadline is not None:
        SIGNALS.alarm(seconds_of(deadline, what="deadline"))
    if ctx.obj is None:
        ctx.obj = Context(
            output=output,
            quiet=quiet,
            verbose=verbose,
            debug=debug,
            config_path=config,
            kubeconfig=kubeconfig,
            kube_context=context,
            run_dir=run_dir,
            accept_cluster=accept_cluster,
        )


def _check_format(output: str, command: str) -> None:
    """Before anything is contacted: a command must not do its work and then lack words for it."""
    allowed = (*FORMATS, *MORE_FORMATS.get(command, ()))
    if output not in allowed:
        raise BadInput(
            f"{command} has no output format {output!r}", hint=f"use one of: {', '.join(allowed)}"
        )


def _log_calls() -> None:
    import logging

    logging.basicConfig(format="%(name)s: %(message)s")
    logging.getLogger("alb_dr").setLevel(logging.DEBUG)


for _group in GROUPS:
    app.add_typer(importlib.import_module(f"alb_dr.cli.commands.{_group}").app, name=_group)
for _verb in VERBS:
    _function = getattr(importlib.import_module(f"alb_dr.cli.commands.{_verb}"), _verb)
    app.command(_verb, epilog=EPILOG)(_function)
