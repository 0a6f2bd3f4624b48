"""A refusal as the cloud says it: an HTTP status and a document with a code."""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """An error answer: ``{"RequestId", "HostId", "Code", "Message", "Recommend"}``."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.more = more

    def document(self, request_id: str, host: str) -> dict[str, Any]:
        """The answer's body."""
        return {
            "RequestId": request_id,
            "HostId": host,
            "Code": self.code,
            "Message": self.message,
            "Recommend": "",
            **self.more,
        }
