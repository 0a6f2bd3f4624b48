"""Steering a shift from another terminal, through its record; and ending one that is dead."""

from __future__ import annotations

from dataclasses import replace

from alb_dr.errors import Conflict, DeadlineExceeded
from alb_dr.model.away import Away
from alb_dr.model.shift import ShiftPhase, ShiftRecord, Wish
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.ports import Clock, KubeApi, Narrator
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.weights import change_weights, live_ingress
from alb_dr.workflows.records.shift_record import make_wish, read_record, update_record
from alb_dr.workflows.recover.unlock import forget_lock
from alb_dr.workflows.shift.checks import starting_weights

LOOK_S = 0.5
"""Between two looks at the record."""
DEAD_AFTER_S = 15.0
"""Without a new sign of life for so long, as seen from here, nobody works on a shift any more.

Three times the pace of the signs; other machines' clocks do not matter (safety F46).
"""


def steer(
    topology: Topology, wish: Wish, *, fleet: KubeApi, clock: Clock, timeout_s: float
) -> ShiftRecord:
    """Ask the open shift to pause or to go on; the record once it did.

    Raises NotFound without an open shift, DeadlineExceeded when nobody listens.
    """
    wanted = ShiftPhase.PAUSED if wish is Wish.PAUSE else ShiftPhase.RUNNING
    make_wish(topology, wish, fleet=fleet)
    deadline = Deadline(clock, timeout_s)
    while True:
        found = read_record(topology, fleet)
        record = found.record if found is not None else None
        if record is not None and (record.phase.is_over or record.phase is wanted):
            return record
        if deadline.passed:
            raise DeadlineExceeded(
                f"the shift did not answer in {timeout_s:g} s",
                hint="its process may be gone; alb-dr ingress abort ends it from here",
            )
        clock.sleep(LOOK_S)


def end_shift(
    topology: Topology,
    wish: Wish,
    *,
    fleet: KubeApi,
    clock: Clock,
    narrator: Narrator,
    timeout_s: float,
) -> ShiftRecord:
    """Ask the open shift to end; when its process is gone, end it from here.

    With ABORT the weights go back to where it began, with FREEZE they stay. Raises NotFound
    without an open shift, Conflict when the live weights are none of its own, DeadlineExceeded.
    """
    record = make_wish(topology, wish, fleet=fleet).record
    deadline = Deadline(clock, timeout_s)
    silent = Deadline(clock, DEAD_AFTER_S)
    beat = record.beat if record is not None else -1
    while not deadline.passed:
        found = read_record(topology, fleet)
        record = found.record if found is not None else None
        if record is None:
            raise Conflict(
                "the shift's record cannot be read by this version",
                hint="set the weights by hand, then delete the ConfigMap",
            )
        if record.phase.is_over:
            return record
        if record.beat != beat:
            beat, silent = record.beat, Deadline(clock, DEAD_AFTER_S)
        if silent.passed:
            narrator.warn(f"no sign of life of shift {record.shift}; ending it from here")
            ended = _end_dead(topology, record, wish, fleet=fleet)
            forget_lock(topology, record.shift, fleet=fleet, narrator=narrator)
            return ended
        clock.sleep(LOOK_S)
    raise deadline.exceeded("the shift has not ended", f"phase {record.phase}" if record else "")


def _end_dead(
    topology: Topology, record: ShiftRecord, wish: Wish, *, fleet: KubeApi
) -> ShiftRecord:
    ingress = live_ingress(topology, fleet=fleet)
    live = starting_weights(topology, ingress).as_dict()
    listed = [dict(vector) for vector in record.vectors]
    step = listed.index(live) if live in listed else None
    if wish is Wish.FREEZE:
        phase = ShiftPhase.FROZEN if step is not None else ShiftPhase.STOPPED
        step = record.step if step is None else step
    elif step is None:
        raise Conflict(
            "the live weights are none of the shift's; nothing was written",
            hint="look who set them, then: alb-dr ingress abort --freeze",
        )
    else:
        first, away = Weights.of(listed[0]), Away.parse(record.away)
        change_weights(ingress, first, fleet=fleet, dry_run=False, away=away)
        phase, step = ShiftPhase.ABORTED, 0
    why = "its process was gone; ended from another terminal"
    ended = replace(record, phase=phase, step=step, why=why, beat=record.beat + 1)
    update_record(topology, ended, fleet=fleet)
    return ended
