"""What the stand-in controllers ask of an API, whether it is embedded or a real one."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from alb_dr.sandbox.kube.status import Json

if TYPE_CHECKING:
    from alb_dr.sandbox.controllers.reconciler import Reconciler


class Changes(Protocol):
    """Something for every change of some kinds, beginning with what exists. Iterate, then close."""

    def __aiter__(self) -> AsyncIterator[object]:
        """One item per change or group of changes."""
        ...

    def close(self) -> None:
        """Listen no longer."""
        ...


class KubeClient(Protocol):
    """One manager's access to one API. Kinds are named ``deployments.apps`` or ``pods``.

    Synchronous; every error is an ApiError with the Status that a real API would answer.
    """

    def get(self, resource: str, name: str, namespace: str = "") -> Json | None:
        """The document, or None."""
        ...

    def list(
        self, resource: str, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[Json]:
        """The documents whose labels include ``labels``."""
        ...

    def create(self, resource: str, document: Json) -> Json:
        """Store a new document."""
        ...

    def merge(
        self,
        resource: str,
        name: str,
        patch: Json,
        namespace: str = "",
        *,
        subresource: str = "",
    ) -> Json:
        """A merge patch, on the status or the scale if ``subresource`` says so."""
        ...

    def apply(self, resource: str, document: Json, *, force: bool = True) -> Json:
        """Server-side apply."""
        ...

    def delete(
        self, resource: str, name: str, namespace: str = "", *, grace_s: int | None = None
    ) -> None:
        """Delete; nothing when it is not there. ``grace_s`` 0: the pod's processes are gone."""
        ...

    def bind_pod(self, name: str, namespace: str, *, node: str) -> None:
        """Place a pod on a node, as a scheduler does."""
        ...

    def subscribe(self, *resources: str) -> Changes:
        """Changes of some kinds from now on, beginning with what exists."""
        ...


class Cluster(Protocol):
    """One cluster of the sandbox."""

    @property
    def serving(self) -> bool:
        """Whether its API can be reached."""
        ...

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes it runs in beside the world's own."""
        ...

    def client(self, manager: str) -> KubeClient:
        """Access under a manager's name, with every right."""
        ...

    def controllers(self) -> list[Reconciler]:
        """What has to run beside the API so that it collects garbage and empties namespaces."""
        ...

    def bind(self, roles: Sequence[Json] | None) -> None:
        """Let the kubeconfig's user do what these RBAC roles allow; None: everything."""
        ...

    async def serve(
        self, *, host: str, port: int, tls: ssl.SSLContext, tokens: Mapping[str, str]
    ) -> int:
        """Listen, on any port for 0; ``tokens`` are bearer tokens and their users. The port."""
        ...

    async def stop_serving(self) -> None:
        """Cut all connections and listen no longer; what is stored is kept."""
        ...

    async def close(self) -> None:
        """End it; nothing is kept and no process is left."""
        ...
