"""Through the port: reading, guarded writes, JSON Patch, generations, what is refused."""

from __future__ import annotations

import pytest

from alb_dr.errors import Conflict, NotFound, Rejected
from alb_dr.model.manifest import (
    CONFIG_MAP,
    EVENT,
    INGRESS_CLASS,
    NAMESPACE,
    Kind,
    Manifest,
    ResourceId,
)
from tests.contract.objects import (
    config_map,
    deployment,
    event,
    ingress,
    lease,
    manifest,
)
from tests.contract.servers import Api, live

UNKNOWN = Kind(api_version="contract.example.com/v1", name="Unknown", plural="unknowns")


# reading ---------------------------------------------------------------------------------------


def test_what_is_not_there_is_none(api: Api, namespace: str) -> None:
    assert api.port.get(config_map(namespace).id) is None
    assert api.port.get(config_map("no-such-namespace").id) is None
    assert api.port.get(ResourceId(kind=UNKNOWN, name="x", namespace=namespace)) is None


def test_a_kind_nobody_serves_cannot_be_listed(api: Api, namespace: str) -> None:
    with pytest.raises(NotFound):
        api.port.list(UNKNOWN, namespace=namespace)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ("", ["a", "b", "c"]),
        ("tier=front", ["a"]),
        ("tier==front", ["a"]),
        ("tier!=front", ["b", "c"]),
        ("tier", ["a", "b"]),
        ("!tier", ["c"]),
        ("tier in (front,back)", ["a", "b"]),
        ("tier notin (front)", ["b", "c"]),
        ("tier,zone=1", ["b"]),
    ],
)
def test_labels_select(api: Api, namespace: str, labels: str, names: list[str]) -> None:
    given = {"a": {"tier": "front"}, "b": {"tier": "back", "zone": "1"}, "c": {"zone": "1"}}
    for name, marks in given.items():
        api.port.create(config_map(namespace, name, labels={**marks, "ours": "yes"}))
    selector = f"ours=yes,{labels}" if labels else "ours=yes"
    found = api.port.list(CONFIG_MAP, namespace=namespace, labels=selector)
    assert sorted(m.id.name for m in found) == names


def test_fields_select(api: Api, namespace: str) -> None:
    for name in ("a", "b"):
        api.port.create(config_map(namespace, name))
    found = api.port.list(CONFIG_MAP, namespace=namespace, fields="metadata.name=b")
    assert [m.id.name for m in found] == ["b"]


def test_events_are_found_by_what_they_are_about(api: Api, namespace: str) -> None:
    api.port.create(event(namespace, "one", about="a"))
    api.port.create(event(namespace, "two", about="b"))
    fields = "involvedObject.kind=ConfigMap,involvedObject.name=b"
    found = api.port.list(EVENT, namespace=namespace, fields=fields)
    assert [m.id.name for m in found] == ["two"]


def test_an_api_says_which_cluster_it_is(api: Api) -> None:
    home = api.port.get(ResourceId(kind=NAMESPACE, name="kube-system"))
    # A real API makes kube-system a moment after it is ready; its uid is the cluster's.
    assert home is not None
    identity = api.port.identity()
    assert identity.cluster_uid
    # Kubernetes 1.28 was the first that could say who is asking.
    assert identity.user == ("admin" if api.minor >= 28 else "")


# creating and replacing ------------------------------------------------------------------------


def test_an_object_is_created_once(api: Api, namespace: str) -> None:
    wanted = config_map(namespace, data={"a": "1"})
    api.port.create(wanted)
    with pytest.raises(Conflict, match="already exists"):
        api.port.create(config_map(namespace, data={"a": "2"}))
    assert live(api, wanted).document["data"] == {"a": "1"}


def test_a_dry_run_creates_nothing(api: Api, namespace: str) -> None:
    wanted = config_map(namespace)
    assert api.port.create(wanted, dry_run=True).uid
    assert api.port.get(wanted.id) is None


def test_only_the_version_that_was_read_can_be_replaced(api: Api, namespace: str) -> None:
    first = api.port.create(config_map(namespace, data={"a": "1"}))
    changed = Manifest(id=first.id, document={**first.document, "data": {"a": "2"}})
    second = api.port.replace(changed)
    assert second.resource_version != first.resource_version
    with pytest.raises(Conflict):
        api.port.replace(Manifest(id=first.id, document={**first.document, "data": {"a": "3"}}))
    assert live(api, first).document["data"] == {"a": "2"}


def test_replacing_with_the_same_changes_no_version(api: Api, namespace: str) -> None:
    first = api.port.create(config_map(namespace, data={"a": "1"}))
    assert api.port.replace(first).resource_version == first.resource_version


def test_another_incarnation_is_not_replaced(api: Api, namespace: str) -> None:
    first = api.port.create(config_map(namespace))
    assert api.port.delete(first.id)
    api.port.create(config_map(namespace))
    with pytest.raises(Conflict):
        api.port.replace(first)


# JSON Patch ------------------------------------------------------------------------------------


def test_a_patch_whose_test_holds_is_done_as_a_whole(api: Api, namespace: str) -> None:
    api.port.create(config_map(namespace, data={"a": "1", "b": "2"}))
    answered = api.port.patch(
        config_map(namespace).id,
        [
            {"op": "test", "path": "/data/a", "value": "1"},
            {"op": "replace", "path": "/data/a", "value": "9"},
            {"op": "remove", "path": "/data/b"},
            {"op": "add", "path": "/data/c", "value": "3"},
        ],
    )
    assert answered.document["data"] == {"a": "9", "c": "3"}


