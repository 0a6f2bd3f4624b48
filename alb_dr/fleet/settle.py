"""Settling a write whose answer was lost: did what we wanted happen? Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_ABSENT = object()


def same_content(wanted: object, live: object) -> bool:
    """Whether everything wanted is in the live document; what the server added is ignored."""
    if isinstance(wanted, Mapping):
        if not isinstance(live, Mapping):
            return False
        skipped = {"resourceVersion", "managedFields", "creationTimestamp", "uid", "generation"}
        return all(
            same_content(value, live.get(key))
            for key, value in wanted.items()
            if key not in skipped
        )
    return wanted == live


def patch_took_effect(document: Mapping[str, Any], operations: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the document is as the writing operations of a JSON Patch leave it.

    A path that several operations write is judged by the last of them.
    """
    last = {str(op["path"]): op for op in operations if op["op"] != "test"}
    for path, operation in last.items():
        below = any(other != path and other.startswith(path + "/") for other in last)
        found = value_at(document, path)
        if operation["op"] == "remove":
            if found is not _ABSENT:
                return False
        elif not below and found != operation.get("value"):
            return False
    return bool(last)


def value_at(document: object, pointer: str) -> object:
    """The value a JSON pointer names, or a marker that equals nothing."""
    for word in pointer.split("/")[1:]:
        key = word.replace("~1", "/").replace("~0", "~")
        if isinstance(document, Mapping) and key in document:
            document = document[key]
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            return _ABSENT
    return document
