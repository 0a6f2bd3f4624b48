"""The versioned JSON envelope: exactly one on stdout with ``-o json``, also on failure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from alb_dr.errors import AlbDrError, PartlyApplied

SCHEMA = "alb-dr/1"
"""Additions only within one schema number (docs/reference/json.md)."""


def envelope(
    command: Sequence[str],
    *,
    exit_code: int,
    data: Mapping[str, Any] | None = None,
    verdict: str | None = None,
    errors: Sequence[AlbDrError] = (),
) -> dict[str, Any]:
    """What a command answered, as one document."""
    return {
        "schema": SCHEMA,
        "command": list(command),
        "verdict": verdict,
        "exit_code": int(exit_code),
        "data": dict(data or {}),
        "errors": [_error(error) for error in errors],
    }


def dump(document: Mapping[str, Any]) -> str:
    """The envelope as text, indented, keys in the order they were given."""
    return json.dumps(document, indent=2, ensure_ascii=False, default=str)


def _error(error: AlbDrError) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
    }
    if isinstance(error, PartlyApplied):
        entry["applied"] = list(error.applied)
        entry["not_applied"] = list(error.not_applied)
    return entry