def test_a_patch_whose_test_fails_changes_nothing(api: Api, namespace: str) -> None:
    before = api.port.create(config_map(namespace, data={"a": "1"}))
    with pytest.raises(Conflict):
        api.port.patch(
            before.id,
            [
                {"op": "replace", "path": "/data/a", "value": "9"},
                {"op": "test", "path": "/data/a", "value": "1"},
            ],
        )
    assert live(api, before).document == before.document


def test_a_patch_may_guard_the_very_object(api: Api, namespace: str) -> None:
    before = api.port.create(deployment(namespace))
    guard = {"op": "test", "path": "/metadata/uid", "value": before.uid}
    stop = {"op": "replace", "path": "/spec/replicas", "value": 0}
    with pytest.raises(Conflict):
        api.port.patch(before.id, [{**guard, "value": "somebody-else"}, stop])
    assert api.port.patch(before.id, [guard, stop]).document["spec"]["replicas"] == 0


def test_a_patch_adds_nothing_below_a_map_that_is_not_there(api: Api, namespace: str) -> None:
    before = api.port.create(config_map(namespace))
    add = {"op": "add", "path": "/metadata/annotations/x", "value": "1"}
    with pytest.raises(Conflict):
        api.port.patch(before.id, [add])
    first = {"op": "add", "path": "/metadata/annotations", "value": {}}
    assert api.port.patch(before.id, [first, add]).annotations == {"x": "1"}


def test_a_slash_in_a_key_is_written_as_tilde_one(api: Api, namespace: str) -> None:
    before = api.port.apply(ingress(namespace, weight="20"))
    path = "/metadata/annotations/contract.example.com~1weight"
    answered = api.port.patch(before.id, [{"op": "replace", "path": path, "value": "30"}])
    assert answered.annotations == {"contract.example.com/weight": "30"}


def test_a_dry_patch_changes_nothing(api: Api, namespace: str) -> None:
    before = api.port.create(config_map(namespace, data={"a": "1"}))
    add = {"op": "add", "path": "/data/b", "value": "2"}
    assert api.port.patch(before.id, [add], dry_run=True).document["data"] == {"a": "1", "b": "2"}
    assert live(api, before).document == before.document


def test_what_is_not_there_cannot_be_patched(api: Api, namespace: str) -> None:
    with pytest.raises(NotFound):
        api.port.patch(config_map(namespace).id, [{"op": "add", "path": "/data", "value": {}}])


# generation, validation ------------------------------------------------------------------------


def test_the_generation_counts_changes_of_the_spec(api: Api, namespace: str) -> None:
    first = api.port.apply(ingress(namespace, weight="20"))
    assert first.metadata["generation"] == 1
    assert api.port.apply(ingress(namespace, weight="30")).metadata["generation"] == 1
    other = ingress(namespace, host="b.example.com", weight="30")
    assert api.port.apply(other).metadata["generation"] == 2


def test_the_generation_of_a_deployment_counts_its_annotations_too(
    api: Api, namespace: str
) -> None:
    api.port.apply(deployment(namespace))
    marked = api.port.apply(deployment(namespace, annotations={"contract.example.com/a": "1"}))
    assert marked.metadata["generation"] == 2
    labelled = api.port.apply(
        deployment(namespace, annotations={"contract.example.com/a": "1"}, labels={"a": "1"})
    )
    assert labelled.metadata["generation"] == 2


def test_the_controller_of_an_ingress_class_is_chosen_once(api: Api, unique: str) -> None:
    def of(controller: str) -> Manifest:
        return manifest(INGRESS_CLASS, unique, None, spec={"controller": controller})

    api.port.apply(of("example.com/alb"))
    with pytest.raises(Rejected, match="immutable"):
        api.port.apply(of("example.com/other"))
    assert api.port.delete(of("").id)


def test_replicas_are_not_negative(api: Api, namespace: str) -> None:
    before = api.port.create(deployment(namespace))
    with pytest.raises(Rejected, match="greater than or equal to 0"):
        api.port.patch(before.id, [{"op": "replace", "path": "/spec/replicas", "value": -1}])


def test_a_lease_keeps_microseconds(api: Api, namespace: str) -> None:
    stored = api.port.create(lease(namespace, "2026-01-02T03:04:05.000006Z"))
    assert stored.document["spec"]["renewTime"] == "2026-01-02T03:04:05.000006Z"
    later = {"op": "replace", "path": "/spec/renewTime", "value": "2026-01-02T03:04:06.500000Z"}
    answered = api.port.patch(stored.id, [later])
    assert answered.document["spec"]["renewTime"] == "2026-01-02T03:04:06.500000Z"


@pytest.mark.parametrize("fraction", ["", ".5", ".123456789", ".12345"])
def test_a_lease_takes_exactly_six_digits(api: Api, namespace: str, fraction: str) -> None:
    stored = api.port.create(lease(namespace))
    time = f"2026-01-02T03:04:05{fraction}Z"
    with pytest.raises(Rejected, match="Invalid value"):
        api.port.patch(stored.id, [{"op": "replace", "path": "/spec/renewTime", "value": time}])
    assert live(api, stored).document == stored.document
