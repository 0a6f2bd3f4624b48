"""Server-side apply: twice is once, ownership is conserved, and a small model agrees."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alb_dr.sandbox.kube import writes
from alb_dr.sandbox.kube.address import Address
from alb_dr.sandbox.kube.crds import FLEET_CRDS
from alb_dr.sandbox.kube.records import Write
from alb_dr.sandbox.kube.status import ApiError
from alb_dr.sandbox.kube.store import Store

Json = dict[str, Any]
KEYS = st.sampled_from(["a", "b", "c", "d"])
VALUES = st.sampled_from(["1", "2", "3"])
DATA = st.dictionaries(KEYS, VALUES)
APPLIERS = st.sampled_from(["ann", "bob", "cem"])
UPDATERS = st.sampled_from(["dot", "eve"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2)
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def address(store: Store, resource: str, namespace: str) -> Address:
    """Where the one object of a test is."""
    kind = store.registry.named(resource)
    return Address(resource=kind, namespace=namespace, name="it", subresource="")


def a_store() -> Store:
    """An empty API with the kinds of a Fleet."""
    store = Store()
    definitions = store.registry.named("customresourcedefinitions.apiextensions.k8s.io")
    store.create(definitions, "", FLEET_CRDS[0], Write(manager="test"))
    return store


def document(at: Address, **content: Any) -> Json:
    """The one object."""
    return {
        "apiVersion": at.resource.group_version,
        "kind": at.resource.kind,
        "metadata": {"name": "it"},
        **copy.deepcopy(content),
    }


def apply(store: Store, at: Address, manager: str, content: Json, *, force: bool = False) -> Json:
    """Server-side apply; what is stored afterwards."""
    body = document(at, **content)
    write = Write(manager=manager)
    found, _ = writes.patch(store, at, body, write, content_type=writes.APPLY_PATCH, force=force)
    return found


def refusal(
    store: Store, at: Address, manager: str, data: Json, *, force: bool = False
) -> ApiError | None:
    """Apply ``data``; the conflict, or None when it was accepted."""
    try:
        apply(store, at, manager, {"data": data}, force=force)
    except ApiError as error:
        return error
    return None


def update(store: Store, at: Address, manager: str, patch: Json) -> Json:
    """A merge patch; what is stored afterwards."""
    write = Write(manager=manager)
    found, _ = writes.patch(store, at, patch, write, content_type=writes.MERGE_PATCH, force=False)
    return found


def owners_of(stored: Json) -> dict[str, set[str]]:
    """Key of ``data`` to its owners."""
    found: dict[str, set[str]] = {}
    for entry in stored["metadata"].get("managedFields") or []:
        for field in entry["fieldsV1"].get("f:data", {}):
            if field != ".":
                found.setdefault(field.removeprefix("f:"), set()).add(entry["manager"])
    return found


class Model:
    """Who owns which key of a map, in twenty lines."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.owners: dict[str, set[str]] = {}

    def apply(self, manager: str, wanted: dict[str, str], *, force: bool) -> bool:
        """False, and nothing changed, when somebody else owns another value."""
        clashes = {
            key
            for key, value in wanted.items()
            if self.values.get(key, value) != value and self.owners[key] - {manager}
        }
        if clashes and not force:
            return False
        for key, value in wanted.items():
            self.values[key] = value
            shared = set() if key in clashes else self.owners.get(key, set())
            self.owners[key] = shared | {manager}
        for key in [k for k, who in self.owners.items() if manager in who and k not in wanted]:
            self.disown(key, manager)
        return True

    def disown(self, key: str, manager: str) -> None:
        """A value nobody owns any more goes."""
        self.owners[key].discard(manager)
        if not self.owners[key]:
            del self.owners[key], self.values[key]

    def update(self, manager: str, patch: dict[str, str | None]) -> None:
        """Whoever changes a value owns it alone."""
        for key, value in patch.items():
            if value is None:
                self.values.pop(key, None)
                self.owners.pop(key, None)
            elif self.values.get(key) != value:
                self.values[key] = value
                self.owners[key] = {manager}


