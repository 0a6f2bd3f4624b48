"""One Kubernetes API as a port: read, watch, apply, patch, delete, ask who we are."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from alb_dr.errors import Conflict, Forbidden, NotFound, OutcomeUnknown
from alb_dr.fleet.proxies import shown
from alb_dr.fleet.settle import patch_took_effect, same_content
from alb_dr.fleet.transport import Call, Transport
from alb_dr.fleet.watching import watch
from alb_dr.model.manifest import (
    NAMESPACE,
    SELF_SUBJECT_ACCESS_REVIEW,
    SELF_SUBJECT_REVIEW,
    Kind,
    Manifest,
    ResourceId,
)
from alb_dr.ports import ApiIdentity, Clock

log = logging.getLogger(__name__)
Confirm = Callable[[ApiIdentity], None]
"""Refuses a cluster that is not the one it should be."""
FIELD_MANAGER = "alb-dr"
"""Who owns the fields that we apply."""
RESEND_S = 25.0
"""A patch without visible effect is sent once more within so long: no drill expires before 30 s."""
PAGE = 500
"""Objects per list request."""


class KubeCluster:
    """The KubeApi port on a real API server."""

    def __init__(
        self, transport: Transport, *, clock: Clock, confirm: Confirm | None = None
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._confirm = confirm
        self._confirmed = False
        self._confirming = threading.Lock()

    @property
    def label(self) -> str:
        """What people call this API."""
        return self._transport.label

    @property
    def proxy(self) -> str | None:
        """The proxy through which it is reached, without its password; None without one."""
        proxy = self._transport.proxy
        return shown(proxy) if proxy else None

    def get(self, id_: ResourceId) -> Manifest | None:
        """The live object; None when it, its namespace or its kind does not exist."""
        call = Call(method="GET", path=path_of(id_), what=f"reading {id_}", kind=id_.kind)
        try:
            return Manifest(id=id_, document=self._transport.call(call).document)
        except NotFound:
            return None

    def list(
        self, kind: Kind, *, namespace: str | None = None, labels: str = "", fields: str = ""
    ) -> tuple[Manifest, ...]:
        """All objects of a kind that match the selectors; NotFound for an unserved kind."""
        return self._list(kind, namespace, labels, fields)[0]

    def _list(
        self, kind: Kind, namespace: str | None, labels: str, fields: str
    ) -> tuple[tuple[Manifest, ...], str]:
        query = {"limit": str(PAGE)}
        if labels:
            query["labelSelector"] = labels
        if fields:
            query["fieldSelector"] = fields
        found: list[Manifest] = []
        while True:
            call = Call(
                method="GET",
                path=collection_path(kind, namespace),
                what=f"listing {kind.plural}",
                kind=kind,
                query=query,
            )
            page = self._transport.call(call).document
            found += [_listed(kind, item) for item in page.get("items") or []]
            metadata = page.get("metadata") or {}
            if not metadata.get("continue"):
                return tuple(found), str(metadata.get("resourceVersion", ""))
            query = {**query, "continue": str(metadata["continue"])}

    def watch(
        self, kind: Kind, *, namespace: str | None, name: str | None, timeout_s: float
    ) -> Iterator[tuple[Manifest, ...]]:
        """Snapshots of the matching objects until the time-out."""
        fields = f"metadata.name={name}" if name else ""

        def stream(version: str, seconds: int) -> Iterator[dict[str, Any]]:
            query = {
                "watch": "true",
                "resourceVersion": version,
                "allowWatchBookmarks": "true",
                "timeoutSeconds": str(seconds),
            }
            if fields:
                query["fieldSelector"] = fields
            call = Call(
                method="GET",
                path=collection_path(kind, namespace),
                what=f"watching {kind.plural}",
                kind=kind,
                query=query,
            )
            return self._transport.stream(call, timeout_s=seconds + 2.0)

        return watch(
            lister=lambda: self._list(kind, namespace, "", fields),
            streamer=stream,
            make=lambda document: _listed(kind, document),
            clock=self._clock,
            timeout_s=timeout_s,
        )

    def apply(self, manifest: Manifest, *, dry_run: bool = False, force: bool = False) -> Manifest:
        """Server-side apply. A lost answer is settled by applying again: twice is once."""
        query = {"fieldManager": FIELD_MANAGER, **_dry(dry_run)}
        if force:
            query["force"] = "true"
        call = Call(
            method="PATCH",
            path=path_of(manifest.id),
            what=f"applying {manifest.id}",
            kind=manifest.id.kind,
            query=query,
            body=dict(manifest.document),
            content_type="application/apply-patch+yaml",
        )
        return self._write(manifest.id, call, settle=lambda _live: None)

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """Create; Conflict when the object exists. A lost answer is settled by looking."""
        call = Call(
            method="POST",
            path=collection_path(manifest.id.kind, manifest.id.namespace),
            what=f"creating {manifest.id}",
            kind=manifest.id.kind,
            query={"fieldManager": FIELD_MANAGER, **_dry(dry_run)},
            body=dict(manifest.document),
        )

        def settle(live: Manifest | None) -> Manifest | None:
            if live is None:
                return None
            if same_content(manifest.document, live.document):
                return live
            raise Conflict(f"{manifest.id} exists already on {self.label}")

        return self._write(manifest.id, call, settle=settle)

    def replace(self, manifest: Manifest) -> Manifest:
        """Replace guarded by the manifest's resourceVersion."""
        call = Call(
            method="PUT",
            path=path_of(manifest.id),
            what=f"replacing {manifest.id}",
            kind=manifest.id.kind,
            query={"fieldManager": FIELD_MANAGER},
            body=dict(manifest.document),
        )

        def settle(live: Manifest | None) -> Manifest | None:
            if live is not None and live.resource_version == manifest.resource_version:
                return None
            if live is not None and same_content(manifest.document, live.document):
                return live
            raise Conflict(f"{manifest.id} was changed by somebody else on {self.label}")

        return self._write(manifest.id, call, settle=settle)

    def patch(
        self, id_: ResourceId, operations: Sequence[Mapping[str, Any]], *, dry_run: bool = False
    ) -> Manifest:
        """One JSON Patch, all or nothing. A lost answer is settled by looking for its effect.

        Not to find the effect after long proves nothing: somebody may have taken it back
        meanwhile, as a guard does for a drill that stood still. Then it is not sent again.
        """
        call = Call(
            method="PATCH",
            path=path_of(id_),
            what=f"patching {id_}",
            kind=id_.kind,
            query={"fieldManager": FIELD_MANAGER, **_dry(dry_run)},
            body=[dict(operation) for operation in operations],
            content_type="application/json-patch+json",
        )

        def settle(live: Manifest | None) -> Manifest | None:
            if live is not None and patch_took_effect(live.document, operations):
                return live
            if self._clock.monotonic() - began > RESEND_S:
                raise OutcomeUnknown(f"whether {id_} was patched is not known any more")
            return None

        began = self._clock.monotonic()

        return self._write(id_, call, settle=settle)

    def _write(
        self,
        id_: ResourceId,
        call: Call,
        *,
        settle: Callable[[Manifest | None], Manifest | None],
    ) -> Manifest:
        """Send a write; when its answer is lost, look (``settle``) and send once more if needed."""
        self._confirm_write(call)
        try:
            return Manifest(id=id_, document=self._transport.call(call).document)
        except OutcomeUnknown:
            settled = settle(self.get(id_))
            if settled is not None:
                return settled
            return Manifest(id=id_, document=self._transport.call(call).document)

    def delete(
        self,
        id_: ResourceId,
        *,
        uid: str | None = None,
        dry_run: bool = False,
        orphan: bool = False,
    ) -> bool:
        """Delete this very object; False when it was not there."""
        options: dict[str, Any] = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "propagationPolicy": "Orphan" if orphan else "Background",
        }
        if uid:
            options["preconditions"] = {"uid": uid}
        if dry_run:
            options["dryRun"] = ["All"]
        call = Call(
            method="DELETE",
            path=path_of(id_),
            what=f"deleting {id_}",
            kind=id_.kind,
            query=_dry(dry_run),
            body=options,
        )
        self._confirm_write(call)
        try:
            self._transport.call(call)
        except NotFound:
            return False
        except OutcomeUnknown:
            live = self.get(id_)
            gone = live is None or (uid is not None and live.uid != uid)
            if not gone and live is not None and not live.metadata.get("deletionTimestamp"):
                self._transport.call(call)
        return True

    def review(self, verb: str, kind: Kind, *, namespace: str | None, name: str | None) -> bool:
        """Whether we may (SelfSubjectAccessReview)."""
        resource, _, subresource = kind.plural.partition("/")
        attributes = {
            "verb": verb,
            "group": kind.group,
            "resource": resource,
            "subresource": subresource,
            "namespace": namespace or "",
            "name": name or "",
        }
        answer = self._review(SELF_SUBJECT_ACCESS_REVIEW, {"resourceAttributes": attributes})
        return bool((answer.get("status") or {}).get("allowed"))

    def _review(self, kind: Kind, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        call = Call(
            method="POST",
            path=collection_path(kind, None),
            what=f"asking for a {kind.name}",
            kind=kind,
            body={"apiVersion": kind.api_version, "kind": kind.name, "spec": dict(spec)},
            asks=True,
        )
        return self._transport.call(call).document

    def identity(self) -> ApiIdentity:
        """Which cluster this is (the uid of kube-system), and who we are there.

        The user is empty where the cluster cannot tell: before Kubernetes 1.28.
        """
        cluster = self._cluster()
        try:
            reviewed = self._review(SELF_SUBJECT_REVIEW, {})
        except NotFound:
            return cluster
        user = ((reviewed.get("status") or {}).get("userInfo") or {}).get("username", "")
        return replace(cluster, user=str(user))

    def _cluster(self) -> ApiIdentity:
        id_ = ResourceId(kind=NAMESPACE, name="kube-system")
        call = Call(method="GET", path=path_of(id_), what="reading who it is", kind=NAMESPACE)
        answer = self._transport.call(call)
        return ApiIdentity(
            cluster_uid=str(answer.document["metadata"].get("uid", "")),
            server=self._transport.server,
            ca_sha256=hashlib.sha256(self._transport.ca).hexdigest(),
            user="",
            server_time=answer.date,
            expires=self._transport.expires,
        )

    def _confirm_write(self, call: Call) -> None:
        """Before the first real write: is this the cluster it was? Raises what ``confirm`` does."""
        if self._confirm is None or "dryRun" in call.query:
            return
        with self._confirming:
            if self._confirmed:
                return
            try:
                self._confirm(self._cluster())
            except Forbidden:
                # A role of one namespace cannot read it, and such a role must be able to restore.
                log.warning("%s: its identity is not checked: no right to", self.label)
            self._confirmed = True


def collection_path(kind: Kind, namespace: str | None) -> str:
    """The path of all objects of a kind, in one namespace or in all."""
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.api_version}"
    scope = f"/namespaces/{namespace}" if kind.namespaced and namespace else ""
    return f"{root}{scope}/{kind.plural}"


def path_of(id_: ResourceId) -> str:
    """The path of one object."""
    return f"{collection_path(id_.kind, id_.namespace)}/{id_.name}"


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _listed(kind: Kind, document: Mapping[str, Any]) -> Manifest:
    """An item of a list; those carry no apiVersion and kind of their own."""
    metadata = document["metadata"]
    id_ = ResourceId(
        kind=kind,
        name=str(metadata["name"]),
        namespace=metadata.get("namespace") if kind.namespaced else None,
    )
    full = {"apiVersion": kind.api_version, "kind": kind.name, **document}
    return Manifest(id=id_, document=full)
