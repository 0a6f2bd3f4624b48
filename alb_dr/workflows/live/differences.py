"""Differences between two documents, leaving out what only the server writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from alb_dr.model.plan import FieldChange

SERVER_FIELDS = frozenset(
    {
        "managedFields",
        "resourceVersion",
        "uid",
        "creationTimestamp",
        "generation",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    }
)
"""Metadata the API server owns; a difference there is none of ours."""


def differences(
    before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> tuple[FieldChange, ...]:
    """Every leaf that differs, by dotted path; ``status`` is not compared."""
    return tuple(_walk("", _ours(before or {}), _ours(after)))


def _ours(document: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in document.items() if key != "status"}
    metadata = kept.get("metadata") or {}
    kept["metadata"] = {k: v for k, v in metadata.items() if k not in SERVER_FIELDS}
    return kept


def _walk(path: str, before: object, after: object) -> Iterator[FieldChange]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}, key=str):
            yield from _walk(_join(path, str(key)), before.get(key), after.get(key))
    elif _is_list(before) and _is_list(after) and len(before) == len(after):  # type: ignore[arg-type]  # both were just seen to be lists
        pairs = zip(before, after, strict=True)  # type: ignore[call-overload]  # likewise
        for n, (old, new) in enumerate(pairs):
            yield from _walk(f"{path}[{n}]", old, new)
    elif before != after:
        yield FieldChange(path=path, before=before, after=after)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _join(path: str, key: str) -> str:
    if "." in key or "/" in key:
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
