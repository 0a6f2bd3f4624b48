"""One embedded cluster: a store and the HTTPS server in front of it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from aiohttp import web

from alb_dr.sandbox.kube.access import Access, Deny
from alb_dr.sandbox.kube.accounts import Accounts
from alb_dr.sandbox.kube.call import RequestRecord
from alb_dr.sandbox.kube.local import LocalClient
from alb_dr.sandbox.kube.records import Write
from alb_dr.sandbox.kube.server import ApiServer
from alb_dr.sandbox.kube.status import Json
from alb_dr.sandbox.kube.store import Store

if TYPE_CHECKING:
    from alb_dr.sandbox.controllers.reconciler import Reconciler


class EmbeddedCluster:
    """An API that kubectl and the official client can use."""

    def __init__(self, name: str, *, crds: Sequence[Json] = (), controllers: bool = True) -> None:
        """``controllers`` False leaves out what a kube-controller-manager does for the API."""
        self.name = name
        self.store = Store(controllers=controllers)
        self._access = Access(Accounts(self.store))
        self._server = ApiServer(self.store, self._access)
        self._runner: web.AppRunner | None = None
        definitions = self.store.registry.named("customresourcedefinitions.apiextensions.k8s.io")
        for crd in crds:
            self.store.create(definitions, "", crd, Write(manager="kube-apiserver"))

    @property
    def history(self) -> Sequence[RequestRecord]:
        """Every HTTP request so far, the oldest first."""
        return tuple(self._server.history)

    @property
    def deny(self) -> list[Deny]:
        """Rules that forbid; append to it."""
        return self._access.deny

    def bind(self, roles: Sequence[Json] | None) -> None:
        """Let everybody who asks over HTTP do what these roles allow; None: everything."""
        self._access.roles = None if roles is None else list(roles)

    @property
    def serving(self) -> bool:
        """Whether the API can be reached."""
        return self._runner is not None

    def controllers(self) -> list[Reconciler]:
        """None: the store does such things itself."""
        return []

    @property
    def pids(self) -> tuple[int, ...]:
        """None: it lives in the process of the world."""
        return ()

    async def serve(
        self, *, host: str, port: int, tls: ssl.SSLContext | None, tokens: Mapping[str, str]
    ) -> int:
        """Listen; ``tokens`` are bearer tokens and their users. Returns the port."""
        self._access.tokens = dict(tokens)
        runner = web.AppRunner(
            self._server.application(),
            access_log=None,
            handle_signals=False,
            shutdown_timeout=0.2,
        )
        await runner.setup()
        site = web.TCPSite(runner, host, port, ssl_context=tls, reuse_address=True)
        await site.start()
        self._runner = runner
        return int(runner.addresses[0][1])

    async def stop_serving(self) -> None:
        """Cut all connections and listen no longer; the store is kept."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def close(self) -> None:
        """End it; the store goes with the process."""
        await self.stop_serving()

    def client(self, manager: str) -> LocalClient:
        """In-process access under a manager's name."""
        return LocalClient(self.store, manager)
