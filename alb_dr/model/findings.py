"""Findings: one fact each, how serious it is, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a measurement says. A verdict is a result, not an error."""

    PASS = "pass"  # noqa: S105  a verdict, no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """Not enough evidence, or evidence that cannot be used. Never a pass."""


def worst(verdicts: tuple[Verdict, ...]) -> Verdict:
    """FAIL outranks INCONCLUSIVE outranks PASS; nothing at all is INCONCLUSIVE."""
    for verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE):
        if verdict in verdicts:
            return verdict
    return Verdict.PASS if verdicts else Verdict.INCONCLUSIVE


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fact with a stable code, in words for a person.

    The text may hold words of a server; every report escapes it for its own format.
    """

    code: str
    severity: Severity
    text: str
    hint: str | None = None
