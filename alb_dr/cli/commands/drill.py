"""``alb-dr failover drill``: harm a member under traffic, watch, put it back, report."""

from typing import TYPE_CHECKING, Annotated

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.confirm import confirm
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.options import HtmlFile, JunitFile, MarkdownFile, Yes
from alb_dr.cli.report_files import ReportFiles
from alb_dr.model.operation import new_operation_id
from alb_dr.stats.capacity import HEADROOM

if TYPE_CHECKING:
    from alb_dr.cli.drilling import Drilled
    from alb_dr.model.drill import DrillPlan
    from alb_dr.workflows.rails.scene import RailRules

LEAST_EXPIRY_S = 30.0
"""Three signs of life may be missed (safety G16)."""
DRY_RUN = "drill --dry-run"
"""What a page is called of a drill that was not done."""
Seconds = Annotated[float, typer.Option(metavar="SECONDS", min=0.5, max=3600)]


def drill(  # noqa: PLR0913, PLR0917  each option of the drill is one parameter
    ctx: typer.Context,
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="The victim.")],
    fault: Annotated[
        str,
        typer.Option(
            "--fault",
            metavar="NAME",
            help="scale-to-zero, weight-drain, or in a sandbox sandbox:zone-down, api-down, hung, "
            "errors, slow, pods-down.",
        ),
    ] = "scale-to-zero",
    fault_value: Annotated[
        int,
        typer.Option(
            "--fault-value", help="Per cent of sandbox:errors, milliseconds of sandbox:slow.", min=0
        ),
    ] = 0,
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
    ramp: Annotated[
        bool,
        typer.Option("--ramp", help="Give the weight back in proven steps, not at once."),
    ] = False,
    abort_errors: Annotated[
        float,
        typer.Option(
            "--abort-errors",
            metavar="SHARE",
            help="Lost requests beyond the baseline's that end the drill once the traffic had "
            "recovered.",
            min=0.001,
            max=1.0,
        ),
    ] = 0.01,
    headroom: Annotated[
        float,
        typer.Option(
            "--headroom",
            metavar="TIMES",
            help="How many times what the busiest pod carries now a pod of the others may have to.",
            min=1.0,
            max=100.0,
        ),
    ] = HEADROOM,
    override: Annotated[
        list[str] | None,
        typer.Option("--override", metavar="CODE", help="Go on in spite of this refusal; repeat."),
    ] = None,
    pause_keda: Annotated[
        bool,
        typer.Option(
            "--pause-keda", help="Pause KEDA for the drill, and end the pause with the restore."
        ),
    ] = False,
    no_guard: Annotated[
        str | None,
        typer.Option(
            "--no-guard",
            metavar="MEMBER",
            help="Go on though the guard installed in this member is silent.",
        ),
    ] = None,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Want the kill switch to exist; ask of a sandbox what a Fleet is asked.",
        ),
    ] = False,
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
    """Harm a member under traffic, watch it move, put the member back, report the recovery."""
    from alb_dr.cli.drilling import rules_of, run_drill
    from alb_dr.model.drill import DrillPlan
    from alb_dr.workflows.faults.by_name import check_fault
    from alb_dr.workflows.guard.state import NO_GUARD
    from alb_dr.workflows.scalers.autoscalers import PAUSE_KEDA

    context = context_of(ctx)
    files = ReportFiles(markdown=markdown, junit=junit, html=html)
    files.check()
    with files.or_reason(DRY_RUN if dry_run else "drill"):
        victim = context.topology.member(member)
        check_fault(fault, has_box=context.box is not None, value=fault_value)
        _check_ramp(fault, ramp=ramp)
        plan = DrillPlan(
            drill_id=new_operation_id(),
            victim=victim.name,
            reason=reason,
            rate=_rate(context, rate, observe),
            baseline_s=baseline,
            observe_s=observe,
            restore_timeout_s=restore_timeout,
            expires_s=_expiry(expires_in),
            fault=fault,
            fault_value=fault_value,
            ramp=ramp,
            abort_errors=abort_errors,
        )
        options = {f"{NO_GUARD} {context.topology.member(no_guard).name}"} if no_guard else set()
        options |= {PAUSE_KEDA} if pause_keda else set()
        rules = rules_of(
            context,
            plan,
            overrides=override or (),
            options=options,
            strict=strict,
            headroom=headroom,
        )
        if dry_run:
            _only_check(ctx, plan, rules, files)
            return
        confirm(f"{_deed(context, plan)} for {observe:g} s?", yes=yes)
        _answer(ctx, run_drill(context, plan, rules, watched=not no_watchdog, files=files))


