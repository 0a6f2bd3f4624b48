"""Sets of fields: which leaves a document has, and their FieldsV1 form in managedFields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from alb_dr.sandbox.kube.resources import Resource
from alb_dr.sandbox.kube.status import Json

Step = tuple[str, ...]
"""One step of a path: ("f", name), ("k", JSON of the keys), ("v", JSON of a value) or (".",)."""
Path = tuple[Step, ...]

SELF: Step = (".",)
"""The container itself, as FieldsV1 marks it."""

LIST_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "containers": (("name",),),
    "initContainers": (("name",),),
    "env": (("name",),),
    "volumes": (("name",),),
    "volumeMounts": (("mountPath",),),
    "imagePullSecrets": (("name",),),
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "conditions": (("type",),),
    "ownerReferences": (("uid",),),
    "hostAliases": (("ip",),),
    "podIPs": (("ip",),),
    "hostIPs": (("ip",),),
}
"""Lists that merge by key, and the keys that identify an item (Kubernetes API conventions)."""
SETS = frozenset({"finalizers"})
"""Lists that merge as sets."""
ATOMIC = frozenset(
    {
        "selector",
        "nodeSelector",
        "rules",
        "tls",
        "affinity",
        "endpoints",
        "addresses",
        "ingress",
        "roleRef",
        "subjects",
        "versions",
    }
)
"""Fields of typed kinds that are replaced as a whole."""
MAPS = frozenset(
    {"annotations", "labels", "data", "binaryData", "stringData", "limits", "requests"}
)
"""Fields of typed kinds whose keys are owned one by one."""
OPTIONAL = frozenset(
    {
        "rollingUpdate",
        "conversion",
        "resourceAttributes",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "lifecycle",
        "preStop",
        "postStart",
        "exec",
        "httpGet",
        "tcpSocket",
        "valueFrom",
        "configMapKeyRef",
        "secretKeyRef",
        "fieldRef",
        "emptyDir",
        "defaultBackend",
        "parameters",
    }
)
"""Objects of typed kinds that can be absent: whoever adds one also owns that it is there."""
_ALLOCATED = {
    "services": frozenset({"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"}),
    "pods": frozenset({"tolerations", "priority", "preemptionPolicy", "nodeName"}),
}
"""Fields of a spec that the server fills in: nobody owns them."""
_IGNORED_METADATA = frozenset(
    {
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
        "selfLink",
    }
)


def ownable(document: Json, resource: Resource, subresource: str) -> Json:
    """The part of a document whose fields have owners: for a subresource only that part."""
    if subresource == "status":
        return _status_part(document, resource)
    kept = {k: v for k, v in document.items() if k not in {"apiVersion", "kind", "metadata"}}
    if "status" in resource.subresources:
        kept.pop("status", None)
    if resource.name == "namespaces":
        # Its finalizers are the server's own.
        kept.pop("spec", None)
    allocated = _ALLOCATED.get(resource.name)
    if allocated and "spec" in kept:
        kept["spec"] = {k: v for k, v in kept["spec"].items() if k not in allocated}
    metadata = document.get("metadata") or {}
    mine = {k: v for k, v in metadata.items() if k not in _IGNORED_METADATA}
    return {**({"metadata": mine} if mine else {}), **kept}


def _status_part(document: Json, resource: Resource) -> Json:
    """A status, with the annotations where a controller writes both in one call."""
    part: Json = {"status": document["status"]} if "status" in document else {}
    annotations = (document.get("metadata") or {}).get("annotations")
    if resource.name == "deployments.apps" and annotations:
        part["metadata"] = {"annotations": annotations}
    return part


def list_key(name: str, items: list[Any], *, typed: bool) -> tuple[str, ...] | None:
    """The keys by which a list's items are told apart; None for an atomic list."""
    if not typed or not items:
        return None
    for keys in LIST_KEYS.get(name, ()):
        required = keys[:1]
        if all(isinstance(item, dict) and all(k in item for k in required) for item in items):
            return keys
    return None


def key_step(item: Json, keys: tuple[str, ...]) -> Step:
    """The step to an item of a keyed list; a port without protocol is TCP."""
    values = {k: item.get(k, "TCP" if k == "protocol" else None) for k in keys}
    return ("k", json.dumps(values, separators=(",", ":")))


