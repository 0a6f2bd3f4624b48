"""``alb-dr failover``: drills, and what an interrupted one left behind."""

import secrets
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer, table
from alb_dr.cli.commands.emergency import start
from alb_dr.cli.commands.guarding import install_guard
from alb_dr.cli.commands.switchover import back, switchover
from alb_dr.cli.commands.watch import watch
from alb_dr.cli.confirm import confirm
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.options import EPILOG, HtmlFile, JunitFile, MarkdownFile, Yes
from alb_dr.cli.report_files import ReportFiles
from alb_dr.errors import ExitCode

if TYPE_CHECKING:
    from alb_dr.model.drill import DrillPlan
    from alb_dr.model.drill_report import DrillReport
    from alb_dr.workflows.recover import OpenDrill

app = typer.Typer(help="Rehearse the failure of a member; always taken back.", no_args_is_help=True)

LEAST_EXPIRY_S, MOST_EXPIRY_S = 30.0, 1800.0
"""Three signs of life may be missed; nobody rehearses for longer (safety G16)."""
Seconds = Annotated[float, typer.Option(metavar="SECONDS", min=0.5, max=3600)]


@app.command(epilog=EPILOG)
def drill(  # noqa: PLR0913, PLR0917  each option of the drill is one parameter
    ctx: typer.Context,
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="The victim.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why; goes into the record.")
    ] = "rehearsal",
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            metavar="PER_SECOND",
            help="Requests; by default enough for the objectives.",
            min=5,
            max=5000,
        ),
    ] = None,
    baseline: Seconds = 5.0,
    observe: Seconds = 15.0,
    restore_timeout: Seconds = 120.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the guard rails, harm nothing.")
    ] = False,
    expires_in: Annotated[
        str,
        typer.Option(
            "--expires-in",
            metavar="TIME",
            help="After so long without a sign of life the guard restores; at most 30m.",
        ),
    ] = "10m",
    no_watchdog: Annotated[
        bool,
        typer.Option("--no-watchdog", help="No process that restores when this one is killed."),
    ] = False,
    markdown: MarkdownFile = None,
    junit: JunitFile = None,
    html: HtmlFile = None,
    yes: Yes = False,
) -> None:
    """Scale the member's workload to 0 under traffic, watch, restore, report the recovery."""
    from alb_dr.cli.drilling import run_drill
    from alb_dr.model.drill import DrillPlan

    context = context_of(ctx)
    context.formats("table", "json")
    files = ReportFiles(markdown=markdown, junit=junit, html=html)
    files.check()
    victim = context.topology.member(member)
    plan = DrillPlan(
        drill_id=secrets.token_hex(4),
        victim=victim.name,
        reason=reason,
        rate=_rate(context, rate, observe),
        baseline_s=baseline,
        observe_s=observe,
        restore_timeout_s=restore_timeout,
        expires_s=_expiry(expires_in),
    )
    if dry_run:
        _only_check(ctx, context, plan)
        return
    workload = context.topology.application.workload
    confirm(f"scale {workload.name} in {victim.name} to 0 for {observe:g} s?", yes=yes)
    _answer(ctx, run_drill(context, plan, watched=not no_watchdog, files=files))


def _rate(context: Context, given: float | None, observe_s: float) -> float:
    """Requests per second; BadInput for a rate whose probes an outage could pass between."""
    from alb_dr.errors import BadInput
    from alb_dr.stats.pacing import LEAST_PROBES, drill_rate

    aims = context.topology.objectives
    if given is None:
        return drill_rate(rto_s=aims.rto_s, max_error_rate=aims.max_error_rate, observe_s=observe_s)
    if given * aims.rto_s < LEAST_PROBES:
        raise BadInput(
            f"{given:g} requests/s put fewer than {LEAST_PROBES} into the objective of "
            f"{aims.rto_s:g} s",
            hint="leave --rate out: it is then chosen from the objectives",
        )
    return given


