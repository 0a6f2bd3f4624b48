"""An API in memory: what workflows need of one, with the embedded API's own store behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from alb_dr.errors import AlbDrError, Conflict, NotFound, Rejected
from alb_dr.model.manifest import Kind, Manifest, ResourceId
from alb_dr.ports import ApiIdentity, Clock
from alb_dr.sandbox.kube import writes
from alb_dr.sandbox.kube.address import Address
from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from alb_dr.sandbox.kube.crds import FLEET_CRDS, MEMBER_CRDS
from alb_dr.sandbox.kube.reads import filter_of
from alb_dr.sandbox.kube.records import Write
from alb_dr.sandbox.kube.status import ApiError


class FakeKube:
    """The KubeApi port without sockets; ``calls`` is what was asked, ``fail`` may refuse."""

    def __init__(self, label: str = "Fleet", *, manager: str = "alb-dr") -> None:
        self.label = label
        self._manager = manager
        self.cluster = EmbeddedCluster(label, crds=(*FLEET_CRDS, *MEMBER_CRDS))
        self.calls: list[str] = []
        self.fail: Callable[[str], AlbDrError | None] = lambda _call: None
        self.clock: Clock | None = None
        """Where there is one, a watch takes its time: a second for each snapshot."""

    def as_manager(self, manager: str) -> FakeKube:
        """The same API, used by somebody else."""
        other = FakeKube(self.label, manager=manager)
        other.cluster = self.cluster
        return other

    def _at(self, id_: ResourceId, *, collection: bool = False) -> Address:
        group, _, version = id_.kind.api_version.rpartition("/")
        resource = self.cluster.store.registry.find(group, version, id_.kind.plural)
        if resource is None:
            raise NotFound(f"{id_.kind.name} is not served")
        name = "" if collection else id_.name
        return Address(resource=resource, namespace=id_.namespace or "", name=name, subresource="")

    def _do(self, call: str, work: Callable[[], Any]) -> Any:
        self.calls.append(call)
        refused = self.fail(call)
        if refused is not None:
            raise refused
        try:
            return work()
        except ApiError as error:
            if error.code == 404:
                raise NotFound(error.message) from None
            if error.code == 409 or "error in our request" in error.message:
                raise Conflict(error.message) from None
            raise Rejected(error.message) from None

    def get(self, id_: ResourceId) -> Manifest | None:
        try:
            at = self._at(id_)
        except NotFound:
            return None
        found = self._do(
            f"get {id_}", lambda: self.cluster.store.find(at.resource, at.namespace, at.name)
        )
        return Manifest(id=id_, document=found) if found is not None else None

    def list(
        self, kind: Kind, *, namespace: str | None = None, labels: str = "", fields: str = ""
    ) -> tuple[Manifest, ...]:
        at = self._at(ResourceId(kind=kind, name="", namespace=namespace))
        matches = filter_of(at, {"labelSelector": labels, "fieldSelector": fields})
        documents = self._do(
            f"list {kind.plural}", lambda: self.cluster.store.all(at.resource, at.namespace)
        )
        return tuple(Manifest.of(d) for d in documents if matches(d))

    def watch(
        self, kind: Kind, *, namespace: str | None, name: str | None, timeout_s: float
    ) -> Iterator[tuple[Manifest, ...]]:
        end = self.clock.monotonic() + timeout_s if self.clock is not None else 0.0
        for _ in range(50):
            found = self.list(kind, namespace=namespace)
            yield tuple(m for m in found if name in {None, m.id.name})
            if self.clock is not None:
                self.clock.sleep(1.0)
                if self.clock.monotonic() >= end:
                    return

    def apply(self, manifest: Manifest, *, dry_run: bool = False, force: bool = False) -> Manifest:
        at = self._at(manifest.id)
        word = "dry-run" if dry_run else "apply"
        document, _ = self._do(
            f"{word} {manifest.id}",
            lambda: writes.patch(
                self.cluster.store,
                at,
                dict(manifest.document),
                Write(manager=self._manager, dry_run=dry_run),
                content_type=writes.APPLY_PATCH,
                force=force,
            ),
        )
        return Manifest(id=manifest.id, document=document)

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        at = self._at(manifest.id, collection=True)
        write = Write(manager=self._manager, dry_run=dry_run)
        document = self._do(
            f"create {manifest.id}",
            lambda: writes.create(self.cluster.store, at, dict(manifest.document), write),
        )
        return Manifest(id=manifest.id, document=document)

    def replace(self, manifest: Manifest) -> Manifest:
        at = self._at(manifest.id)
        write = Write(manager=self._manager)
        document = self._do(
            f"replace {manifest.id}",
            lambda: writes.replace(self.cluster.store, at, dict(manifest.document), write),
        )
        return Manifest(id=manifest.id, document=document)

    def patch(
        self, id_: ResourceId, operations: Sequence[Mapping[str, Any]], *, dry_run: bool = False
    ) -> Manifest:
        at = self._at(id_)
        document, _ = self._do(
            f"patch {id_}",
            lambda: writes.patch(
                self.cluster.store,
                at,
                [dict(o) for o in operations],
                Write(manager=self._manager, dry_run=dry_run),
                content_type=writes.JSON_PATCH,
                force=False,
            ),
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
        at = self._at(id_)
        options: dict[str, Any] = {"propagationPolicy": "Orphan"} if orphan else {}
        if uid is not None:
            options["preconditions"] = {"uid": uid}
        try:
            self._do(
                f"delete {id_}",
                lambda: writes.delete(self.cluster.store, at, options, {}, dry_run=dry_run),
            )
        except NotFound:
            return False
        return True

    def review(self, verb: str, kind: Kind, *, namespace: str | None, name: str | None) -> bool:
        return self.fail(f"review {verb} {kind.plural}") is None

    def identity(self) -> ApiIdentity:
        return ApiIdentity(cluster_uid=self.label, server="", ca_sha256="", user="admin")
