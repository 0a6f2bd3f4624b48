"""Durations as people type them: ``500ms``, ``30s``, ``5m``, ``1h``, or plain seconds."""

from __future__ import annotations

import re

from alb_dr.errors import BadInput

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


def seconds_of(text: str, *, what: str) -> float:
    """Seconds of a duration; BadInput naming ``what`` when it is none or zero."""
    match = _DURATION.fullmatch(text.strip())
    value = float(match.group(1)) * _SECONDS[match.group(2)] if match else 0.0
    if value <= 0:
        raise BadInput(f"{what} {text!r} is no duration", hint="like 500ms, 30s, 5m or 1h")
    return value
