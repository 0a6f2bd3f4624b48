"""Marks: find the records drills left on objects, and put the objects back by compare-and-swap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from alb_dr.errors import AlbDrError, Conflict, RestoreIncomplete
from alb_dr.model.manifest import DEPLOYMENT, INGRESS, Manifest, ResourceId
from alb_dr.model.weight_record import WeightRecord
from alb_dr.model.weights import weights_in_words
from alb_dr.ports import KubeApi, KubeReader, Narrator
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.live.readiness import workload_waits_for
from alb_dr.workflows.members.pod_troubles import pod_troubles
from alb_dr.workflows.records.drill_record import (
    ANNOTATION,
    SELECTOR,
    Record,
    clear_patch,
    is_harmed,
    record_of,
    restore_patch,
)
from alb_dr.workflows.scalers.restore import await_autoscalers

RETRY_S = 0.5
"""Pause between two tries to restore while the API is in trouble."""
SHORTEST_S = 0.05
"""Pause before what conflicted is read anew the first time; it doubles up to ``RETRY_S``."""
BUSY_S = 20.0
"""So long what keeps changing is tried where nobody says how long."""
SPELL_S = 5.0
"""Longest watch at a stretch. One that meets only lost calls says nothing until it ends, a call's
time-out later; together that must stay well below the duration of a lock."""


class Remedy(StrEnum):
    """What an open record asks for."""

    RESTORE = "restore"
    """As the drill left it: put back."""
    CLEAR = "clear"
    """Changed by somebody meanwhile: take the record away."""
    LEAVE = "leave"
    """Unreadable or newer: nothing is written, a person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDrill:
    """An object that carries a record; ``member`` is whose, or ``Fleet``."""

    member: str
    target: Manifest
    record: Record | None

    @property
    def remedy(self) -> Remedy:
        """What is to be done, by what the object itself says."""
        if self.record is None:
            return Remedy.LEAVE
        return Remedy.RESTORE if is_harmed(self.target, self.record) else Remedy.CLEAR

    @property
    def words(self) -> str:
        """Which drill is open where."""
        name = f"drill {self.record.drill}" if self.record is not None else "a drill"
        return f"{name} is open on {self.target.id}"

    @property
    def was(self) -> str:
        """What the object had before, in words."""
        return was(self.record) if self.record is not None else "?"


def was(record: Record, members: Sequence[str] = ()) -> str:
    """What an object had before a drill, in words; ``members`` are ids in the file's order."""
    if isinstance(record, WeightRecord):
        return f"weights {weights_in_words(record.former, members)}"
    return f"{record.goal} replicas"


def open_drills(api: KubeReader, *, namespace: str | None = None) -> tuple[OpenDrill, ...]:
    """Every workload of a cluster, or of one namespace, that carries a record."""
    return tuple(
        OpenDrill(member=api.label, target=w, record=record_of(w))
        for w in api.list(DEPLOYMENT, namespace=namespace, labels=SELECTOR)
    )


def open_weights(api: KubeReader, *, namespace: str | None) -> tuple[OpenDrill, ...]:
    """Every Ingress of a namespace that carries a record of held weights."""
    return tuple(
        OpenDrill(member=api.label, target=i, record=record_of(i))
        for i in api.list(INGRESS, namespace=namespace, labels=SELECTOR)
    )


def remedy(
    drill: OpenDrill,
    *,
    api: KubeApi,
    deadline: Deadline,
    still: Callable[[OpenDrill], bool] = lambda _: True,
) -> Remedy:
    """Do what the record asks for, by compare-and-swap; RestoreIncomplete when it cannot be.

    An object that changed under our hands is read and decided anew, until the deadline: others,
    like an autoscaler, may write to it all the time (F38). LEAVE when, read anew, it is
    ``still`` to be done no longer. What carries another drill's record by then is left alone.
    """
    pause_s = SHORTEST_S
    while True:
        done = drill.remedy
        if drill.record is None:
            raw = drill.target.annotations.get(ANNOTATION, "")
            raise RestoreIncomplete(
                f"{drill.member}: {drill.target.id} carries a record this version cannot read",
                hint=f"a person must look; the record is: {raw[:200]}",
            )
        make = restore_patch if done is Remedy.RESTORE else _clear
        try:
            api.patch(drill.target.id, make(drill.target, drill.record))
            return done
        except Conflict as conflict:
            if deadline.passed:
                raise RestoreIncomplete(
                    f"{drill.member}: {drill.target.id} keeps changing while it is to be restored: "
                    f"{conflict.message}",
                    hint="look who changes it, then: alb-dr failover recover --execute",
                ) from None
        deadline.pause(_jittered(pause_s, deadline))
        pause_s = min(2 * pause_s, RETRY_S)
        anew = _read_anew(drill, api)
        if anew is None:
            return Remedy.CLEAR
        if not still(anew):
            return Remedy.LEAVE
        drill = anew


def _jittered(seconds: float, deadline: Deadline) -> float:
    """From half to one and a half of it, so as not to meet a periodic writer again and again.

    The finest digits of the clock are chance enough, and the same for the same clock in a test.
    """
    return seconds * (0.5 + deadline.left_s * 1e4 % 1)


