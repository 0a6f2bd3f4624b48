"""Recover: put back what an interrupted drill left, from any machine, with a member's API alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from alb_dr.errors import AlbDrError, Conflict, RestoreIncomplete
from alb_dr.model.drill import DrillRecord
from alb_dr.model.manifest import DEPLOYMENT, Manifest, ResourceId
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.drill_record import (
    ANNOTATION,
    SELECTOR,
    clear_patch,
    record_of,
    replicas_of,
    restore_patch,
)
from alb_dr.workflows.pod_troubles import pod_troubles
from alb_dr.workflows.readiness import workload_waits_for
from alb_dr.workflows.scaler_return import await_autoscalers

RETRY_S = 0.5
"""Pause between two tries to restore while the API is in trouble."""


class Remedy(StrEnum):
    """What an open record asks for."""

    RESTORE = "restore"
    """At 0 with our record: scale back."""
    CLEAR = "clear"
    """Scaled up by somebody: take the record away."""
    LEAVE = "leave"
    """Unreadable or newer: nothing is written, a person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDrill:
    """A workload that carries a record."""

    member: str
    workload: Manifest
    record: DrillRecord | None

    @property
    def remedy(self) -> Remedy:
        """What is to be done, by what the workload itself says."""
        if self.record is None:
            return Remedy.LEAVE
        return Remedy.RESTORE if replicas_of(self.workload) == 0 else Remedy.CLEAR


def open_drills(api: KubeReader) -> tuple[OpenDrill, ...]:
    """Every workload of a cluster that carries a record."""
    return tuple(
        OpenDrill(member=api.label, workload=w, record=record_of(w))
        for w in api.list(DEPLOYMENT, labels=SELECTOR)
    )


def remedy(drill: OpenDrill, *, api: KubeApi) -> Remedy:
    """Do what the record asks for, by compare-and-swap; RestoreIncomplete when it cannot be.

    A record that changed under our hands is looked at again once: somebody else may have done it.
    """
    for _ in range(2):
        if drill.remedy is Remedy.LEAVE or drill.record is None:
            raw = drill.workload.annotations.get(ANNOTATION, "")
            raise RestoreIncomplete(
                f"{drill.member}: {drill.workload.id} carries a record this version cannot read",
                hint=f"a person must look; the record is: {raw[:200]}",
            )
        done = drill.remedy
        make = restore_patch if done is Remedy.RESTORE else _clear
        try:
            api.patch(drill.workload.id, make(drill.workload, drill.record))
        except Conflict:
            live = api.get(drill.workload.id)
            if live is None or live.uid != drill.workload.uid:
                raise RestoreIncomplete(
                    f"{drill.member}: {drill.workload.id} was deleted or made anew meanwhile",
                    hint=f"it wanted {drill.record.replicas} replicas before the drill",
                ) from None
            if ANNOTATION not in live.annotations:
                return Remedy.CLEAR
            drill = OpenDrill(member=drill.member, workload=live, record=record_of(live))
            continue
        return done
    raise RestoreIncomplete(
        f"{drill.member}: {drill.workload.id} keeps changing while it is to be restored",
        hint="look who changes it, then: alb-dr failover recover --execute",
    )


def _clear(workload: Manifest, _record: DrillRecord) -> list[dict[str, object]]:
    return clear_patch(workload)


def restore_until(
    id_: ResourceId,
    drill_id: str,
    *,
    api: KubeApi,
    clock: Clock,
    deadline: Deadline,
    note: Callable[[str], None],
) -> None:
    """Restore one workload of a drill, trying again while its API is in trouble.

    Raises RestoreIncomplete with the command that finishes the work.
    """
    last = "nothing was tried"
    while True:
        try:
            live = api.get(id_)
            if live is None:
                raise RestoreIncomplete(f"{api.label}: {id_} does not exist any more")
            record = record_of(live)
            if ANNOTATION not in live.annotations:
                return
            if record is not None and record.drill != drill_id:
                raise RestoreIncomplete(
                    f"{api.label}: {id_} carries the record of another drill, {record.drill}"
                )
            remedy(OpenDrill(member=api.label, workload=live, record=record), api=api)
            return
        except RestoreIncomplete:
            raise
        except AlbDrError as error:
            last = error.message
            note(f"restoring {id_}: {error.message}; trying again")
        if deadline.passed:
            raise RestoreIncomplete(
                f"{api.label}: {id_} is still scaled to 0: {last}",
                hint="do this now: alb-dr failover recover --execute",
            )
        clock.sleep(RETRY_S)


def await_pods(id_: ResourceId, *, api: KubeReader, deadline: Deadline, narrator: Narrator) -> None:
    """Watch until all pods of a restored workload are ready and what scales it works again.

    RestoreIncomplete otherwise, with the reasons that kubelet, scheduler or quota give.
    """
    waiting: str | None = "nothing seen"
    live: Manifest | None = None
    for snapshot in api.watch(
        id_.kind, namespace=id_.namespace, name=id_.name, timeout_s=max(1.0, deadline.left_s)
    ):
        live = snapshot[0] if snapshot else None
        waiting = workload_waits_for(live)
        if waiting is None and live is not None:
            await_autoscalers(api, live, deadline=deadline)
            return
        narrator.progress(0, 0, waiting or "")
        if deadline.passed:
            break
    troubles = pod_troubles(api, live) if live is not None else ()
    why = "".join(f"; {trouble}" for trouble in troubles)
    raise RestoreIncomplete(
        f"{api.label}: {id_} was scaled back, but its pods are not ready: {waiting}{why}",
        hint=f"kubectl describe pods -n {id_.namespace}; then: alb-dr failover recover --execute",
    )
