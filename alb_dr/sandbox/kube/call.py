"""One HTTP request to an embedded API, read; what the history keeps of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from aiohttp import web

from alb_dr.sandbox.kube import writes
from alb_dr.sandbox.kube.address import Address
from alb_dr.sandbox.kube.protobuf import MAGIC, decode
from alb_dr.sandbox.kube.status import ApiError, Json, unreadable
from alb_dr.sandbox.kube.table import included, table

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
"""The form of discovery in which one answer holds every group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One request as the history keeps it; no credentials, no bodies but writes'."""

    method: str
    verb: str
    path: str
    query: Mapping[str, str]
    user: str
    manager: str
    dry_run: bool
    content_type: str
    body: Any
    status: int


class Call:
    """One HTTP request, read."""

    def __init__(self, request: web.Request) -> None:
        self.request = request
        self.query: Mapping[str, str] = request.query
        self.user = ""
        self.verb = ""
        self.content_type = request.headers.get("Content-Type", "").partition(";")[0].strip()
        self._body: Any = None
        accept = request.headers.get("Accept", "")
        self.wants_table = "as=Table" in accept
        self.wants_aggregated = AGGREGATED in accept.replace(" ", "").split(",")
        self.wants_metadata = "as=PartialObjectMetadata" in accept
        self.include = self.query.get("includeObject", "Metadata")
        agent = request.headers.get("User-Agent", "unknown").partition("/")[0]
        given = self.query.get("fieldManager", "")
        self.manager = given if given or self.content_type == writes.APPLY_PATCH else agent
        self.dry_run = self.query.get("dryRun") == "All"

    def at(self, at: Address) -> None:
        """Learn the API verb from the method and the address."""
        watched = self.query.get("watch") in {"true", "1"}
        verbs = {
            "GET": "get" if at.name and not watched else "list",
            "POST": "create",
            "PUT": "update",
            "PATCH": "patch",
            "DELETE": "delete" if at.name else "deletecollection",
        }
        is_watch = watched and self.request.method == "GET"
        self.verb = "watch" if is_watch else verbs.get(self.request.method, "get")

    async def body(self, at: Address) -> Any:
        """The parsed body: JSON, YAML or the few kinds of protobuf; 400 and 415 otherwise."""
        raw = await self.request.read()
        if not raw:
            return {}
        if raw.startswith(MAGIC):
            self._body = decode(raw)
            return self._body
        known = ("json", "yaml", "x-none", "")
        if self.request.method in {"POST", "PUT"} and not self.content_type.endswith(known[:2]):
            message = (
                "the body of the request was in an unknown format - accepted media types include: "
                "application/json, application/yaml, application/vnd.kubernetes.protobuf"
            )
            raise ApiError(415, "UnsupportedMediaType", message)
        try:
            self._body = json.loads(raw) if raw.lstrip()[:1] in b"{[" else yaml.safe_load(raw)
        except (ValueError, yaml.YAMLError) as error:
            raise unreadable(at.resource.kind, raw, error) from None
        return self._body

    def answer(self, document: Json, at: Address, status: int = 200) -> web.Response:
        """One document, as a table if that is wanted."""
        if self.wants_table and document.get("kind") == at.resource.kind:
            metadata = {"resourceVersion": document["metadata"].get("resourceVersion", "")}
            document = table(at.resource, [document], metadata=metadata, include=self.include)
        elif self.wants_metadata and document.get("kind") == at.resource.kind:
            document = included(document, "Metadata")
        return json_answer(document, status)

    def record(self, status: int) -> RequestRecord:
        """What the history keeps."""
        return RequestRecord(
            method=self.request.method,
            verb=self.verb,
            path=self.request.path,
            query=dict(self.query),
            user=self.user,
            manager=self.manager,
            dry_run=self.dry_run,
            content_type=self.content_type,
            body=self._body,
            status=status,
        )


def json_answer(
    document: Json, status: int = 200, *, content: str = "application/json"
) -> web.Response:
    """A document as the body of an answer."""
    raw = json.dumps(document, separators=(",", ":")).encode()
    return web.Response(body=raw, headers={"Content-Type": content}, status=status)
