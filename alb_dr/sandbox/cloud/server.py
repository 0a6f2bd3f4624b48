"""The stand-in cloud's server: RPC and ROA requests on one loopback port, each verified."""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from alb_dr.sandbox.cloud.actions import ACTIONS
from alb_dr.sandbox.cloud.faults import CloudFaults
from alb_dr.sandbox.cloud.problem import Problem
from alb_dr.sandbox.cloud.signature import SignedRequest, Verifier
from alb_dr.sandbox.cloud.state import CloudState

_ROA = (
    re.compile(r"/clusters/(?P<id>[^/]+)"),
    re.compile(r"/k8s/(?P<id>[^/]+)/user_config"),
)
"""The ROA paths that name a cluster."""


class CloudServer:
    """Serves what ``look`` sees. ``calls`` are the answered actions, the oldest first."""

    def __init__(self, look: Callable[[], CloudState], verifier: Verifier) -> None:
        self._look = look
        self._verifier = verifier
        self._runner: web.AppRunner | None = None
        self.faults = CloudFaults()
        self.calls: list[str] = []

    async def start(self, *, host: str, port: int = 0) -> int:
        """Listen; the port."""
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(
            application, access_log=None, handle_signals=False, shutdown_timeout=0.2
        )
        await runner.setup()
        await web.TCPSite(runner, host, port).start()
        self._runner = runner
        return int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Cut all connections and listen no longer."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.Response:
        request_id = str(uuid.uuid4()).upper()
        try:
            answer = await self._answer(request)
        except Problem as problem:
            document = problem.document(request_id, request.host)
            return _response(problem.status, document)
        return _response(200, {"RequestId": request_id, **answer})

    async def _answer(self, request: web.Request) -> dict[str, Any]:
        signed = SignedRequest(
            method=request.method,
            path=request.rel_url.raw_path,
            query=tuple((k, v) for k, v in request.query.items()),
            headers={k.lower(): v for k, v in request.headers.items()},
            body=await request.read(),
        )
        self._verifier.verify(signed, now=datetime.now(UTC))
        action = signed.headers.get("x-acs-action", "")
        found = ACTIONS.get(action)
        if found is None:
            raise Problem(404, "InvalidAction.NotFound", f"Specified api {action} is not found.")
        product, version, do = found
        if signed.headers.get("x-acs-version") != version:
            raise Problem(400, "InvalidVersion", "Specified parameter Version is not valid.")
        delay_s = self.faults.meet(product, action)
        if delay_s:
            await asyncio.sleep(delay_s)
        self.calls.append(f"{product}:{action}")
        return do(self._look(), {**dict(signed.query), **_of_path(signed.path)})


def _of_path(path: str) -> dict[str, str]:
    """The cluster a ROA path names."""
    for pattern in _ROA:
        if found := pattern.fullmatch(path):
            return {"ClusterId": found["id"]}
    return {}


def _response(status: int, document: dict[str, Any]) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(document).encode(), content_type="application/json"
    )
