"""Writes as they travel: apply with its causes, the other patches, replacing."""

from __future__ import annotations

from tests.contract.objects import alb_config, config_map, deployment, document
from tests.contract.raw import MERGE_PATCH, STRATEGIC_PATCH, Raw
from tests.contract.servers import ALB_CONFIGS, Api, need

# server-side apply ----------------------------------------------------------------------------


def test_an_apply_needs_a_manager(http: Raw, maps: str, namespace: str) -> None:
    reply = http.apply(f"{maps}/settings", document(config_map(namespace)), "")
    assert (reply.status, reply.body["reason"]) == (422, "Invalid")
    assert "fieldManager: Required value" in reply.body["message"]


def test_an_apply_that_creates_says_so(http: Raw, maps: str, namespace: str) -> None:
    wanted = document(config_map(namespace, data={"a": "1"}))
    assert http.apply(f"{maps}/settings", wanted, "one").status == 201
    assert http.apply(f"{maps}/settings", wanted, "one").status == 200


def test_every_conflict_is_a_cause_of_its_own(http: Raw, maps: str, namespace: str) -> None:
    given = {"a": "1", "b": "1", "c": "1"}
    http.apply(f"{maps}/settings", document(config_map(namespace, data=given)), "one")
    other = document(config_map(namespace, data={"a": "2", "b": "2", "c": "1"}))
    reply = http.apply(f"{maps}/settings", other, "two")
    assert (reply.status, reply.body["reason"]) == (409, "Conflict")
    assert reply.body["details"]["causes"] == [
        {
            "reason": "FieldManagerConflict",
            "message": 'conflict with "one"',
            "field": f".data.{key}",
        }
        for key in ("a", "b")
    ]


def test_an_update_takes_the_fields_it_changes(http: Raw, maps: str, namespace: str) -> None:
    wanted = document(config_map(namespace, data={"a": "1", "b": "1"}))
    http.apply(f"{maps}/settings", wanted, "one")
    http.patch(f"{maps}/settings", {"data": {"b": "2"}}, MERGE_PATCH, fieldManager="two")
    reply = http.get(f"{maps}/settings")
    owned = {
        (entry["manager"], entry["operation"]): sorted(entry["fieldsV1"]["f:data"])
        for entry in reply.metadata["managedFields"]
    }
    assert owned[("one", "Apply")] == ["f:a"]
    assert "f:b" in owned[("two", "Update")]
    assert "f:a" not in owned[("two", "Update")]


def test_a_status_is_owned_apart(served: Api, http: Raw, unique: str) -> None:
    need(served, 22, "owners of a subresource")
    path = f"{ALB_CONFIGS}/{unique}"
    http.apply(path, document(alb_config(unique)), "one")
    status = {"status": {"loadBalancer": {"id": "alb-1"}}}
    http.patch(f"{path}/status", status, MERGE_PATCH, fieldManager="two")
    entries = http.get(path).metadata["managedFields"]
    assert {(e["manager"], e.get("subresource", "")) for e in entries} == {
        ("one", ""),
        ("two", "status"),
    }
    http.delete(path)


# the other patches ----------------------------------------------------------------------------


def test_a_merge_patch_sets_and_removes(http: Raw, maps: str, namespace: str) -> None:
    http.post(maps, document(config_map(namespace, data={"a": "1", "b": "1"})))
    reply = http.patch(f"{maps}/settings", {"data": {"a": None, "c": "3"}}, MERGE_PATCH)
    assert (reply.status, reply.body["data"]) == (200, {"b": "1", "c": "3"})


def test_a_patch_that_changes_nothing_keeps_the_version(
    http: Raw, maps: str, namespace: str
) -> None:
    stored = http.post(maps, document(config_map(namespace, data={"a": "1"})))
    reply = http.patch(f"{maps}/settings", {"data": {"a": "1"}}, MERGE_PATCH)
    assert (reply.status, reply.version) == (200, stored.version)


def test_a_patch_may_name_the_version_it_changes(http: Raw, maps: str, namespace: str) -> None:
    stored = http.post(maps, document(config_map(namespace)))
    first = {"metadata": {"resourceVersion": stored.version}, "data": {"a": "1"}}
    assert http.patch(f"{maps}/settings", first, MERGE_PATCH).status == 200
    reply = http.patch(f"{maps}/settings", {**first, "data": {"a": "2"}}, MERGE_PATCH)
    assert (reply.status, reply.body["reason"]) == (409, "Conflict")
    assert "the object has been modified" in reply.body["message"]


def test_a_strategic_patch_merges_containers_by_name(
    http: Raw, workloads: str, namespace: str
) -> None:
    http.post(workloads, document(deployment(namespace)))
    containers = [
        {"name": "web", "image": "example.com/web:2"},
        {"name": "beside", "image": "example.com/beside:1"},
    ]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    reply = http.patch(f"{workloads}/web", patch, STRATEGIC_PATCH)
    found = reply.body["spec"]["template"]["spec"]["containers"]
    assert {c["name"]: c["image"] for c in found} == {
        "web": "example.com/web:2",
        "beside": "example.com/beside:1",
    }
    gone = {
        "spec": {"template": {"spec": {"containers": [{"name": "beside", "$patch": "delete"}]}}}
    }
    reply = http.patch(f"{workloads}/web", gone, STRATEGIC_PATCH)
    assert [c["name"] for c in reply.body["spec"]["template"]["spec"]["containers"]] == ["web"]


def test_a_custom_kind_takes_no_strategic_patch(http: Raw, unique: str) -> None:
    http.post(ALB_CONFIGS, document(alb_config(unique)))
    reply = http.patch(f"{ALB_CONFIGS}/{unique}", {"spec": {}}, STRATEGIC_PATCH)
    assert (reply.status, reply.body["reason"]) == (415, "UnsupportedMediaType")
    http.delete(f"{ALB_CONFIGS}/{unique}")


# replacing ------------------------------------------------------------------------------------


def test_a_custom_kind_is_only_replaced_by_version(http: Raw, unique: str) -> None:
    http.post(ALB_CONFIGS, document(alb_config(unique)))
    reply = http.put(f"{ALB_CONFIGS}/{unique}", document(alb_config(unique, ports=(81,))))
    assert (reply.status, reply.body["reason"]) == (422, "Invalid")
    assert "must be specified for an update" in reply.body["message"]
    http.delete(f"{ALB_CONFIGS}/{unique}")


def test_a_config_map_is_replaced_without_a_version(http: Raw, maps: str, namespace: str) -> None:
    http.post(maps, document(config_map(namespace, data={"a": "1"})))
    reply = http.put(f"{maps}/settings", document(config_map(namespace, data={"b": "2"})))
    assert (reply.status, reply.body["data"]) == (200, {"b": "2"})


def test_another_name_in_the_body_is_refused(http: Raw, maps: str, namespace: str) -> None:
    http.post(maps, document(config_map(namespace)))
    reply = http.put(f"{maps}/settings", document(config_map(namespace, "other")))
    assert reply.status == 400
    assert "does not match the name on the URL" in reply.body["message"]
