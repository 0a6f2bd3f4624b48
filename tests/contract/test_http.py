"""What only HTTP can say: statuses and their words, the other patches, subresources, pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.objects import alb_config, config_map, deployment, ingress, lease
from tests.contract.raw import MERGE_PATCH, STRATEGIC_PATCH, Raw
from tests.contract.servers import READER, READER_TOKEN, Api

ALB_CONFIGS = "/apis/alibabacloud.com/v1/albconfigs"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.fixture
def maps(namespace: str) -> str:
    """The path of the test's ConfigMaps."""
    return f"/api/v1/namespaces/{namespace}/configmaps"


@pytest.fixture
def workloads(namespace: str) -> str:
    """The path of the test's Deployments."""
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"


@pytest.fixture
def ingresses(namespace: str) -> str:
    """The path of the test's Ingresses."""
    return f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses"


def document(manifest: Any) -> dict[str, Any]:
    """The document of a manifest, to be sent."""
    return dict(manifest.document)


# who is asking --------------------------------------------------------------------------------


def test_a_token_nobody_has_is_not_authenticated(http: Raw, maps: str) -> None:
    reply = http.as_user("nonsense").get(maps)
    assert reply.status == 401
    assert (reply.body["reason"], reply.body["message"]) == ("Unauthorized", "Unauthorized")


def test_nobody_is_anonymous_and_may_not(http: Raw, maps: str, namespace: str) -> None:
    reply = http.as_user(None).get(maps)
    assert reply.status == 403
    assert reply.body["message"] == (
        'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in '
        f'API group "" in the namespace "{namespace}"'
    )


def test_a_reader_may_read_and_not_write(served: Api, http: Raw, maps: str, namespace: str) -> None:
    http.post(maps, document(config_map(namespace)))
    served.restrict(namespace)
    reader = http.as_user(READER_TOKEN)
    assert reader.get(f"{maps}/settings").status == 200
    reply = reader.delete(f"{maps}/settings")
    assert (reply.status, reply.body["reason"]) == (403, "Forbidden")
    assert reply.body["message"] == (
        f'configmaps "settings" is forbidden: User "{READER}" cannot delete resource "configmaps" '
        f'in API group "" in the namespace "{namespace}"'
    )
    assert reply.body["details"] == {"name": "settings", "kind": "configmaps"}


@pytest.mark.parametrize(("verb", "allowed"), [("get", True), ("update", False)])
def test_a_reader_learns_what_it_may(
    served: Api, http: Raw, namespace: str, verb: str, allowed: bool
) -> None:
    served.restrict(namespace)
    attributes = {"verb": verb, "group": "", "resource": "configmaps", "namespace": namespace}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    reply = http.as_user(READER_TOKEN).post(REVIEWS, review)
    assert reply.status == 201
    assert reply.body["status"]["allowed"] is allowed


# what is wrong --------------------------------------------------------------------------------


def test_what_is_not_there_is_named(http: Raw, maps: str) -> None:
    assert http.get(f"{maps}/absent").body == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'configmaps "absent" not found',
        "reason": "NotFound",
        "details": {"name": "absent", "kind": "configmaps"},
        "code": 404,
    }


def test_what_is_there_cannot_be_created(http: Raw, maps: str, namespace: str) -> None:
    assert http.post(maps, document(config_map(namespace))).status == 201
    reply = http.post(maps, document(config_map(namespace)))
    assert (reply.status, reply.body["reason"]) == (409, "AlreadyExists")


def test_an_answer_of_half_a_document_names_the_kind(http: Raw, maps: str) -> None:
    reply = http.send("POST", maps, b'{"apiVersion": "v1", ')
    assert (reply.status, reply.body["reason"]) == (400, "BadRequest")
    assert "must be of type ConfigMap" in reply.body["message"]


def test_a_body_of_another_kind_is_refused(http: Raw, maps: str, namespace: str) -> None:
    reply = http.post(maps, document(deployment(namespace)))
    assert reply.status == 400


def test_a_body_for_another_namespace_is_refused(http: Raw, maps: str) -> None:
    reply = http.post(maps, document(config_map("default")))
    assert (reply.status, reply.body["message"]) == (
        400,
        "the namespace of the provided object does not match the namespace sent on the request",
    )


