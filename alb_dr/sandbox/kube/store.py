"""The objects of one API: versions, locking, finalizers, garbage collection, the event log."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections import deque
from collections.abc import Callable, Iterator

from alb_dr.sandbox.kube import admission, defaults, garbage
from alb_dr.sandbox.kube.documents import clone
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.ownership import updated
from alb_dr.sandbox.kube.records import Event, Write
from alb_dr.sandbox.kube.resources import Registry, Resource, established, resources_of_crd
from alb_dr.sandbox.kube.status import (
    ApiError,
    Json,
    already_exists,
    bad_request,
    details_of,
    modified,
    not_found,
    qualified,
)

LOG_LENGTH = 5000
"""Changes a watch may resume from; an older version is answered 410."""

Key = tuple[str, str]
"""Namespace (empty for a cluster-scoped object) and name."""


class Store:
    """Everything one API knows. Documents in it are never changed in place."""

    def __init__(self, *, controllers: bool = True) -> None:
        """``controllers`` False: nobody collects garbage or empties namespaces, as in a
        kube-apiserver that runs alone."""
        self._controllers = controllers
        self.registry = Registry()
        self.version = 100
        self.log: deque[Event] = deque(maxlen=LOG_LENGTH)
        self._objects: dict[tuple[str, str], dict[Key, Json]] = {}
        self._listeners: set[Callable[[Event], None]] = set()
        writer = Write(manager="kube-apiserver")
        for name in ("default", "kube-system"):
            document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            self.create(self.registry.named("namespaces"), "", document, writer)

    # reading -----------------------------------------------------------------------------------

    def get(self, resource: Resource, namespace: str, name: str) -> Json:
        """The document; 404 when it is not there."""
        found = self.find(resource, namespace, name)
        if found is None:
            raise not_found(resource.plural, resource.group, name)
        return found

    def find(self, resource: Resource, namespace: str, name: str) -> Json | None:
        """The document, or None."""
        return self._of(resource).get((namespace if resource.namespaced else "", name))

    def all(self, resource: Resource, namespace: str = "") -> list[Json]:
        """The documents of a kind, by namespace and name."""
        found = self._of(resource)
        return [found[key] for key in sorted(found) if not namespace or key[0] == namespace]

    def _of(self, resource: Resource) -> dict[Key, Json]:
        return self._objects.setdefault((resource.group, resource.plural), {})

    # listening ---------------------------------------------------------------------------------

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``listener`` with every change from now on; the result stops that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def since(self, version: int) -> Iterator[Event]:
        """The changes after a version; 410 when they are forgotten."""
        if self.log and version < self.log[0].version - 1 and version < self.version:
            message = f"too old resource version: {version} ({self.log[0].version})"
            raise ApiError(410, "Expired", message)
        return iter([event for event in self.log if event.version > version])

    def _emit(self, kind: str, resource: Resource, document: Json, old: Json | None) -> None:
        event = Event(self.version, kind, resource, document, old)
        self.log.append(event)
        for listener in tuple(self._listeners):
            listener(event)

    def _stamp(self, document: Json) -> Json:
        self.version += 1
        metadata = {**document["metadata"], "resourceVersion": str(self.version)}
        return {**document, "metadata": metadata}

    # writing -----------------------------------------------------------------------------------

    def create(self, resource: Resource, namespace: str, document: Json, write: Write) -> Json:
        """Store a new document; 409 when the name is taken, 404 without its namespace."""
        document = clone(document)
        metadata = dict(document.get("metadata") or {})
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = f"{metadata['generateName']}{secrets.token_hex(3)[:5]}"
        self._place(resource, namespace, metadata)
        document = {"kind": resource.kind, "apiVersion": resource.group_version, **document}
        for name in ("resourceVersion", "uid", "selfLink", "deletionTimestamp", "generation"):
            metadata.pop(name, None)
        document["metadata"] = metadata
        admission.check(resource, document)
        if self.find(resource, namespace, metadata["name"]) is not None:
            raise already_exists(resource.plural, resource.group, metadata["name"])
        if "status" in resource.subresources:
            document.pop("status", None)
        document = defaults.default(resource, document)
        metadata = document["metadata"]
        if write.owned is False:
            # After the defaults: whoever creates an object owns what was filled in for it.
            metadata.pop("managedFields", None)
            self._own(None, document, resource, write)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": now_text()}
        if _counts_generations(resource):
            metadata["generation"] = 1
        if write.dry_run:
            return document
        document = self._stamp(document)
        self._of(resource)[_key(resource, document)] = document
        self._emit("ADDED", resource, document, None)
        self._registered(resource, document)
        return document

    def _place(self, resource: Resource, namespace: str, metadata: Json) -> None:
        if not resource.namespaced:
            metadata.pop("namespace", None)
            return
        if metadata.setdefault("namespace", namespace) != namespace:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on the "
                "request"
            )
        home = self.find(self.registry.named("namespaces"), "", namespace)
        if home is None:
            raise not_found("namespaces", "", namespace)
        if home["metadata"].get("deletionTimestamp"):
            name = metadata.get("name", "")
            message = (
                f'{qualified(resource.plural, resource.group)} "{name}" is forbidden: unable to '
                f"create new content in namespace {namespace} because it is being terminated"
            )
            causes = [
                {
                    "reason": "NamespaceTerminating",
                    "message": f"namespace {namespace} is being terminated",
                    "field": "metadata.namespace",
                }
            ]
            details = details_of(resource.plural, resource.group, name, causes=causes)
            raise ApiError(403, "Forbidden", message, details)

    def update(
        self, resource: Resource, namespace: str, name: str, new: Json, write: Write
    ) -> Json:
        """Store a changed document; 409 when it names a version or uid that is not the live one.

        A write that changes nothing keeps the resourceVersion.
        """
        old = self.get(resource, namespace, name)
        self._check_versions(resource, old, new)
        document = self._combined(resource, old, new, write)
        admission.check(resource, document, old)
        document = defaults.default(resource, document)
        if "generation" in old["metadata"] and _counted(resource, old, document, write):
            document["metadata"]["generation"] = old["metadata"]["generation"] + 1
        if not write.owned:
            self._own(old, document, resource, write)
        if _content(document) == _content(old) and not _owners_changed(old, document):
            return old
        if write.dry_run:
            return document
        if document["metadata"].get("deletionTimestamp") and not _held(document):
            return self.remove(resource, document)
        document = self._stamp(document)
        self._of(resource)[_key(resource, document)] = document
        self._emit("MODIFIED", resource, document, old)
        self._registered(resource, document)
        return document

    @staticmethod
    def _check_versions(resource: Resource, old: Json, new: Json) -> None:
        given, live = new.get("metadata") or {}, old["metadata"]
        version = given.get("resourceVersion")
        if version and version != live["resourceVersion"]:
            raise modified(resource.plural, resource.group, live["name"])
        if given.get("uid") and given["uid"] != live["uid"]:
            message = (
                f'Operation cannot be fulfilled on {resource.name} "{live["name"]}": Precondition '
                f"failed: UID in precondition: {given['uid']}, UID in object meta: {live['uid']}"
            )
            details = details_of(resource.plural, resource.group, live["name"])
            raise ApiError(409, "Conflict", message, details)

    @staticmethod
    def _combined(resource: Resource, old: Json, new: Json, write: Write) -> Json:
        """What is stored: the part the subresource may change, the rest as it was."""
        fixed = ("uid", "creationTimestamp", "name", "namespace", "generation", "resourceVersion")
        kept = {k: old["metadata"][k] for k in fixed if k in old["metadata"]}
        for name in ("deletionTimestamp", "deletionGracePeriodSeconds"):
            if name in old["metadata"]:
                kept[name] = old["metadata"][name]
        if write.subresource == "status":
            given = new.get("metadata") or {}
            changeable = {"managedFields"}
            if resource.name == "deployments.apps":
                # The Deployment controller writes its revision together with the status.
                changeable.add("annotations")
            metadata = {**old["metadata"], **{k: given[k] for k in changeable if given.get(k)}}
            document = {**old, "metadata": metadata}
            document.pop("status", None)
            return {**document, **({"status": new["status"]} if "status" in new else {})}
        document = {**clone(new), "metadata": {**(new.get("metadata") or {}), **kept}}
        document |= {"apiVersion": old["apiVersion"], "kind": old["kind"]}
        if "status" in resource.subresources:
            document.pop("status", None)
            if "status" in old:
                document["status"] = old["status"]
        return document

    @staticmethod
    def _own(old: Json | None, new: Json, resource: Resource, write: Write) -> None:
        owner = (write.manager, "Update", write.subresource)
        updated(old, new, resource=resource, owner=owner, now=now_text)

    def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        preconditions: Json | None = None,
        propagation: str = "Background",
        grace_s: int | None = None,
    ) -> tuple[Json, bool]:
        """Delete; the document and whether it is gone (a finalizer or a kubelet may hold it).

        ``propagation`` is Background, Foreground or Orphan; ``grace_s`` 0 ends a pod at once.
        """
        document = self.get(resource, namespace, name)
        wanted = preconditions or {}
        for field, label in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
            live = document["metadata"][field]
            if wanted.get(field, live) != live:
                message = (
                    f'Operation cannot be fulfilled on {resource.kind} "{name}": the {label} in '
                    f"the precondition ({wanted[field]}) does not match the {label} in record "
                    f"({live}). The object might have been deleted and then recreated"
                )
                details = details_of(resource.kind, resource.group, name)
                raise ApiError(409, "Conflict", message, details)
        holder = garbage.FOREGROUND if propagation == "Foreground" else ""
        if propagation == "Orphan" and self._controllers:
            garbage.orphan(self, document)
        elif propagation == "Orphan":
            holder = garbage.ORPHAN
        grace_s = _grace_s(resource, document, grace_s)
        if _held(document) or holder or grace_s or resource.name == "namespaces":
            return self._mark(resource, document, grace_s, holder=holder), False
        return self.remove(resource, document), True

    def _mark(self, resource: Resource, document: Json, grace_s: int, *, holder: str = "") -> Json:
        """Begin a deletion that something holds up, if only ``holder``, a finalizer."""
        if document["metadata"].get("deletionTimestamp"):
            return document
        metadata = {**document["metadata"], "deletionTimestamp": now_text()}
        if resource.name != "namespaces":
            metadata["deletionGracePeriodSeconds"] = grace_s
        if holder:
            metadata["finalizers"] = [*(metadata.get("finalizers") or []), holder]
        if "generation" in metadata:
            metadata["generation"] += 1
        marked = self._stamp({**document, "metadata": metadata})
        if resource.name == "namespaces":
            marked["status"] = {**(marked.get("status") or {}), "phase": "Terminating"}
        self._of(resource)[_key(resource, marked)] = marked
        self._emit("MODIFIED", resource, marked, document)
        if not self._controllers:
            return marked
        if resource.name == "namespaces":
            name = metadata["name"]
            self._later(lambda: garbage.empty_namespace(self, name), garbage.NOTICE_S)
        if holder == garbage.FOREGROUND:
            self._later(lambda: garbage.finish_foreground(self, resource, marked), garbage.NOTICE_S)
        return marked

    def remove(self, resource: Resource, document: Json) -> Json:
        """Take a document out of the store, whatever holds it."""
        gone = self._stamp(document)
        self._of(resource).pop(_key(resource, gone), None)
        self._emit("DELETED", resource, gone, document)
        if resource.name == "customresourcedefinitions.apiextensions.k8s.io":
            spec = gone["spec"]
            self.registry.remove(spec["group"], spec["names"]["plural"])
            self._objects.pop((spec["group"], spec["names"]["plural"]), None)
        if self._controllers:
            self._later(lambda: garbage.collect(self, gone["metadata"]["uid"]))
        return gone

    @staticmethod
    def _later(job: Callable[[], object], delay_s: float = 0.0) -> None:
        """Controllers of the API work after the answer, when there is a loop to work in."""
        try:
            asyncio.get_running_loop().call_later(delay_s, job)
        except RuntimeError:
            job()

    def everything(self) -> Iterator[tuple[Resource, Json]]:
        """Every object with its kind."""
        for resource in self.registry:
            for document in self.all(resource):
                yield resource, document

    def _registered(self, resource: Resource, document: Json) -> None:
        if resource.name == "customresourcedefinitions.apiextensions.k8s.io":
            for served in resources_of_crd(document):
                self.registry.add(served)
            if not (document.get("status") or {}).get("conditions"):
                self._later(lambda: self._establish(resource, document["metadata"]["name"]))

    def _establish(self, resource: Resource, name: str) -> None:
        """Say that a definition is served, as the API does a moment after its creation."""
        live = self.find(resource, "", name)
        if live is not None:
            status = {**(live.get("status") or {}), **established(live)}
            write = Write(manager="kube-apiserver", subresource="status")
            self.update(resource, "", name, {**clone(live), "status": status}, write)


def _key(resource: Resource, document: Json) -> Key:
    return (namespace_of(document) if resource.namespaced else "", document["metadata"]["name"])


def namespace_of(document: Json) -> str:
    """The document's namespace; empty for a cluster-scoped one."""
    return str(document["metadata"].get("namespace") or "")


