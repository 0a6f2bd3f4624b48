"""A small API for a hundred thousand histories: versions, uids, JSON Patch, preconditions.

The fake of the other tests stands on the sandbox's own store, which keeps field ownership and
takes 2 ms for a patch; this one takes 20 µs. That both answer alike is a test of its own
(``test_store.py``). Every request and every stored revision is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from alb_dr.errors import Conflict, NotFound, Rejected
from alb_dr.model.manifest import DEPLOYMENT, LEASE, Kind, Manifest, ResourceId
from alb_dr.workflows.records.drill_record import ANNOTATION

EPOCH = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""Second 0 of every history."""

Doc = dict[str, Any]
Key = tuple[str, str, str]
"""Plural, namespace, name."""
REFUSED = "the server rejected our request due to an error in our request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request that reached an API; ``error`` is how it was refused, empty when done."""

    order: int
    at: float
    by: str
    api: str
    verb: str
    key: Key
    body: Any = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One stored change: the document before and after it; None for what did not exist."""

    order: int
    at: float
    by: str
    api: str
    key: Key
    before: Doc | None
    after: Doc | None


@dataclass(slots=True)
class History:
    """Everything that happened to every API, in one order."""

    now: Callable[[], float]
    requests: list[Request] = field(default_factory=list)
    revisions: list[Revision] = field(default_factory=list)
    count: int = 0
    fleet_troubled: bool = False
    """Whether the Fleet's API was in trouble at any time."""

    def next(self) -> int:
        """The next place in the order."""
        self.count += 1
        return self.count


class Store:
    """One API's objects. Documents in it are never changed in place."""

    def __init__(self, label: str, history: History, *, unserved: Iterable[str] = ()) -> None:
        self.label = label
        self.objects: dict[Key, Doc] = {}
        self.listeners: list[Callable[[Revision], None]] = []
        self._history = history
        self._unserved = frozenset(unserved)
        self._version = 100
        self._uids = 0

    def load(self, documents: Iterable[Manifest]) -> None:
        """Put objects there that were there before the history began."""
        for manifest in documents:
            metadata = {k: v for k, v in manifest.metadata.items() if k != "managedFields"}
            document = {**manifest.document, "metadata": metadata}
            self.objects[key_of(manifest.id)] = self._stamped(document, new=True)

    # reading -----------------------------------------------------------------------------------

    def find(self, key: Key) -> Doc | None:
        """The live document."""
        return self.objects.get(key)

    def listed(
        self, kind: Kind, namespace: str | None, labels: str = "", fields: str = ""
    ) -> list[Doc]:
        """The documents of a kind that match the selectors; NotFound for an unserved kind."""
        if kind.plural in self._unserved:
            raise NotFound(f"{kind.name} is not served")
        return [
            document
            for (plural, space, _), document in sorted(self.objects.items())
            if plural == kind.plural
            and namespace in {None, space}
            and _matches(document["metadata"].get("labels") or {}, labels)
            and _fields_match(document, fields)
        ]

    # writing -----------------------------------------------------------------------------------

    def create(self, manifest: Manifest, *, by: str) -> Doc:
        """POST; Conflict when the name is taken."""
        key = key_of(manifest.id)
        if key in self.objects:
            raise Conflict(f"{manifest.id} already exists")
        fresh = {
            k: v
            for k, v in manifest.metadata.items()
            if k not in {"resourceVersion", "uid", "generation"}
        }
        document = {**manifest.document, "metadata": fresh}
        return self._keep(key, self._stamped(document, new=True), by)

    def replace(self, manifest: Manifest, *, by: str) -> Doc:
        """PUT; guarded by the version when it is named, which a Lease must."""
        key = key_of(manifest.id)
        live = self.objects.get(key)
        if live is None:
            raise NotFound(f"{manifest.id} not found")
        if not manifest.resource_version and manifest.id.kind == LEASE:
            raise Rejected("metadata.resourceVersion: must be specified for an update")
        if manifest.resource_version not in {"", live["metadata"]["resourceVersion"]}:
            raise Conflict(f"{manifest.id} has been modified")
        if manifest.uid not in {"", live["metadata"]["uid"]}:
            raise Conflict(f"{manifest.id} is another object")
        return self._changed(key, live, dict(manifest.document), by)

    def patch(self, id_: ResourceId, operations: Sequence[Mapping[str, Any]], *, by: str) -> Doc:
        """A JSON Patch, all or nothing; Conflict when an operation cannot be done."""
        key = key_of(id_)
        live = self.objects.get(key)
        if live is None:
            raise NotFound(f"{id_} not found")
        document: Any = live
        try:
            for operation in operations:
                document = _operated(document, operation)
        except (KeyError, TypeError, IndexError):
            raise Conflict(REFUSED) from None
        return self._changed(key, live, document, by)

    def delete(self, id_: ResourceId, uid: str | None, *, by: str) -> bool:
        """DELETE; Conflict when the uid is another's, False when nothing was there."""
        key = key_of(id_)
        live = self.objects.get(key)
        if live is None:
            return False
        if uid not in {None, live["metadata"]["uid"]}:
            raise Conflict(f"{id_}: the uid in the precondition does not match")
        del self.objects[key]
        self._tell(key, live, None, by)
        return True

    def set_status(self, key: Key, status: Mapping[str, Any], *, by: str) -> None:
        """Write the status subresource, as a controller does."""
        live = self.objects.get(key)
        if live is not None and live.get("status") != status:
            self._keep(key, self._stamped({**live, "status": dict(status)}), by)

    def _changed(self, key: Key, live: Doc, document: Doc, by: str) -> Doc:
        fixed = {
            k: live["metadata"][k]
            for k in ("uid", "generation", "resourceVersion")
            if k in live["metadata"]
        }
        metadata = {**document["metadata"], **fixed}
        for name in ("annotations", "labels"):
            if name in metadata and not metadata[name]:
                del metadata[name]
        document = {**document, "metadata": metadata}
        if "status" in live:
            document["status"] = live["status"]
        if document == live:
            return live
        if _record_in(metadata) != _record_in(live["metadata"]):
            self._sign(metadata, by)
        if key[0] == DEPLOYMENT.plural and _wanted(document) != _wanted(live):
            metadata["generation"] = live["metadata"]["generation"] + 1
        return self._keep(key, self._stamped(document), by)

    def _sign(self, metadata: Doc, by: str) -> None:
        """Keep who wrote a drill's record, and when by this API's clock; nobody without one."""
        if _record_in(metadata) is None:
            metadata.pop("managedFields", None)
            return
        fields = {"f:metadata": {"f:annotations": {f"f:{ANNOTATION}": {}}}}
        time = (EPOCH + timedelta(seconds=self._history.now())).isoformat(timespec="seconds")
        metadata["managedFields"] = [{"manager": by, "time": time, "fieldsV1": fields}]

    def _stamped(self, document: Doc, *, new: bool = False) -> Doc:
        self._version += 1
        metadata = {**document["metadata"], "resourceVersion": str(self._version)}
        if new:
            self._uids += 1
            metadata["uid"] = f"{self.label}-{self._uids}"
            if document.get("kind") == DEPLOYMENT.name:
                metadata["generation"] = 1
        return {**document, "metadata": metadata}

    def _keep(self, key: Key, document: Doc, by: str) -> Doc:
        before = self.objects.get(key)
        self.objects[key] = document
        self._tell(key, before, document, by)
        return document

    def _tell(self, key: Key, before: Doc | None, after: Doc | None, by: str) -> None:
        revision = Revision(
            order=self._history.next(),
            at=self._history.now(),
            by=by,
            api=self.label,
            key=key,
            before=before,
            after=after,
        )
        self._history.revisions.append(revision)
        for listener in self.listeners:
            listener(revision)