def _check_ramp(fault: str, *, ramp: bool) -> None:
    """BadInput for a ramp where no weight is held low while pods come back."""
    from alb_dr.errors import BadInput
    from alb_dr.workflows.faults.by_name import SCALE

    if ramp and fault != SCALE:
        raise BadInput(
            f"--ramp gives the weight back while pods start, and {fault} stops none",
            hint=f"leave it out, or drill --fault {SCALE}",
        )


def _deed(context: Context, plan: "DrillPlan") -> str:
    """What is going to be done, in words."""
    from alb_dr.workflows.faults.by_name import DRAIN, SCALE

    if plan.fault == SCALE:
        return f"scale {context.topology.application.workload.name} in {plan.victim} to 0"
    if plan.fault == DRAIN:
        return f"take all weight from {plan.victim}"
    return f"do {plan.fault} to {plan.victim}"


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
    from alb_dr.model.drill import MOST_EXPIRY_S

    seconds = seconds_of(text, what="expiry")
    if not LEAST_EXPIRY_S <= seconds <= MOST_EXPIRY_S:
        raise Refused(
            f"a drill expires between 30 seconds and 30 minutes, not in {text}",
            hint="say another --expires-in",
            code="ADR-DRILL-EXPIRY",
        )
    return seconds


def _only_check(
    ctx: typer.Context, plan: "DrillPlan", rules: "RailRules", files: ReportFiles
) -> None:
    from alb_dr.report.short_page import dry_run_page
    from alb_dr.workflows.rails.guardrails import check_guardrails
    from alb_dr.workflows.rails.scene import RailScene
    from alb_dr.workflows.records.drill_record import replicas_of

    context = context_of(ctx)
    cleared = check_guardrails(
        RailScene(
            topology=context.topology,
            victim=context.topology.member(plan.victim),
            fault=plan.fault,
            fleet=context.fleet,
            members=context.members,
            clock=context.clock,
            narrator=context.narrator,
            rules=rules,
        )
    )
    workload = cleared.workload
    human = f"the guard rails hold; {workload.id} in {plan.victim} has {replicas_of(workload)} "
    human += f"replicas, and this would {_deed(context, plan)} (dry run)"
    data = {
        "dry_run": True,
        "victim": plan.victim,
        "fault": plan.fault,
        "target": str(workload.id),
        "overridden": list(cleared.overridden),
    }
    files.write(dry_run_page(DRY_RUN, "guard rails", human), context.narrator)
    answer(ctx, human, data)


def _answer(ctx: typer.Context, drilled: "Drilled") -> None:
    """The report, also of a drill that a signal or an error ended: it leaves with that one's code.

    A signal that comes when the drill is over does not cost the result.
    """
    from alb_dr.cli.signals import SIGNALS
    from alb_dr.cli.verify_answer import on_terminal
    from alb_dr.report.drill_json import drill_data
    from alb_dr.report.drill_page import drill_page

    context, report = context_of(ctx), drilled.report
    human = "" if context.wants_json else on_terminal(drill_page(report), context)
    data = drill_data(report)
    code, error = drilled.ending(SIGNALS.late)
    answer(ctx, human, data, verdict=str(report.outcome), exit_code=code, error=error)
