"""Status documents: the words in which a Kubernetes API says no."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]
"""A JSON object as it travels."""


class ApiError(Exception):
    """An answer of 400 and above, with the Status document it carries."""

    def __init__(self, code: int, reason: str, message: str, details: Json | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def document(self) -> Json:
        """The Status document."""
        status: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
        }
        if self.details is not None:
            status["details"] = self.details
        return {**status, "code": self.code}


def qualified(plural: str, group: str) -> str:
    """``deployments.apps``, or ``pods`` for the core group."""
    return f"{plural}.{group}" if group else plural


def details_of(plural: str, group: str, name: str = "", **more: object) -> Json:
    """The details of a Status about an object."""
    details: Json = {}
    if name:
        details["name"] = name
    if group:
        details["group"] = group
    return {**details, "kind": plural, **more}


def not_found(plural: str, group: str, name: str) -> ApiError:
    """404 for an object."""
    message = f'{qualified(plural, group)} "{name}" not found'
    return ApiError(404, "NotFound", message, details_of(plural, group, name))


def no_such_path() -> ApiError:
    """404 for a path or kind nobody serves."""
    message = "the server could not find the requested resource"
    return ApiError(404, "NotFound", message, {})


def already_exists(plural: str, group: str, name: str) -> ApiError:
    """409 for a create."""
    message = f'{qualified(plural, group)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, details_of(plural, group, name))


def modified(plural: str, group: str, name: str) -> ApiError:
    """409 for a stale resourceVersion."""
    message = (
        f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": the object has '
        "been modified; please apply your changes to the latest version and try again"
    )
    return ApiError(409, "Conflict", message, details_of(plural, group, name))


def bad_request(message: str) -> ApiError:
    """400."""
    return ApiError(400, "BadRequest", message)


def json_type(value: Any) -> str:
    """What a value is in JSON, in the words of the real decoder."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "number"


def unreadable(kind: str, raw: bytes, error: Exception) -> ApiError:
    """400 for a body that is not JSON; says what, as the real decoder does."""
    text = raw.decode(errors="replace")
    why = str(error)
    if isinstance(error, json.JSONDecodeError):
        why = "unexpected end of JSON input"
        if error.pos < len(text.rstrip()):
            why = f"invalid character '{text[error.pos]}' looking for beginning of value"
    message = (
        f"the object provided is unrecognized (must be of type {kind}): couldn't get "
        f"version/kind; json parse error: {why} ({text[:512]})"
    )
    return bad_request(message)


def invalid(kind: str, group: str, name: str, causes: Sequence[tuple[str, str, str]]) -> ApiError:
    """422: the causes are (reason, field, message)."""
    listed = list(dict.fromkeys(f"{field}: {message}" for _, field, message in causes))
    text = listed[0] if len(listed) == 1 else f"[{', '.join(listed)}]"
    subject = qualified(kind, group)
    details: Json = {}
    if name:
        details["name"] = name
    if group:
        details["group"] = group
    details["kind"] = kind
    details["causes"] = [
        {"reason": reason, "message": message, "field": field} for reason, field, message in causes
    ]
    return ApiError(422, "Invalid", f'{subject} "{name}" is invalid: {text}', details)
