"""Status and scale, dry runs, preconditions, finalizers; lists and their pages."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.objects import alb_config, config_map, deployment, document, ingress
from tests.contract.raw import MERGE_PATCH, Raw
from tests.contract.servers import ALB_CONFIGS

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


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
