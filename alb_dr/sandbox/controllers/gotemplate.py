"""The part of Go templates an ApplicationSet of ours uses: dotted paths in double braces."""

from __future__ import annotations

import re
from typing import Any

_PLACE = re.compile(r"\{\{-?\s*\.([\w.]+)\s*-?\}\}")


class TemplateError(ValueError):
    """A place that names nothing (``missingkey=error``)."""


def fill(value: Any, parameters: dict[str, Any]) -> Any:
    """The value with every ``{{.a.b}}`` replaced, in strings at any depth."""
    if isinstance(value, str):
        return _PLACE.sub(lambda place: _lookup(place[1], parameters), value)
    if isinstance(value, dict):
        return {key: fill(inner, parameters) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, parameters) for inner in value]
    return value


def _lookup(path: str, parameters: dict[str, Any]) -> str:
    here: Any = parameters
    for name in path.split("."):
        if not isinstance(here, dict) or name not in here:
            raise TemplateError(f'map has no entry for key "{name}"')
        here = here[name]
    return str(here)
