"""The HTTP side of an embedded API."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from contextlib import suppress
from typing import Any

from aiohttp import web

from alb_dr.sandbox.kube import access, discovery, reads, subresources, writes
from alb_dr.sandbox.kube.address import Address, address_of
from alb_dr.sandbox.kube.call import AGGREGATED, Call, RequestRecord, json_answer
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.ownership import updated
from alb_dr.sandbox.kube.records import Event, Write
from alb_dr.sandbox.kube.resources import REVIEWS
from alb_dr.sandbox.kube.status import ApiError, Json, no_such_path
from alb_dr.sandbox.kube.store import Store
from alb_dr.sandbox.kube.table import table
from alb_dr.sandbox.kube.validation import Validation, validation_of

MAX_BODY = 3 * 1024 * 1024
"""Bytes of a request, as a real API server's default."""
BOOKMARK_S = 5.0
"""Pause between two bookmarks of a quiet watch."""
HISTORY = 100_000
"""Requests remembered."""


class ApiServer:
    """Answers HTTP requests from a store."""

    def __init__(self, store: Store, rules: access.Access) -> None:
        self._store = store
        self._access = rules
        self.history: deque[RequestRecord] = deque(maxlen=HISTORY)

    def application(self) -> web.Application:
        """The aiohttp application."""
        application = web.Application(client_max_size=MAX_BODY)
        application.router.add_route("*", "/{path:.*}", self._handle)
        return application

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        call = Call(request)
        try:
            call.user = self._access.user_of(request.headers.get("Authorization"))
            response = await self._route(call)
        except ApiError as error:
            response = json_answer(error.document(), error.code)
        except web.HTTPRequestEntityTooLarge:
            message = f"Request entity too large: limit is {MAX_BODY}"
            too_large = ApiError(413, "RequestEntityTooLarge", message)
            response = json_answer(too_large.document(), 413)
        self.history.append(call.record(response.status))
        return response

    async def _route(self, call: Call) -> web.StreamResponse:
        parts = [part for part in call.request.path.split("/") if part]
        if not parts:
            return json_answer({"paths": ["/api", "/apis", "/healthz", "/openapi/v3", "/version"]})
        if parts[0] in {"healthz", "livez", "readyz"}:
            return web.Response(text="ok")
        if parts[0] == "version":
            return json_answer(discovery.VERSION)
        if parts[0] == "apis" and len(parts) > 1 and not self._serves(parts[1]):
            return web.Response(text="404 page not found\n", status=404)
        if call.wants_aggregated and parts in (["api"], ["apis"]):
            listed = discovery.aggregated(self._store.registry, core=parts == ["api"])
            return json_answer(listed, content=AGGREGATED)
        found = self._discovered(call, parts)
        if found is not None:
            return json_answer(found)
        if parts[0] not in {"api", "apis"}:
            raise no_such_path()
        at = address_of(self._store.registry, parts)
        call.at(at)
        return await self._serve(call, at)

    def _serves(self, group: str) -> bool:
        return group in self._store.registry.groups()

    def _discovered(self, call: Call, parts: list[str]) -> Json | None:
        registry = self._store.registry
        if parts == ["api"]:
            address = {"clientCIDR": "0.0.0.0/0", "serverAddress": call.request.host}
            return {
                "kind": "APIVersions",
                "versions": ["v1"],
                "serverAddressByClientCIDRs": [address],
            }
        if parts == ["apis"]:
            return discovery.group_list(registry)
        if parts[:2] == ["openapi", "v3"]:
            if call.user == access.ANONYMOUS:
                raise no_such_path()
            return self._openapi(parts[2:])
        if parts[0] == "api" and len(parts) == 2:
            return discovery.resource_list(registry, "", parts[1])
        if parts[0] == "apis" and len(parts) == 2 and parts[1] in registry.groups():
            versions = registry.groups()[parts[1]]
            group = discovery.group_document(parts[1], versions)
            return {"kind": "APIGroup", "apiVersion": "v1", **group}
        if parts[0] == "apis" and len(parts) == 3:
            return discovery.resource_list(registry, parts[1], parts[2])
        if parts[0] in {"api", "apis"} and len(parts) < 3:
            raise no_such_path()
        return None

    def _openapi(self, parts: list[str]) -> Json:
        registry = self._store.registry
        if not parts:
            return discovery.openapi_index(registry)
        if parts[0] == "api" and len(parts) == 2:
            return discovery.openapi(registry, "", parts[1])
        if parts[0] == "apis" and len(parts) == 3:
            return discovery.openapi(registry, parts[1], parts[2])
        raise no_such_path()

    async def _serve(self, call: Call, at: Address) -> web.StreamResponse:
        self._access.check(
            access.Request(
                user=call.user,
                verb=call.verb,
                group=at.resource.group,
                resource=at.full_name,
                namespace=at.namespace,
                name=at.name,
            )
        )
        if call.verb == "watch":
            return await self._watch(call, at)
        if call.request.method == "GET":
            return self._read(call, at)
        body = await call.body(at)
        if _is_review(at):
            return json_answer(self._review(call, at, body), 201)
        validation = validation_of(call.query.get("fieldValidation", ""), call.request.method)
        response = self._write(call, at, body, validation)
        for text in validation.headers():
            response.headers.add("Warning", text)
        return response

    def _review(self, call: Call, at: Address, body: Any) -> Json:
        document = {"apiVersion": at.resource.group_version, "kind": at.resource.kind, **body}
        if at.resource.plural.endswith("accessreviews"):
            document = access.reviewed(document)
            owner = (call.manager, "Update", "")
            updated(None, document, resource=at.resource, owner=owner, now=now_text)
        return access.answer(self._access, call.user, document)

    def _read(self, call: Call, at: Address) -> web.Response:
        if at.name:
            document = self._store.get(at.resource, at.namespace, at.name)
            if at.subresource == "scale":
                document = subresources.scale_of(document)
            return call.answer(document, at)
        documents, metadata = reads.page(self._store, at, call.query)
        if call.wants_table:
            return json_answer(
                table(at.resource, documents, metadata=metadata, include=call.include)
            )
        listed = {
            "kind": f"{at.resource.kind}List",
            "apiVersion": at.resource.group_version,
            "metadata": metadata,
            "items": [_item(d, at) for d in documents],
        }
        return json_answer(listed)

    def _write(self, call: Call, at: Address, body: Any, validation: Validation) -> web.Response:
        write = Write(
            manager=call.manager,
            subresource=at.subresource,
            dry_run=call.dry_run,
            validation=validation,
        )
        method = call.request.method
        if method == "POST" and at.subresource == "binding":
            return json_answer(subresources.bind(self._store, at, body, write), 201)
        if method == "POST" and at.subresource == "token" and self._access.accounts is not None:
            return json_answer(self._access.accounts.issue(at, body, write), 201)
        if method == "PUT" and at.subresource == "finalize":
            return call.answer(subresources.finalize(self._store, at, body, write), at)
        if method == "POST" and not at.name:
            return call.answer(writes.create(self._store, at, body, write), at, 201)
        if method == "PUT" and at.name:
            return call.answer(writes.replace(self._store, at, body, write), at)
        if method == "PATCH" and at.name:
            document, created = writes.patch(
                self._store,
                at,
                body,
                write,
                content_type=call.content_type,
                force=call.query.get("force") in {"true", "1"},
            )
            return call.answer(document, at, 201 if created else 200)
        if method == "DELETE" and at.name:
            return json_answer(
                writes.delete(self._store, at, body, call.query, dry_run=call.dry_run)
            )
        if method == "DELETE":
            return self._delete_all(call, at)
        message = "the server does not allow this method on the requested resource"
        raise ApiError(405, "MethodNotAllowed", message, {})

    def _delete_all(self, call: Call, at: Address) -> web.Response:
        documents, metadata = reads.page(self._store, at, call.query)
        for document in documents:
            meta = document["metadata"]
            self._store.delete(at.resource, meta.get("namespace", ""), meta["name"])
        listed = {
            "kind": f"{at.resource.kind}List",
            "apiVersion": at.resource.group_version,
            "metadata": metadata,
            "items": documents,
        }
        return json_answer(listed)

    async def _watch(self, call: Call, at: Address) -> web.StreamResponse:
        matches = reads.filter_of(at, call.query)
        queue: asyncio.Queue[Event] = asyncio.Queue()
        try:
            missed = list(reads.backlog(self._store, at, call.query))
        except ApiError as error:
            if error.code != 410:
                raise
            return json_answer({"type": "ERROR", "object": error.document()})
        stop = self._store.listen(queue.put_nowait)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        stream = _WatchStream(call, at, response)
        end = time.monotonic() + float(call.query.get("timeoutSeconds") or 1800)
        try:
            await response.prepare(call.request)
            for event in missed:
                await stream.send(reads.seen_as(event, at, matches))
            while (left := end - time.monotonic()) > 0:
                try:
                    event = await asyncio.wait_for(queue.get(), min(BOOKMARK_S, left))
                except TimeoutError:
                    await stream.bookmark(self._store.version)
                    continue
                await stream.send(reads.seen_as(event, at, matches))
            with suppress(ConnectionError):
                await response.write_eof()
        except ConnectionError:
            pass
        finally:
            stop()
        return response