def test_a_lease_with_another_time_cannot_be_created(http: Raw, namespace: str) -> None:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    reply = http.post(path, document(lease(namespace, "2026-01-02T03:04:05Z")))
    assert (reply.status, reply.body["reason"]) == (400, "BadRequest")
    assert reply.body["message"] == (
        'Lease in version "v1" cannot be handled as a Lease: parsing time "2026-01-02T03:04:05Z" '
        'as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000"'
    )


def test_an_unknown_media_type_is_refused(http: Raw, maps: str, namespace: str) -> None:
    stored = http.post(maps, document(config_map(namespace)))
    reply = http.patch(f"{maps}/settings", {}, "application/unknown")
    assert (reply.status, reply.body["reason"]) == (415, "UnsupportedMediaType")
    assert http.get(f"{maps}/settings").version == stored.version


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


def test_a_status_is_owned_apart(http: Raw, unique: str) -> None:
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


# subresources ---------------------------------------------------------------------------------


def test_a_status_changes_by_itself_only(http: Raw, unique: str) -> None:
    path = f"{ALB_CONFIGS}/{unique}"
    http.post(ALB_CONFIGS, {**document(alb_config(unique)), "status": {"ignored": True}})
    assert "status" not in http.get(path).body
    patch = {"spec": {"listeners": []}, "status": {"loadBalancer": {"id": "alb-1"}}}
    reply = http.patch(f"{path}/status", patch, MERGE_PATCH)
    assert reply.body["status"] == {"loadBalancer": {"id": "alb-1"}}
    assert reply.body["spec"] == document(alb_config(unique))["spec"]
    assert reply.metadata["generation"] == 1
    reply = http.patch(path, {"status": {"loadBalancer": {"id": "alb-2"}}}, MERGE_PATCH)
    assert reply.body["status"] == {"loadBalancer": {"id": "alb-1"}}
    http.delete(path)


def test_the_status_of_an_ingress_names_its_address(
    http: Raw, ingresses: str, namespace: str
) -> None:
    http.post(ingresses, document(ingress(namespace)))
    address = {"status": {"loadBalancer": {"ingress": [{"hostname": "alb.example.com"}]}}}
    reply = http.patch(f"{ingresses}/web/status", address, MERGE_PATCH)
    assert reply.body["status"] == address["status"]
    assert reply.metadata["generation"] == 1


def test_a_scale_is_read_and_written(http: Raw, workloads: str, namespace: str) -> None:
    http.post(workloads, document(deployment(namespace, replicas=3)))
    scale = http.get(f"{workloads}/web/scale")
    assert (scale.body["kind"], scale.body["spec"]) == ("Scale", {"replicas": 3})
    reply = http.patch(f"{workloads}/web/scale", {"spec": {"replicas": 0}}, MERGE_PATCH)
    assert (reply.status, reply.body["spec"]) == (200, {})
    live = http.get(f"{workloads}/web")
    assert live.body["spec"]["replicas"] == 0
    assert live.metadata["generation"] == 2
    stale = {**scale.body, "spec": {"replicas": 5}}
    reply = http.put(f"{workloads}/web/scale", stale)
    assert (reply.status, reply.body["reason"]) == (409, "Conflict")
    assert http.get(f"{workloads}/web").body["spec"]["replicas"] == 0


# dry runs, preconditions, finalizers ----------------------------------------------------------


def test_no_dry_run_stores_anything(http: Raw, maps: str, namespace: str) -> None:
    wanted = document(config_map(namespace, data={"a": "1"}))
    assert http.post(maps, wanted, dryRun="All").status == 201
    assert http.get(f"{maps}/settings").status == 404
    stored = http.post(maps, wanted)
    changed = {**wanted, "data": {"a": "2"}}
    assert http.put(f"{maps}/settings", changed, dryRun="All").body["data"] == {"a": "2"}
    assert http.patch(f"{maps}/settings", changed, MERGE_PATCH, dryRun="All").status == 200
    assert http.delete(f"{maps}/settings", dryRun="All").status == 200
    assert http.get(f"{maps}/settings").body == stored.body


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
def test_a_precondition_guards_a_deletion(http: Raw, maps: str, namespace: str, field: str) -> None:
    stored = http.post(maps, document(config_map(namespace)))
    wrong = {"preconditions": {field: "00000000-0000-0000-0000-000000000000"}}
    reply = http.delete(f"{maps}/settings", wrong)
    assert (reply.status, reply.body["reason"]) == (409, "Conflict")
    right = {"preconditions": {field: stored.metadata[field]}}
    assert http.delete(f"{maps}/settings", right).status == 200
    assert http.get(f"{maps}/settings").status == 404


