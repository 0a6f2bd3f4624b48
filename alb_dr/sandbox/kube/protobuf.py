"""The few protobuf bodies kubectl sends: ``create namespace|configmap``, ``auth can-i``."""

from __future__ import annotations

from typing import Any

from alb_dr.sandbox.kube.status import ApiError, Json

MAGIC = b"k8s\0"
"""The first bytes of a protobuf body."""

_ATTRIBUTES = {
    1: "namespace",
    2: "verb",
    3: "group",
    4: "version",
    5: "resource",
    6: "subresource",
    7: "name",
}


def decode(body: bytes) -> Json:
    """The document of a protobuf body; 415 for kinds that are not read here."""
    envelope = _fields(body[len(MAGIC) :])
    kind_of = _fields(envelope[1][0])
    api_version, kind = kind_of[1][0].decode(), kind_of[2][0].decode()
    raw = _fields(envelope[2][0]) if envelope.get(2) else {}
    document: Json = {"apiVersion": api_version, "kind": kind}
    if kind == "DeleteOptions":
        return document
    if kind == "SelfSubjectReview":
        return document
    if kind == "SelfSubjectRulesReview":
        spec = _fields(raw[2][0]) if raw.get(2) else {}
        return {**document, "spec": {"namespace": spec.get(1, [b""])[0].decode()}}
    if kind == "SelfSubjectAccessReview":
        return {**document, "spec": _access(raw)}
    if kind in {"Namespace", "ServiceAccount"}:
        return {**document, "metadata": _metadata(raw)}
    if kind == "ConfigMap":
        return {**document, "metadata": _metadata(raw), **_data(raw)}
    raise _unsupported(kind)


def _unsupported(kind: str) -> ApiError:
    message = f"protobuf is not read for {kind}; use kubectl apply -f"
    return ApiError(415, "UnsupportedMediaType", message)


def _metadata(raw: dict[int, list[Any]]) -> Json:
    metadata = _fields(raw[1][0])
    found: Json = {"name": metadata.get(1, [b""])[0].decode()}
    for number, name in ((11, "labels"), (12, "annotations")):
        if number in metadata:
            found[name] = _map(metadata[number])
    return found


def _data(raw: dict[int, list[Any]]) -> Json:
    """The texts of a ConfigMap; 415 for one with binary data."""
    if raw.get(3):
        raise _unsupported("a ConfigMap with binary data")
    return {"data": _map(raw[2])} if raw.get(2) else {}


def _map(entries: list[Any]) -> dict[str, str]:
    """A map of texts: one message for each entry, its key and its value."""
    pairs = [_fields(item) for item in entries]
    return {p[1][0].decode(): p.get(2, [b""])[0].decode() for p in pairs}


def _access(raw: dict[int, list[Any]]) -> Json:
    spec = _fields(raw[2][0]) if raw.get(2) else {}
    if not spec.get(1):
        return {}
    attributes = _fields(spec[1][0])
    named = {_ATTRIBUTES[n]: v[0].decode() for n, v in attributes.items() if n in _ATTRIBUTES}
    return {"resourceAttributes": named}


def _fields(data: bytes) -> dict[int, list[Any]]:
    """Field number to its values: varints as numbers, length-delimited ones as bytes."""
    found: dict[int, list[Any]] = {}
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
            found.setdefault(key >> 3, []).append(value)
        elif key & 7 == 2:
            size, at = _varint(data, at)
            found.setdefault(key >> 3, []).append(data[at : at + size])
            at += size
        else:
            raise _unsupported("this body")
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
    raise _unsupported("this body")