class _WatchStream:
    """Writes watch events as lines of JSON, as documents or as table rows."""

    def __init__(self, call: Call, at: Address, response: web.StreamResponse) -> None:
        self._call = call
        self._at = at
        self._response = response
        self._headers = True

    async def send(self, seen: tuple[str, Json] | None) -> None:
        if seen is None:
            return
        kind, document = seen
        if self._call.wants_table:
            document = table(
                self._at.resource,
                [document],
                metadata={"resourceVersion": document["metadata"]["resourceVersion"]},
                include=self._call.include,
                headers=self._headers,
            )
            self._headers = False
        await self._line({"type": kind, "object": document})

    async def bookmark(self, version: int) -> None:
        if self._call.query.get("allowWatchBookmarks") not in {"true", "1"}:
            return
        document = {
            "kind": self._at.resource.kind,
            "apiVersion": self._at.resource.group_version,
            "metadata": {"resourceVersion": str(version)},
        }
        await self._line({"type": "BOOKMARK", "object": document})

    async def _line(self, event: Json) -> None:
        await self._response.write(json.dumps(event, separators=(",", ":")).encode() + b"\n")


def _is_review(at: Address) -> bool:
    return at.resource in REVIEWS


def _item(document: Json, at: Address) -> Json:
    """Items of a list of built-in kinds carry no kind and version of their own."""
    if not at.resource.typed:
        return document
    return {k: v for k, v in document.items() if k not in {"kind", "apiVersion"}}
