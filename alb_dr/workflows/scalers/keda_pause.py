"""Pausing KEDA for a drill, and ending the pause: on the ScaledObject, by guarded patches.

Both of KEDA's pausing annotations are set, because one alone was not always obeyed
(kedacore/keda#5165). While the drill lasts the number in one of them is 0, before and after it is
the number the workload had: a KEDA that enforces it never does so against the drill, and never
scales to 0 on its own account, where no record would say why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alb_dr.errors import Conflict, Forbidden, NotFound, RestoreIncomplete
from alb_dr.model.manifest import SCALED_OBJECT, Manifest, ResourceId
from alb_dr.model.pause_record import PauseRecord
from alb_dr.ports import KubeApi, KubeReader
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.live.expiry import expires_at
from alb_dr.workflows.records.drill_record import (
    ANNOTATION,
    LABEL,
    SELECTOR,
    clear_operations,
    pointer,
)
from alb_dr.workflows.scalers.autoscalers import (
    PAUSED,
    PAUSED_REPLICAS,
    WAKE_KEDA,
    condition,
    pause_annotations,
)

TRIES = 5
"""KEDA writes the status every few seconds, and each write refuses one of ours."""
LOOK_S = 0.2
"""Between two looks at a ScaledObject."""
OBEY_S = 30.0
"""Longest wait until KEDA says that it is paused; it reacts to the annotation at once."""

Operation = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPause:
    """A ScaledObject that carries a record; ``record`` is None for one that cannot be read."""

    member: str
    live: Manifest
    record: PauseRecord | None

    @property
    def drill(self) -> str:
        """Whose pause it is."""
        return self.record.drill if self.record is not None else "unreadable"


def open_pauses(api: KubeReader, *, namespace: str | None = None) -> tuple[OpenPause, ...]:
    """Every ScaledObject that a drill paused; none where KEDA is not installed or not ours to see.

    Who may not list them has never paused one.
    """
    try:
        listed = api.list(SCALED_OBJECT, namespace=namespace, labels=SELECTOR)
    except (NotFound, Forbidden):
        return ()
    return tuple(OpenPause(member=api.label, live=s, record=_record(s)) for s in listed)


def pause(api: KubeApi, id_: ResourceId, record: PauseRecord) -> None:
    """Pause at the number the workload has; the record goes with it. Conflict when it may not be.

    ``record.former`` is overwritten by what stands there in the moment of the write.
    """
    for _ in range(TRIES):
        live = api.get(id_)
        if live is None or ANNOTATION in live.annotations:
            break
        former = pause_annotations(live)
        kept = PauseRecord(
            drill=record.drill,
            former=former,
            replicas=record.replicas,
            deadline=record.deadline,
            by=record.by,
        )
        wanted = {PAUSED: "true", PAUSED_REPLICAS: str(record.replicas), ANNOTATION: kept.dump()}
        try:
            api.patch(id_, [*_same_version(live), *_annotate(live, wanted), *_label(live)])
        except Conflict:
            continue
        return
    raise Conflict(f"{api.label}: {id_} is gone, paused by another drill, or keeps changing")


def await_paused(api: KubeReader, id_: ResourceId, *, deadline: Deadline) -> bool:
    """Whether KEDA says in time that it is paused."""
    while True:
        live = api.get(id_)
        if live is not None and condition(live, "Paused") == "True":
            return True
        if deadline.passed:
            return False
        deadline.pause(LOOK_S)


def hold(api: KubeApi, id_: ResourceId, drill: str, replicas: int) -> None:
    """Change the number KEDA holds to, if the pause is still this drill's."""
    for _ in range(TRIES):
        live = api.get(id_)
        record = _record(live) if live is not None else None
        if live is None or record is None or record.drill != drill:
            return
        if live.annotations.get(PAUSED_REPLICAS) == str(replicas):
            return
        try:
            api.patch(id_, [*_ours(live), *_annotate(live, {PAUSED_REPLICAS: str(replicas)})])
        except Conflict:
            continue
        return
    raise Conflict(f"{api.label}: {id_} keeps changing while it is paused")


def resume(api: KubeApi, id_: ResourceId, drill: str) -> None:
    """Put the annotations back as they were and take the record away; nothing if it is not ours.

    What somebody else changed meanwhile is left as it is. RestoreIncomplete when it cannot be.
    """
    for _ in range(TRIES):
        live = api.get(id_)
        if live is None or ANNOTATION not in live.annotations:
            return
        record = _record(live)
        if record is None:
            raise _unreadable(api.label, live)
        if record.drill != drill:
            return
        try:
            api.patch(id_, [*_ours(live), *_former(live, record), *clear_operations(live)])
        except Conflict:
            continue
        return
    raise RestoreIncomplete(
        f"{api.label}: {id_} keeps changing while its pause is to be ended",
        hint="look who changes it, then: alb-dr failover recover --execute",
    )