def leaves(value: Any, *, typed: bool, path: Path = ()) -> Iterator[Path]:
    """Every owned path: leaves, and SELF for the maps and list items that hold them."""
    name = path[-1][1] if path and path[-1][0] == "f" else ""
    in_metadata = bool(path) and path[0] == ("f", "metadata")
    typed = typed or in_metadata
    if isinstance(value, dict) and value and not (typed and name in ATOMIC):
        if _is_map(path, name, typed=typed):
            yield (*path, SELF)
        for key, inner in value.items():
            yield from leaves(inner, typed=typed, path=(*path, ("f", key)))
    elif isinstance(value, list) and value and name in SETS:
        yield (*path, SELF)
        yield from ((*path, ("v", json.dumps(item))) for item in value)
    elif isinstance(value, list) and (keys := list_key(name, value, typed=typed)):
        if name != "containers":
            # That list is required: it stands there from the start, as null.
            yield (*path, SELF)
        for item in value:
            step = key_step(item, keys)
            if name == "ownerReferences":
                # Its items are replaced as a whole.
                yield (*path, step)
                continue
            yield (*path, step, SELF)
            yield from leaves(item, typed=typed, path=(*path, step))
    elif path and not (typed and value is None and (name in ATOMIC or name in LIST_KEYS)):
        # A typed list that is null is not there.
        yield path


def _is_map(path: Path, name: str, *, typed: bool) -> bool:
    if not path or path[-1][0] != "f":
        return False
    if typed:
        return name in MAPS or name in OPTIONAL
    return True


def applied_paths(paths: Iterable[Path], *, typed: bool) -> set[Path]:
    """What an *apply* owns: SELF of list items (their keys are given), and of maps without schema.

    A field that a schema declares is not owned for being there; a key of a free map is.
    """
    return {p for p in paths if p[-1] != SELF or p[-2][0] == "k" or _is_free(p, typed=typed)}


def _is_free(path: Path, *, typed: bool) -> bool:
    return not typed and path[0] != ("f", "metadata")


def value_at(document: Any, path: Path) -> Any:
    """The value at a path; a marker that equals nothing when absent."""
    for step in path:
        if step == SELF:
            return True
        document = _inner(document, step)
        if document is ABSENT:
            return ABSENT
    return document


class _Absent:
    pass


ABSENT = _Absent()
"""Stands for a value that is not there."""


def _inner(document: Any, step: Step) -> Any:
    if step[0] == "f":
        return document.get(step[1], ABSENT) if isinstance(document, dict) else ABSENT
    if not isinstance(document, list):
        return ABSENT
    if step[0] == "v":
        return True if json.loads(step[1]) in document else ABSENT
    wanted = json.loads(step[1])
    return next((i for i in document if isinstance(i, dict) and _fits(i, wanted)), ABSENT)


def _fits(item: Json, wanted: Json) -> bool:
    return all(item.get(k, "TCP" if k == "protocol" else None) == v for k, v in wanted.items())


def remove_at(document: Any, path: Path) -> None:
    """Remove the value at a path; nothing when it is not there. A map goes when it is empty."""
    if path[-1] == SELF:
        path = path[:-1]
        if not path or (path[-1][0] != "k" and value_at(document, path) != {}):
            return
    parent = value_at(document, path[:-1]) if len(path) > 1 else document
    step = path[-1]
    if step[0] == "f" and isinstance(parent, dict):
        parent.pop(step[1], None)
    elif step[0] == "v" and isinstance(parent, list):
        parent[:] = [i for i in parent if i != json.loads(step[1])]
    elif step[0] == "k" and isinstance(parent, list):
        wanted = json.loads(step[1])
        parent[:] = [i for i in parent if not (isinstance(i, dict) and _fits(i, wanted))]


def to_fields(paths: Iterable[Path]) -> Json:
    """FieldsV1: nested objects with ``f:``, ``k:``, ``v:`` and ``.`` keys."""
    root: Json = {}
    for path in sorted(paths, key=repr):
        here = root
        for step in path:
            here = here.setdefault(_text(step), {})
    return _collapsed(root)


def _collapsed(fields: Json) -> Json:
    """What is owned without anything in it is written as an empty object."""
    return {k: {} if set(v) == {"."} else _collapsed(v) for k, v in fields.items()}


def _text(step: Step) -> str:
    return "." if step == SELF else f"{step[0]}:{step[1]}"


def from_fields(fields: Json, path: Path = ()) -> Iterator[Path]:
    """The paths of a FieldsV1 document."""
    for key, inner in fields.items():
        step: Step = SELF if key == "." else (key[0], key[2:])
        if inner:
            yield from from_fields(inner, (*path, step))
        else:
            yield (*path, step)


def words(path: Path) -> str:
    """A path as conflicts name it: ``.spec.template.spec.containers[name="web"].image``."""
    text = ""
    for step in path:
        if step == SELF:
            continue
        if step[0] == "f":
            text += f".{step[1]}"
        elif step[0] == "k":
            pairs = json.loads(step[1]).items()
            text += "[" + ",".join(f"{k}={json.dumps(v)}" for k, v in pairs) + "]"
        else:
            text += f"[={step[1]}]"
    return text
