"""The fields of the built-in kinds, and what values they take."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from alb_dr.sandbox.kube.resources import Resource
from alb_dr.sandbox.kube.status import Json, json_type

FILE = Path(__file__).with_name("schema.json")
"""The fields of every built-in kind; written by ``python -m tests.sandbox.kube.schema``."""

Place = tuple[str | int, ...]
"""Where a field stands: names, and numbers within lists."""


class WrongTypeError(Exception):
    """A value that is not of its field's type."""

    def __init__(self, value: Any, shape: str, place: Place, owner: str) -> None:
        super().__init__(dotted(place))
        self.value = value
        self.shape = shape
        self.place = place
        self.owner = owner

    def decoding(self) -> str:
        """In the words of the decoder; it names fields, not places in lists and maps."""
        owner = _MODEL.sub("", self.owner)
        field_ = ".".join(_fields_of(self.place))
        return (
            f"json: cannot unmarshal {json_type(self.value)} into Go struct field "
            f"{owner}.{field_} of type {_go_type(self.shape)}"
        )

    def applying(self) -> str:
        """In the words of an apply."""
        wanted = _APPLIED.get(self.shape, "list" if self.shape.startswith("[") else "map")
        return f"expected {wanted}, got &value.valueUnstructured{{Value:{go_syntax(self.value)}}}"


_MODEL = re.compile(r"^[A-Z][a-z]*?(?=V\d)|V\d+((alpha|beta)\d+)?(?=[A-Z])")
"""What a client puts before the name of a type: its version, and its group where it must."""
_APPLIED = {
    "string": "string",
    "bool": "boolean",
    "int32": "numeric (int or float)",
    "int64": "numeric (int or float)",
}
_SCALARS: dict[str, type] = {"string": str, "bool": bool, "int32": int, "int64": int}


def _go_type(shape: str) -> str:
    """A shape as Go names the type."""
    if shape.startswith("["):
        return f"[]{_go_type(shape[1:-1])}"
    if shape.startswith("{"):
        return f"map[string]{_go_type(shape[1:-1])}"
    version = re.search(r"V\d+((alpha|beta)\d+)?(?=[A-Z])", shape)
    return f"{version[0].lower()}.{_MODEL.sub('', shape)}" if version else shape or "interface {}"


def _fields_of(place: Place) -> list[str]:
    return [step for step in place if isinstance(step, str) and not step.startswith(KEY)]


KEY = "\0"
"""Marks a step that is the key of a map."""


def pruned(resource: Resource, document: Json) -> tuple[Json, list[Place]]:
    """The document without the fields its kind does not have, and where they were.

    A kind without a schema here, a custom one above all, keeps everything. WrongTypeError for
    a value that is not of its field's type; null is of every type.
    """
    kind = _schema()["kinds"].get(resource.name) if resource.typed else None
    places: list[Place] = []
    return (_kept(document, kind, (), "", places) if kind else document), places


def _kept(value: Any, shape: str, at: Place, owner: str, places: list[Place]) -> Any:
    """The value without unknown fields, by its shape: a type, ``[type]`` or ``{type}``."""
    if value is None or not shape:
        return value
    if shape in _SCALARS:
        if type(value) is not _SCALARS[shape]:
            raise WrongTypeError(value, shape, at, owner)
        return value
    if shape.startswith("["):
        if not isinstance(value, list):
            raise WrongTypeError(value, shape, at, owner)
        return _kept_list(value, shape[1:-1], at, owner, places)
    if not isinstance(value, dict):
        raise WrongTypeError(value, shape, at, owner)
    if shape.startswith("{"):
        inner = shape[1:-1]
        return {k: _kept(v, inner, (*at, KEY + k), owner, places) for k, v in value.items()}
    fields, kept = _schema()["types"][shape], {}
    for name, inner_value in value.items():
        if name in fields:
            kept[name] = _kept(inner_value, fields[name], (*at, name), shape, places)
        else:
            places.append((*at, name))
    return kept


def _kept_list(
    items: list[Any], shape: str, at: Place, owner: str, places: list[Place]
) -> list[Any]:
    """A null among objects is an object without fields."""
    empty: Json | None = {} if shape in _schema()["types"] else None
    return [
        _kept(empty if item is None else item, shape, (*at, n), owner, places)
        for n, item in enumerate(items)
    ]


def dotted(place: Place) -> str:
    """A place as a decoder names it: ``spec.containers[0].bogus``."""
    text = "".join(f"[{s}]" if isinstance(s, int) else f".{s.removeprefix(KEY)}" for s in place)
    return text.removeprefix(".")


def go_syntax(value: Any) -> str:
    """A value as Go's source text has it."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(k)}:{go_syntax(value[k])}" for k in sorted(value))
        return f"map[string]interface {{}}{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[]interface {{}}{{{', '.join(map(go_syntax, value))}}}"
    return "interface {}(nil)" if value is None else json.dumps(value)


@cache
def _schema() -> Json:
    """The file, read when the first document comes."""
    found: Json = json.loads(FILE.read_text())
    return found
