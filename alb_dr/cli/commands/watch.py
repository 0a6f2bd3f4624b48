"""``alb-dr failover watch``: probe a member, and flip its traffic away if armed."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.confirm import confirm_typed
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.durations import seconds_of
from alb_dr.cli.options import Yes
from alb_dr.errors import BadInput
from alb_dr.model.operation import new_operation_id

if TYPE_CHECKING:
    from alb_dr.model.watch import WatchPlan, WatchReport

LONGEST_S = 86_400.0
"""Nobody watches the watcher for longer."""


def watch(  # noqa: PLR0913, PLR0917  every flag is one parameter
    ctx: typer.Context,
    away_from: Annotated[
        str | None,
        typer.Option(
            "--away-from",
            metavar="MEMBER",
            help="Whom to watch; in primary-secondary mode the primary.",
        ),
    ] = None,
    arm: Annotated[
        bool, typer.Option("--arm", help="Flip when it failed; without this it is only said.")
    ] = False,
    every: Annotated[
        str, typer.Option("--every", metavar="TIME", help="Between two probes.")
    ] = "5s",
    failures: Annotated[
        int, typer.Option("--failures", metavar="N", help="Failed probes in a row.", min=2, max=100)
    ] = 3,
    over: Annotated[
        str, typer.Option("--over", metavar="TIME", help="Over at least so long.")
    ] = "10s",
    for_: Annotated[
        str, typer.Option("--for", metavar="TIME", help="Watch so long; at most 24h.")
    ] = "10m",
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="TIME", help="Longest wait for one answer.")
    ] = "2s",
    pin: Annotated[
        bool, typer.Option("--pin", help="Probe through the member's pin (ingress pin).")
    ] = False,
    yes: Yes = False,
) -> None:
    """Probe a member through the gateway; when it failed, move its traffic away, once, if armed.

    A probe fails when the member gives no good answer and at least half of its share is lost. It
    never flips back, and it is held back by a drill or shift, by a survivor that is not known to
    serve, and by the ConfigMap alb-dr-control with flips: forbidden.
    """
    from alb_dr.model.watch import WatchPlan

    context = context_of(ctx)
    member = _member(context, away_from)
    name = context.topology.member(member).name
    for_s = seconds_of(for_, what="for")
    if for_s > LONGEST_S:
        raise BadInput(f"{for_!r} is longer than a day", hint="begin again tomorrow")
    plan = WatchPlan(
        operation=new_operation_id(),
        member=member,
        armed=arm,
        every_s=seconds_of(every, what="every"),
        failures=failures,
        over_s=seconds_of(over, what="over"),
        for_s=for_s,
        timeout_s=seconds_of(timeout, what="timeout"),
        header=_header(context, name) if pin else None,
    )
    if arm:
        confirm_typed(
            f"for {for_} this moves all traffic away from {name} when it fails, without asking",
            name,
            yes=yes,
        )
    context.narrator.note(
        f"watching {name}, {'armed' if arm else 'not armed: nothing will be changed'}; what ALB "
        "answers for a lost member is published nowhere, so prove it with a drill first"
    )
    _run(ctx, context, plan)


def _member(context: Context, named: str | None) -> str:
    """The id of whom to watch; BadInput when that must be said."""
    from alb_dr.model.move import primary_of
    from alb_dr.model.topology import Mode
    from alb_dr.workflows.delivery.weights import live_ingress
    from alb_dr.workflows.shift.checks import starting_weights

    topology = context.topology
    if named is not None:
        return topology.member(named).id
    if topology.mode is not Mode.PRIMARY_SECONDARY:
        raise BadInput("whom to watch is not said", hint="--away-from MEMBER")
    return primary_of(starting_weights(topology, live_ingress(topology, fleet=context.fleet)))


def _header(context: Context, name: str) -> dict[str, str]:
    from alb_dr.workflows.delivery.pins import pin_of

    found = pin_of(context.topology, name, fleet=context.fleet, now=context.clock.now()).pin
    return {} if found is None else {found.header: found.value}


def _run(ctx: typer.Context, context: Context, plan: "WatchPlan") -> None:
    from alb_dr.cli.emergency import emergency_ports, observed
    from alb_dr.journal.ledger import Ledger
    from alb_dr.journal.rundir import DESCRIPTION, LEDGER
    from alb_dr.journal.samples import SAMPLES, SampleFile
    from alb_dr.model.watch import WatchOutcome
    from alb_dr.workflows.shift.armed_watch import ArmedWatch, WatchPorts

    run = context.new_run("watch", plan.operation)
    ledger = Ledger(run.path / LEDGER, drill_id=plan.operation)
    log = SampleFile(run.path / SAMPLES, members=[m.name for m in context.topology.members])
    ports = WatchPorts(emergency=emergency_ports(context, ledger), prober=context.prober, log=log)
    try:
        report = ArmedWatch(plan, context.topology, ports).run()
        data = _data(context, report)
        if report.outcome is WatchOutcome.FLIPPED:
            data["traffic"] = observed(context, context.config.settings.dataplane_timeout_s)
        run.write_json("report.json", data)
        run.write_json(DESCRIPTION, {"verb": "watch"})
    finally:
        log.close()
        ledger.close()
    human = "\n".join([f"{report.outcome.upper()}: {report.why}", *_lines(data), f"run {run.path}"])
    code = report.outcome.exit_code
    answer(ctx, human, data, verdict=str(report.outcome), exit_code=code)


def _lines(data: dict[str, Any]) -> list[str]:
    def named(weights: dict[str, int]) -> str:
        return ", ".join(f"{name} {weight}" for name, weight in weights.items())

    lines = [
        f"  probes   {data['probes']}, {data['failed']} failed, {data['unclear']} unclear",
        f"  weights  {named(data['before'])} -> {named(data['after'])}"
        + ("" if data["flipped"] else " (not written)" if data["after"] != data["before"] else ""),
    ]
    if "traffic" in data:
        follows = "follows" if data["traffic"]["follows"] else "does NOT follow yet"
        lines.append(f"  traffic  {follows}: {data['traffic']['words']}")
        lines.append("  return when the cause is mended: alb-dr failover back")
    return lines


def _data(context: Context, report: "WatchReport") -> dict[str, Any]:
    from alb_dr.model.watch import WatchOutcome

    plan = report.plan
    return {
        "watch": plan.operation,
        "member": context.topology.member(plan.member).name,
        "armed": plan.armed,
        "outcome": str(report.outcome),
        "why": report.why,
        "flipped": report.outcome is WatchOutcome.FLIPPED,
        "probes": report.probes,
        "failed": report.failed,
        "unclear": report.unclear,
        "before": dict(report.before),
        "after": dict(report.after),
        "seconds": report.seconds,
        "timeline": [{"at": s.at.isoformat(), "what": s.what} for s in report.timeline],
    }
