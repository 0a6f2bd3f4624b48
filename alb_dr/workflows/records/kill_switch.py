"""The kill switch: a ConfigMap by which the owners of a Fleet forbid drills and watches that flip.

``alb-dr-control`` in the Ingress' namespace: ``drills`` is ``allowed`` or anything else;
``window`` bounds their begin, like ``Mon-Fri 09:00-16:30``, in the time zone ``timezone`` (UTC);
``flips`` is for ``failover watch``, and without it its flips are allowed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from alb_dr.errors import AlbDrError
from alb_dr.model.manifest import CONFIG_MAP, Manifest, ResourceId
from alb_dr.model.printable import printable
from alb_dr.ports import KubeReader

CONTROL = "alb-dr-control"
"""The ConfigMap."""
DRILLS, FLIPS, ALLOWED = "drills", "flips", "allowed"
"""Two of its keys, and the only value that does not forbid."""
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WINDOW = re.compile(r"(\w{3})(?:-(\w{3}))? (\d{2}):(\d{2})-(\d{2}):(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days (0 is Monday) and hours in which a drill may begin."""

    days: frozenset[int]
    start: time
    end: time

    def holds(self, now: datetime) -> bool:
        """Whether an instant, in the window's zone, lies in it."""
        return now.weekday() in self.days and self.start <= now.time() < self.end


def switch_id(namespace: str | None) -> ResourceId:
    """Where the switch is."""
    return ResourceId(kind=CONFIG_MAP, name=CONTROL, namespace=namespace)


def read_switch(fleet: KubeReader, namespace: str | None) -> Manifest | None:
    """The switch, if there is one."""
    return fleet.get(switch_id(namespace))


def switched_off(switch: Manifest | None) -> str | None:
    """Why drills are forbidden now, or None. A switch that is not there forbids nothing."""
    if switch is None:
        return None
    said = str((switch.document.get("data") or {}).get(DRILLS, ""))
    if said == ALLOWED:
        return None
    return printable(f"{switch.id} says {DRILLS}: {said or 'nothing'!r}, not {ALLOWED!r}")


def flips_forbidden(switch: Manifest | None) -> str | None:
    """Why no watch may move traffic now, or None. Only a value that is there forbids it."""
    if switch is None:
        return None
    said = str((switch.document.get("data") or {}).get(FLIPS, ALLOWED))
    if said == ALLOWED:
        return None
    return printable(f"{switch.id} says {FLIPS}: {said!r}, not {ALLOWED!r}")


def outside_window(switch: Manifest | None, now: datetime) -> str | None:
    """Why a drill must not begin at this hour, or None. A window nobody can read allows nothing."""
    unreadable = unreadable_window(switch)
    text, zone = _window_and_zone(switch)
    if unreadable is not None or not text:
        return unreadable
    here = now.astimezone(ZoneInfo(zone))
    windows = [_window(part) for part in text.split(",")]
    if any(window.holds(here) for window in windows if window is not None):
        return None
    return printable(f"drills begin {text} {zone} only; there it is {here:%a %H:%M}")


def unreadable_window(switch: Manifest | None) -> str | None:
    """What of the switch's window nobody can read, or None: no waiting helps against that."""
    text, zone = _window_and_zone(switch)
    if not text:
        return None
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return printable(f"the time zone {zone!r} of {_name(switch)} is not known")
    if any(_window(part) is None for part in text.split(",")):
        return printable(f"the window {text!r} of {_name(switch)} cannot be read")
    return None


def _name(switch: Manifest | None) -> str:
    return str(switch.id) if switch is not None else CONTROL


def _window_and_zone(switch: Manifest | None) -> tuple[str, str]:
    """Its window, empty for none, and the time zone of that."""
    data = (switch.document.get("data") or {}) if switch is not None else {}
    return str(data.get("window", "")), str(data.get("timezone", "UTC"))


def _window(text: str) -> Window | None:
    found = _WINDOW.fullmatch(text.strip())
    if found is None or found[1] not in DAYS or (found[2] or found[1]) not in DAYS:
        return None
    first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
    days = range(first, last + 1) if first <= last else (*range(first, 7), *range(last + 1))
    try:
        start, end = time(int(found[3]), int(found[4])), time(int(found[5]), int(found[6]))
    except ValueError:
        return None
    return Window(days=frozenset(days), start=start, end=end)


def switch_words(fleet: KubeReader, namespace: str | None) -> str | None:
    """Why a drill under way must end, or None; a Fleet that does not answer ends nothing."""
    try:
        return switched_off(read_switch(fleet, namespace))
    except AlbDrError:
        return None
