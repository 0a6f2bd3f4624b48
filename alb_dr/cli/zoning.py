"""Zones with this process's ports: planned and moved beside a switchover, returned by back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alb_dr.cli.context import Context
    from alb_dr.model.shift import ShiftRequest
    from alb_dr.model.weights import Weights
    from alb_dr.model.zone_shift import ZonePlan, ZoneRecord
    from alb_dr.ports import Journal
    from alb_dr.workflows.shift.ports import Companion
    from alb_dr.workflows.zone.shift import ZoneShift


class _Unwritten:
    """The journal of what changes nothing."""

    def write(self, event: str, **facts: object) -> None:
        """Forget it."""


def zones_of(context: Context, journal: Journal, *, timeout_s: float) -> ZoneShift:
    """The workflow; an error of code ADR-NO-CLOUD where there is no cloud to ask."""
    from alb_dr.cli.drilling import operator
    from alb_dr.cli.scene import cloud_to_change
    from alb_dr.cli.signals import SIGNALS
    from alb_dr.workflows.zone.shift import ZonePorts, ZoneShift

    cloud, switch = cloud_to_change(context)
    ports = ZonePorts(
        fleet=context.fleet,
        cloud=cloud,
        switch=switch,
        clock=context.clock,
        narrator=context.narrator,
        journal=journal,
        shield=SIGNALS.shield,
        operator=operator(),
        timeout_s=timeout_s,
    )
    return ZoneShift(context.topology, ports)


def planned_zones(context: Context, way: Sequence[Weights], *, timeout_s: float) -> ZonePlan:
    """Which zones leave DNS with the members that lose their traffic; the cloud's dry run passed.

    What the cloud does with it on an ALB that a gateway manages is unconfirmed, and said so.
    """
    from alb_dr.workflows.zone.companion import leaving

    away = leaving(context.topology, way[0], way[-1])
    with context.narrator.phase("asking the cloud for a dry run of the zone shift"):
        plan = zones_of(context, _Unwritten(), timeout_s=timeout_s).plan(away)
    context.narrator.note(f"the cloud would take {plan.words}")
    context.narrator.note(
        "unconfirmed: what a zone shift does on an ALB that a Fleet's gateway manages; "
        "clients that know the address keep it until their resolver asks again"
    )
    return plan


def companion_of(
    context: Context,
    request: ShiftRequest,
    plan: ZonePlan,
    home: Weights,
    *,
    timeout_s: float,
) -> Callable[[Journal], Sequence[Companion]]:
    """The zones as a companion of the shift, once its journal is there."""

    def companions(journal: Journal) -> Sequence[Companion]:
        from alb_dr.workflows.zone.companion import ZoneCompanion

        return (
            ZoneCompanion(
                topology=context.topology,
                fleet=context.fleet,
                narrator=context.narrator,
                zones=zones_of(context, journal, timeout_s=timeout_s),
                plan=plan,
                home=home,
                shift_id=request.shift_id,
                reason=request.reason,
            ),
        )

    return companions


def zones_out(context: Context, *, timeout_s: float) -> ZoneRecord | None:
    """What there is to bring back, the cloud's dry run passed; the cloud is not asked for None."""
    from alb_dr.workflows.records.zone_record import read_zones

    found = read_zones(context.topology, context.fleet)
    if found is None or not found.is_open:
        return None
    return zones_of(context, _Unwritten(), timeout_s=timeout_s).plan_back()


def bring_back(context: Context, *, timeout_s: float) -> ZoneRecord | None:
    """Bring the zones back, with a ledger of its own; None when somebody was faster."""

    from alb_dr.cli.drilling import operator
    from alb_dr.journal.ledger import Ledger
    from alb_dr.journal.rundir import LEDGER, create_run
    from alb_dr.model.operation import new_operation_id
    from alb_dr.workflows.zone.companion import zones_home

    operation = new_operation_id()
    given = context.run_dir / "zones" if context.run_dir is not None else None
    now = context.clock.now()
    run = create_run(context.state_dir, "zones", now=now, given=given, operation=operation)
    ledger = Ledger(run.path / LEDGER, drill_id=operation)
    try:
        return zones_home(
            context.topology,
            zones_of(context, ledger, timeout_s=timeout_s),
            fleet=context.fleet,
            clock=context.clock,
            narrator=context.narrator,
            holder=operator(),
            operation=operation,
        )
    finally:
        ledger.close()