def _grace_s(resource: Resource, document: Json, asked: int | None) -> int:
    """Seconds a pod on a node has to end; 0 for everything else."""
    if resource.name != "pods" or not document["spec"].get("nodeName") or asked == 0:
        return 0
    return asked or int(document["spec"].get("terminationGracePeriodSeconds", 30))


def _held(document: Json) -> bool:
    return bool(document["metadata"].get("finalizers"))


def _counts_generations(resource: Resource) -> bool:
    uncounted = {"namespaces", "configmaps", "secrets", "events", "leases", "services", "nodes"}
    uncounted |= {"serviceaccounts", "endpoints", "roles", "rolebindings", "clusterroles"}
    return not (resource.typed and resource.plural in uncounted)


def _counted(resource: Resource, old: Json, new: Json, write: Write) -> bool:
    """Whether a change counts a generation: of the spec, and of a Deployment's annotations."""
    if write.subresource == "status":
        return False
    before, after = (document["metadata"].get("annotations") for document in (old, new))
    annotated = resource.name == "deployments.apps" and (before or {}) != (after or {})
    return annotated or _spec(old) != _spec(new)


def _spec(document: Json) -> Json:
    """What counts generations. A pod's node is where it is, not what is wanted."""
    wanted = {k: v for k, v in document.items() if k not in {"metadata", "status"}}
    if document["kind"] == "Pod":
        wanted["spec"] = {k: v for k, v in document["spec"].items() if k != "nodeName"}
    return wanted


def _content(document: Json) -> Json:
    skipped = {"resourceVersion", "managedFields"}
    metadata = {k: v for k, v in document["metadata"].items() if k not in skipped}
    return {**document, "metadata": metadata}


def _owners_changed(old: Json, new: Json) -> bool:
    def fields(document: Json) -> list[Json]:
        entries = document["metadata"].get("managedFields") or []
        return [{k: v for k, v in entry.items() if k != "time"} for entry in entries]

    return fields(old) != fields(new)