def _record_in(metadata: Doc) -> str | None:
    found: str | None = (metadata.get("annotations") or {}).get(ANNOTATION)
    return found


def key_of(id_: ResourceId) -> Key:
    """Where an object is kept."""
    return (id_.kind.plural, (id_.namespace or "") if id_.kind.namespaced else "", id_.name)


def _wanted(document: Doc) -> tuple[Any, Any]:
    """What counts generations of a Deployment: its spec and its annotations."""
    return document.get("spec"), document["metadata"].get("annotations") or {}


def _operated(document: Any, operation: Mapping[str, Any]) -> Any:
    """One operation of a JSON Patch; KeyError when it cannot be done."""
    path = [p.replace("~1", "/").replace("~0", "~") for p in operation["path"].split("/")[1:]]
    return _at(document, path, operation)


def _at(document: Any, path: list[str], operation: Mapping[str, Any]) -> Any:
    head, *rest = path
    if not isinstance(document, dict):
        raise TypeError(head)
    if rest:
        return {**document, head: _at(document[head], rest, operation)}
    verb = operation["op"]
    if verb == "test":
        if document[head] != operation["value"]:
            raise KeyError(head)
        return document
    if verb == "remove":
        if head not in document:
            raise KeyError(head)
        return {k: v for k, v in document.items() if k != head}
    # A real API accepts "replace" of a missing member as if it were "add".
    return {**document, head: operation["value"]}


def _matches(labels: Mapping[str, str], selector: str) -> bool:
    """Equality and existence, the selectors that are used."""
    for term in filter(None, selector.split(",")):
        name, equals, value = term.partition("=")
        if labels.get(name) is None or (equals and labels[name] != value.lstrip("=")):
            return False
    return True


def _fields_match(document: Doc, selector: str) -> bool:
    for term in filter(None, selector.split(",")):
        path, _, value = term.partition("=")
        found: Any = document
        for part in path.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if str(found if found is not None else "") != value.lstrip("="):
            return False
    return True
