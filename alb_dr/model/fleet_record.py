"""The Fleet record of a drill: what it set out to do to what, and how that ended. Evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

SCHEMA = 1
"""Version of the record; a newer one is only shown."""


class DrillPhase(StrEnum):
    """Where a drill is. Only the last is over."""

    ARMING = "ARMING"
    """Written before the harm; nothing may have been harmed yet."""
    FIRED = "FIRED"
    RESTORING = "RESTORING"
    RESTORED = "RESTORED"
    """Put back; whether the traffic is back is still being looked at."""
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetTarget:
    """One object a drill may write to, as it was before.

    ``cluster`` is a member's name or ``Fleet``; ``replicas``, ``least`` (the HPA's minimum) and
    ``weights`` are set where the object has them.
    """

    cluster: str
    kind: str
    namespace: str
    name: str
    uid: str
    replicas: int | None = None
    least: int | None = None
    weights: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetRecord:
    """What stands in the ConfigMap of one drill."""

    drill: str
    fault: str
    victim: str
    targets: Sequence[FleetTarget]
    deadline: str
    reason: str
    by: str
    started: str
    phase: DrillPhase = DrillPhase.ARMING
    outcome: str = ""
    why: str = ""
    ended: str = ""
    schema: int = SCHEMA

    @property
    def is_open(self) -> bool:
        """Whether the drill is under way, or was when it died."""
        return self.phase is not DrillPhase.CLOSED

    def dump(self) -> str:
        """The record's text."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def parse(text: str) -> FleetRecord | None:
        """The record of a text; None for one this version cannot read."""
        try:
            raw = json.loads(text)
            raw["targets"] = tuple(FleetTarget(**target) for target in raw["targets"])
            raw["phase"] = DrillPhase(raw["phase"])
            record = FleetRecord(**raw)
        except (ValueError, TypeError, KeyError):
            return None
        return record if record.schema == SCHEMA and isinstance(record.drill, str) else None
