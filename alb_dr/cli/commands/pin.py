"""``alb-dr ingress pin`` and ``unpin``: one header to one member, for a while."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.confirm import confirm
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.durations import seconds_of
from alb_dr.cli.options import DryRun, NoWait, Timeout, Yes
from alb_dr.cli.shift_options import Reason
from alb_dr.errors import BadInput

if TYPE_CHECKING:
    from alb_dr.model.manifest import ManifestSet
    from alb_dr.model.pin import Pin

LONGEST_S = 86_400.0
"""A pin is for a test; one that stays for days is forgotten."""

Header = Annotated[
    str, typer.Option("--header", metavar="NAME=VALUE", help="The header, like X-Cluster=b.")
]


def pin(  # noqa: PLR0913, PLR0917  every flag is one parameter
    ctx: typer.Context,
    cluster: Annotated[str, typer.Option("--cluster", metavar="MEMBER", help="Where it leads.")],
    header: Header,
    ttl: Annotated[
        str, typer.Option("--ttl", metavar="TIME", help="How long it is meant to stay.")
    ] = "1h",
    stay: Annotated[
        bool, typer.Option("--stay", help="Wait until then, or for Ctrl-C, and remove it.")
    ] = False,
    no_janitor: Annotated[
        bool, typer.Option("--no-janitor", help="No process that removes it when its time is up.")
    ] = False,
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    timeout: Timeout = None,
) -> None:
    """Lead requests with a header to one member, whatever the weights say; see that it works.

    A process left on this machine removes it when its time is up; for a machine that may be lost,
    alb-dr ingress unpin --expired is made for cron. What ACK One's multi-cluster mode makes of
    these annotations is unconfirmed; the form is a template.
    """
    from alb_dr.model.pin import Pin, parse_header
    from alb_dr.render.library import template_library
    from alb_dr.render.manifests import render_pin
    from alb_dr.workflows.delivery.pins import make_pin

    context = context_of(ctx)
    seconds = seconds_of(ttl, what="ttl")
    if seconds > LONGEST_S:
        raise BadInput(f"ttl {ttl!r} is longer than a day", hint="pin again when you need it again")
    name, value = parse_header(header)
    wanted = Pin(
        member=context.topology.member(cluster).id,
        header=name,
        value=value,
        expires=context.clock.now() + timedelta(seconds=seconds),
        reason=reason,
    )
    manifests = render_pin(context.topology, template_library(environ=context.environ), wanted)
    if not dry_run:
        confirm(
            f"lead {name}={value} to {context.topology.member(cluster).name}? An Ingress that the "
            "controller cannot build blocks the rules of the whole ALB.",
            yes=yes,
        )
    make_pin(
        context.topology,
        wanted,
        manifests,
        fleet=context.fleet,
        narrator=context.narrator,
        dry_run=dry_run,
    )
    words = None if dry_run or no_wait else _proven(context, wanted, manifests, timeout)
    if stay and not dry_run:
        _stay(context, manifests, seconds)
    elif not (dry_run or no_janitor):
        _leave_to_janitor(context, seconds)
    _answer(ctx, wanted, words, dry_run=dry_run, gone=stay and not dry_run)


def _proven(
    context: Context, wanted: "Pin", manifests: "ManifestSet", timeout: float | None
) -> str:
    """What was seen; a pin that does not work is taken away again."""
    from alb_dr.errors import DeadlineExceeded
    from alb_dr.workflows.after_writing import after_writing
    from alb_dr.workflows.delivery.pins import await_pin, withdraw

    try:
        waiting = context.narrator.phase("waiting until the header reaches the member")
        with after_writing([each.id for each in manifests]), waiting:
            return await_pin(
                context.topology,
                wanted,
                fleet=context.fleet,
                prober=context.prober,
                clock=context.clock,
                narrator=context.narrator,
                timeout_s=timeout or context.config.settings.dataplane_timeout_s,
            )
    except DeadlineExceeded as error:
        (made,) = manifests
        raise withdraw(made, fleet=context.fleet, because=error) from error


def _leave_to_janitor(context: Context, seconds: float) -> None:
    """Start the process that removes the pin at its time, and do not wait for it."""
    import subprocess
    import sys

    from alb_dr.cli import janitor

    project = str(context.config.path.absolute())
    unpin = [sys.executable, "-m", "alb_dr", "ingress", "unpin", "--expired", "--config", project]
    try:
        subprocess.Popen(
            [sys.executable, "-I", "-S", janitor.__file__, str(seconds), project, *unpin],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        context.narrator.warn(f"nothing will remove the pin by itself: {error}")


def _stay(context: Context, manifests: "ManifestSet", seconds: float) -> None:
    from alb_dr.cli.signals import SIGNALS
    from alb_dr.workflows.delivery.gateway import delete_own

    (made,) = manifests
    try:
        with context.narrator.phase(f"keeping the pin for {seconds:g} s (Ctrl-C removes it now)"):
            context.clock.sleep(seconds)
    finally:
        with SIGNALS.shield(), context.narrator.phase(f"removing {made.id}"):
            delete_own(made.id, api=context.fleet, dry_run=False)


def _answer(
    ctx: typer.Context, wanted: "Pin", words: str | None, *, dry_run: bool, gone: bool
) -> None:
    name = context_of(ctx).topology.member(wanted.member).name
    until = wanted.expires.isoformat(timespec="seconds")
    data: dict[str, Any] = {
        "member": name,
        "header": wanted.header,
        "value": wanted.value,
        "expires": until,
        "reason": wanted.reason,
        "observed": words,
        "dry_run": dry_run,
        "removed": gone,
    }
    verb = "would lead" if dry_run else "led" if gone else "leads"
    human = f"{wanted.header}: {wanted.value} {verb} to {name} until {until}"
    answer(ctx, human, data)


def unpin(
    ctx: typer.Context,
    cluster: Annotated[
        str | None, typer.Option("--cluster", metavar="MEMBER", help="Only this member's pin.")
    ] = None,
    expired: Annotated[
        bool, typer.Option("--expired", help="Only pins whose time is up; made for cron.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Remove pins; requests with their headers follow the weights again."""
    from alb_dr.workflows.delivery.pins import live_pins
    from alb_dr.workflows.delivery.pins import unpin as remove

    context = context_of(ctx)
    id_ = context.topology.member(cluster).id if cluster is not None else None
    now = context.clock.now()
    chosen = [
        found
        for found in live_pins(context.topology, context.fleet)
        if (id_ is None or (found.pin is not None and found.pin.member == id_))
        and (not expired or found.is_over(now))
    ]
    removed = remove(chosen, fleet=context.fleet, dry_run=dry_run)
    word = "would be removed" if dry_run else "removed"
    human = "\n".join(f"{id_} {word}" for id_ in removed) or "nothing is pinned"
    answer(ctx, human, {"removed": [str(i) for i in removed], "dry_run": dry_run})
