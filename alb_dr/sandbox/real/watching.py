"""Changes of a real API, by list and watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import aiohttp

from alb_dr.sandbox.real.session import HOST, Door

WATCH_S = 240
"""After so long the server ends a watch, and everything is listed anew."""
RETRY_S = 0.3
"""Pause before a list or watch that failed is tried again."""


class RemoteChanges:
    """Tells that something changed. What it is, whoever is told looks up for themselves."""

    def __init__(self, door: Door, paths: Sequence[str]) -> None:
        self._door = door
        self._paths = paths
        self._changed: asyncio.Queue[None] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []

    def __aiter__(self) -> AsyncIterator[object]:
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._follow(path)) for path in self._paths]
        return self

    async def __anext__(self) -> object:
        await self._changed.get()
        return None

    def close(self) -> None:
        """Listen no longer."""
        for task in self._tasks:
            task.cancel()

    async def _follow(self, path: str) -> None:
        """List, then watch from there on; list again when the watch ends for any reason."""
        while True:
            try:
                await self._round(path)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError):
                await asyncio.sleep(RETRY_S)

    async def _round(self, path: str) -> None:
        url = f"https://{HOST}:{self._door.port()}{path}"
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=WATCH_S + 10)
        connector = aiohttp.TCPConnector(ssl=self._door.context())
        async with aiohttp.ClientSession(
            headers=self._door.headers, timeout=timeout, connector=connector, raise_for_status=True
        ) as session:
            async with session.get(url, params={"limit": "1"}) as listed:
                # Whoever is told lists for themselves; one item tells the version to watch from.
                version = (await listed.json())["metadata"]["resourceVersion"]
            self._changed.put_nowait(None)
            query = {"watch": "1", "resourceVersion": version, "timeoutSeconds": str(WATCH_S)}
            async with session.get(url, params=query) as watched:
                async for _ in watched.content.iter_any():
                    self._changed.put_nowait(None)