STEPS = st.lists(
    st.tuples(st.just("apply"), APPLIERS, DATA, st.booleans())
    | st.tuples(st.just("update"), UPDATERS, st.dictionaries(KEYS, st.none() | VALUES), st.none()),
    max_size=12,
)


@given(steps=STEPS)
def test_values_and_owners_are_those_of_the_model(steps: list[Any]) -> None:
    store, model = a_store(), Model()
    at = address(store, "configmaps", "default")
    stored = apply(store, at, "first", {})
    for what, manager, data, force in steps:
        if what == "update":
            stored = update(store, at, manager, {"data": data})
            model.update(manager, data)
        else:
            refused = refusal(store, at, manager, data, force=force)
            assert (refused is None) == model.apply(manager, data, force=force)
            stored = store.get(at.resource, "default", "it")
        assert (stored.get("data") or {}) == model.values
        assert owners_of(stored) == model.owners


@given(data=DATA, marks=DATA)
def test_applying_a_known_kind_twice_is_applying_it_once(
    data: dict[str, str], marks: dict[str, str]
) -> None:
    store = a_store()
    at = address(store, "configmaps", "default")
    content = {"data": data, "metadata": {"name": "it", "annotations": marks, "labels": marks}}
    assert apply(store, at, "ann", content) == apply(store, at, "ann", content)


@given(spec=TREES)
def test_applying_an_unknown_kind_twice_is_applying_it_once(spec: Json) -> None:
    store = a_store()
    at = address(store, "albconfigs.alibabacloud.com", "")
    once = apply(store, at, "ann", {"spec": spec})
    assert apply(store, at, "ann", {"spec": spec}) == once


@given(first=TREES, second=TREES)
def test_after_force_everything_applied_is_stored(first: Json, second: Json) -> None:
    store = a_store()
    at = address(store, "albconfigs.alibabacloud.com", "")
    apply(store, at, "ann", {"spec": first})
    stored = apply(store, at, "bob", {"spec": second}, force=True)
    assert contains(stored.get("spec", {}), second)
    assert apply(store, at, "bob", {"spec": second}) == stored


@given(first=TREES, second=TREES)
def test_who_applied_alone_takes_everything_along(first: Json, second: Json) -> None:
    store = a_store()
    at = address(store, "albconfigs.alibabacloud.com", "")
    apply(store, at, "ann", {"spec": first})
    stored = apply(store, at, "ann", {"spec": second})
    assert stored.get("spec", {}) == second


@given(spec=TREES)
def test_two_who_apply_the_same_do_not_clash(spec: Json) -> None:
    store = a_store()
    at = address(store, "albconfigs.alibabacloud.com", "")
    apply(store, at, "ann", {"spec": spec})
    stored = apply(store, at, "bob", {"spec": spec})
    assert stored.get("spec", {}) == spec
    assert apply(store, at, "ann", {}).get("spec", {}) == spec


@given(before=DATA, wanted=DATA)
def test_a_refused_apply_changes_nothing(before: dict[str, str], wanted: dict[str, str]) -> None:
    store = a_store()
    at = address(store, "configmaps", "default")
    stored = apply(store, at, "ann", {"data": before})
    clashing = {key for key in wanted if before.get(key, wanted[key]) != wanted[key]}
    refused = refusal(store, at, "bob", wanted)
    if refused is None:
        assert not clashing
    else:
        causes = (refused.details or {})["causes"]
        assert {cause["field"].removeprefix(".data.") for cause in causes} == clashing
        assert store.get(at.resource, "default", "it") == stored


def contains(live: Any, wanted: Any) -> bool:
    """Whether all that is wanted is there; lists are one value."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(
            key in live and contains(live[key], value) for key, value in wanted.items()
        )
    return bool(live == wanted)
