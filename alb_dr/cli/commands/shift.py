"""``alb-dr ingress shift`` and the commands that steer it from another terminal."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.confirm import confirm
from alb_dr.cli.context import context_of
from alb_dr.cli.options import DryRun, Yes
from alb_dr.cli.shift_options import (
    USUAL_PACE,
    Headroom,
    Pace,
    Reason,
    paced,
)
from alb_dr.model.printable import printable
from alb_dr.stats.capacity import HEADROOM

if TYPE_CHECKING:
    from alb_dr.model.manifest import Manifest
    from alb_dr.model.shift import ShiftRecord, ShiftRequest
    from alb_dr.model.topology import Topology
    from alb_dr.model.weights import Weights

Patience = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", help="Longest wait.", min=1, max=3600)
]


@paced
def shift(
    ctx: typer.Context,
    to: Annotated[
        str, typer.Option("--to", metavar="WEIGHTS", help="Where to: 0:100, or a=0,b=100.")
    ],
    pace: Pace = USUAL_PACE,
    headroom: Headroom = HEADROOM,
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Move the traffic in steps; each must show in the measured shares before the next.

    Errors and latency are watched against what was measured before the first step: above the slow
    thresholds a step is held longer, above the abort thresholds the shift fails. A way that takes
    everything from a member is refused when the others have too few pods for it (--headroom).
    """
    from alb_dr.cli.shifting import foreseen
    from alb_dr.workflows.delivery.weights import live_ingress
    from alb_dr.workflows.shift.checks import starting_weights

    context = context_of(ctx)
    target = _weights(to, context.topology)
    live = live_ingress(context.topology, fleet=context.fleet)
    start = starting_weights(context.topology, live)
    leaves_somebody = any(weight and not target[member] for member, weight in start)
    bears = headroom if leaves_somebody else None
    request = pace.request(target, verb="shift", reason=reason, headroom=bears)
    if start.as_dict() == target.as_dict():
        _already(ctx, live, target, dry_run=dry_run)
        return
    way = foreseen(context, request)
    if dry_run:
        foretell(ctx, way, verb="shift")
        return
    confirm(f"shift the traffic: {way_words(context.topology, way)}?", yes=yes)
    carry_out(ctx, request)


def _already(ctx: typer.Context, live: "Manifest", target: "Weights", *, dry_run: bool) -> None:
    """Nothing to do is no failure; weights that somebody is just moving are another matter."""
    from alb_dr.workflows.records.shift_record import read_record, refuse_open_shift
    from alb_dr.workflows.shift.checks import refuse_open_weights

    topology, fleet = context_of(ctx).topology, context_of(ctx).fleet
    refuse_open_shift(read_record(topology, fleet))
    refuse_open_weights(live)
    named = topology.names(target)
    said = ", ".join(f"{name} {weight}" for name, weight in named.items())
    answer(
        ctx,
        f"weights were already {said}; nothing to shift",
        {"dry_run": dry_run, "way": [named], "start": named, "end": named, "steps": []},
        verdict="done",
    )


def carry_out(ctx: typer.Context, request: "ShiftRequest", **how: Any) -> None:
    """Do a shift and say how it went; leaves with its exit code."""
    from alb_dr.cli.shifting import run_shift
    from alb_dr.report.shift_data import shift_data, shift_lines

    report = run_shift(context_of(ctx), request, **how)
    code = report.phase.exit_code
    human = "\n".join(shift_lines(report))
    answer(ctx, human, shift_data(report), verdict=str(report.phase), exit_code=code)


def _weights(text: str, topology: "Topology") -> "Weights":
    from alb_dr.model.weights import parse_weights

    return parse_weights(text.replace(":", " ").replace(",", " ").split(), topology.members)


def way_words(topology: "Topology", way: "tuple[Weights, ...]") -> str:
    """All weights on the way, with the members' names first."""
    names = "/".join(topology.names(way[0]))
    return f"{names} " + " -> ".join("/".join(str(w) for _, w in weights) for weights in way)


def foretell(
    ctx: typer.Context, way: "tuple[Weights, ...]", *, verb: str, beside: str = ""
) -> None:
    """Say what would be done; ``beside`` is what else."""
    topology = context_of(ctx).topology
    data = {"dry_run": True, "way": [topology.names(weights) for weights in way]}
    answer(ctx, f"would {verb} {way_words(topology, way)}{beside} (dry run)", data)


def pause(ctx: typer.Context, timeout: Patience = 20.0) -> None:
    """Hold the running shift where it is; the traffic is watched on."""
    _steer(ctx, "pause", timeout)


def resume(ctx: typer.Context, timeout: Patience = 20.0) -> None:
    """Let a paused shift go on."""
    _steer(ctx, "resume", timeout)


def _steer(ctx: typer.Context, word: str, timeout: float) -> None:
    from alb_dr.model.shift import Wish
    from alb_dr.workflows.shift.control import steer

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
    from alb_dr.workflows.shift.control import end_shift

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
