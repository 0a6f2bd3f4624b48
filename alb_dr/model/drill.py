"""Drills: what is to be done, and the record that travels with the damage."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

SCHEMA = 1
"""Version of the record; a newer one is not touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillPlan:
    """One rehearsed failure. Seconds, requests per second; ``reason`` is for the record."""

    drill_id: str
    victim: str
    reason: str
    rate: float = 100.0
    baseline_s: float = 5.0
    observe_s: float = 15.0
    restore_timeout_s: float = 120.0
    expires_s: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRecord:
    """What stands on the scaled workload: written in the same patch that scales it to 0.

    Whoever finds it can put things back without anything else.
    """

    drill: str
    replicas: int
    deadline: str
    reason: str
    by: str
    schema: int = SCHEMA

    def dump(self) -> str:
        """The annotation's value."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def parse(text: str) -> DrillRecord | None:
        """The record of an annotation; None for one this version must not touch."""
        try:
            raw = json.loads(text)
            record = DrillRecord(**raw)
        except (ValueError, TypeError):
            return None
        sound = record.schema == SCHEMA and isinstance(record.replicas, int)
        return record if sound and record.replicas > 0 else None
