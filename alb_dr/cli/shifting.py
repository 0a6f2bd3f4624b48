"""One shift with this process's ports, recorded in a run directory; the question it may ask."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from alb_dr.cli.confirm import put
from alb_dr.errors import BadInput, Interruption

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alb_dr.cli.context import Context
    from alb_dr.journal.ledger import Ledger
    from alb_dr.journal.samples import SampleFile
    from alb_dr.model.shift import Answer, ShiftReport, ShiftRequest
    from alb_dr.model.weights import Weights
    from alb_dr.ports import Journal
    from alb_dr.workflows.shift.ports import Companion, Remember, ShiftPorts
    from alb_dr.workflows.shift.shift import Shift


def run_shift(
    context: Context,
    request: ShiftRequest,
    *,
    remember: Remember = lambda _start, earlier: earlier,
    companions: Callable[[Journal], Sequence[Companion]] = lambda _journal: (),
) -> ShiftReport:
    """The shift; ledger, samples and report are in the run's folder, also when it is cut short.

    ``remember`` and ``companions`` are the shift's own; these are made with its journal.
    """
    from alb_dr.cli.signals import SIGNALS
    from alb_dr.journal.ledger import Ledger
    from alb_dr.journal.rundir import DESCRIPTION, LEDGER
    from alb_dr.journal.samples import SAMPLES, SampleFile
    from alb_dr.journal.shift_run import to_document
    from alb_dr.report.shift_data import shift_data, shift_lines
    from alb_dr.workflows.shift.shift import Shift

    names = [member.name for member in context.topology.members]
    run = context.new_run(request.verb, request.shift_id)
    ledger = Ledger(run.path / LEDGER, drill_id=request.shift_id)
    log = SampleFile(run.path / SAMPLES, members=names)
    try:
        ports = _ports(context, ledger, log)
        report = _walked(
            Shift(
                request, context.topology, ports, remember=remember, companions=companions(ledger)
            )
        )
        with suppress(Interruption), SIGNALS.shield():
            ledger.write("closed", phase=str(report.phase))
            run.write_json(DESCRIPTION, to_document(report, names))
            run.write_json("report.json", shift_data(report))
            title = f"# {request.verb.capitalize()}"
            run.write_text("report.md", "\n".join([title, "", "```", *shift_lines(report), "```"]))
    finally:
        log.close()
        ledger.close()
        run.drop_undescribed()
    return report


def _walked(shift: Shift) -> ShiftReport:
    """The shift; a signal that comes when it is over no longer changes how it ended."""
    try:
        return shift.run()
    except Interruption:
        if shift.over is None:
            raise
        return shift.over


def foreseen(context: Context, request: ShiftRequest) -> tuple[Weights, ...]:
    """The weights on the way, after every check that only reads."""
    from alb_dr.workflows.shift.shift import foresee

    return foresee(
        request,
        context.topology,
        fleet=context.fleet,
        members=context.members,
        now=context.clock.now(),
        narrator=context.remarks,
    )


def _ports(context: Context, journal: Ledger, log: SampleFile) -> ShiftPorts:
    from alb_dr.cli.drilling import operator
    from alb_dr.cli.signals import SIGNALS
    from alb_dr.workflows.shift.ports import ShiftPorts

    return ShiftPorts(
        fleet=context.fleet,
        members=context.members,
        prober=context.prober,
        clock=context.clock,
        narrator=context.narrator,
        remarks=context.remarks,
        journal=journal,
        log=log,
        shield=SIGNALS.shield,
        ask=ask,
        operator=operator(),
    )


def ask(failure: str, alive: Callable[[], None]) -> Answer:
    """Put a failure to the person at the terminal; anything unclear means: roll back."""
    import select

    from alb_dr.model.shift import Answer

    try:
        put(f"\n{failure}\n[r]oll back, [f]reeze or [c]ontinue? ")
    except BadInput:
        return Answer.ROLLBACK
    while not select.select([sys.stdin], [], [], 1.0)[0]:
        alive()
    words = {"f": Answer.FREEZE, "c": Answer.CONTINUE}
    return words.get(sys.stdin.readline().strip().lower()[:1], Answer.ROLLBACK)
