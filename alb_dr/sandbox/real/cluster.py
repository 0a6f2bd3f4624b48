"""One cluster of the sandbox with a real control plane."""

from __future__ import annotations

import asyncio
import secrets
import ssl
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from alb_dr.errors import Unreachable
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.resources import Registry, resources_of_crd
from alb_dr.sandbox.kube.status import Json
from alb_dr.sandbox.pki import Pki
from alb_dr.sandbox.real.client import RemoteClient
from alb_dr.sandbox.real.control_plane import ADMIN, POLL_S, START_S, ControlPlane
from alb_dr.sandbox.real.garbage import GarbageCollector
from alb_dr.sandbox.real.grants import Grants
from alb_dr.sandbox.real.namespaces import NamespaceController
from alb_dr.sandbox.real.session import Door

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"


class RealCluster:
    """etcd and kube-apiserver; the stand-in controllers use them over HTTPS."""

    def __init__(
        self, name: str, *, crds: Sequence[Json], assets: Path, folder: Path, pki: Pki
    ) -> None:
        self.name = name
        self._crds = tuple(crds)
        self._assets = assets
        self._folder = folder
        self._pki = pki
        self._token = secrets.token_urlsafe(24)
        self._plane: ControlPlane | None = None
        self._serving = False
        self._users: tuple[str, ...] = ()
        self._registry = Registry()
        for crd in crds:
            for resource in resources_of_crd(crd):
                self._registry.add(resource)

    @property
    def serving(self) -> bool:
        """Whether the API can be reached."""
        return self._serving

    @property
    def pids(self) -> tuple[int, ...]:
        """etcd's and kube-apiserver's."""
        return self._plane.pids if self._plane is not None else ()

    def client(self, manager: str) -> RemoteClient:
        """Access under a manager's name, with every right; usable once it serves."""
        door = Door(port=self._port, ca=self._pki.ca.read_text, token=self._token)
        return RemoteClient(door, self._registry, manager)

    def controllers(self) -> list[Reconciler]:
        """What a kube-controller-manager would do for the API."""
        client = self.client("kube-controller-manager")
        return [
            GarbageCollector(client, self._registry).reconciler(),
            NamespaceController(client, self._registry).reconciler(),
        ]

    def bind(self, roles: Sequence[Json] | None) -> None:
        """Let the kubeconfig's user do what these RBAC roles allow; None: everything."""
        Grants(self.client("sandbox"), self._users).set(roles)

    async def serve(
        self,
        *,
        host: str,  # noqa: ARG002  a control plane listens on loopback only
        port: int,  # noqa: ARG002  it keeps the port it found
        tls: ssl.SSLContext,  # noqa: ARG002  it reads the certificate itself
        tokens: Mapping[str, str],
    ) -> int:
        """Start it, or its API server again; the port. Unreachable with its last words."""
        if self._plane is None:
            self._users = tuple(tokens.values())
            everybody = {**tokens, self._token: ADMIN}
            plane = ControlPlane(self._assets, self._folder, tokens=everybody, pki=self._pki)
            self._plane = plane
            plane.launch()
            await self._ready(plane)
            await self._furnish()
        else:
            self._plane.launch_api()
            await self._ready(self._plane)
        self._serving = True
        return self._plane.port

    async def stop_serving(self) -> None:
        """End the API server; etcd stays."""
        if self._plane is not None and self._serving:
            self._serving = False
            await asyncio.to_thread(self._plane.stop_api)

    async def close(self) -> None:
        """End both; nothing is kept."""
        self._serving = False
        if self._plane is not None:
            await asyncio.to_thread(self._plane.stop)

    def _port(self) -> int:
        return self._plane.port if self._plane is not None else 0

    @staticmethod
    async def _ready(plane: ControlPlane) -> None:
        until = time.monotonic() + START_S
        while not await asyncio.to_thread(plane.ready):
            plane.check(late=time.monotonic() > until)
            await asyncio.sleep(POLL_S)

    async def _furnish(self) -> None:
        """Make the custom kinds, wait until they are served, let the users in."""
        client = self.client("sandbox")
        for crd in self._crds:
            client.create(DEFINITIONS, crd)
        until = time.monotonic() + START_S
        waiting = [r.name for crd in self._crds for r in resources_of_crd(crd)]
        while waiting:
            if time.monotonic() > until:
                raise Unreachable(f"{self.name} does not serve {waiting[0]}")
            if client.serves(waiting[0]):
                waiting.pop(0)
            else:
                await asyncio.sleep(POLL_S)
        self.bind(None)
