"""``alb-dr ingress shift`` and the commands that steer it from another terminal."""

import secrets
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.confirm import confirm
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.durations import seconds_of
from alb_dr.cli.options import DryRun, Yes
from alb_dr.errors import BadInput
from alb_dr.model.printable import printable

if TYPE_CHECKING:
    from alb_dr.model.shift import ShiftRecord
    from alb_dr.model.topology import Topology
    from alb_dr.model.weights import Weights

Share = Annotated[float, typer.Option(metavar="PERCENT", min=0.01, max=100)]
Factor = Annotated[float, typer.Option(metavar="FACTOR", min=1.01, max=1000)]
Patience = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", help="Longest wait.", min=1, max=3600)
]


def shift(  # noqa: PLR0913, PLR0917  every flag is one parameter
    ctx: typer.Context,
    to: Annotated[
        str, typer.Option("--to", metavar="WEIGHTS", help="Where to: 0:100, or a=0,b=100.")
    ],
    steps: Annotated[
        str, typer.Option("--steps", metavar="PERCENTS", help="Per cents of the way, to 100.")
    ] = "5,25,50,100",
    hold: Annotated[
        str, typer.Option("--hold", metavar="TIME", help="Stay at each proven step so long.")
    ] = "30s",
    on_failure: Annotated[
        str, typer.Option("--on-failure", help="rollback, freeze or ask.")
    ] = "rollback",
    rate: Annotated[
        float, typer.Option("--rate", metavar="PER_SECOND", help="Requests.", min=20, max=5000)
    ] = 200.0,
    baseline: Annotated[
        str, typer.Option("--baseline", metavar="TIME", help="Measure so long before.")
    ] = "5s",
    step_timeout: Annotated[
        str, typer.Option("--step-timeout", metavar="TIME", help="Longest wait for one step.")
    ] = "2m",
    tolerance: Annotated[
        float, typer.Option(metavar="POINTS", help="How far a share may be off.", min=1, max=25)
    ] = 5.0,
    slow_errors: Share = 0.5,
    abort_errors: Share = 2.0,
    slow_latency: Factor = 1.5,
    abort_latency: Factor = 3.0,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; goes into the record.")
    ] = "",
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Move the traffic in steps; each must show in the measured shares before the next.

    Errors and latency are watched against what was measured before the first step: above the slow
    thresholds a step is held longer, above the abort thresholds the shift fails.
    """
    from alb_dr.cli.shifting import foreseen, run_shift
    from alb_dr.model.shift import OnFailure, ShiftRequest, Thresholds, parse_percents
    from alb_dr.report.shift_data import shift_data, shift_lines

    if on_failure not in set(OnFailure):
        raise BadInput(f"{on_failure!r} is no way to fail", hint="rollback, freeze or ask")
    if on_failure == OnFailure.ASK and not sys.stdin.isatty():
        raise BadInput("there is no terminal to ask on", hint="--on-failure rollback or freeze")
    context = context_of(ctx)
    request = ShiftRequest(
        shift_id=secrets.token_hex(4),
        target=_weights(to, context.topology),
        percents=parse_percents(steps),
        hold_s=seconds_of(hold, what="hold"),
        on_failure=OnFailure(on_failure),
        reason=reason,
        rate=rate,
        baseline_s=seconds_of(baseline, what="baseline"),
        step_timeout_s=seconds_of(step_timeout, what="step-timeout"),
        tolerance=tolerance / 100,
        thresholds=Thresholds(
            slow_errors=slow_errors / 100,
            abort_errors=abort_errors / 100,
            slow_latency=slow_latency,
            abort_latency=abort_latency,
        ),
    )
    way = foreseen(context, request)
    if dry_run:
        _foretell(ctx, context, way)
        return
    confirm(f"shift the traffic: {_way_words(context.topology, way)}?", yes=yes)
    report = run_shift(context, request)
    code = report.phase.exit_code
    human = "\n".join(shift_lines(report))
    answer(ctx, human, shift_data(report), verdict=str(report.phase), exit_code=code)


def _weights(text: str, topology: "Topology") -> "Weights":
    from alb_dr.model.weights import parse_weights

    return parse_weights(text.replace(":", " ").replace(",", " ").split(), topology.members)


def _way_words(topology: "Topology", way: "tuple[Weights, ...]") -> str:
    names = "/".join(topology.names(way[0]))
    return f"{names} " + " -> ".join("/".join(str(w) for _, w in weights) for weights in way)


def _foretell(ctx: typer.Context, context: Context, way: "tuple[Weights, ...]") -> None:
    data = {"dry_run": True, "way": [context.topology.names(weights) for weights in way]}
    answer(ctx, f"would shift {_way_words(context.topology, way)} (dry run)", data)


def pause(ctx: typer.Context, timeout: Patience = 20.0) -> None:
    """Hold the running shift where it is; the traffic is watched on."""
    _steer(ctx, "pause", timeout)


def resume(ctx: typer.Context, timeout: Patience = 20.0) -> None:
    """Let a paused shift go on."""
    _steer(ctx, "resume", timeout)


def _steer(ctx: typer.Context, word: str, timeout: float) -> None:
    from alb_dr.model.shift import Wish
    from alb_dr.workflows.shift_control import steer

    context = context_of(ctx)
    record = steer(
        context.topology, Wish(word), fleet=context.fleet, clock=context.clock, timeout_s=timeout
    )
    _answer(ctx, record)


def abort(
    ctx: typer.Context,
    freeze: Annotated[
        bool, typer.Option("--freeze", help="Leave the weights where they are now.")
    ] = False,
    timeout: Patience = 180.0,
) -> None:
    """End the open shift and put the weights back; also one whose process is gone."""
    from alb_dr.model.shift import Wish
    from alb_dr.workflows.shift_control import end_shift

    context = context_of(ctx)
    record = end_shift(
        context.topology,
        Wish.FREEZE if freeze else Wish.ABORT,
        fleet=context.fleet,
        clock=context.clock,
        narrator=context.narrator,
        timeout_s=timeout,
    )
    _answer(ctx, record)


def _answer(ctx: typer.Context, record: "ShiftRecord") -> None:
    topology = context_of(ctx).topology
    weights = topology.names(record.intended)
    named = ", ".join(f"{name} {weight}" for name, weight in weights.items())
    data: dict[str, Any] = {
        "shift": record.shift,
        "phase": str(record.phase),
        "step": record.step,
        "weights": weights,
        "why": record.why,
        "by": record.by,
    }
    why = f": {record.why}" if record.why else ""
    answer(ctx, printable(f"shift {record.shift} is {record.phase} at {named}{why}"), data)
