"""The control channel of a running sandbox: one JSON line there, one back, over a socket file."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from alb_dr.errors import AlbDrError, BadInput, Unreachable

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
TIMEOUT_S = 10.0


async def serve_control(path: Path, handler: Handler) -> asyncio.Server:
    """Answer requests until the server is closed."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = await handler(json.loads(await reader.readline()))
        except AlbDrError as error:
            answer = {"error": error.message, "hint": error.hint}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(one, str(path))


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Ask a running sandbox; BadInput with its words when it refuses."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(str(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as stream:
                answer: dict[str, Any] = json.loads(stream.readline())
    except (OSError, ValueError):
        raise Unreachable(
            "the sandbox does not answer", hint="start it: alb-dr sandbox up"
        ) from None
    if "error" in answer:
        raise BadInput(str(answer["error"]), hint=answer.get("hint"))
    return answer
