"""``alb-dr gateway``: the ALB multi-cluster gateway."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer, table
from alb_dr.cli.confirm import confirm
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.manifests import applied_answer, choices, rendered
from alb_dr.cli.options import EPILOG, Adopt, DryRun, ForceConflicts, NoWait, Timeout, Yes
from alb_dr.errors import ExitCode

if TYPE_CHECKING:
    from alb_dr.model.gateway import GatewayAddress

app = typer.Typer(help="The gateway: AlbConfig, IngressClass and the ALB.", no_args_is_help=True)


@app.command(epilog=EPILOG)
def render(ctx: typer.Context) -> None:
    """Print the AlbConfig and the IngressClass; contact nobody."""
    from alb_dr.render.manifests import render_gateway

    rendered(ctx, render_gateway)


@app.command(epilog=EPILOG)
def create(
    ctx: typer.Context,
    dry_run: DryRun = False,
    force_conflicts: ForceConflicts = False,
    adopt: Adopt = False,
    prune_listeners: Annotated[
        bool,
        typer.Option(
            "--prune-listeners", help="Remove live listeners the project file does not name."
        ),
    ] = False,
    no_wait: NoWait = False,
    timeout: Timeout = None,
) -> None:
    """Create or update the gateway; wait for its DNS name and every member."""
    from alb_dr.render.library import template_library
    from alb_dr.render.manifests import render_gateway
    from alb_dr.workflows.after_writing import after_writing
    from alb_dr.workflows.delivery.apply import apply
    from alb_dr.workflows.delivery.gateway import merged_with_live

    context = context_of(ctx)
    manifests = merged_with_live(
        render_gateway(context.topology, template_library(environ=context.environ)),
        fleet=context.fleet,
        prune_listeners=prune_listeners,
    )
    applied = apply(
        manifests,
        api=context.fleet,
        choices=choices(dry_run=dry_run, force_conflicts=force_conflicts, adopt=adopt),
        narrator=context.narrator,
    )
    if dry_run or no_wait:
        applied_answer(ctx, applied)
        return
    with after_writing([change.id for change in applied.written]):
        address = _await(context, timeout)
    applied_answer(
        ctx, applied, extra={"gateway": gateway_data(address)}, tail=_table(context, address)
    )


@app.command(epilog=EPILOG)
def wait(ctx: typer.Context, timeout: Timeout = None) -> None:
    """Wait until the gateway has a DNS name and every member."""
    context = context_of(ctx)
    address = _await(context, timeout)
    answer(ctx, _table(context, address), {"gateway": gateway_data(address)})


@app.command(epilog=EPILOG)
def status(ctx: typer.Context) -> None:
    """Say what the gateway has and what it still lacks."""
    from alb_dr.workflows.delivery.gateway import address_of, albconfig_id
    from alb_dr.workflows.live.event_advice import advised
    from alb_dr.workflows.live.events import standing_warnings
    from alb_dr.workflows.live.readiness import gateway_waits_for

    context = context_of(ctx)
    id_ = albconfig_id(context.topology)
    live = context.fleet.get(id_)
    lacking = gateway_waits_for(live, [m.id for m in context.topology.members])
    warnings = [advised(w.words) for w in standing_warnings(context.fleet, id_)]
    data: dict[str, Any] = {"ready": lacking is None, "lacking": lacking, "warnings": warnings}
    human = f"{id_}: {lacking or 'ready'}"
    if live is not None:
        address = address_of(context.topology, live)
        data["gateway"] = gateway_data(address)
        human = f"{_table(context, address)}\n{human}"
    answer(ctx, "\n".join([human, *(f"warning: {w}" for w in warnings)]), data)


@app.command(epilog=EPILOG)
def delete(
    ctx: typer.Context, dry_run: DryRun = False, yes: Yes = False, timeout: Timeout = None
) -> None:
    """Delete the AlbConfig (and with it the ALB), then the IngressClass."""
    from alb_dr.workflows.delivery.gateway import delete_gateway

    context = context_of(ctx)
    if not dry_run:
        confirm(f"delete gateway {context.topology.gateway.name} and its ALB?", yes=yes)
    deleted = delete_gateway(
        context.topology,
        fleet=context.fleet,
        clock=context.clock,
        narrator=context.narrator,
        timeout_s=timeout or context.config.settings.gateway_timeout_s,
        dry_run=dry_run,
    )
    word = "would be deleted" if dry_run else "deleted"
    lines = [f"{id_} {word}" for id_ in deleted.removed]
    lines += [f"{id_} was not there" for id_ in deleted.absent]
    data = {"removed": [str(i) for i in deleted.removed], "dry_run": dry_run}
    answer(ctx, "\n".join(lines), data, exit_code=ExitCode.OK)


def _await(context: Context, timeout: float | None) -> "GatewayAddress":
    from alb_dr.workflows.delivery.gateway import await_gateway

    name = context.topology.gateway.name
    with context.narrator.phase(f"waiting for gateway {name}"):
        return await_gateway(
            context.topology,
            fleet=context.fleet,
            clock=context.clock,
            narrator=context.narrator,
            timeout_s=timeout or context.config.settings.gateway_timeout_s,
        )


def gateway_data(address: "GatewayAddress") -> dict[str, Any]:
    """Where the gateway is, for programs."""
    return {
        "alb_id": address.alb_id,
        "dns_name": address.dns_name,
        "port": address.port,
        "protocol": str(address.protocol),
        "host": address.host,
        "path": address.path,
        "sub_clusters": list(address.sub_clusters),
    }


def _table(context: Context, address: "GatewayAddress") -> str:
    row = [
        context.topology.gateway.name,
        address.alb_id or "-",
        address.dns_name or "-",
        ",".join(f"{x.port}/{x.protocol}" for x in context.topology.gateway.listeners),
        ",".join(address.sub_clusters) or "-",
    ]
    return table([row], ["NAME", "ALBID", "DNSNAME", "LISTENERS", "SUBCLUSTERS"])
