"""Field ownership: server-side apply with conflicts, and who owns what after another write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alb_dr.sandbox.kube.documents import clone
from alb_dr.sandbox.kube.fieldset import (
    ABSENT,
    ATOMIC,
    SELF,
    Path,
    applied_paths,
    from_fields,
    leaves,
    ownable,
    remove_at,
    to_fields,
    value_at,
    words,
)
from alb_dr.sandbox.kube.patch import merge_typed
from alb_dr.sandbox.kube.resources import Resource
from alb_dr.sandbox.kube.status import ApiError, Json

Owner = tuple[str, str, str]
"""Manager, operation (Apply or Update), subresource."""


class Owners:
    """The managedFields of one object as sets of paths."""

    def __init__(self, document: Json | None) -> None:
        self.sets: dict[Owner, set[Path]] = {}
        self.times: dict[Owner, str] = {}
        self.versions: dict[Owner, str] = {}
        entries = ((document or {}).get("metadata") or {}).get("managedFields") or []
        for entry in entries:
            owner = (entry["manager"], entry["operation"], entry.get("subresource", ""))
            self.sets[owner] = set(from_fields(entry.get("fieldsV1") or {}))
            self.times[owner] = entry.get("time", "")
            self.versions[owner] = entry.get("apiVersion", "")

    def set(self, owner: Owner, paths: set[Path], *, now: str, api_version: str) -> None:
        """Give an owner exactly these paths; the time changes only if the paths do."""
        if self.sets.get(owner) != paths or owner not in self.times:
            self.times[owner] = now
        self.sets[owner] = paths
        self.versions[owner] = api_version

    def entries(self) -> list[Json]:
        """The managedFields list: applied entries first, then by time and manager."""
        ordered = sorted(self.sets, key=lambda o: (o[1] != "Apply", self.times[o], o[0], o[2]))
        return [self._entry(owner) for owner in ordered if self.sets[owner]]

    def _entry(self, owner: Owner) -> Json:
        manager, operation, subresource = owner
        entry: Json = {
            "manager": manager,
            "operation": operation,
            "apiVersion": self.versions[owner],
            "time": self.times[owner],
            "fieldsType": "FieldsV1",
            "fieldsV1": to_fields(self.sets[owner]),
        }
        if subresource:
            entry["subresource"] = subresource
        return entry


def paths_of(document: Json, resource: Resource, subresource: str) -> set[Path]:
    """Every path of the document that can have an owner."""
    part = ownable(document, resource, subresource)
    return set(leaves(part, typed=resource.typed))


def applied(
    live: Json | None,
    wanted: Json,
    *,
    resource: Resource,
    owner: Owner,
    force: bool,
    now: Callable[[], str],
) -> Json:
    """The object after a server-side apply; ApiError 409 names each conflicting field."""
    subresource = owner[2]
    mine = applied_paths(paths_of(wanted, resource, subresource), typed=resource.typed)
    owners = Owners(live)
    result = clone(live) if live is not None else _skeleton(wanted)
    _settle_conflicts(owners, owner, mine, result, wanted, force=force)
    kept = mine.union(*(paths for other, paths in owners.sets.items() if other != owner))
    # What is inside goes before what holds it.
    for path in sorted(owners.sets.get(owner, set()) - mine, key=_depth):
        if not _holds(path, kept):
            remove_at(result, path)
    part = ownable(wanted, resource, subresource)
    merged: Json = merge_typed(result, part, typed=resource.typed)
    owners.set(owner, mine, now=now(), api_version=resource.group_version)
    merged["metadata"] = {**merged["metadata"], "managedFields": owners.entries()}
    return merged


def _holds(path: Path, kept: set[Path]) -> bool:
    """Whether something that stays is at a path or below it."""
    place = path[:-1] if path[-1] == SELF else path
    return any(other[: len(place)] == place for other in kept)


def _depth(path: Path) -> tuple[int, bool]:
    return -len(path), path[-1] == SELF


def _skeleton(wanted: Json) -> Json:
    metadata = {
        k: v for k, v in wanted["metadata"].items() if k in {"name", "namespace", "generateName"}
    }
    return {"apiVersion": wanted["apiVersion"], "kind": wanted["kind"], "metadata": metadata}


def _settle_conflicts(
    owners: Owners, owner: Owner, mine: set[Path], live: Json, wanted: Json, *, force: bool
) -> None:
    conflicts: list[tuple[Owner, Path]] = []
    for other, paths in owners.sets.items():
        if other == owner:
            continue
        clash = {p for p in mine & paths if not _same(live, wanted, p)}
        conflicts += [(other, p) for p in sorted(clash, key=repr)]
        if force:
            owners.sets[other] = paths - clash
    if conflicts and not force:
        raise _conflict(owners, conflicts)


def _same(live: Json, wanted: Json, path: Path) -> bool:
    ours, theirs = value_at(wanted, path), value_at(live, path)
    if ours == {} and isinstance(theirs, dict) and path[-1][1] not in ATOMIC:
        # Nothing is merged into the map that is there.
        return True
    return ours is not ABSENT and ours == theirs


def _conflict(owners: Owners, conflicts: list[tuple[Owner, Path]]) -> ApiError:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": _conflict_words(owners, owner),
            "field": words(path),
        }
        for owner, path in conflicts
    ]
    count = len(causes)
    if count == 1:
        text = f"1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        groups: dict[str, list[str]] = {}
        for cause in causes:
            groups.setdefault(cause["message"], []).append(cause["field"])
        listed = "\n".join(
            f"conflicts with {message.removeprefix('conflict with ')}:\n"
            + "\n".join(f"- {field}" for field in fields)
            for message, fields in groups.items()
        )
        text = f"{count} conflicts: {listed}"
    return ApiError(409, "Conflict", f"Apply failed with {text}", {"causes": causes})


def _conflict_words(owners: Owners, owner: Owner) -> str:
    manager, operation, subresource = owner
    text = f'conflict with "{manager}"'
    if subresource:
        text += f' with subresource "{subresource}"'
    if operation == "Update":
        text += f" using {owners.versions[owner]}"
    return text


def updated(
    old: Json | None, new: Json, *, resource: Resource, owner: Owner, now: Callable[[], str]
) -> None:
    """Give the writer the fields it changed, added or removed. Changes ``new`` in place."""
    before: set[Path] = paths_of(old, resource, owner[2]) if old else set()
    after = paths_of(new, resource, owner[2])
    changed = {p for p in after - before if not _was_null(old, p)}
    changed |= {p for p in after & before if _differs(old, new, p)}
    gone = before - after
    owners = Owners(old)
    for other in owners.sets:
        owners.sets[other] = owners.sets[other] - changed - gone
        if other != owner:
            owners.sets[other] = {p for p in owners.sets[other] if value_at(new, p) is not ABSENT}
    if changed:
        mine = owners.sets.get(owner, set()) | changed
        owners.set(owner, mine, now=now(), api_version=resource.group_version)
    entries = owners.entries()
    if entries:
        new["metadata"]["managedFields"] = entries
    else:
        new["metadata"].pop("managedFields", None)


def disowned(document: Json, owner: Owner) -> None:
    """Take an owner out of a document's managedFields, in place."""
    owners = Owners(document)
    owners.sets.pop(owner, None)
    document["metadata"]["managedFields"] = owners.entries()


def _was_null(old: Json | None, path: Path) -> bool:
    """Whether the container itself stood there already, as null."""
    return path[-1] == SELF and value_at(old or {}, path[:-1]) is None


def _differs(old: Json | None, new: Json, path: Path) -> bool:
    before: Any = value_at(old, path) if old else ABSENT
    return bool(before != value_at(new, path))
