"""What a simulated process sees of the world: APIs that may be cut, clocks that may be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alb_dr.errors import AlbDrError, Conflict, Forbidden, OutcomeUnknown, Unreachable
from alb_dr.model.manifest import Kind, Manifest, ResourceId
from alb_dr.ports import ApiIdentity
from tests.histories.simulation import Process
from tests.histories.store import EPOCH, History, Key, Request, Store, key_of

GIVES_UP_S = 3.0
"""How long a call to an API that is down takes."""
LOOK_S = 1.0
"""Between two snapshots of a watch."""
READS = frozenset({"get", "list", "review", "identity"})


def wall(seconds: float) -> datetime:
    """The right time at an instant of the simulation."""
    return EPOCH + timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An API in trouble for a while, for everybody or for one machine.

    ``kind``: down, error (500), lost (done, but the answer never comes), conflict (409),
    forbidden (403), flaky (one call in two is lost or refused).
    """

    api: str
    start: float
    seconds: float
    kind: str
    machine: str = ""

    def meets(self, api: str, machine: str, now: float) -> bool:
        """Whether a call made now is met."""
        mine = self.api == api and self.machine in {"", machine}
        return mine and self.start <= now < self.start + self.seconds


class SimulatedClock:
    """The clocks of a process's machine."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def now(self) -> datetime:
        """The wall clock, as wrong as somebody made it."""
        return wall(self._process.simulation.now + self._process.machine.skew_s)

    def monotonic(self) -> float:
        """Seconds."""
        return self._process.simulation.now + 1000.0

    def sleep(self, seconds: float) -> None:
        """Let the others run."""
        self._process.pause(max(0.0, seconds))


class SimulatedApi:
    """One API as one process sees it."""

    def __init__(
        self, store: Store, process: Process, history: History, troubles: Sequence[Trouble]
    ) -> None:
        self.label = store.label
        self._store = store
        self._process = process
        self._history = history
        self._troubles = troubles

    def get(self, id_: ResourceId) -> Manifest | None:
        found = self._do("get", key_of(id_), lambda: self._store.find(key_of(id_)))
        return Manifest(id=id_, document=found) if found is not None else None

    def list(
        self, kind: Kind, *, namespace: str | None = None, labels: str = "", fields: str = ""
    ) -> tuple[Manifest, ...]:
        where: Key = (kind.plural, namespace or "", "")
        found = self._do("list", where, lambda: self._store.listed(kind, namespace, labels, fields))
        return tuple(Manifest.of(document) for document in found)

    def watch(
        self, kind: Kind, *, namespace: str | None, name: str | None, timeout_s: float
    ) -> Iterator[tuple[Manifest, ...]]:
        """The real one survives an API in trouble: it goes on with the next look."""
        end = self._process.simulation.now + timeout_s
        while True:
            try:
                found = self.list(kind, namespace=namespace)
            except (Unreachable, Forbidden):
                found = None
            if found is not None:
                yield tuple(m for m in found if name in {None, m.id.name})
            if self._process.simulation.now >= end:
                return
            self._process.pause(LOOK_S)

    def apply(self, manifest: Manifest, *, dry_run: bool = False, force: bool = False) -> Manifest:
        raise NotImplementedError("no drill applies anything")

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        if dry_run:
            return manifest
        return self._stored("create", manifest.id, manifest.document, manifest, self._store.create)

    def replace(self, manifest: Manifest) -> Manifest:
        return self._stored(
            "replace", manifest.id, manifest.document, manifest, self._store.replace
        )

    def patch(
        self, id_: ResourceId, operations: Sequence[Mapping[str, Any]], *, dry_run: bool = False
    ) -> Manifest:
        if dry_run:
            return Manifest(id=id_, document=self._store.find(key_of(id_)) or {})
        document = self._do(
            "patch",
            key_of(id_),
            lambda: self._store.patch(id_, operations, by=self._process.name),
            list(operations),
        )
        return Manifest(id=id_, document=document)

    def delete(
        self,
        id_: ResourceId,
        *,
        uid: str | None = None,
        dry_run: bool = False,
        orphan: bool = False,
    ) -> bool:
        if dry_run:
            return self._store.find(key_of(id_)) is not None
        return bool(
            self._do(
                "delete",
                key_of(id_),
                lambda: self._store.delete(id_, uid, by=self._process.name),
                {"uid": uid},
            )
        )

    def review(self, verb: str, kind: Kind, *, namespace: str | None, name: str | None) -> bool:
        return bool(self._do("review", (kind.plural, namespace or "", name or ""), lambda: True))

    def identity(self) -> ApiIdentity:
        now = wall(self._process.simulation.now)
        found: ApiIdentity = self._do(
            "identity",
            ("namespaces", "", "kube-system"),
            lambda: ApiIdentity(
                cluster_uid=self.label, server="", ca_sha256="", user="admin", server_time=now
            ),
        )
        return found

    def _stored(
        self,
        verb: str,
        id_: ResourceId,
        body: Any,
        manifest: Manifest,
        write: Callable[..., Any],
    ) -> Manifest:
        document = self._do(verb, key_of(id_), lambda: write(manifest, by=self._process.name), body)
        return Manifest(id=id_, document=document)

    def _do(self, verb: str, key: Key, work: Callable[[], Any], body: Any = None) -> Any:
        """One call: what troubles this API now meets it on its way there or on its way back."""
        return self._process.operate(f"{verb} {key}", lambda: self._call(verb, key, work, body))

    def _call(self, verb: str, key: Key, work: Callable[[], Any], body: Any) -> Any:
        kind = self._trouble()
        if kind == "flaky":
            kind = self._process.simulation.random.choice(("", "error", "lost", ""))
        refused = _refusal(kind, verb, self.label)
        if refused is not None:
            if kind == "down":
                self._process.pause(GIVES_UP_S)
            raise refused
        try:
            result = work()
        except AlbDrError as error:
            self._note(verb, key, body, type(error).__name__)
            raise
        self._note(verb, key, body, "")
        if kind == "lost":
            if verb in READS:
                raise Unreachable(f"{self.label} does not answer")
            raise OutcomeUnknown(f"{self.label}: whether {verb} {key} happened is not known")
        return result

    def _trouble(self) -> str:
        now, machine = self._process.simulation.now, self._process.machine.name
        return next((t.kind for t in self._troubles if t.meets(self.label, machine, now)), "")

    def _note(self, verb: str, key: Key, body: Any, error: str) -> None:
        if verb in READS:
            return
        self._history.requests.append(
            Request(
                order=self._history.next(),
                at=self._process.simulation.now,
                by=self._process.name,
                api=self.label,
                verb=verb,
                key=key,
                body=body,
                error=error,
            )
        )


def _refusal(kind: str, verb: str, label: str) -> AlbDrError | None:
    """How a trouble answers before anything is done."""
    if kind in {"down", "error"}:
        return Unreachable(f"{label} does not answer")
    if kind == "forbidden":
        return Forbidden(f"{label}: we may not {verb}")
    if kind == "conflict" and verb not in READS:
        return Conflict(f"{label}: somebody was faster")
    return None
