"""Plain HTTPS to an API server, for what our own client has no word for."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
TIMEOUT_S = 20.0
"""Longest wait for an answer, or for the next line of a watch."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer."""

    status: int
    body: Any
    warnings: tuple[str, ...] = ()

    @property
    def metadata(self) -> dict[str, Any]:
        """The metadata of the document."""
        return dict(self.body["metadata"])

    @property
    def version(self) -> str:
        """The document's resourceVersion."""
        return str(self.body["metadata"]["resourceVersion"])


def causes(reply: Reply) -> list[tuple[str, str]]:
    """The reasons and fields of a refusal."""
    assert (reply.status, reply.body["reason"]) == (422, "Invalid"), reply
    return [(cause["reason"], cause["field"]) for cause in reply.body["details"]["causes"]]


class Raw:
    """One user's HTTPS requests to one API server."""

    def __init__(self, address: str, ca: bytes, token: str | None) -> None:
        self._host, _, port = address.removeprefix("https://").partition(":")
        self._port = int(port)
        self._context = ssl.create_default_context(cadata=ca.decode())
        self._token = token

    def as_user(self, token: str | None) -> Raw:
        """The same API, used by somebody else; None for nobody."""
        other = Raw.__new__(Raw)
        other._host, other._port, other._context = self._host, self._port, self._context
        other._token = token
        return other

    def get(self, path: str, **query: str) -> Reply:
        """GET."""
        return self.send("GET", path, query=query)

    def post(self, path: str, body: object, **query: str) -> Reply:
        """POST."""
        return self.send("POST", path, body, query=query)

    def put(self, path: str, body: object, **query: str) -> Reply:
        """PUT."""
        return self.send("PUT", path, body, query=query)

    def delete(self, path: str, options: object = None, **query: str) -> Reply:
        """DELETE, with DeleteOptions if given."""
        return self.send("DELETE", path, options, query=query)

    def apply(self, path: str, body: object, manager: str, **query: str) -> Reply:
        """Server-side apply."""
        query = {"fieldManager": manager, **query}
        return self.send("PATCH", path, body, query=query, content_type=APPLY_PATCH)

    def patch(self, path: str, body: object, content_type: str, **query: str) -> Reply:
        """One of the other patches."""
        return self.send("PATCH", path, body, query=query, content_type=content_type)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: dict[str, str] | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Reply:
        """Any request; a ``bytes`` body is sent as it is."""
        connection = self._connect()
        try:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers = {**self._headers(accept), "Content-Type": content_type}
            sent = None if body is None else data
            connection.request(method, _with(path, query or {}), sent, headers)
            response = connection.getresponse()
            raw = response.read()
            warnings = tuple(response.headers.get_all("Warning") or ())
        finally:
            connection.close()
        try:
            return Reply(response.status, json.loads(raw), warnings)
        except ValueError:
            return Reply(response.status, raw.decode(), warnings)

    @contextmanager
    def watch(
        self, path: str, *, accept: str = "application/json", **query: str
    ) -> Iterator[Iterator[dict[str, Any]]]:
        """The events of a watch as they come; what happens within the block may be among them."""
        connection = self._connect()
        try:
            address = _with(path, {"watch": "1", **query})
            connection.request("GET", address, headers=self._headers(accept))
            response = connection.getresponse()
            yield (json.loads(line) for line in iter(response.readline, b"") if line.strip())
        finally:
            connection.close()

    def _connect(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=TIMEOUT_S, context=self._context
        )

    def _headers(self, accept: str) -> dict[str, str]:
        given = {"Accept": accept, "User-Agent": "contract/1"}
        if self._token:
            given["Authorization"] = f"Bearer {self._token}"
        return given


def _with(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
