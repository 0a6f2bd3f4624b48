"""The record a living drill keeps on what it harms: its deadline is moved on, the harm taken back.

The same for a workload at 0 and for an Ingress whose weights are held.
"""

from __future__ import annotations

from dataclasses import replace

from alb_dr.errors import AlbDrError, Conflict, RestoreIncomplete
from alb_dr.model.manifest import Manifest
from alb_dr.ports import KubeApi
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.faults.fault import Extended, FaultSetting
from alb_dr.workflows.records.drill_record import Record, extend_patch, is_harmed, record_of
from alb_dr.workflows.recover.marks import PutBack, restore_until, was


class CarriedRecord:
    """The record of one drill on one object; ``target`` is the object as it was before."""

    def __init__(self, setting: FaultSetting, target: Manifest, *, api: KubeApi) -> None:
        self._drill = setting.drill
        self._narrator = setting.narrator
        self._members = setting.topology.member_ids
        self._target = target
        self._api = api

    def extend(self, live: Manifest, deadline: str) -> Extended:
        """Move the deadline on, if the object still carries the record.

        An API that does not answer is no reason to end: the deadline is minutes away.
        """
        record = record_of(live)
        if record is None or record.drill != self._drill:
            return Extended(lost=f"the record of the drill on {live.id} is gone or another's")
        try:
            self._api.patch(live.id, extend_patch(live, replace(record, deadline=deadline)))
        except Conflict:
            return Extended(lost=f"somebody else changed the record on {live.id}")
        except AlbDrError as error:
            self._narrator.warn(f"the deadline could not be moved on: {error.message}")
            return Extended()
        return Extended(moved=True)

    def take_back(self, record: Record, deadline: Deadline) -> PutBack:
        """Put the object back; the record on it says whether there is anything to put back.

        ``record`` is what we know of it ourselves. RestoreIncomplete also when the object is still
        harmed and says no longer by whom: nobody but us did that.
        """
        done = restore_until(
            self._target,
            self._drill,
            api=self._api,
            deadline=deadline,
            note=self._narrator.warn,
        )
        if is_harmed(done.live, record):
            raise RestoreIncomplete(
                f"{self._api.label}: {done.live.id} is still harmed, but the record of drill "
                f"{self._drill} is gone; it had {was(record, self._members)}",
                hint="if that was no wish of anybody: alb-dr failover recover --execute "
                f"--accept-missing-marker {self._drill}",
            )
        return done