def test_a_deletion_in_the_foreground_is_marked(http: Raw, maps: str, namespace: str) -> None:
    http.post(maps, document(config_map(namespace, finalizers=["contract.example.com/hold"])))
    reply = http.delete(f"{maps}/settings", propagationPolicy="Foreground")
    assert reply.status == 200
    assert "foregroundDeletion" in reply.metadata["finalizers"]
    assert reply.metadata["deletionTimestamp"]
    http.patch(f"{maps}/settings", {"metadata": {"finalizers": None}}, MERGE_PATCH)
    assert http.get(f"{maps}/settings").status == 404


def test_a_collection_is_deleted_by_label(http: Raw, maps: str, namespace: str) -> None:
    for name, mark in (("a", "1"), ("b", "1"), ("c", "2")):
        http.post(maps, document(config_map(namespace, name, labels={"mark": mark})))
    assert http.delete(maps, labelSelector="mark=1").status == 200
    assert _names(http.get(maps, labelSelector="mark").body) == ["c"]


# lists ----------------------------------------------------------------------------------------


def test_a_list_comes_in_pages(http: Raw, maps: str, namespace: str) -> None:
    names = ["a", "b", "c", "d", "e"]
    for name in names:
        http.post(maps, document(config_map(namespace, name, labels={"page": "yes"})))
    found: list[str] = []
    left: list[int | None] = []
    versions: set[str] = set()
    query = {"limit": "2", "labelSelector": "page=yes"}
    while True:
        page = http.get(maps, **query)
        found += _names(page.body)
        left.append(page.body["metadata"].get("remainingItemCount"))
        versions.add(page.version)
        if not page.body["metadata"].get("continue"):
            break
        query["continue"] = page.body["metadata"]["continue"]
    assert found == names
    assert len(left) == 3
    # How many are left is not counted where a selector has to be asked.
    assert left == [None, None, None]
    assert len(versions) == 1, "all pages show one moment"


def test_all_pages_show_one_moment(http: Raw, maps: str, namespace: str) -> None:
    for name in ("b", "c", "d"):
        http.post(maps, document(config_map(namespace, name, labels={"page": "yes"})))
    query = {"limit": "1", "labelSelector": "page=yes"}
    first = http.get(maps, **query)
    http.post(maps, document(config_map(namespace, "a", labels={"page": "yes"})))
    http.delete(f"{maps}/b")
    http.delete(f"{maps}/c")
    http.patch(f"{maps}/d", {"data": {"x": "1"}}, MERGE_PATCH)
    query = {"labelSelector": "page=yes", "continue": first.body["metadata"]["continue"]}
    rest = http.get(maps, **query)
    assert (_names(first.body), _names(rest.body)) == (["b"], ["c", "d"])
    assert "data" not in rest.body["items"][1]
    assert _names(http.get(maps, labelSelector="page=yes").body) == ["a", "d"]


def test_a_continuation_that_is_none_is_refused(http: Raw, maps: str) -> None:
    reply = http.get(maps, **{"limit": "2", "continue": "nonsense"})
    assert (reply.status, reply.body["reason"]) == (400, "BadRequest")
    assert "continue key is not valid" in reply.body["message"]


def test_a_selector_that_is_none_is_refused(http: Raw, maps: str) -> None:
    assert http.get(maps, labelSelector="a==b==c").status == 400
    reply = http.get(maps, fieldSelector="data.x=1")
    assert (reply.status, reply.body["reason"]) == (400, "BadRequest")


def test_a_table_has_the_columns_of_its_kind(http: Raw, unique: str) -> None:
    path = f"{ALB_CONFIGS}/{unique}"
    http.post(ALB_CONFIGS, document(alb_config(unique)))
    status = {"status": {"loadBalancer": {"id": "alb-1", "dnsname": "a.example.com"}}}
    http.patch(f"{path}/status", status, MERGE_PATCH)
    table = http.send("GET", path, accept=TABLE).body
    assert table["kind"] == "Table"
    names = [column["name"] for column in table["columnDefinitions"]]
    assert names == ["Name", "ALBID", "DNSNAME", "PORT&PROTOCOL", "CERTID", "AGE"]
    assert table["rows"][0]["cells"][:3] == [unique, "alb-1", "a.example.com"]
    http.delete(path)


def _names(listed: dict[str, Any]) -> list[str]:
    return [item["metadata"]["name"] for item in listed["items"]]
