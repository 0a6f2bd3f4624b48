"""JSON Patch on the embedded API, beside the library for it and what a real API does otherwise."""

from __future__ import annotations

import copy
from typing import Any

import jsonpatch
import jsonpointer
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alb_dr.fleet.settle import patch_took_effect
from alb_dr.sandbox.kube.patch import TEST_FAILED, json_patch
from alb_dr.sandbox.kube.status import ApiError

Json = dict[str, Any]
KEYS = st.sampled_from(["a", "b", "c/d", "e~f", "0"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=4)
PATHS = st.lists(KEYS | st.sampled_from(["1", "-"]), min_size=1, max_size=3).map(
    lambda keys: "".join(f"/{k.replace('~', '~0').replace('/', '~1')}" for k in keys)
)
OPERATIONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "replace", "test"]), "path": PATHS, "value": VALUES}
) | st.fixed_dictionaries({"op": st.just("remove"), "path": PATHS})


def by_the_library(document: Json, operations: list[Json]) -> Any:
    """The library's result; None when it refuses."""
    try:
        return jsonpatch.apply_patch(copy.deepcopy(document), operations)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError):
        return None


@given(before=DOCUMENTS, after=DOCUMENTS)
def test_the_difference_of_two_documents_leads_from_one_to_the_other(
    before: Json, after: Json
) -> None:
    operations = jsonpatch.make_patch(before, after).patch
    assert json_patch(copy.deepcopy(before), operations) == after


@given(document=DOCUMENTS, operations=st.lists(OPERATIONS, max_size=4))
def test_what_the_library_does_is_done(document: Json, operations: list[Json]) -> None:
    wanted = by_the_library(document, operations)
    assume(isinstance(wanted, dict))
    assert json_patch(copy.deepcopy(document), operations) == wanted


@given(document=DOCUMENTS, operations=st.lists(OPERATIONS, max_size=4))
def test_what_the_library_refuses_is_refused_but_for_a_replace_of_nothing(
    document: Json, operations: list[Json]
) -> None:
    assume(by_the_library(document, operations) is None)
    assume(all(operation["op"] != "replace" for operation in operations))
    before = copy.deepcopy(document)
    with pytest.raises(ApiError) as refused:
        json_patch(document, operations)
    assert (refused.value.code, refused.value.message) == (422, TEST_FAILED)
    assert document == before, "nothing is changed by half"


@given(document=DOCUMENTS, key=KEYS, value=VALUES)
def test_a_replace_of_a_missing_member_adds_it_as_on_a_real_api(
    document: Json, key: str, value: Any
) -> None:
    document.pop(key, None)
    assume(not key.isdecimal())
    path = f"/{key.replace('~', '~0').replace('/', '~1')}"
    operation = {"op": "replace", "path": path, "value": value}
    assert json_patch(copy.deepcopy(document), [operation]) == {**document, key: value}


@given(document=DOCUMENTS, key=KEYS, value=VALUES)
def test_a_failed_test_stops_everything(document: Json, key: str, value: Any) -> None:
    assume(document.get(key) != value)
    path = f"/{key.replace('~', '~0').replace('/', '~1')}"
    before = copy.deepcopy(document)
    operations = [
        {"op": "add", "path": "/a", "value": "written before the test"},
        {"op": "test", "path": path, "value": value},
    ]
    assume(key != "a")
    with pytest.raises(ApiError):
        json_patch(document, operations)
    assert document == before


@given(document=st.dictionaries(KEYS, SCALARS), operations=st.lists(OPERATIONS, max_size=3))
def test_a_patch_that_was_done_is_recognised_as_done(
    document: Json, operations: list[Json]
) -> None:
    writing = [o for o in operations if o["op"] != "test" and o["path"].count("/") == 1]
    assume(writing)
    try:
        result = json_patch(document, writing)
    except ApiError:
        return
    assert patch_took_effect(result, writing)
