"""An API read once: many checks ask the same things at the same time, the server is asked once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from typing import Any, TypeVar, cast

from alb_dr.errors import AlbDrError, CredentialsError, Unreachable
from alb_dr.model.manifest import Kind, Manifest, ResourceId
from alb_dr.ports import ApiIdentity, KubeApi

T = TypeVar("T")


class NotAskedError(Exception):
    """A check does not apply, or something else must hold first; the text is the reason."""


class Once:
    """Answers by key: the first asker asks, the others wait for the same answer or failure."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[Hashable, Future[Any]] = {}

    def ask(self, key: Hashable, question: Callable[[], T]) -> T:
        """The answer to the question of this key; raises what asking raised."""
        with self._lock:
            future = self._answers.get(key)
            mine = future is None
            future = self._answers.setdefault(key, Future())
        if mine:
            try:
                future.set_result(question())
            except BaseException as failure:  # noqa: BLE001  whoever waits must not wait for ever
                future.set_exception(failure)
        return cast("T", future.result())


class ReadOnce:
    """The reading half of a Kubernetes API, each thing read at most once.

    After the API failed to answer at all, everything else is not asked (NotAskedError), so that
    one dead cluster costs one time-out and one line.
    """

    def __init__(self, label: str, connect: Callable[[], KubeApi]) -> None:
        self._label = label
        self._connect = connect
        self._once = Once()

    @property
    def label(self) -> str:
        """What people call this API."""
        return self._label

    def identity(self) -> ApiIdentity:
        """Which cluster this is; raises whatever keeps the API from answering."""
        return self._once.ask("identity", lambda: self._api().identity())

    def answers(self) -> bool:
        """Whether the API answers at all."""
        try:
            self._gate()
        except NotAskedError:
            return False
        return True

    def get(self, id_: ResourceId) -> Manifest | None:
        """The live object; None when it does not exist."""
        return self._asked(("get", id_), lambda api: api.get(id_))

    def list(
        self, kind: Kind, *, namespace: str | None = None, labels: str = "", fields: str = ""
    ) -> tuple[Manifest, ...]:
        """All objects of a kind that match; NotFound for an unserved kind."""
        key = ("list", kind, namespace, labels, fields)
        return self._asked(
            key, lambda api: api.list(kind, namespace=namespace, labels=labels, fields=fields)
        )

    def watch(
        self, kind: Kind, *, namespace: str | None, name: str | None, timeout_s: float
    ) -> Iterator[tuple[Manifest, ...]]:
        """Snapshots as the API itself gives them; a check has no use for a remembered watch."""
        return self._api().watch(kind, namespace=namespace, name=name, timeout_s=timeout_s)

    def review(self, verb: str, kind: Kind, *, namespace: str | None, name: str | None) -> bool:
        """Whether we may."""
        key = ("review", verb, kind, namespace, name)
        return self._asked(key, lambda api: api.review(verb, kind, namespace=namespace, name=name))

    def _api(self) -> KubeApi:
        return self._once.ask("api", self._connect)

    def _asked(self, key: Hashable, question: Callable[[KubeApi], T]) -> T:
        self._gate()
        return self._once.ask(key, lambda: question(self._api()))

    def _gate(self) -> None:
        try:
            self.identity()
        except (Unreachable, CredentialsError):
            raise NotAskedError(f"{self._label} does not answer") from None
        except AlbDrError:
            # It answered: it only does not let us see who it is.
            return
