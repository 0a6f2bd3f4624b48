"""Pins with this process's ports, their ledgers, and the process that removes one in time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from alb_dr.cli.context import Context
    from alb_dr.model.manifest import ManifestSet, ResourceId
    from alb_dr.model.pin import Pin
    from alb_dr.ports import Journal
    from alb_dr.workflows.delivery.pin_proof import PinPorts
    from alb_dr.workflows.delivery.pinning import Pinning
    from alb_dr.workflows.delivery.pins import LivePin


@contextmanager
def pinning(context: Context, wanted: Pin, manifests: ManifestSet) -> Iterator[Pinning]:
    """A pinning with a ledger of its own; Refused when that cannot be made."""
    from alb_dr.journal.ledger import Ledger
    from alb_dr.journal.rundir import LEDGER
    from alb_dr.model.operation import new_operation_id
    from alb_dr.workflows.delivery.pinning import Pinning

    operation = new_operation_id()
    run = context.new_run("pin", operation)
    ledger = Ledger(run.path / LEDGER, drill_id=operation)
    ports = _ports(context, ledger)
    try:
        yield Pinning(context.topology, wanted, manifests, ports, operation=operation)
    finally:
        ledger.close()
        run.drop_undescribed()


def unpinned(
    context: Context, chosen: Callable[[], Sequence[LivePin]], *, reason: str, patience_s: float
) -> tuple[ResourceId, ...]:
    """Remove pins with a ledger of its own; a disk that takes none does not keep them there."""
    from alb_dr.cli.emergency import OptionalRun
    from alb_dr.model.operation import new_operation_id
    from alb_dr.workflows.delivery.pinning import unpin_locked

    operation = new_operation_id()
    run = OptionalRun(context, verb="unpin", operation=operation)
    try:
        return unpin_locked(
            context.topology,
            chosen,
            _ports(context, run),
            operation=operation,
            reason=reason,
            patience_s=patience_s,
        )
    finally:
        run.close()


def leave_to_janitor(context: Context, seconds: float) -> None:
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


def _ports(context: Context, journal: Journal) -> PinPorts:
    from alb_dr.cli.drilling import operator
    from alb_dr.cli.signals import SIGNALS
    from alb_dr.workflows.delivery.pin_proof import PinPorts

    return PinPorts(
        fleet=context.fleet,
        prober=context.prober,
        clock=context.clock,
        narrator=context.narrator,
        journal=journal,
        shield=SIGNALS.shield,
        operator=operator(),
    )
