"""The Fleet record of a drill: a ConfigMap of its own, made before the harm, kept as evidence.

It is an index and never an authority: what must be put back stands on the harmed object itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from alb_dr.errors import AlbDrError, Conflict, Forbidden
from alb_dr.model.fleet_record import DrillPhase, FleetRecord
from alb_dr.model.manifest import CONFIG_MAP, Manifest, ResourceId
from alb_dr.model.printable import printable
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator
from alb_dr.render.variables import LABELS
from alb_dr.workflows.deadline import Deadline

RECORD = "record"
"""Key of the ConfigMap."""
MARK = "alb-dr.io/record"
SELECTOR = f"{MARK}=drill"
"""Finds every record of a namespace in one list call."""
PREFIX = "alb-dr-drill-"
CLOSING_S = 10.0
"""How long a drill that is over tries to close its record."""
RETRY_S = 0.5
"""Pause between two tries."""
KEPT = 20
"""Closed records that stay; older ones are deleted when a drill closes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A live ConfigMap; ``record`` is None when this version cannot read it."""

    live: Manifest
    record: FleetRecord | None

    @property
    def drill(self) -> str:
        """The drill's id, by the name of the ConfigMap when nothing else can be read."""
        return self.record.drill if self.record else self.live.id.name.removeprefix(PREFIX)

    @property
    def is_open(self) -> bool:
        """Unreadable counts as open."""
        return self.record is None or self.record.is_open


def record_id(namespace: str | None, drill: str) -> ResourceId:
    """Where the record of a drill stands."""
    return ResourceId(kind=CONFIG_MAP, name=f"{PREFIX}{drill}", namespace=namespace)


def read_records(fleet: KubeReader, namespace: str | None) -> tuple[Recorded, ...]:
    """All records of a namespace, the oldest first."""
    found = tuple(
        _recorded(m) for m in fleet.list(CONFIG_MAP, namespace=namespace, labels=SELECTOR)
    )
    return tuple(sorted(found, key=_age))


def _recorded(live: Manifest) -> Recorded:
    text = str((live.document.get("data") or {}).get(RECORD, ""))
    return Recorded(live=live, record=FleetRecord.parse(text))


def _age(found: Recorded) -> str:
    return str(found.live.metadata.get("creationTimestamp") or "")


def create_record(fleet: KubeApi, namespace: str | None, record: FleetRecord) -> None:
    """Make the record; Conflict when there is one of the same drill."""
    id_ = record_id(namespace, record.drill)
    labels = {**LABELS, MARK: "drill"}
    document = {
        "apiVersion": CONFIG_MAP.api_version,
        "kind": CONFIG_MAP.name,
        "metadata": {"name": id_.name, "namespace": id_.namespace, "labels": labels},
        "data": {RECORD: record.dump()},
    }
    fleet.create(Manifest(id=id_, document=document))


def update_record(
    fleet: KubeApi,
    namespace: str | None,
    drill: str,
    change: Callable[[FleetRecord], FleetRecord],
) -> None:
    """Replace the record by a newer one, by compare-and-swap; nothing when there is none.

    A Conflict is tried once more: two that close the same drill both succeed.
    """
    try:
        _update_once(fleet, namespace, drill, change)
    except Conflict:
        _update_once(fleet, namespace, drill, change)


def _update_once(
    fleet: KubeApi,
    namespace: str | None,
    drill: str,
    change: Callable[[FleetRecord], FleetRecord],
) -> None:
    live = fleet.get(record_id(namespace, drill))
    if live is None:
        return
    found = _recorded(live)
    if found.record is None:
        return
    newer = change(found.record)
    if newer == found.record:
        return
    data = {**(live.document.get("data") or {}), RECORD: newer.dump()}
    # Replaced, not patched: a role cannot name these, and may grant no unnamed patch.
    fleet.replace(Manifest(id=live.id, document={**live.document, "data": data}))


def close_record(
    fleet: KubeApi, namespace: str | None, drill: str, *, outcome: str, why: str, now: datetime
) -> None:
    """Close a record, once: how it ended first is what stays."""

    def closed(record: FleetRecord) -> FleetRecord:
        if not record.is_open:
            return record
        ended = now.isoformat(timespec="seconds")
        return replace(record, phase=DrillPhase.CLOSED, outcome=outcome, why=why, ended=ended)

    update_record(fleet, namespace, drill, closed)


def prune_records(fleet: KubeApi, namespace: str | None) -> None:
    """Delete the oldest closed records but the newest KEPT; all stay where we may not."""
    closed = [r for r in read_records(fleet, namespace) if not r.is_open]
    for old in closed[: max(0, len(closed) - KEPT)]:
        with suppress(Forbidden):
            fleet.delete(old.live.id, uid=old.live.uid)


def record_words(found: Recorded) -> str:
    """A record in one line for a person."""
    record = found.record
    if record is None:
        return f"{found.live.id} cannot be read by this version"
    words = f"{record.drill} of {record.by}: {record.fault} on {record.victim}, {record.phase}"
    words += f" {record.outcome}" if record.outcome else ""
    # The record is text that anybody with access to the namespace may have written.
    return printable(f"{words}, begun {record.started}{f': {record.why}' if record.why else ''}")


class DrillEvidence:
    """Keeps the Fleet record of one living drill up to date. Only making it may fail a drill."""

    def __init__(
        self, namespace: str | None, *, fleet: KubeApi, clock: Clock, narrator: Narrator
    ) -> None:
        self._namespace = namespace
        self._fleet = fleet
        self._clock = clock
        self._narrator = narrator
        self._drill: str | None = None

    def begin(self, record: FleetRecord) -> None:
        """Make it, before the harm; raises when that fails."""
        # Known before it is written, so that an interruption in between closes it, too.
        self._drill = record.drill
        create_record(self._fleet, self._namespace, record)

    def note(self, phase: DrillPhase) -> None:
        """Say where the drill is; a warning when the Fleet does not take it."""
        if self._drill is not None:
            self._try(
                lambda drill: update_record(
                    self._fleet, self._namespace, drill, lambda r: replace(r, phase=phase)
                )
            )

    def close(self, outcome: str, why: str) -> None:
        """Say how it ended, trying again for a while, and forget the oldest.

        A record that stays open keeps every other drill from beginning until somebody recovers.
        """
        if self._drill is None:
            return
        deadline = Deadline(self._clock, CLOSING_S)
        while not self._try(lambda drill: self._close(drill, outcome, why)):
            if deadline.passed:
                self._narrator.warn("close it: alb-dr failover recover --execute")
                return
            self._clock.sleep(RETRY_S)
        self._try(lambda _drill: prune_records(self._fleet, self._namespace))

    def _close(self, drill: str, outcome: str, why: str) -> None:
        now = self._clock.now()
        close_record(self._fleet, self._namespace, drill, outcome=outcome, why=why, now=now)

    def _try(self, write: Callable[[str], None]) -> bool:
        try:
            write(self._drill or "")
        except AlbDrError as error:
            self._narrator.warn(f"the record on the Fleet is behind: {error.message}")
            return False
        return True
