"""``alb-dr verify``: is the split what the weights say, and is anybody losing requests?"""

from typing import TYPE_CHECKING, Annotated

import typer

from alb_dr.cli.context import Context, context_of
from alb_dr.cli.durations import seconds_of
from alb_dr.cli.options import HtmlFile, JunitFile, MarkdownFile
from alb_dr.cli.report_files import ReportFiles
from alb_dr.errors import BadInput

if TYPE_CHECKING:
    from alb_dr.cli.verify_request import Flags
    from alb_dr.workflows.delivery.verify import Verification


MOST_LOST = 0.01
"""Share of requests that may go unserved in a pass. A drill has an objective of its own."""


def verify(  # noqa: PLR0913, PLR0917  every flag is one parameter
    ctx: typer.Context,
    requests: Annotated[
        int | None, typer.Option("--requests", "-n", help="Requests in all (default 500).")
    ] = None,
    concurrency: Annotated[
        int | None, typer.Option("--concurrency", "-c", help="Requests at a time (default 16).")
    ] = None,
    rate: Annotated[
        float | None, typer.Option("--rate", help="Requests per second, on schedule (open loop).")
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--duration", metavar="TIME", help="How long, with --rate: 30s.")
    ] = None,
    reuse: Annotated[
        bool, typer.Option("--reuse", help="Keep connections; by default each request has its own.")
    ] = False,
    expect: Annotated[
        str | None,
        typer.Option("--expect", metavar="WEIGHTS", help="Instead of the live ones: '20 80'."),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(metavar="POINTS", help="How far a share may be off.", min=0.1, max=50),
    ] = None,
    confidence: Annotated[
        float, typer.Option(metavar="PERCENT", help="How sure to be.", min=50, max=99.999)
    ] = 95.0,
    until_decided: Annotated[
        bool,
        typer.Option("--until-decided", help="Stop as soon as the answer is clear (tolerance 5)."),
    ] = False,
    host: Annotated[str | None, typer.Option("--host", help="Host header and SNI.")] = None,
    path: Annotated[str | None, typer.Option("--path", help="Path of the requests.")] = None,
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", metavar="'NAME: VALUE'", help="A header; repeat it."),
    ] = None,
    pin: Annotated[
        str | None,
        typer.Option("--pin", metavar="MEMBER", help="Through this member's pin; all must be its."),
    ] = None,
    connect_to: Annotated[
        str | None,
        typer.Option("--connect-to", metavar="HOST:PORT", help="Connect there; keep the Host."),
    ] = None,
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="TIME", help="Longest wait for one answer.")
    ] = "5s",
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Do not check the gateway's certificate.")
    ] = False,
    no_control_checks: Annotated[
        bool, typer.Option("--no-control-checks", help="Look at the traffic only.")
    ] = False,
    ask_cloud: Annotated[
        bool,
        typer.Option("--ask-cloud", help="Also compare the ALB's own weights (credentials)."),
    ] = False,
    markdown: MarkdownFile = None,
    junit: JunitFile = None,
    html: HtmlFile = None,
) -> None:
    """Send requests, judge the split against the weights: exit 0 pass, 9 fail, 14 inconclusive.

    The samples are kept; alb-dr report latest shows them again.
    """
    from alb_dr.cli.verify_request import Flags

    context = context_of(ctx)
    files = ReportFiles(markdown=markdown, junit=junit, html=html)
    files.check()
    flags = Flags(
        requests=requests,
        concurrency=concurrency,
        rate=rate,
        duration_s=None if duration is None else seconds_of(duration, what="duration"),
        reuse=reuse,
        host=host,
        path=path,
        headers=tuple(header or ()),
        connect_to=connect_to,
        timeout_s=seconds_of(timeout, what="timeout"),
        insecure=insecure,
        expect=expect,
        pin=pin,
        tolerance=tolerance,
        confidence=confidence,
        until_decided=until_decided,
        ask_cloud=ask_cloud,
    )
    if ask_cloud and no_control_checks:
        raise BadInput("--ask-cloud is a control check; leave out --no-control-checks")
    with files.or_reason("verify"):
        _run(ctx, context, flags, files, control=not no_control_checks)


def _run(
    ctx: typer.Context, context: Context, flags: "Flags", files: ReportFiles, *, control: bool
) -> None:
    from alb_dr.cli.measuring import measure
    from alb_dr.cli.verify_answer import conclude
    from alb_dr.cli.verify_request import echo_warning
    from alb_dr.journal.rundir import create_run

    verification = _verification(context, flags, control=control)
    warning = echo_warning(verification.target)
    if warning:
        context.narrator.warn(warning)
    run = create_run(context.state_dir, "verify", now=context.clock.now(), given=context.run_dir)
    verified = measure(context, verification, run)
    conclude(ctx, verified.report, run=run, files=files, interruption=verified.interruption)


def _verification(context: Context, flags: "Flags", *, control: bool) -> "Verification":
    """What to measure; the Fleet is asked only for what the flags do not say."""
    from alb_dr.cli import verify_request as asked
    from alb_dr.workflows.delivery.await_split import target_of as live_target
    from alb_dr.workflows.delivery.verify import Verification
    from alb_dr.workflows.delivery.weights import live_ingress

    topology = context.topology
    load = asked.load_of(flags)
    flags, ingress = asked.through_pin(context, flags)
    if ingress is None and (control or flags.expect is None):
        ingress = live_ingress(topology, fleet=context.fleet)
    if flags.expect is not None or ingress is None:
        weights, weights_from = asked.expected_weights(flags.expect or "", topology), "--expect"
    else:
        weights, weights_from = asked.live_weights(ingress, topology), f"the live {ingress.id}"
    if flags.connect_to is None:
        address = live_target(topology, fleet=context.fleet).address
    else:
        address = asked.address_without_fleet(topology)
    seen = None
    if control and ingress is not None:
        seen = asked.control_of(context, ingress, weights, ask_cloud=flags.ask_cloud)
    return Verification(
        target=asked.target_of(flags, topology, address),
        load=load,
        question=asked.question_of(flags, topology, weights),
        weights_from=weights_from,
        max_loss_rate=MOST_LOST,
        until_decided=flags.until_decided,
        control=seen,
    )
