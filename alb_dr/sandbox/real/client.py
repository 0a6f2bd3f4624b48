"""A stand-in controller's access to a real API: what LocalClient does, over HTTPS."""

from __future__ import annotations

from collections.abc import Mapping

from alb_dr.sandbox.kube.resources import Registry, Resource
from alb_dr.sandbox.kube.status import ApiError, Json
from alb_dr.sandbox.kube.writes import APPLY_PATCH, MERGE_PATCH
from alb_dr.sandbox.real.session import Door, Session
from alb_dr.sandbox.real.watching import RemoteChanges


class RemoteClient:
    """One manager's access to one API. Synchronous: calls on loopback take a millisecond or two."""

    def __init__(self, door: Door, registry: Registry, manager: str) -> None:
        self._door = door
        self._registry = registry
        self._manager = manager
        self._session = Session(door)

    def get(self, resource: str, name: str, namespace: str = "") -> Json | None:
        """The document, or None."""
        try:
            return self._session.call("GET", self._path(resource, namespace, name))
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def list(
        self, resource: str, namespace: str = "", labels: Mapping[str, str] | None = None
    ) -> list[Json]:
        """The documents whose labels include ``labels``; none of a kind that is not served."""
        query = {}
        if labels:
            query["labelSelector"] = ",".join(f"{k}={v}" for k, v in labels.items())
        kind = self._registry.named(resource)
        try:
            found = self._session.call("GET", self._path(resource, namespace), query=query)
        except ApiError as error:
            if error.code == 404:
                return []
            raise
        # A list of a built-in kind leaves out what its own kind says.
        named = {"apiVersion": kind.group_version, "kind": kind.kind}
        return [{**named, **item} for item in found.get("items") or []]

    def serves(self, resource: str) -> bool:
        """Whether the API knows the kind already; it takes a moment to learn of a new one."""
        try:
            self._session.call("GET", self._path(resource), query={"limit": "1"})
        except ApiError as error:
            if error.code in {404, 503}:
                return False
            raise
        return True

    def create(self, resource: str, document: Json) -> Json:
        """Store a new document."""
        namespace = str(document["metadata"].get("namespace") or "")
        return self._write("POST", self._path(resource, namespace), document)

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
        path = self._path(resource, namespace, name, subresource)
        return self._write("PATCH", path, patch, content=MERGE_PATCH)

    def apply(self, resource: str, document: Json, *, force: bool = True) -> Json:
        """Server-side apply."""
        metadata = document["metadata"]
        path = self._path(resource, str(metadata.get("namespace") or ""), metadata["name"])
        query = {"force": "true"} if force else {}
        return self._write("PATCH", path, document, content=APPLY_PATCH, **query)

    def delete(
        self, resource: str, name: str, namespace: str = "", *, grace_s: int | None = None
    ) -> None:
        """Delete; nothing when it is not there. ``grace_s`` 0: the pod's processes are gone."""
        options: Json = {"apiVersion": "v1", "kind": "DeleteOptions"}
        if grace_s is not None:
            options["gracePeriodSeconds"] = grace_s
        path = self._path(resource, namespace, name)
        try:
            self._session.call("DELETE", path, options)
        except ApiError as error:
            if error.code != 404:
                raise

    def bind_pod(self, name: str, namespace: str, *, node: str) -> None:
        """Place a pod on a node, as a scheduler does; nothing when it has one."""
        binding: Json = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": name, "namespace": namespace},
            "target": {"apiVersion": "v1", "kind": "Node", "name": node},
        }
        try:
            self._write("POST", self._path("pods", namespace, name, "binding"), binding)
        except ApiError as error:
            if error.code != 409:
                raise

    def finalize_namespace(self, name: str) -> None:
        """Let an emptied namespace go: only what holds it for its controller is removed."""
        live = self.get("namespaces", name)
        if live is not None:
            live["spec"] = {**(live.get("spec") or {}), "finalizers": []}
            self._write("PUT", self._path("namespaces", "", name, "finalize"), live)

    def subscribe(self, *resources: str) -> RemoteChanges:
        """Changes of some kinds from now on, beginning with what exists."""
        return RemoteChanges(self._door, [self._path(name) for name in resources])

    def _write(
        self, verb: str, path: str, body: Json, *, content: str = "application/json", **query: str
    ) -> Json:
        asked = {"fieldManager": self._manager, **query}
        return self._session.call(verb, path, body, query=asked, content=content)

    def _path(
        self, resource: str, namespace: str = "", name: str = "", subresource: str = ""
    ) -> str:
        kind = self._registry.named(resource)
        parts = [_root(kind)]
        if kind.namespaced and namespace:
            parts += ["namespaces", namespace]
        parts += [kind.plural, name, subresource]
        return "/".join(part for part in parts if part)


def _root(kind: Resource) -> str:
    return f"/apis/{kind.group_version}" if kind.group else f"/api/{kind.version}"
