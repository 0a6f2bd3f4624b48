"""Every command that talks to an API, and what makes it do all its calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Run = Callable[..., int]
"""Runs one command line past the proxies; its exit code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line; ``before`` are the lines that make it find work to do.

    ``after`` must succeed whatever happened to the command: as a rule the command again, which
    proves that nothing half done is in its way.
    ``optional`` are parts of paths of calls whose failure must not fail the command; ``harms``
    says that it scales something down on its way.
    """

    name: str
    words: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    after: tuple[tuple[str, ...], ...] = ()
    optional: tuple[str, ...] = ()
    harms: bool = False
    seconds: float = 12.0


WAIT = ("--timeout", "4")
DRILL = (
    "--no-watchdog",
    "--rate",
    "50",
    "--baseline",
    "0.5",
    "--observe",
    "2.5",
    "--restore-timeout",
    "5",
)
_DISTRIBUTE, _GATEWAY = ("distribute", "apply"), ("gateway", "create")
_INGRESS, _WEIGHTS = ("ingress", "apply"), ("ingress", "set-weights", "40", "60")
_RECOVER = ("failover", "recover", "--execute")
_NO_INGRESS = ("ingress", "delete", "--yes")
_NO_GATEWAY = ("gateway", "delete", "--yes")
_NO_DELIVERY = ("distribute", "delete", "--yes")

COMMANDS = (
    Command(name="distribute status", words=("distribute", "status")),
    Command(
        name="distribute apply",
        words=(*_DISTRIBUTE, *WAIT),
        before=(_NO_DELIVERY,),
        after=(_DISTRIBUTE,),
        optional=("/events",),
    ),
    Command(name="gateway status", words=("gateway", "status"), optional=("/events",)),
    Command(name="gateway wait", words=("gateway", "wait", *WAIT), optional=("/events",)),
    Command(name="ingress status", words=("ingress", "status"), optional=("/events",)),
    Command(
        name="ingress apply",
        words=(*_INGRESS, *WAIT),
        before=(_NO_INGRESS,),
        after=(_INGRESS,),
        optional=("/events",),
    ),
    Command(
        name="ingress set-weights",
        words=(*_WEIGHTS, *WAIT),
        before=(("ingress", "set-weights", "20", "80", "--no-wait"),),
        after=((*_WEIGHTS, "--no-wait"),),
        optional=("/events",),
    ),
    Command(name="verify", words=("verify", "--requests", "20"), optional=("",)),
    Command(name="failover status", words=("failover", "status"), optional=("/leases",)),
    Command(
        name="failover drill",
        words=("failover", "drill", "poc-ack-1", "--yes", *DRILL),
        after=(_RECOVER,),
        harms=True,
        seconds=25.0,
    ),
    Command(name="ingress delete", words=_NO_INGRESS, before=(_INGRESS,), after=(_NO_INGRESS,)),
    Command(
        name="gateway create",
        words=(*_GATEWAY, *WAIT),
        before=(_NO_INGRESS, _NO_GATEWAY),
        after=(_GATEWAY,),
        optional=("/events",),
    ),
    Command(
        name="gateway delete",
        words=(*_NO_GATEWAY, *WAIT),
        before=(_NO_INGRESS, _GATEWAY),
        after=(_NO_GATEWAY,),
    ),
    Command(
        name="distribute delete",
        words=_NO_DELIVERY,
        before=(_DISTRIBUTE,),
        after=(_NO_DELIVERY,),
    ),
)

WHOLE = (
    ("failover", "recover", "--execute"),
    ("distribute", "apply"),
    ("gateway", "create"),
    ("ingress", "apply", "--force-conflicts"),
)
"""What makes the world whole again, whatever a case left; each must succeed."""