def _expiry(text: str) -> float:
    """Seconds; Refused for more than a drill may stay open."""
    from alb_dr.cli.durations import seconds_of
    from alb_dr.errors import Refused

    seconds = seconds_of(text, what="expiry")
    if not LEAST_EXPIRY_S <= seconds <= MOST_EXPIRY_S:
        raise Refused(
            f"a drill expires between 30 seconds and 30 minutes, not in {text}",
            hint="say another --expires-in",
            code="ADR-DRILL-EXPIRY",
        )
    return seconds


def _only_check(ctx: typer.Context, context: Context, plan: "DrillPlan") -> None:
    from alb_dr.workflows.drill_record import replicas_of
    from alb_dr.workflows.guardrails import check_guardrails

    workload = check_guardrails(
        context.topology,
        context.topology.member(plan.victim),
        fleet=context.fleet,
        members=context.members,
        clock=context.clock,
        narrator=context.narrator,
    )
    human = f"the guard rails hold; {workload.id} in {plan.victim} would go from "
    human += f"{replicas_of(workload)} to 0 (dry run)"
    answer(ctx, human, {"dry_run": True, "victim": plan.victim, "target": str(workload.id)})


def _answer(ctx: typer.Context, report: "DrillReport") -> None:
    from alb_dr.cli.verify_answer import on_terminal
    from alb_dr.report.drill_json import drill_data
    from alb_dr.report.drill_page import drill_page

    context = context_of(ctx)
    answer(
        ctx,
        "" if context.wants_json else on_terminal(drill_page(report), context),
        drill_data(report),
        verdict=str(report.outcome),
        exit_code=report.outcome.exit_code,
    )


@app.command(epilog=EPILOG)
def status(
    ctx: typer.Context,
    fail_if_open: Annotated[
        bool, typer.Option("--fail-if-open", help="Leave with code 11 when a drill is open.")
    ] = False,
) -> None:
    """Say which drills are open, in every member, who holds the lock, and what traffic is away."""
    context = context_of(ctx)
    found = _open(context)
    human = _table(found) if found else "no drill is open"
    lock, away = _lock_words(context), _away_words(context)
    if lock is not None:
        human += f"\nlocked: {lock}"
    zones = _zones_words(context)
    if zones is not None:
        human += f"\n{zones} (alb-dr failover back)"
    if away is not None:
        human += f"\n{away}"
    code = ExitCode.RESTORE_INCOMPLETE if found and fail_if_open else ExitCode.OK
    data = {"open": [_as_data(d) for d in found], "lock": lock, "zones": zones, "away": away}
    answer(ctx, human, data, exit_code=code)


@app.command(epilog=EPILOG)
def unlock(
    ctx: typer.Context,
    drill_id: Annotated[
        str, typer.Option("--drill", metavar="ID", help="The drill whose lock it is.")
    ],
    yes: Yes = False,
) -> None:
    """Remove the lock of a drill whose machine is lost; refused while its holder lives."""
    from alb_dr.workflows.unlock import check_unlock, remove_lock

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


@app.command(epilog=EPILOG)
def recover(
    ctx: typer.Context,
    execute: Annotated[
        bool, typer.Option("--execute", help="Do it; without this it is only said.")
    ] = False,
    drill_id: Annotated[
        str | None, typer.Option("--drill", metavar="ID", help="Only this drill.")
    ] = None,
    timeout: Seconds = 120.0,
) -> None:
    """Put back what an interrupted drill left; works from any machine."""
    from alb_dr.workflows.deadline import Deadline
    from alb_dr.workflows.recover import Remedy, await_pods, remedy

    context = context_of(ctx)
    found = [d for d in _open(context) if drill_id in {None, d.record.drill if d.record else None}]
    if execute and drill_id is not None:
        # It died before it harmed anything: nothing of it is left but, perhaps, its lock.
        _forget_lock(context, drill_id)
    if not found:
        answer(ctx, "no drill is open", {"open": [], "executed": execute})
        return
    if not execute:
        human = f"{_table(found)}\nnothing was written; do it with --execute"
        answer(ctx, human, {"open": [_as_data(d) for d in found], "executed": False})
        return
    done = []
    for each in found:
        api = context.members[context.topology.member(each.member).id]
        with context.narrator.phase(f"restoring {each.member}: {each.workload.id}"):
            result = remedy(each, api=api)
            if result is Remedy.RESTORE:
                deadline = Deadline(context.clock, timeout)
                await_pods(each.workload.id, api=api, deadline=deadline, narrator=context.narrator)
        done.append({**_as_data(each), "done": str(result)})
        if each.record is not None:
            _forget_lock(context, each.record.drill)
    human = "\n".join(f"{d['member']}: {d['object']}: {d['done']}, verified" for d in done)
    answer(ctx, human, {"open": [], "recovered": done, "executed": True})


