"""``alb-dr down``: take everything off the Fleet, in order."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.confirm import confirm_by_name
from alb_dr.cli.context import context_of
from alb_dr.cli.options import DryRun, Timeout, Yes

if TYPE_CHECKING:
    from alb_dr.model.teardown import TornDown


def down(
    ctx: typer.Context,
    dry_run: DryRun = False,
    yes: Yes = False,
    confirm: Annotated[
        str | None, typer.Option("--confirm", metavar="NAME", help="The gateway's name, typed.")
    ] = None,
    with_applications: Annotated[
        bool,
        typer.Option(
            "--with-applications",
            help="Also Applications, or what a policy placed; workloads go unless preserved.",
        ),
    ] = False,
    with_namespace: Annotated[
        bool, typer.Option("--with-namespace", help="Also the Namespace on the Fleet.")
    ] = False,
    timeout: Timeout = None,
) -> None:
    """Delete Ingress, gateway and ApplicationSet, each gone before the next; name what stays.

    Applications and workloads go on unless you say otherwise. --yes does not reach further than
    that: --with-applications and --with-namespace want the gateway's name.
    """
    from alb_dr.workflows.project.down import DownChoices, DownPorts, survey, take_down

    context = context_of(ctx)
    choices = DownChoices(
        with_applications=with_applications, with_namespace=with_namespace, dry_run=dry_run
    )
    ports = DownPorts(
        fleet=context.fleet,
        members=context.members,
        clock=context.clock,
        narrator=context.narrator,
    )
    topology = context.settled()
    found = survey(topology, ports=ports, choices=choices)
    reaches_far = with_applications or with_namespace
    if found.objects and not dry_run and not (yes and not reaches_far):
        confirm_by_name(found.words, context.topology.gateway.name, given=confirm)
    torn = take_down(
        topology,
        found,
        ports=ports,
        choices=choices,
        timeout_s=timeout or context.config.settings.gateway_timeout_s,
    )
    answer(ctx, _words(torn), _as_data(torn))


def _as_data(torn: "TornDown") -> dict[str, Any]:
    return {
        "deleted": [str(id_) for id_ in torn.deleted],
        "remains": [
            {"what": r.what, "why": r.why, "costs_money": r.costs_money} for r in torn.remainders
        ],
        "dry_run": torn.dry_run,
    }


def _words(torn: "TornDown") -> str:
    word = "would be deleted" if torn.dry_run else "deleted"
    lines = [f"{id_} {word}" for id_ in torn.deleted] or ["nothing of ours is on the Fleet"]
    for title, costs in (("stays and still costs money", True), ("stays", False)):
        found = [r for r in torn.remainders if r.costs_money is costs]
        lines += [f"{title}: {r.what} ({r.why})" for r in found]
    if not torn.remainders:
        lines.append("nothing stays")
    lines.append("the cloud itself was not asked: look there for ALBs and EIPs, too")
    return "\n".join(lines)
