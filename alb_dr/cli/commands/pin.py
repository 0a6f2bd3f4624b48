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
    from alb_dr.workflows.delivery.pins import LivePin

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
    from alb_dr.cli.locked import lock_words
    from alb_dr.model.pin import Pin, parse_header
    from alb_dr.render.library import template_library
    from alb_dr.render.manifests import render_pin
    from alb_dr.workflows.delivery.pinning import foresee_pin

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
    if dry_run:
        foresee_pin(
            context.topology, wanted, manifests, fleet=context.fleet, narrator=context.narrator
        )
        _say_lock(context, lock_words(context))
        _answer(ctx, wanted, None, dry_run=True, gone=False)
        return
    confirm(
        f"lead {name}={value} to {context.topology.member(cluster).name}? An Ingress that the "
        "controller cannot build blocks the rules of the whole ALB.",
        yes=yes,
    )
    proof_s = None if no_wait else timeout or context.config.settings.dataplane_timeout_s
    stay_s = seconds if stay else None
    left_s = None if stay or no_janitor else seconds
    words = _pin(context, wanted, manifests, proof_s=proof_s, stay_s=stay_s, left_s=left_s)
    _answer(ctx, wanted, words or None, dry_run=False, gone=stay)


def _say_lock(context: Context, held: str | None) -> None:
    if held is not None:
        context.narrator.warn(f"it would be refused now, the lock is held: {held}")


def _pin(
    context: Context,
    wanted: "Pin",
    manifests: "ManifestSet",
    *,
    proof_s: float | None,
    stay_s: float | None,
    left_s: float | None,
) -> str:
    """Make the pin, and keep it for ``stay_s`` or leave it to the janitor; what was seen."""
    from alb_dr.cli.pinning import leave_to_janitor, pinning
    from alb_dr.cli.signals import SIGNALS

    def written() -> None:
        # Before the proof: whoever is killed there leaves nobody else to remove it.
        if left_s is not None:
            leave_to_janitor(context, left_s)

    (made,) = manifests
    with pinning(context, wanted, manifests) as one:
        words = one.make(proof_s=proof_s, written=written)
        if stay_s is None:
            return words
        try:
            with context.narrator.phase(
                f"keeping the pin for {stay_s:g} s (Ctrl-C removes it now)"
            ):
                context.clock.sleep(stay_s)
        finally:
            with SIGNALS.shield(), context.narrator.phase(f"removing {made.id}"):
                one.take_back()
    return words


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
    reason: Reason = "",
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Remove pins; requests with their headers follow the weights again.

    What has expired is removed without a question, and waits a moment for whoever moves traffic.
    """
    from alb_dr.cli.locked import lock_words
    from alb_dr.cli.pinning import unpinned
    from alb_dr.workflows.delivery.pinning import BRIEF_S
    from alb_dr.workflows.delivery.pins import live_pins, pin_words
    from alb_dr.workflows.delivery.pins import unpin as remove

    context = context_of(ctx)
    id_ = context.topology.member(cluster).id if cluster is not None else None

    def chosen() -> "list[LivePin]":
        now = context.clock.now()
        return [
            found
            for found in live_pins(context.topology, context.fleet)
            if (id_ is None or (found.pin is not None and found.pin.member == id_))
            and (not expired or found.is_over(now))
        ]

    found = chosen()
    if dry_run:
        removed = remove(found, fleet=context.fleet, dry_run=True)
        _say_lock(context, lock_words(context) if found else None)
    elif found:
        words = "; ".join(pin_words(context.topology, one) for one in found)
        confirm(f"remove what is pinned? {words}", yes=yes or expired)
        patience_s = BRIEF_S if expired else 0.0
        removed = unpinned(context, chosen, reason=reason, patience_s=patience_s)
    else:
        removed = ()
    word = "would be removed" if dry_run else "removed"
    human = "\n".join(f"{one} {word}" for one in removed) or "nothing is pinned"
    data = {"removed": [str(one) for one in removed], "reason": reason, "dry_run": dry_run}
    answer(ctx, human, data)
