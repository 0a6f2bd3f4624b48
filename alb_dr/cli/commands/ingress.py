"""``alb-dr ingress``: the weighted Ingress on the Fleet."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer, table
from alb_dr.cli.commands.pin import pin, unpin
from alb_dr.cli.commands.shift import abort, pause, resume, shift
from alb_dr.cli.confirm import confirm
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.locked import under_way
from alb_dr.cli.manifests import applied_answer, choices, rendered
from alb_dr.cli.options import EPILOG, Adopt, DryRun, ForceConflicts, NoWait, Timeout, Yes
from alb_dr.errors import BadInput, Conflict
from alb_dr.render.annotations import CLUSTER_WEIGHT

if TYPE_CHECKING:
    from alb_dr.model.weights import Weights

app = typer.Typer(help="The weighted Ingress on the Fleet.", no_args_is_help=True)

for _command in (shift, pause, resume, abort, pin, unpin):
    app.command(epilog=EPILOG)(_command)

# "-1" must reach our own check of weights instead of being taken for an unknown option.
_WEIGHT_WORDS = {"ignore_unknown_options": True}


@app.command(epilog=EPILOG)
def render(ctx: typer.Context) -> None:
    """Print the Namespace and the Ingress; contact nobody."""
    from alb_dr.render.manifests import render_ingress

    rendered(ctx, render_ingress)


@app.command(epilog=EPILOG)
def apply(
    ctx: typer.Context,
    dry_run: DryRun = False,
    force_conflicts: ForceConflicts = False,
    adopt: Adopt = False,
    no_wait: NoWait = False,
    timeout: Timeout = None,
) -> None:
    """Apply the Namespace and the Ingress with the project file's weights; wait for traffic."""
    from alb_dr.cli.findings import say_findings
    from alb_dr.render.library import template_library
    from alb_dr.render.manifests import render_ingress
    from alb_dr.workflows.after_writing import after_writing
    from alb_dr.workflows.delivery.apply import apply as apply_manifests

    context = context_of(ctx)
    try:
        applied = apply_manifests(
            render_ingress(context.topology, template_library(environ=context.environ)),
            api=context.fleet,
            choices=choices(dry_run=dry_run, force_conflicts=force_conflicts, adopt=adopt),
            narrator=context.narrator,
        )
    except Conflict as conflict:
        raise _about_weights(conflict) from conflict
    extra: dict[str, Any] = {}
    if not (dry_run or no_wait):
        with after_writing([each.id for each in applied.written]):
            extra = _await_split(context, timeout)
    extra["findings"] = say_findings(context, context.topology.weights)
    applied_answer(ctx, applied, extra=extra)


def _about_weights(conflict: Conflict) -> Conflict:
    """A conflict with our own patch of the weights, in words that help; others as they are."""
    if 'conflict with "alb-dr"' not in conflict.message or CLUSTER_WEIGHT not in conflict.message:
        return conflict
    return Conflict(
        "the live weights were moved since the Ingress was applied; they are not the file's",
        hint="keep them: alb-dr up; put the file's back: alb-dr up --reset-weights",
        code="ADR-WEIGHTS-MOVED",
    )


@app.command(epilog=EPILOG)
def status(ctx: typer.Context) -> None:
    """Say which weights are live, at which address, and what the controller complains about."""
    from alb_dr.cli.findings import say_findings, whole_split
    from alb_dr.render.annotations import weights_of
    from alb_dr.workflows.delivery.weights import ingress_id, live_ingress
    from alb_dr.workflows.live.event_advice import advised
    from alb_dr.workflows.live.events import standing_warnings
    from alb_dr.workflows.records.away import away_of, away_words

    context = context_of(ctx)
    live = live_ingress(context.topology, fleet=context.fleet)
    weights = weights_of(live.annotations)
    warnings = [
        advised(w.words) for w in standing_warnings(context.fleet, ingress_id(context.topology))
    ]
    balancer = (live.document.get("status") or {}).get("loadBalancer") or {}
    addresses = [str(i.get("hostname") or i.get("ip")) for i in balancer.get("ingress") or []]
    rows = [
        [m.name, m.id, weights.get(m.id, "-"), str(context.topology.weights.get(m.id))]
        for m in context.topology.members
    ]
    away = away_of(live)
    split = whole_split(context, weights)
    data = {
        "address": addresses,
        "findings": say_findings(context, split) if split is not None else [],
        "away": None if away is None else away_words(context.topology, away),
        "weights": dict(weights),
        "intended": context.topology.weights.as_dict(),
        "warnings": warnings,
    }
    human = table(rows, ["MEMBER", "ID", "LIVE", "FILE"])
    human += f"\naddress: {', '.join(addresses) or 'none yet'}"
    human += f"\n{data['away']}" if away is not None else ""
    answer(ctx, "\n".join([human, *(f"warning: {w}" for w in warnings)]), data)