def await_resumed(api: KubeReader, id_: ResourceId, *, deadline: Deadline) -> None:
    """Wait until KEDA does not say any more that it is paused, unless somebody paused it before.

    RestoreIncomplete when it goes on saying so (kedacore/keda#5526): the workload has its pods,
    and nobody scales them.
    """
    while True:
        live = api.get(id_)
        if live is None or any(pause_annotations(live).values()):
            return
        if condition(live, "Paused") != "True":
            return
        if deadline.passed:
            raise RestoreIncomplete(
                f"{api.label}: {id_} has no pausing annotation any more, but KEDA still says that "
                "it is paused; the workload was scaled back directly, and nobody scales it further",
                hint=WAKE_KEDA,
            )
        deadline.pause(LOOK_S)


@contextmanager
def unheld(api: KubeApi, *, namespace: str | None, drill: str) -> Iterator[None]:
    """Let a drill's workload be scaled back in this block; afterwards its pauses are ended."""
    mine = [p for p in open_pauses(api, namespace=namespace) if _of(p, drill) is not None]
    for found in mine:
        hold(api, found.live.id, drill, found.record.replicas if found.record else 1)
    yield
    for found in mine:
        resume(api, found.live.id, drill)


def end_pauses(
    api: KubeApi,
    *,
    open_drills: Collection[str],
    namespace: str | None = None,
    only: str | None = None,
    now: datetime | None = None,
) -> tuple[OpenPause, ...]:
    """End every pause whose drill is over, or only that of one drill, and say which.

    A drill is over whose record stands on no workload any more; with ``now``, only once the
    pause's own deadline has passed. A record nobody can read is RestoreIncomplete, at the end.
    """
    found = open_pauses(api, namespace=namespace)
    over = [p for p in found if p.record is not None and _is_over(p.live, p.record, now)]
    over = [p for p in over if p.drill not in open_drills and only in {None, p.drill}]
    for each in over:
        resume(api, each.live.id, each.drill)
    for each in found:
        if each.record is None and only is None:
            raise _unreadable(each.member, each.live)
    return tuple(over)


def _unreadable(where: str, live: Manifest) -> RestoreIncomplete:
    return RestoreIncomplete(
        f"{where}: {live.id} carries a record this version cannot read",
        hint=f"a person must look; it is: {live.annotations.get(ANNOTATION, '')[:200]}",
    )


def _of(found: OpenPause, drill: str) -> PauseRecord | None:
    return found.record if found.record is not None and found.record.drill == drill else None


def _is_over(live: Manifest, record: PauseRecord, now: datetime | None) -> bool:
    if now is None:
        return True
    due = expires_at(live, record.deadline)
    return due is not None and due <= now


def _record(live: Manifest) -> PauseRecord | None:
    return PauseRecord.parse(live.annotations.get(ANNOTATION, ""))


def _former(live: Manifest, record: PauseRecord) -> list[Operation]:
    """Each annotation that still is as a drill leaves it goes back to what it was."""
    written = {PAUSED: {"true"}, PAUSED_REPLICAS: {"0", str(record.replicas)}}
    operations: list[Operation] = []
    for key, was in record.former.items():
        if key not in written or live.annotations.get(key) not in written[key]:
            continue
        path = pointer("metadata", "annotations", key)
        back = {"op": "remove", "path": path} if was is None else _add(path, was)
        operations += [{"op": "test", "path": path, "value": live.annotations[key]}, back]
    return operations


def _annotate(live: Manifest, wanted: Mapping[str, str]) -> list[Operation]:
    operations: list[Operation] = []
    if not live.annotations:
        operations.append(_add(pointer("metadata", "annotations"), {}))
    for key, value in wanted.items():
        operations.append(_add(pointer("metadata", "annotations", key), value))
    return operations


def _label(live: Manifest) -> list[Operation]:
    """The label by which one list call finds the record."""
    first = [] if live.labels else [_add(pointer("metadata", "labels"), {})]
    return [*first, _add(pointer("metadata", "labels", LABEL), "true")]


def _same_version(live: Manifest) -> list[Operation]:
    """JSON Patch cannot test that an annotation is absent; the version tests everything."""
    return [
        {"op": "test", "path": "/metadata/uid", "value": live.uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": live.resource_version},
    ]


def _ours(live: Manifest) -> list[Operation]:
    path = pointer("metadata", "annotations", ANNOTATION)
    return [
        {"op": "test", "path": "/metadata/uid", "value": live.uid},
        {"op": "test", "path": path, "value": live.annotations[ANNOTATION]},
    ]


def _add(path: str, value: Any) -> Operation:
    return {"op": "add", "path": path, "value": value}
