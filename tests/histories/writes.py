"""Every write, judged by itself: what it tested, what it changed, what was written down first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from alb_dr.model.drill import DrillRecord
from alb_dr.workflows.records.drill_record import ANNOTATION, LABEL
from tests.histories.people import PERSON
from tests.histories.simulation import Process
from tests.histories.store import Doc, History, Request, Revision, key_of
from tests.histories.world import WORKLOAD

OTHERS = frozenset({PERSON, "controller"})
"""Whose writes are not ours."""
HEARTBEAT = "alb-dr-guard"
STALE_S = 5.0
"""Between a look at the Fleet's records and the restore that follows from it."""


def is_evidence(document: Doc) -> bool:
    """What a drill leaves on purpose: events, the guard's heartbeat, closed records."""
    name = str(document["metadata"]["name"])
    closed = '"phase": "CLOSED"' in (document.get("data") or {}).get("record", "")
    return document["kind"] == "Event" or name == HEARTBEAT or closed


def tested(history: History) -> Iterator[str]:
    """I4: no write to a value that was not tested in the same request."""
    for request in history.requests:
        if request.verb == "patch":
            yield from _untested(request)
        elif request.verb == "replace" and not (request.body["metadata"].get("resourceVersion")):
            yield f"I4: {request.by} replaced {request.key} whatever it was"
        elif request.verb == "delete" and not request.body["uid"]:
            yield f"I4: {request.by} deleted {request.key} whatever it was"


def _untested(request: Request) -> Iterator[str]:
    operations: list[Mapping[str, Any]] = request.body
    seen = {op["path"] for op in operations if op["op"] == "test"}
    for op in operations:
        if op["op"] == "replace" and op["path"] not in seen:
            yield f"I4: {request.by} replaced {op['path']} of {request.key} untested"
    if request.key == key_of(WORKLOAD) and "/metadata/uid" not in seen:
        yield f"I4: {request.by} patched {request.key} without testing its uid"


def legitimate(history: History) -> Iterator[str]:
    """I4: our changes of a workload are these four and no other; each drill restores once."""
    restored: set[tuple[str, str]] = set()
    for revision in history.revisions:
        if revision.key != key_of(WORKLOAD) or revision.by in OTHERS:
            continue
        kind = kind_of(revision)
        if kind is None:
            change = f"{_short(revision.before)} to {_short(revision.after)}"
            yield f"I4: {revision.by} changed {revision.api} from {change}"
        if kind == "restore":
            record = _record(revision.before)
            assert record is not None
            if (revision.api, record.drill) in restored and not _by_a_person(revision, history):
                yield f"I4: {revision.by} restored drill {record.drill} a second time"
            restored.add((revision.api, record.drill))


def _by_a_person(restored: Revision, history: History) -> bool:
    """F24: whether a person brought back the record, and the Fleet did not know it as closed.

    A guard knows nothing of the Fleet, and a Fleet that does not answer holds up no restore. A
    drill that lives may have moved the deadline of what was brought back.
    """
    record = _record(restored.before)
    drill = record.drill if record is not None else ""
    revived = any(
        r.by == PERSON
        and r.order < restored.order
        and _of_drill(r.after, drill)
        and not _of_drill(r.before, drill)
        for r in history.revisions
        if r.api == restored.api and r.key == restored.key
    )
    closed = any(
        r.key[0] == "configmaps"
        and r.key[2].endswith(drill)
        and r.after is not None
        and is_evidence(r.after)
        and r.at < restored.at - STALE_S
        for r in history.revisions
    )
    return revived and (restored.by.startswith("guard-") or history.fleet_troubled or not closed)


def kind_of(revision: Revision) -> str | None:
    """Fire, extend, restore or clear; None for a change that is none of them."""
    before, after = revision.before, revision.after
    if before is None or after is None or _rest(before) != _rest(after):
        return None
    old, new = _record(before), _record(after)
    was, now = _replicas(before), _replicas(after)
    if not _text(before):
        fired = new is not None and now == 0 and was == new.replicas > 0 and _labelled(after)
        return "fire" if fired else None
    if _text(after):
        same = old and new and (old.drill, old.replicas) == (new.drill, new.replicas)
        return "extend" if same and was == now else None
    if _labelled(after):
        return None
    if old is not None and was == 0:
        return "restore" if now == old.replicas else None
    return "clear" if old is not None and now == was else None


def _rest(document: Doc) -> Any:
    """All that a drill must not change."""
    metadata = {
        k: v
        for k, v in document["metadata"].items()
        if k not in {"annotations", "labels", "resourceVersion", "generation", "managedFields"}
    }
    annotations = {
        k: v for k, v in (document["metadata"].get("annotations") or {}).items() if k != ANNOTATION
    }
    labels = {k: v for k, v in (document["metadata"].get("labels") or {}).items() if k != LABEL}
    spec = {k: v for k, v in document["spec"].items() if k != "replicas"}
    return metadata, annotations, labels, spec


def _text(document: Doc | None) -> str:
    return str(
        ((document or {"metadata": {}})["metadata"].get("annotations") or {}).get(ANNOTATION, "")
    )


def _record(document: Doc | None) -> DrillRecord | None:
    text = _text(document)
    return DrillRecord.parse(text) if text else None


def _of_drill(document: Doc | None, drill: str) -> bool:
    record = _record(document)
    return record is not None and record.drill == drill


def _labelled(document: Doc) -> bool:
    return LABEL in (document["metadata"].get("labels") or {})


def _replicas(document: Doc) -> int:
    return int(document["spec"].get("replicas", 1))


def _short(document: Doc | None) -> str:
    if document is None:
        return "nothing"
    return f"{_replicas(document)} replicas, record {_text(document)[:60] or 'none'}"


def journal(path: Path, process: Process, history: History) -> Iterator[str]:
    """I7: numbered from 1 without a gap; a fired drill had said before what it was about to do."""
    lines = [
        json.loads(line)
        for line in path.read_bytes().splitlines(keepends=True)
        if line.endswith(b"\n")
    ]
    numbers = [line["seq"] for line in lines]
    if numbers != list(range(1, len(lines) + 1)):
        yield f"I7: {process.name}: the journal is numbered {numbers}"
    fired = any(
        r.by == process.name and r.key == key_of(WORKLOAD) and kind_of(r) == "fire"
        for r in history.revisions
    )
    if fired and not any(line["event"] == "intent" for line in lines):
        yield f"I7: {process.name} fired without having written down that it would"