@app.command("set-weights", epilog=EPILOG, context_settings=_WEIGHT_WORDS)
def set_weights(  # noqa: PLR0913, PLR0917  each option is one parameter
    ctx: typer.Context,
    weights: Annotated[
        list[str],
        typer.Argument(
            metavar="WEIGHT...",
            help="One per member in the file's order (20 80), or by name (a=20 b=80).",
        ),
    ],
    all_: Annotated[
        bool, typer.Option("--all", help="Every weighted Ingress of this gateway, at once.")
    ] = False,
    selector: Annotated[
        str, typer.Option("--selector", "-l", metavar="LABELS", help="Those with these labels.")
    ] = "",
    namespace: Annotated[
        str | None,
        typer.Option("--namespace", "-n", help="With --all or --selector: only in this one."),
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    timeout: Timeout = None,
) -> None:
    """Change the live weights in one guarded patch; wait until the traffic follows.

    While a drill or shift is under way it asks first: this would end it. With --all or --selector
    the answers of many Ingresses are not waited for: alb-dr verify.
    """
    from alb_dr.cli.findings import say_findings
    from alb_dr.model.weights import parse_weights
    from alb_dr.workflows.after_writing import after_writing
    from alb_dr.workflows.delivery.weights import set_weights as change_weights
    from alb_dr.workflows.scalers.healers import tell_of_healers

    for word in weights:
        # "-20" is a weight to refuse as one; anything else with a dash was meant as an option.
        if word.startswith("-") and not word[1:].isdecimal():
            raise BadInput(f"No such option: {word}", hint="see: alb-dr ingress set-weights --help")
    context = context_of(ctx)
    topology = context.topology
    wanted = parse_weights(weights, topology.members)
    names = topology.names(wanted)
    said = ", ".join(f"{name} {weight}" for name, weight in names.items())
    findings = say_findings(context, wanted)
    _overrule(context, dry_run=dry_run, yes=yes)
    context.narrator.note(f"{'would set' if dry_run else 'setting'} weights: {said}")
    if all_ or selector:
        _set_many(ctx, wanted, namespace=namespace, labels=selector, dry_run=dry_run)
        return
    if namespace is not None:
        raise BadInput(
            "--namespace chooses among many Ingresses", hint="add --all or --selector LABELS"
        )
    change = change_weights(topology, wanted, fleet=context.fleet, dry_run=dry_run)
    data: dict[str, Any] = {
        "before": dict(change.before),
        "after": wanted.as_dict(),
        "written": change.written,
        "dry_run": dry_run,
        "findings": findings,
    }
    if change.written and not dry_run:
        tell_of_healers(topology, context.fleet, now=context.clock.now(), narrator=context.narrator)
    if not (dry_run or no_wait):
        with after_writing([f"weights {said}"] if change.written else []):
            data |= _await_split(context, timeout)
    word = "would be" if dry_run else "are now" if change.written else "were already"
    answer(ctx, f"weights {word} {said}", data)


def _overrule(context: Context, *, dry_run: bool, yes: bool) -> None:
    """Ask before somebody's drill or shift is ended; no refusal: so a person overrules it."""
    words = under_way(context)
    if words is None:
        return
    context.narrator.warn(f"what is under way would be ended by this: {words}")
    if not dry_run:
        confirm(f"set the weights all the same? It ends {words}", yes=yes)


def _set_many(
    ctx: typer.Context, wanted: "Weights", *, namespace: str | None, labels: str, dry_run: bool
) -> None:
    from alb_dr.workflows.delivery.bulk_weights import set_all_weights, weighted_ingresses

    context = context_of(ctx)
    found = weighted_ingresses(
        context.topology, fleet=context.fleet, namespace=namespace, labels=labels
    )
    with context.narrator.phase(f"changing {len(found)} Ingresses"):
        done = set_all_weights(
            found, wanted, fleet=context.fleet, dry_run=dry_run, narrator=context.narrator
        )
    word = "would be changed" if dry_run else "changed"
    human = f"{len(done.changed)} Ingresses {word}, {len(done.unchanged)} had these weights already"
    data = {
        "after": wanted.as_dict(),
        "changed": list(done.changed),
        "unchanged": list(done.unchanged),
        "dry_run": dry_run,
    }
    answer(ctx, human, data)


@app.command(epilog=EPILOG)
def delete(ctx: typer.Context, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Delete the Ingress (its traffic ends); the Namespace stays."""
    from alb_dr.workflows.delivery.gateway import delete_own
    from alb_dr.workflows.delivery.weights import ingress_id

    context = context_of(ctx)
    id_ = ingress_id(context.topology)
    if not dry_run:
        confirm(f"delete {id_}? Traffic to it ends at once.", yes=yes)
    removed = delete_own(id_, api=context.fleet, dry_run=dry_run)
    word = "would be deleted" if dry_run else "deleted"
    human = f"{id_} {word}" if removed else f"{id_} was not there"
    answer(ctx, human, {"removed": [str(id_)] if removed else [], "dry_run": dry_run})


def _await_split(context: Context, timeout: float | None) -> dict[str, Any]:
    """Wait until the data plane shows the live weights; what was measured, as data."""
    from alb_dr.workflows.delivery.await_split import await_split

    with context.narrator.phase("waiting until the traffic follows the weights"):
        seen = await_split(
            context.topology,
            fleet=context.fleet,
            prober=context.prober,
            clock=context.clock,
            narrator=context.narrator,
            timeout_s=timeout or context.config.settings.dataplane_timeout_s,
        )
    return {"observed": {"requests": seen.requests, "shares": dict(seen.shares)}}
