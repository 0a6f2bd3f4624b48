"""Drills: what is to be done, the record that travels with the damage, what came of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from alb_dr.errors import ExitCode

SCHEMA = 1
"""Version of the record; a newer one is not touched."""


class DrillOutcome(StrEnum):
    """How a drill ended. Only SUCCEEDED is green."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    ABORTED = "ABORTED"
    INTERRUPTED = "INTERRUPTED"
    INCONCLUSIVE = "INCONCLUSIVE"

    @property
    def exit_code(self) -> ExitCode:
        """The process's answer; an interrupted drill leaves with the signal's own code."""
        return {
            DrillOutcome.SUCCEEDED: ExitCode.OK,
            DrillOutcome.FAILED: ExitCode.VERDICT_FAIL,
            DrillOutcome.ABORTED: ExitCode.DRILL_ABORTED,
            DrillOutcome.INTERRUPTED: ExitCode.INTERRUPTED,
            DrillOutcome.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
        }[self]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Instants in seconds on the samples' clock; None for what did not happen."""

    fired_s: float | None = None
    in_force_s: float | None = None
    restored_s: float | None = None
    recovered_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """The clock of a recovery, in seconds, each good to ``resolution_s``.

    detect: fault in force to the first lost request · blackout: longest gap without a served
    request · brownout: first to last lost request · rta: fault to the start of the first clean
    stretch with the survivors carrying everything; None when that was not seen.
    """

    detect_s: float | None
    blackout_s: float
    brownout_s: float
    rta_s: float | None
    resolution_s: float
    requests: int
    lost: int
    lost_bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of a drill's timeline."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """What a drill found, and that everything is back."""

    plan: DrillPlan
    outcome: DrillOutcome
    why: str
    path_tested: str
    not_tested: Sequence[str]
    marks: Marks
    recovery: Recovery | None
    rto_s: float
    max_error_rate: float
    shares_before: dict[str, float]
    shares_during: dict[str, float]
    shares_after: dict[str, float]
    timeline: Sequence[Step]
