"""``alb-dr failover start``: the emergency."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.confirm import confirm
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.durations import seconds_of
from alb_dr.cli.options import DryRun, NoWait, Yes
from alb_dr.errors import BadInput, ExitCode, Interruption
from alb_dr.model.operation import new_operation_id

if TYPE_CHECKING:
    from alb_dr.workflows.shift.emergency import Emergency, MovedAway


def start(  # noqa: PLR0913, PLR0917  every flag is one parameter
    ctx: typer.Context,
    away_from: Annotated[
        list[str],
        typer.Option("--away-from", metavar="MEMBER", help="Who is to carry none; repeatable."),
    ],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; goes into the record.")
    ],
    take_over: Annotated[
        str | None,
        typer.Option(
            "--take-over", metavar="ID", help="The drill or shift that must give way, if one runs."
        ),
    ] = None,
    ask_survivors: Annotated[
        str,
        typer.Option(
            "--ask-survivors", metavar="TIME", help="Longest wait for whether they can serve."
        ),
    ] = "0.7s",
    dry_run: DryRun = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    timeout: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Longest look at the traffic.", min=1, max=3600),
    ] = 60.0,
) -> None:
    """Emergency: take a member's traffic away now, in one patch of the weights.

    It needs the Fleet's API only: neither the lost member's nor any traffic is asked first. The
    other members keep their proportions. Then it is said what the traffic does.
    """
    from alb_dr.workflows.shift.emergency import Emergency

    if not reason.strip():
        raise BadInput("--reason is empty; the next person must know why")
    context = context_of(ctx)
    emergency = Emergency(
        operation=new_operation_id(),
        away_from=away_from,
        reason=reason,
        take_over=take_over,
        moment_s=seconds_of(ask_survivors, what="ask-survivors"),
    )
    if dry_run:
        _foresee(ctx, context, emergency)
        return
    names = ", ".join(context.topology.member(name).name for name in away_from)
    confirm(f"take all traffic away from {names}, now?", yes=yes)
    _move(ctx, context, emergency, look_s=0.0 if no_wait else timeout)


def _foresee(ctx: typer.Context, context: Context, emergency: "Emergency") -> None:
    from alb_dr.cli.emergency import emergency_ports
    from alb_dr.workflows.shift.emergency import foresee_away

    class Nowhere:
        def write(self, event: str, **facts: object) -> None:
            """A dry run intends nothing."""

    ports = emergency_ports(context, Nowhere())
    done = foresee_away(emergency, context.topology, ports)
    words = f"weights would go from {_named(context, done, 'before')} to "
    words += f"{_named(context, done, 'after')} (dry run)"
    answer(ctx, words, {**_data(context, emergency, done), "dry_run": True})


def _move(ctx: typer.Context, context: Context, emergency: "Emergency", *, look_s: float) -> None:
    from alb_dr.cli.emergency import OptionalRun, emergency_ports, observed
    from alb_dr.workflows.shift.emergency import move_away

    run = OptionalRun(context, verb=emergency.verb, operation=emergency.operation)
    try:
        done = move_away(emergency, context.topology, emergency_ports(context, run))
        said = f"{_named(context, done, 'after')}"
        if done.written:
            context.narrator.note(f"weights are now {said}, accepted after {done.seconds:.2f} s")
        data = _data(context, emergency, done)
        if look_s:
            data["traffic"] = observed(context, look_s)
        run.keep(data)
    except Interruption:
        context.narrator.warn("whether the weights were moved: alb-dr failover status")
        raise
    finally:
        run.close()
    follows = data.get("traffic", {}).get("follows", True)
    lines = [f"weights {'are now' if done.written else 'were already'} {said}"]
    if done.written:
        lines[0] += f" (accepted after {done.seconds:.2f} s)"
        lines.append(_not_checked(context, emergency))
    if look_s:
        verb = "the traffic follows" if follows else "the traffic does NOT follow yet"
        lines.append(f"{verb}: {data['traffic']['words']}")
    lines.append("return when the cause is mended: alb-dr failover back")
    code = ExitCode.OK if follows else ExitCode.TIMED_OUT
    answer(ctx, "\n".join(lines), data, exit_code=code)


def _not_checked(context: Context, emergency: "Emergency") -> str:
    names = ", ".join(context.topology.member(name).name for name in emergency.away_from)
    return f"{names} has weight 0: it is not health-checked and takes nothing over by itself"


def _named(context: Context, done: "MovedAway", which: str) -> str:
    named = context.topology.names(getattr(done, which))
    return ", ".join(f"{name} {weight}" for name, weight in named.items())


def _data(context: Context, emergency: "Emergency", done: "MovedAway") -> dict[str, Any]:
    topology = context.topology
    return {
        "operation": emergency.operation,
        "away_from": [topology.member(name).name for name in emergency.away_from],
        "reason": emergency.reason,
        "before": topology.names(done.before),
        "after": topology.names(done.after),
        "written": done.written,
        "seconds": round(done.seconds, 3),
        "endpoints": dict(done.survivors.endpoints),
        "unknown": dict(done.survivors.unknown),
        "took_over": done.took_over,
    }
