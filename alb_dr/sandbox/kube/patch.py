"""The patch types: JSON Patch, merge patch, strategic merge, and the merge of an apply."""

from __future__ import annotations

from typing import Any

import jsonpatch
import jsonpointer

from alb_dr.sandbox.kube.documents import clone
from alb_dr.sandbox.kube.fieldset import ATOMIC, SETS, list_key
from alb_dr.sandbox.kube.status import ApiError, Json, bad_request

TEST_FAILED = "the server rejected our request due to an error in our request"


def json_patch(document: Json, operations: Any) -> Json:
    """RFC 6902. 422 when an operation cannot be done or a ``test`` fails; nothing is changed."""
    if not isinstance(operations, list):
        raise bad_request("the body of a JSON Patch is a list of operations")
    try:
        result = jsonpatch.apply_patch(document, _lenient(operations))
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError):
        raise ApiError(422, "Invalid", TEST_FAILED, {}) from None
    if not isinstance(result, dict):
        raise ApiError(422, "Invalid", TEST_FAILED, {})
    return result


def _lenient(operations: list[Any]) -> list[Any]:
    """A real API accepts ``replace`` of a member that is missing, as if it were ``add``."""
    return [
        {**op, "op": "add"}
        if isinstance(op, dict)
        and op.get("op") == "replace"
        and not str(op.get("path", "/0")).rpartition("/")[2].isdecimal()
        else op
        for op in operations
    ]


def merge_patch(document: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def strategic_patch(document: Any, patch: Any) -> Any:
    """Kubernetes' strategic merge: lists with keys merge by key; ``$`` directives are obeyed."""
    if not isinstance(patch, dict):
        return patch
    if patch.get("$patch") == "replace":
        return {k: v for k, v in patch.items() if k != "$patch"}
    result = dict(document) if isinstance(document, dict) else {}
    if "$retainKeys" in patch:
        result = {k: v for k, v in result.items() if k in patch["$retainKeys"]}
    for key, value in patch.items():
        if key.startswith("$deleteFromPrimitiveList/"):
            name = key.partition("/")[2]
            result[name] = [x for x in result.get(name) or [] if x not in value]
        elif key.startswith("$"):
            continue
        elif value is None:
            result.pop(key, None)
        elif isinstance(value, list):
            order = patch.get(f"$setElementOrder/{key}")
            result[key] = _strategic_list(key, result.get(key) or [], value, order)
        else:
            result[key] = strategic_patch(result.get(key), value)
    return result


def _strategic_list(name: str, current: list[Any], patch: list[Any], order: Any) -> list[Any]:
    if name in SETS:
        return list(dict.fromkeys([*current, *patch]))
    keys = list_key(name, patch, typed=True)
    if keys is None:
        return patch
    key = keys[0]
    result = list(current)
    for item in patch:
        where = next((n for n, c in enumerate(result) if c.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            result = [c for c in result if c.get(key) != item[key]]
        elif where is None:
            result.append(strategic_patch({}, item))
        else:
            result[where] = strategic_patch(result[where], item)
    if order:
        place = {o.get(key): n for n, o in enumerate(order)}
        result.sort(key=lambda c: place.get(c.get(key), len(place)))
    return result


def merge_typed(live: Any, wanted: Any, *, typed: bool, name: str = "") -> Any:
    """The merge of a server-side apply: keyed lists by key, sets as sets, the rest replaced."""
    inner_typed = typed or name == "metadata"
    if isinstance(wanted, dict) and isinstance(live, dict) and not (typed and name in ATOMIC):
        result = dict(live)
        for key, value in wanted.items():
            result[key] = merge_typed(live.get(key), value, typed=inner_typed, name=key)
        return result
    if isinstance(wanted, list) and isinstance(live, list):
        if name in SETS:
            return list(dict.fromkeys([*live, *wanted]))
        keys = list_key(name, wanted, typed=typed)
        if keys and list_key(name, live, typed=typed) == keys:
            return _merge_items(live, wanted, keys, typed=inner_typed)
    return clone(wanted)


def _merge_items(
    live: list[Json], wanted: list[Json], keys: tuple[str, ...], *, typed: bool
) -> list[Json]:
    def identity(item: Json) -> tuple[Any, ...]:
        return tuple(item.get(k, "TCP" if k == "protocol" else None) for k in keys)

    by_key = {identity(item): item for item in live}
    merged = [merge_typed(by_key.get(identity(w)), w, typed=typed) for w in wanted]
    given = {identity(w) for w in wanted}
    return [*merged, *(item for item in live if identity(item) not in given)]
