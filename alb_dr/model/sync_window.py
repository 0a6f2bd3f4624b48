"""Sync windows of an Argo CD AppProject: when Argo CD may sync an Application by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from alb_dr.model.cron import Cron
from alb_dr.model.manifest import Document

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncWindow:
    """One window: what it does (``allow`` or ``deny``), when it begins, how long it lasts."""

    kind: str
    schedule: Cron
    lasts: timedelta
    zone: ZoneInfo

    def covers(self, at: datetime) -> bool:
        """Whether the window is open at an instant."""
        return self.schedule.last_begin(at.astimezone(self.zone), within=self.lasts) is not None


def windows_of(project: Document, application: Document) -> tuple[SyncWindow, ...]:
    """The windows of a project that hold for an Application; ValueError for one nobody can read.

    As Argo CD matches: by name, destination or namespace, one suffices unless ``andOperator``.
    """
    listed = (project.get("spec") or {}).get("syncWindows") or []
    return tuple(_window(raw) for raw in listed if _matches(raw, application))


def may_sync(windows: Sequence[SyncWindow], at: datetime) -> bool:
    """Whether Argo CD may sync by itself at an instant: an open deny forbids, and so do allows
    none of which is open."""
    if any(w.kind == "deny" and w.covers(at) for w in windows):
        return False
    allows = [w for w in windows if w.kind == "allow"]
    return not allows or any(w.covers(at) for w in allows)


def denied_throughout(windows: Sequence[SyncWindow], begin: datetime, end: datetime) -> bool:
    """Whether Argo CD may not sync by itself at any minute of a span."""
    at = begin
    while at < end:
        if may_sync(windows, at):
            return False
        at += timedelta(minutes=1)
    return not may_sync(windows, end)


def _window(raw: Document) -> SyncWindow:
    kind = str(raw.get("kind", ""))
    if kind not in {"allow", "deny"}:
        raise ValueError(f"a sync window of kind {kind!r}")
    try:
        zone = ZoneInfo(str(raw.get("timeZone") or "UTC"))
    except (KeyError, OSError):
        raise ValueError(f"a sync window in the unknown zone {raw.get('timeZone')!r}") from None
    return SyncWindow(
        kind=kind,
        schedule=Cron.parse(str(raw.get("schedule", ""))),
        lasts=_duration(str(raw.get("duration", ""))),
        zone=zone,
    )


def _duration(text: str) -> timedelta:
    """A duration as Go writes it: ``1h30m``."""
    if not re.fullmatch(f"({_DURATION.pattern})+", text):
        raise ValueError(f"a sync window that lasts {text!r}")
    return timedelta(seconds=sum(float(n) * _UNITS[u] for n, u in _DURATION.findall(text)))


def _matches(window: Document, application: Document) -> bool:
    destination = (application.get("spec") or {}).get("destination") or {}
    name = (application.get("metadata") or {}).get("name")
    asked: list[tuple[Any, list[Any]]] = [
        (window.get("applications"), [name]),
        (window.get("clusters"), [destination.get("name"), destination.get("server")]),
        (window.get("namespaces"), [destination.get("namespace")]),
    ]
    found = [_any_match(patterns, values) for patterns, values in asked if patterns]
    return bool(found) and (all(found) if window.get("andOperator") else any(found))


def _any_match(patterns: Iterable[Any], values: Iterable[Any]) -> bool:
    return any(fnmatchcase(str(v), str(p)) for p in patterns for v in values if v)