def _away_words(context: Context) -> str | None:
    """From whom traffic was moved away; None when nothing was or the Fleet does not say."""
    from alb_dr.errors import AlbDrError
    from alb_dr.workflows.away import away_of, away_words
    from alb_dr.workflows.weights import ingress_id

    try:
        live = context.fleet.get(ingress_id(context.topology))
    except AlbDrError as error:
        context.narrator.warn(f"the Ingress cannot be read: {error.message}")
        return None
    away = away_of(live) if live is not None else None
    return None if away is None else away_words(context.topology, away)


def _lock_words(context: Context) -> str | None:
    """Who holds the lock; None when nobody does or the Fleet does not say."""
    from alb_dr.errors import AlbDrError
    from alb_dr.workflows.lease import words
    from alb_dr.workflows.unlock import live_lock

    try:
        lock = live_lock(context.topology, fleet=context.fleet)
    except AlbDrError as error:
        context.narrator.warn(f"the lock cannot be read: {error.message}")
        return None
    return words(lock, context.clock.now()) if lock is not None else None


def _zones_words(context: Context) -> str | None:
    """Which zones of the ALB alb-dr took out of DNS; None for none, or when nobody says."""
    from alb_dr.errors import AlbDrError
    from alb_dr.workflows.zone_record import read_zones, zone_words

    try:
        zones = read_zones(context.topology, context.fleet)
    except AlbDrError as error:
        context.narrator.warn(f"whether zones are out of DNS cannot be read: {error.message}")
        return None
    return zone_words(zones) if zones is not None and zones.is_open else None


def _forget_lock(context: Context, drill_id: str) -> None:
    """Remove what an interrupted drill locked. Restoring needs no Fleet, so connecting may fail."""
    from alb_dr.errors import AlbDrError
    from alb_dr.workflows.unlock import forget_lock

    try:
        fleet = context.fleet
    except AlbDrError as error:
        context.narrator.warn(f"the lock of the drill stays until it expires: {error.message}")
        return
    forget_lock(context.topology, drill_id, fleet=fleet, narrator=context.narrator)


def _open(context: Context) -> "list[OpenDrill]":
    from alb_dr.workflows.recover import open_drills

    return [d for m in context.topology.members for d in open_drills(context.members[m.id])]


def _as_data(found: "OpenDrill") -> dict[str, Any]:
    record = found.record
    return {
        "member": found.member,
        "object": str(found.workload.id),
        "drill": record.drill if record else None,
        "replicas": record.replicas if record else None,
        "deadline": record.deadline if record else None,
        "by": record.by if record else None,
        "remedy": str(found.remedy),
    }


def _table(found: "list[OpenDrill]") -> str:
    rows = [
        [
            d["member"],
            d["object"],
            d["drill"] or "unreadable",
            str(d["replicas"] or "-"),
            d["remedy"],
        ]
        for d in map(_as_data, found)
    ]
    return table(rows, ["MEMBER", "OBJECT", "DRILL", "WAS", "REMEDY"])


app.command("install-guard", epilog=EPILOG)(install_guard)
for _command in (switchover, start, back, watch):
    app.command(epilog=EPILOG)(_command)
