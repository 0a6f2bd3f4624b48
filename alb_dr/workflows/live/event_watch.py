"""Listening to the controller while something is waited for: each new complaint is said once."""

from __future__ import annotations

from datetime import datetime

from alb_dr.errors import AlbDrError
from alb_dr.model.manifest import ResourceId
from alb_dr.ports import KubeReader, Narrator
from alb_dr.workflows.live.event_advice import advised
from alb_dr.workflows.live.events import warnings_since


class EventWatch:
    """Warning events about one object from an instant on, with advice where we know some."""

    def __init__(
        self, api: KubeReader, about: ResourceId, *, since: datetime, narrator: Narrator
    ) -> None:
        self._api = api
        self._about = about
        # Events carry whole seconds: one of this very second would seem to lie before it.
        self._since = since.replace(microsecond=0)
        self._narrator = narrator
        self._said: list[str] = []

    def look(self) -> None:
        """Say every complaint that is new. An API that does not answer now is asked again later."""
        try:
            found = warnings_since(self._api, self._about, self._since)
        except AlbDrError:
            return
        for note in found:
            words = note.words
            if words not in self._said:
                self._said.append(words)
                self._narrator.warn(advised(words))

    @property
    def last(self) -> str | None:
        """The newest complaint with its advice; None when there was none."""
        return advised(self._said[-1]) if self._said else None
