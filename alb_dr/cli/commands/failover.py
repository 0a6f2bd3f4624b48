"""``alb-dr failover``: drills, and what an interrupted one left behind."""

from typing import Annotated

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.commands.drill import drill
from alb_dr.cli.commands.emergency import start
from alb_dr.cli.commands.guarding import install_guard
from alb_dr.cli.commands.recovering import recover, status
from alb_dr.cli.commands.switchover import back, switchover
from alb_dr.cli.commands.watch import watch
from alb_dr.cli.confirm import confirm
from alb_dr.cli.context import context_of
from alb_dr.cli.options import EPILOG, Yes

app = typer.Typer(help="Rehearse the failure of a member; always taken back.", no_args_is_help=True)


def unlock(
    ctx: typer.Context,
    drill_id: Annotated[
        str, typer.Option("--drill", metavar="ID", help="The drill whose lock it is.")
    ],
    yes: Yes = False,
) -> None:
    """Remove the lock of a drill whose machine is lost; refused while its holder lives."""
    from alb_dr.workflows.recover.unlock import check_unlock, remove_lock

    context = context_of(ctx)
    lock = check_unlock(
        context.topology,
        drill_id,
        fleet=context.fleet,
        members=context.members,
        clock=context.clock,
    )
    if lock is None:
        answer(ctx, "there is no lock", {"unlocked": False})
        return
    confirm(f"remove the lock of drill {drill_id}?", yes=yes)
    remove_lock(lock, fleet=context.fleet)
    answer(ctx, f"the lock of drill {drill_id} is gone", {"unlocked": True})


for _command in (drill, status, unlock, recover, switchover, start, back, watch):
    app.command(epilog=EPILOG)(_command)
app.command("install-guard", epilog=EPILOG)(install_guard)
