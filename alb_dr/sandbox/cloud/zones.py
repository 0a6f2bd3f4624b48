"""The zones of the stand-in ALBs: which are in DNS, and which are on their way in or out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from alb_dr.model.cloud import ZoneState

Schedule = Callable[[float, Callable[[], None]], object]
"""Calls something after so many seconds, as an event loop's ``call_later``."""


def _at_once(_seconds: float, do: Callable[[], None]) -> None:
    do()


@dataclass(slots=True, kw_only=True)
class AlbZones:
    """By ALB and zone id; what is not mentioned is Active.

    ``delay_s`` is how long a change takes, which is not published for ALB. ``changed`` is called
    when a zone has arrived.
    """

    delay_s: float = 0.0
    later: Schedule = _at_once
    changed: Callable[[], None] = lambda: None
    _states: dict[tuple[str, str], ZoneState] = field(default_factory=dict)
    _tokens: set[str] = field(default_factory=set)

    def state(self, alb_id: str, zone_id: str) -> ZoneState:
        """Where a zone is now."""
        return self._states.get((alb_id, zone_id), ZoneState.ACTIVE)

    def put(self, alb_id: str, zone_id: str, state: ZoneState) -> None:
        """Put a zone somewhere at once, as somebody at the console would."""
        self._states[alb_id, zone_id] = state
        self.changed()

    def move(self, alb_id: str, zone_id: str, *, out: bool) -> None:
        """Begin to take a zone out, or to bring it back; it arrives after the delay."""
        via = ZoneState.STOPPING if out else ZoneState.STARTING
        to = ZoneState.SHIFTED if out else ZoneState.ACTIVE
        self._states[alb_id, zone_id] = via
        self.later(self.delay_s, lambda: self.put(alb_id, zone_id, to))

    def was_done(self, token: str) -> bool:
        """Whether a request with this client token was carried out already."""
        return token in self._tokens

    def remember(self, token: str) -> None:
        """A request with this client token was carried out."""
        if token:
            self._tokens.add(token)
