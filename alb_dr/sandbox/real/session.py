"""Short calls to a real API over one kept connection."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from alb_dr.sandbox.kube.status import ApiError, Json

HOST = "127.0.0.1"
CALL_S = 5.0
"""Longest one call may take: the server is on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where an API listens and how to enter. ``port`` is asked anew: the server may move."""

    port: Callable[[], int]
    ca: Callable[[], str]
    """The PEM text of the authority behind the server's certificate."""
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}

    def context(self) -> ssl.SSLContext:
        """Trusts the one authority."""
        return ssl.create_default_context(cadata=self.ca())


class Session:
    """Synchronous calls, one after the other. Not for several threads."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._connection: http.client.HTTPSConnection | None = None

    def call(
        self,
        verb: str,
        path: str,
        body: Json | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content: str = "application/json",
    ) -> Json:
        """One request's answer; ApiError for 400 and above, 503 when nobody answers.

        A read is asked again once, because a kept connection may have been closed meanwhile.
        """
        target = f"{path}?{urlencode(query)}" if query else path
        payload = None if body is None else json.dumps(body).encode()
        headers = {**self._door.headers, "Content-Type": content}
        try:
            return self._once(verb, target, payload, headers)
        except (OSError, http.client.HTTPException) as error:
            self._forget()
            if verb != "GET":
                raise _silent(error) from error
        try:
            return self._once(verb, target, payload, headers)
        except (OSError, http.client.HTTPException) as error:
            self._forget()
            raise _silent(error) from error

    def _once(
        self, verb: str, target: str, payload: bytes | None, headers: Mapping[str, str]
    ) -> Json:
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                HOST, self._door.port(), timeout=CALL_S, context=self._door.context()
            )
        self._connection.request(verb, target, body=payload, headers=dict(headers))
        response = self._connection.getresponse()
        return _document(response.status, response.read())

    def _forget(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _silent(error: Exception) -> ApiError:
    return ApiError(503, "ServiceUnavailable", f"the API does not answer: {error}")


def _document(status: int, raw: bytes) -> Json:
    try:
        found: Any = json.loads(raw)
    except ValueError:
        found = None
    document: Json = found if isinstance(found, dict) else {}
    if status < 400:
        return document
    message = str(document.get("message") or raw[:200].decode(errors="replace"))
    raise ApiError(status, str(document.get("reason") or ""), message, document.get("details"))
