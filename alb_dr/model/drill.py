"""Drills: what is to be done, and the record that travels with the damage."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

SCHEMA = 1
"""Version of the record; a newer one is not touched."""
MOST_EXPIRY_S = 1800.0
"""Longest a drill may stay open without a sign of life (safety G16)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillPlan:
    """One rehearsed failure. Seconds, requests per second; ``reason`` is for the record.

    ``fault`` is one of workflows/faults/by_name.py; ``ramp`` says that the weight comes back in
    steps; ``abort_errors`` is the share of lost requests beyond the baseline's that ends a drill
    once the traffic had recovered.
    """

    drill_id: str
    victim: str
    reason: str
    rate: float = 100.0
    baseline_s: float = 5.0
    observe_s: float = 15.0
    restore_timeout_s: float = 120.0
    expires_s: float = 600.0
    fault: str = "scale-to-zero"
    fault_value: int = 0
    ramp: bool = False
    abort_errors: float = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRecord:
    """What stands on the scaled workload: written in the same patch that scales it to 0.

    Whoever finds it can put things back without anything else. ``least`` is the minimum of the
    HorizontalPodAutoscaler, below which it would not let the replicas stay.
    """

    drill: str
    replicas: int
    deadline: str
    reason: str
    by: str
    schema: int = SCHEMA
    least: int | None = None

    @property
    def goal(self) -> int:
        """The replicas a restore writes."""
        return max(self.replicas, self.least or 0)

    def dump(self) -> str:
        """The annotation's value; what is not set is left out, so that older guards read it."""
        facts = {key: value for key, value in asdict(self).items() if value is not None}
        return json.dumps(facts, sort_keys=True)

    @staticmethod
    def parse(text: str) -> DrillRecord | None:
        """The record of an annotation; None for one this version must not touch."""
        try:
            raw = json.loads(text)
            record = DrillRecord(**raw)
        except (ValueError, TypeError):
            return None
        return record if record.schema == SCHEMA and _sound(record) else None


def _sound(record: DrillRecord) -> bool:
    """Whether every field is what it should be: anybody may have written the annotation."""
    whole = [record.replicas, *([record.least] if record.least is not None else [])]
    words = (record.drill, record.deadline, record.reason, record.by)
    return all(type(number) is int and number > 0 for number in whole) and all(
        isinstance(word, str) for word in words
    )
