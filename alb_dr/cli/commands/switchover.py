"""``alb-dr failover switchover`` and ``back``: planned moves, there and back again."""

from typing import TYPE_CHECKING, Annotated

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.commands.shift import carry_out, foretell, way_words
from alb_dr.cli.confirm import confirm
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.durations import seconds_of
from alb_dr.cli.options import DryRun, Yes
from alb_dr.cli.shift_options import (
    USUAL_PACE,
    Headroom,
    Pace,
    Reason,
    ZoneTimeout,
    paced,
)
from alb_dr.cli.zoning import bring_back, companion_of, planned_zones, zones_out
from alb_dr.errors import BadInput, Unreachable
from alb_dr.stats.capacity import HEADROOM

if TYPE_CHECKING:
    from alb_dr.model.shift import ShiftRequest
    from alb_dr.model.weights import Weights
    from alb_dr.model.zone_shift import ZoneRecord


@paced
def switchover(  # noqa: PLR0913, PLR0917  every flag is one parameter
    ctx: typer.Context,
    to: Annotated[
        str | None, typer.Option("--to", metavar="MEMBER", help="Who is to carry the traffic.")
    ] = None,
    away_from: Annotated[
        list[str] | None,
        typer.Option(
            "--away-from", metavar="MEMBER", help="Instead: who is to carry none; repeatable."
        ),
    ] = None,
    pace: Pace = USUAL_PACE,
    headroom: Headroom = HEADROOM,
    zone: Annotated[
        bool,
        typer.Option(
            "--zone", help="Also take the ALB's zone of who loses all traffic out of DNS."
        ),
    ] = False,
    zone_timeout: ZoneTimeout = "5m",
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Move all traffic to one member, planned: both sides healthy, in proven steps.

    With --away-from the members that are not named keep their proportions. In primary-secondary
    mode --to exchanges the weights of the primary and the named member. The weights before are
    remembered on the Ingress: alb-dr failover back returns to them.

    With --zone (cloud credentials; the cloud is asked for a dry run first) the zone leaves DNS
    before the first step, and returns when the weights do.
    """
    context = context_of(ctx)
    target = _target(context, to, away_from or [])
    request = pace.request(target, verb="switchover", reason=reason, headroom=headroom)
    way = _checked(context, request)
    longest_s = seconds_of(zone_timeout, what="zone-timeout")
    plan = planned_zones(context, way, timeout_s=longest_s) if zone else None
    beside = f", and take {plan.words}" if plan is not None else ""
    if dry_run:
        foretell(ctx, way, verb="switch over", beside=beside)
        return
    confirm(f"switch the traffic over: {way_words(context.topology, way)}{beside}?", yes=yes)
    from alb_dr.cli.drilling import operator
    from alb_dr.workflows.shift.switchover import remembering

    remember = remembering(request, by=operator(), since=context.clock.now())
    if plan is None:
        carry_out(ctx, request, remember=remember)
        return
    companions = companion_of(context, request, plan, way[0], timeout_s=longest_s)
    carry_out(ctx, request, remember=remember, companions=companions)


def _target(context: Context, to: str | None, away_from: list[str]) -> "Weights":
    from alb_dr.model.move import moved_off, switched_over

    if to and away_from:
        raise BadInput(
            f"--to {to} and --away-from {' '.join(away_from)} exclude each other",
            hint="--to MEMBER: it gets everything; --away-from MEMBER: the others get its share",
        )
    if not (to or away_from):
        raise BadInput("say where the traffic is to go", hint="--to MEMBER, or --away-from MEMBER")
    start = _live_weights(context)
    if to:
        return switched_over(context.topology, start, to)
    target = moved_off(context.topology, start, away_from)
    if target.as_dict() == start.as_dict():
        raise BadInput(f"{', '.join(away_from)} has no weight; there is nothing to move")
    return target


def _live_weights(context: Context) -> "Weights":
    from alb_dr.workflows.delivery.weights import live_ingress
    from alb_dr.workflows.shift.checks import starting_weights

    return starting_weights(context.topology, live_ingress(context.topology, fleet=context.fleet))


def _checked(context: Context, request: "ShiftRequest") -> "tuple[Weights, ...]":
    """The way, once everything that only reads has been asked."""
    from alb_dr.cli.shifting import foreseen
    from alb_dr.workflows.shift.switchover import check_switchover

    check_switchover(
        context.topology, _live_weights(context), request.target, members=context.members
    )
    return foreseen(context, request)


@paced
def back(  # noqa: PLR0913, PLR0917  every flag is one parameter
    ctx: typer.Context,
    to_weights: Annotated[
        str | None,
        typer.Option(
            "--to-weights", metavar="WEIGHTS", help="Other weights than before: 50:50, a=50,b=50."
        ),
    ] = None,
    stabilise: Annotated[
        str,
        typer.Option(
            "--stabilise", metavar="TIME", help="So long the members must have been healthy."
        ),
    ] = "1m",
    stabilise_timeout: Annotated[
        str, typer.Option("--stabilise-timeout", metavar="TIME", help="Longest wait for that.")
    ] = "15m",
    pace: Pace = USUAL_PACE,
    headroom: Headroom = HEADROOM,
    no_zones: Annotated[
        bool, typer.Option("--no-zones", help="Leave zones that are out of DNS out.")
    ] = False,
    zone_timeout: ZoneTimeout = "5m",
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Return the traffic that a switchover or an emergency moved away, in proven steps.

    First the members that get traffic back must be healthy for a while without a break; when a
    step fails the weights go back to what they are now. Zones that a switchover took out of DNS
    return before the first step; that alone is done when no traffic is away.
    """
    context = context_of(ctx)
    window_s = seconds_of(stabilise, what="stabilise")
    longest_s = seconds_of(stabilise_timeout, what="stabilise-timeout")
    zone_s = seconds_of(zone_timeout, what="zone-timeout")
    zones = None if no_zones else zones_out(context, timeout_s=zone_s)
    if zones is not None and not _is_away(context):
        _only_zones(ctx, zones, timeout_s=zone_s, dry_run=dry_run, yes=yes)
        return
    target = _home(ctx, to_weights, dry_run=dry_run)
    if target is None:
        return
    request = pace.request(target, verb="back", reason=reason, headroom=headroom)
    beside = f", and {_zone_words(zones)} into DNS before" if zones is not None else ""
    if dry_run:
        way = _return_foreseen(context, request)
        foretell(ctx, way, verb="return", beside=beside)
        return
    from alb_dr.workflows.shift.failback import returning, way_back

    way = way_back(
        context.topology,
        request,
        fleet=context.fleet,
        members=context.members,
        narrator=context.remarks,
    )
    confirm(f"return the traffic: {way_words(context.topology, way)}{beside}?", yes=yes)
    _stable(context, way, window_s, longest_s)
    _return_foreseen(context, request)
    if zones is not None:
        bring_back(context, timeout_s=zone_s)
    carry_out(ctx, request, remember=returning(target))


def _return_foreseen(context: Context, request: "ShiftRequest") -> "tuple[Weights, ...]":
    """The way back, once everything that only reads has been asked."""
    from alb_dr.cli.shifting import foreseen
    from alb_dr.workflows.shift.failback import gaining, member_lost

    try:
        return foreseen(context, request)
    except Unreachable as error:
        wanted = gaining(context.topology, _live_weights(context), request.target)
        raise member_lost(error, context.topology, wanted) from error


def _is_away(context: Context) -> bool:
    """Whether there is a record of traffic moved away, readable or not."""
    from alb_dr.render.annotations import AWAY
    from alb_dr.workflows.delivery.weights import live_ingress

    return AWAY in live_ingress(context.topology, fleet=context.fleet).annotations


def _only_zones(
    ctx: typer.Context, zones: "ZoneRecord", *, timeout_s: float, dry_run: bool, yes: bool
) -> None:
    """Bring zones back when the weights are where they belong already."""
    context, words = context_of(ctx), _zone_words(zones)
    data = {"alb": zones.alb_id, "zones": list(zones.zone_ids)}
    if dry_run:
        answer(ctx, f"would bring {words} back into DNS (dry run)", {"dry_run": True, **data})
        return
    confirm(f"bring {words} of {zones.alb_id} back into DNS?", yes=yes)
    bring_back(context, timeout_s=timeout_s)
    answer(ctx, f"{words} is back in DNS; no traffic was away", data)


def _zone_words(zones: "ZoneRecord") -> str:
    from alb_dr.workflows.zone.companion import zone_names

    return zone_names(zones.zone_ids)


def _home(ctx: typer.Context, to_weights: str | None, *, dry_run: bool) -> "Weights | None":
    """Where to return; None, and an answer, when a plain edit of the weights returned already."""
    from alb_dr.model.weights import parse_weights
    from alb_dr.workflows.delivery.weights import live_ingress
    from alb_dr.workflows.shift.checks import starting_weights
    from alb_dr.workflows.shift.failback import close_record, traffic_away

    context = context_of(ctx)
    topology = context.topology
    live = live_ingress(topology, fleet=context.fleet)
    start = starting_weights(topology, live)
    if close_record(live, start, fleet=context.fleet, dry_run=dry_run):
        said = ", ".join(f"{name} {w}" for name, w in topology.names(start).items())
        answer(ctx, f"the traffic is back already: {said}", {"weights": topology.names(start)})
        return None
    away = traffic_away(live)
    if to_weights is None:
        return away.home
    words = to_weights.replace(":", " ").replace(",", " ").split()
    return parse_weights(words, topology.members)


def _stable(
    context: Context, way: "tuple[Weights, ...]", window_s: float, longest_s: float
) -> None:
    from alb_dr.workflows.shift.failback import await_stable, gaining

    wanted = gaining(context.topology, way[0], way[-1])
    names = ", ".join(m.name for m in wanted)
    with context.narrator.phase(f"waiting until {names} was healthy for {window_s:g} s"):
        await_stable(
            context.topology,
            wanted,
            members=context.members,
            clock=context.clock,
            narrator=context.narrator,
            window_s=window_s,
            timeout_s=longest_s,
        )
