"""Events: the controllers' own words about an object, freshest last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alb_dr.errors import NotFound
from alb_dr.model.manifest import EVENT, ResourceId
from alb_dr.ports import KubeReader


@dataclass(frozen=True, slots=True, kw_only=True)
class EventNote:
    """One event: how serious, why, the controller's text, and when it was seen last."""

    warning: bool
    reason: str
    message: str
    last_seen: datetime | None

    @property
    def words(self) -> str:
        """Why, and the controller's text."""
        return f"{self.reason}: {self.message}"

    def is_since(self, instant: datetime | None) -> bool:
        """Whether it was seen at that instant or later; always where either is unknown."""
        return instant is None or self.last_seen is None or self.last_seen >= instant


def events_of(api: KubeReader, about: ResourceId) -> tuple[EventNote, ...]:
    """The events about an object, oldest first. None for an API that serves no events."""
    fields = f"involvedObject.kind={about.kind.name},involvedObject.name={about.name}"
    # Events about cluster-scoped objects are kept in the namespace "default" (Kubernetes rule).
    namespace = about.namespace or "default"
    try:
        found = api.list(EVENT, namespace=namespace, fields=fields)
    except NotFound:
        return ()
    # Times are whole seconds: of one second's events the one written last is the newest.
    written = sorted(found, key=lambda e: (len(e.resource_version), e.resource_version))
    notes = [_note(event.document) for event in written]
    return tuple(sorted(notes, key=lambda n: n.last_seen.timestamp() if n.last_seen else 0.0))


def warnings_since(
    api: KubeReader, about: ResourceId, since: datetime | None
) -> tuple[EventNote, ...]:
    """Warnings seen at or after ``since``; all of them when it is None."""
    return tuple(n for n in events_of(api, about) if n.warning and n.is_since(since))


def standing_warnings(
    api: KubeReader, about: ResourceId, since: datetime | None = None
) -> tuple[EventNote, ...]:
    """Warnings that no success has followed: what was complained of before one is mended."""
    notes = events_of(api, about)
    good = max((n for n, note in enumerate(notes) if not note.warning), default=-1)
    return tuple(note for note in notes[good + 1 :] if note.is_since(since))


def _note(event: Mapping[str, Any]) -> EventNote:
    return EventNote(
        warning=event.get("type") == "Warning",
        reason=str(event.get("reason", "")),
        message=str(event.get("message", "")),
        last_seen=_instant(event),
    )


def _instant(event: Mapping[str, Any]) -> datetime | None:
    series = event.get("series") or {}
    for text in (
        series.get("lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        event.get("firstTimestamp"),
    ):
        if isinstance(text, str):
            try:
                return datetime.fromisoformat(text)
            except ValueError:
                continue
    return None