def _read_anew(drill: OpenDrill, api: KubeApi) -> OpenDrill | None:
    """The object as it is now; None when nobody's record is left on it."""
    live = api.get(drill.target.id)
    if live is None or live.uid != drill.target.uid:
        raise RestoreIncomplete(
            f"{drill.member}: {drill.target.id} was deleted or made anew meanwhile",
            hint=f"it had {drill.was} before the drill",
        )
    if ANNOTATION not in live.annotations:
        return None
    record = record_of(live)
    if record is not None and drill.record is not None and record.drill != drill.record.drill:
        raise RestoreIncomplete(
            f"{drill.member}: {live.id} carries the record of another drill by now, {record.drill}"
        )
    return OpenDrill(member=drill.member, target=live, record=record)


def _clear(target: Manifest, _record: Record) -> list[dict[str, object]]:
    return clear_patch(target)


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """How an object came back, in words, and as it was last read or written."""

    words: str
    live: Manifest


def restore_until(
    target: Manifest,
    drill_id: str,
    *,
    api: KubeApi,
    deadline: Deadline,
    note: Callable[[str], None],
) -> PutBack:
    """Put back one object of a drill, trying again while its API is in trouble.

    Raises RestoreIncomplete with the command that finishes the work; nothing is ever written to
    another object of the same name (F23).
    """
    last = "nothing was tried"
    while True:
        try:
            return _try_once(target, drill_id, api=api, deadline=deadline)
        except RestoreIncomplete:
            raise
        except AlbDrError as error:
            last = error.message
            note(f"restoring {target.id}: {error.message}; trying again")
        if deadline.passed:
            raise RestoreIncomplete(
                f"{api.label}: {target.id} is not put back: {last}",
                hint="do this now: alb-dr failover recover --execute",
            )
        deadline.pause(RETRY_S)


def _try_once(target: Manifest, drill_id: str, *, api: KubeApi, deadline: Deadline) -> PutBack:
    live = api.get(target.id)
    if live is None:
        raise RestoreIncomplete(f"{api.label}: {target.id} does not exist any more")
    if live.uid != target.uid:
        raise RestoreIncomplete(
            f"{api.label}: {target.id} was made anew during the drill; nothing was written to it",
            hint=f"compare {target.uid} of before with {live.uid}; the drill's record is in the "
            "Fleet: alb-dr failover status",
        )
    record = record_of(live)
    if ANNOTATION not in live.annotations:
        return PutBack(words="already put back, by the guard or another operator", live=live)
    if record is not None and record.drill != drill_id:
        raise RestoreIncomplete(
            f"{api.label}: {target.id} carries the record of another drill, {record.drill}"
        )
    found = OpenDrill(member=api.label, target=live, record=record)
    done = remedy(found, api=api, deadline=deadline)
    words = "put back" if done is Remedy.RESTORE else "changed by somebody else; left as it is"
    after = api.get(target.id)
    return PutBack(words=words, live=after if after is not None else live)


def await_pods(id_: ResourceId, *, api: KubeReader, deadline: Deadline, narrator: Narrator) -> str:
    """Watch until all pods of a restored workload are ready and what scales it works again.

    What was seen, in words, and what could not be looked at.

    An API in trouble is asked again. RestoreIncomplete when that is not seen in time, with the
    reasons that kubelet, scheduler or quota give.
    """
    live: Manifest | None = None
    while True:
        try:
            live = _watched(id_, api, deadline, narrator)
        except AlbDrError as error:
            if deadline.passed:
                raise RestoreIncomplete(
                    f"{api.label}: {id_} was put back, but cannot be looked at: {error.message}",
                    hint="when its API answers again: alb-dr failover recover --execute",
                ) from error
            narrator.progress(0, 0, error.message)
            deadline.pause(RETRY_S)
            continue
        waiting = workload_waits_for(live)
        if waiting is None and live is not None:
            unknown = await_autoscalers(api, live, deadline=deadline)
            if unknown is None:
                return "all pods are ready"
            narrator.warn(unknown)
            return f"all pods are ready; {unknown}"
        if deadline.passed:
            raise _not_ready(id_, api, live, waiting)


def _watched(
    id_: ResourceId, api: KubeReader, deadline: Deadline, narrator: Narrator
) -> Manifest | None:
    """The workload once all its pods are ready, or as it is after a short while."""
    live: Manifest | None = None
    spell_s = max(1.0, min(SPELL_S, deadline.left_s))
    for snapshot in api.watch(id_.kind, namespace=id_.namespace, name=id_.name, timeout_s=spell_s):
        deadline.alive()
        live = snapshot[0] if snapshot else None
        waiting = workload_waits_for(live)
        if waiting is None or deadline.passed:
            return live
        narrator.progress(0, 0, waiting)
    return live


def _not_ready(
    id_: ResourceId, api: KubeReader, live: Manifest | None, waiting: str | None
) -> RestoreIncomplete:
    troubles = pod_troubles(api, live) if live is not None else ()
    why = "".join(f"; {trouble}" for trouble in troubles)
    return RestoreIncomplete(
        f"{api.label}: {id_} was scaled back, but its pods are not ready: {waiting}{why}",
        hint=f"kubectl describe pods -n {id_.namespace}; then: alb-dr failover recover --execute",
    )
