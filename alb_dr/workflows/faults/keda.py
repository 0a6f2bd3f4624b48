"""Scale to zero where KEDA would scale up again: it is paused first and its pause ended last."""

from __future__ import annotations

from contextlib import suppress

from alb_dr.errors import AlbDrError, Refused, RestoreIncomplete
from alb_dr.model.pause_record import PauseRecord
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.faults.fault import FaultSetting
from alb_dr.workflows.faults.scale import ScaleToZero
from alb_dr.workflows.records.drill_record import replicas_of
from alb_dr.workflows.recover.marks import RETRY_S
from alb_dr.workflows.scalers.keda_pause import (
    OBEY_S,
    await_paused,
    await_resumed,
    hold,
    pause,
    resume,
)


class ScaleUnderKeda(ScaleToZero):
    """The same fault; each ScaledObject that is paused carries a record of its own."""

    def __init__(self, setting: FaultSetting) -> None:
        super().__init__(setting)
        self._replicas = max(replicas_of(setting.workload), setting.least or 0)

    def harm(self) -> str:
        """Pause, see KEDA say so, scale to 0. Refused, with nothing harmed, when it does not."""
        setting = self._setting
        for id_ in setting.to_pause:
            record = PauseRecord(
                drill=setting.drill,
                former={},
                replicas=replicas_of(setting.workload),
                deadline=setting.deadline,
                by=setting.by,
            )
            pause(self._api, id_, record)
        for id_ in setting.to_pause:
            deadline = Deadline(setting.clock, OBEY_S, alive=setting.alive)
            if not await_paused(self._api, id_, deadline=deadline):
                raise Refused(
                    f"{setting.victim.name}: {id_} has its pausing annotations, but KEDA does not "
                    "say that it is paused",
                    hint="look at keda-operator; nothing was scaled, and the pause is taken back",
                    code="ADR-KEDA",
                )
        done = super().harm()
        self._hold(0)
        return f"{done}, KEDA is paused"

    def take_back(self, deadline: Deadline) -> str:
        """Let KEDA's number go first, scale back, end the pause."""
        self._hold(self._replicas)
        try:
            done = super().take_back(deadline)
        except RestoreIncomplete:
            # KEDA, working again, may be what brings the pods back.
            with suppress(AlbDrError):
                self._resume(Deadline(self._setting.clock, 0.0))
            raise
        self._resume(deadline)
        return done

    def prove(self, deadline: Deadline) -> str:
        """All pods are ready, and KEDA does not say any more that it is paused."""
        proof = super().prove(deadline)
        for id_ in self._setting.to_pause:
            await_resumed(self._api, id_, deadline=deadline)
        return f"{proof}, KEDA scales again"

    def _hold(self, replicas: int) -> None:
        """A KEDA that is paused leaves the replicas alone anyway, so this may fail."""
        for id_ in self._setting.to_pause:
            try:
                hold(self._api, id_, self._setting.drill, replicas)
            except AlbDrError as error:
                self._setting.narrator.warn(f"{id_} is paused at another number: {error.message}")

    def _resume(self, deadline: Deadline) -> None:
        """End every pause, trying again while the API is in trouble."""
        for id_ in self._setting.to_pause:
            while True:
                try:
                    resume(self._api, id_, self._setting.drill)
                    break
                except RestoreIncomplete:
                    raise
                except AlbDrError as error:
                    self._setting.narrator.warn(f"ending the pause of {id_}: {error.message}")
                    if deadline.passed:
                        raise RestoreIncomplete(
                            f"{self._api.label}: {id_} is still paused: {error.message}",
                            hint="do this now: alb-dr failover recover --execute",
                        ) from None
                deadline.pause(RETRY_S)
