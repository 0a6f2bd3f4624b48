"""What kubectl and others ask beside our own client: discovery, formats, directives, owners."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.objects import alb_config, config_map, deployment
from tests.contract.raw import MERGE_PATCH, STRATEGIC_PATCH, Raw
from tests.contract.servers import ALB_CONFIGS, Api, need

META = "g=meta.k8s.io"
TABLE = f"application/json;as=Table;v=v1;{META}"
PARTIAL = f"application/json;as=PartialObjectMetadata;v=v1;{META}"


@pytest.fixture
def workload(http: Raw, namespace: str) -> str:
    """The path of a Deployment that exists."""
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    assert http.post(path, dict(deployment(namespace).document)).status == 201
    return f"{path}/web"


# discovery ------------------------------------------------------------------------------------


def test_it_says_that_it_is_well(http: Raw) -> None:
    for path in ("/healthz", "/livez", "/readyz"):
        assert (http.get(path).status, http.get(path).body) == (200, "ok")


def test_it_says_which_version_it_is(http: Raw) -> None:
    assert http.get("/version").body["gitVersion"].startswith("v")


def test_groups_and_kinds_are_listed(http: Raw) -> None:
    assert "v1" in http.get("/api").body["versions"]
    groups = {group["name"]: group for group in http.get("/apis").body["groups"]}
    assert {"apps", "networking.k8s.io", "coordination.k8s.io", "alibabacloud.com"} <= groups.keys()
    assert groups["apps"]["preferredVersion"]["groupVersion"] == "apps/v1"
    listed = http.get("/apis/apps/v1").body["resources"]
    kinds = {entry["name"]: entry for entry in listed}
    assert kinds["deployments"]["shortNames"] == ["deploy"]
    assert kinds["deployments"]["namespaced"] is True
    assert kinds["deployments/scale"]["kind"] == "Scale"
    assert "patch" in kinds["deployments"]["verbs"]


def test_all_groups_and_kinds_come_in_one_answer_to_who_asks_so(http: Raw) -> None:
    form = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    (core,) = http.send("GET", "/api", accept=form).body["items"]
    others = http.send("GET", "/apis", accept=f"{form},application/json").body
    assert others["kind"] == "APIGroupDiscoveryList"
    groups = {item["metadata"]["name"]: item for item in others["items"]}
    assert {"apps", "networking.k8s.io", "alibabacloud.com"} <= groups.keys()
    kinds = {entry["resource"]: entry for entry in groups["apps"]["versions"][0]["resources"]}
    assert kinds["deployments"]["scope"] == "Namespaced"
    assert kinds["deployments"]["shortNames"] == ["deploy"]
    parts = {part["subresource"]: part for part in kinds["deployments"]["subresources"]}
    assert parts["scale"]["responseKind"]["kind"] == "Scale"
    assert any(entry["resource"] == "pods" for entry in core["versions"][0]["resources"])


def test_one_group_is_described(http: Raw) -> None:
    body = http.get("/apis/networking.k8s.io").body
    assert (body["kind"], body["name"]) == ("APIGroup", "networking.k8s.io")


def test_a_group_nobody_serves_is_not_found(http: Raw) -> None:
    assert http.get("/apis/contract.example.com/v1").status == 404
    assert http.get("/apis/contract.example.com/v1/things").status == 404


def test_schemas_are_found_by_group(served: Api, http: Raw) -> None:
    need(served, 27, "the schemas of one group")
    paths = http.get("/openapi/v3").body["paths"]
    assert {"api/v1", "apis/apps/v1", "apis/networking.k8s.io/v1"} <= paths.keys()
    address = paths["apis/apps/v1"]["serverRelativeURL"]
    assert address.startswith("/openapi/v3/apis/apps/v1")
    document = http.get(address).body
    assert document["openapi"].startswith("3.")
    assert any("/deployments" in path for path in document["paths"])


def test_nobody_learns_no_schemas(http: Raw) -> None:
    assert http.as_user(None).get("/openapi/v3").status in {403, 404}


# formats --------------------------------------------------------------------------------------


def test_a_document_may_be_yaml(http: Raw, maps: str) -> None:
    text = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: '1'\n"
    reply = http.send("POST", maps, text, content_type="application/yaml")
    assert (reply.status, reply.body["data"]) == (201, {"a": "1"})


def test_metadata_alone_can_be_asked_for(http: Raw, maps: str, namespace: str) -> None:
    http.post(maps, dict(config_map(namespace, data={"a": "1"}, labels={"b": "2"}).document))
    body = http.send("GET", f"{maps}/settings", accept=PARTIAL).body
    assert body["kind"] == "PartialObjectMetadata"
    assert body["metadata"]["labels"] == {"b": "2"}
    assert "data" not in body


def test_a_list_may_be_a_table(http: Raw, maps: str, namespace: str) -> None:
    for name in ("a", "b"):
        http.post(maps, dict(config_map(namespace, name, data={"x": "1"}).document))
    table = http.send("GET", maps, accept=TABLE).body
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Data", "Age"]
    rows = {row["cells"][0]: row["cells"][1] for row in table["rows"]}
    assert {"a": rows["a"], "b": rows["b"]} == {"a": 1, "b": 1}
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_scalers_and_budgets_have_the_columns_an_operator_looks_for(
    http: Raw, namespace: str
) -> None:
    scaler = {
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "maxReplicas": 5,
        },
    }
    budget = {"metadata": {"name": "web"}, "spec": {"minAvailable": 1, "selector": {}}}
    scalers = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"
    budgets = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    shown = {}
    for path, document in ((scalers, scaler), (budgets, budget)):
        http.post(path, document)
        answer = http.send("GET", path, accept=TABLE).body
        names = [column["name"] for column in answer["columnDefinitions"]]
        shown.update(zip(names, answer["rows"][0]["cells"], strict=True))
    wanted = {"Reference": "Deployment/web", "Targets": "cpu: <unknown>/80%", "MaxPods": 5}
    assert shown.items() >= wanted.items()
    assert str(shown["MinPods"]) == "1"
    assert (shown["Min Available"], shown["Max Unavailable"]) == ("1", "N/A")


def test_a_watch_may_be_of_tables(http: Raw, maps: str, namespace: str) -> None:
    version = http.post(maps, dict(config_map(namespace, "a").document)).version
    query = {"resourceVersion": version, "timeoutSeconds": "5"}
    with http.watch(maps, accept=TABLE, **query) as events:
        http.post(maps, dict(config_map(namespace, "b").document))
        http.delete(f"{maps}/b")
        told = [next(events), next(events)]
    assert [event["type"] for event in told] == ["ADDED", "DELETED"]
    assert [event["object"]["kind"] for event in told] == ["Table", "Table"]
    assert [event["object"]["rows"][0]["cells"][0] for event in told] == ["b", "b"]
    assert told[0]["object"]["columnDefinitions"]
    assert not told[1]["object"]["columnDefinitions"], "the header comes once"


def test_an_object_cannot_be_posted_to(http: Raw, maps: str, namespace: str) -> None:
    assert http.post(f"{maps}/settings", dict(config_map(namespace).document)).status == 405


def test_a_generated_name_is_new_every_time(http: Raw, maps: str) -> None:
    document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "made-"}}
    names = {http.post(maps, document).metadata["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("made-") and len(name) == len("made-") + 5 for name in names)


# directives of the strategic merge ------------------------------------------------------------


def test_only_the_keys_named_are_retained(http: Raw, workload: str) -> None:
    strategy = {"$retainKeys": ["type"], "type": "Recreate"}
    reply = http.patch(workload, {"spec": {"strategy": strategy}}, STRATEGIC_PATCH)
    assert (reply.status, reply.body["spec"]["strategy"]) == (200, {"type": "Recreate"})


def test_a_map_is_replaced_when_the_patch_says_so(http: Raw, maps: str, namespace: str) -> None:
    http.post(maps, dict(config_map(namespace, data={"a": "1"}).document))
    patch = {"data": {"$patch": "replace", "b": "2"}}
    assert http.patch(f"{maps}/settings", patch, STRATEGIC_PATCH).body["data"] == {"b": "2"}


def test_values_are_taken_out_of_a_list(http: Raw, maps: str, namespace: str) -> None:
    holds = ["contract.example.com/one", "contract.example.com/two"]
    http.post(maps, dict(config_map(namespace, finalizers=holds).document))
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": holds[:1]}}
    reply = http.patch(f"{maps}/settings", patch, STRATEGIC_PATCH)
    assert reply.metadata["finalizers"] == holds[1:]
    http.patch(f"{maps}/settings", {"metadata": {"finalizers": None}}, MERGE_PATCH)


def test_the_patch_may_order_a_list(http: Raw, workload: str) -> None:
    beside = {"name": "beside", "image": "example.com/beside:1"}
    spec: dict[str, Any] = {
        "$setElementOrder/containers": [{"name": "beside"}, {"name": "web"}],
        "containers": [beside],
    }
    reply = http.patch(workload, {"spec": {"template": {"spec": spec}}}, STRATEGIC_PATCH)
    found = reply.body["spec"]["template"]["spec"]["containers"]
    assert [container["name"] for container in found] == ["beside", "web"]


# owners ---------------------------------------------------------------------------------------


def test_the_owner_goes_last_in_the_foreground(
    served: Api, http: Raw, maps: str, namespace: str
) -> None:
    if not served.collects_garbage:
        pytest.skip("no garbage collector runs beside this API")
    owner = http.post(maps, dict(config_map(namespace, "owner").document))
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner.metadata["uid"],
        "blockOwnerDeletion": True,
    }
    http.post(maps, dict(config_map(namespace, "owned", ownerReferences=[reference]).document))
    query = {"resourceVersion": http.get(maps).version, "timeoutSeconds": "20"}
    with http.watch(maps, **query) as events:
        http.delete(f"{maps}/owner", propagationPolicy="Foreground")
        gone: list[str] = []
        for event in events:
            if event["type"] == "DELETED":
                gone.append(event["object"]["metadata"]["name"])
            if len(gone) == 2:
                break
    assert gone == ["owned", "owner"]


def test_the_owner_waits_for_what_is_held(
    served: Api, http: Raw, maps: str, namespace: str
) -> None:
    if not served.collects_garbage:
        pytest.skip("no garbage collector runs beside this API")
    owner = http.post(maps, dict(config_map(namespace, "owner").document))
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": "owner",
        "uid": owner.metadata["uid"],
        "blockOwnerDeletion": True,
    }
    hold = ["contract.example.com/hold"]
    owned = config_map(namespace, "owned", ownerReferences=[reference], finalizers=hold)
    version = http.post(maps, dict(owned.document)).version
    with http.watch(maps, resourceVersion=version, timeoutSeconds="20") as events:
        http.delete(f"{maps}/owner", propagationPolicy="Foreground")
        next(e for e in events if _name(e) == "owned" and "deletionTimestamp" in _metadata(e))
        assert http.get(f"{maps}/owner").status == 200
        http.patch(f"{maps}/owned", {"metadata": {"finalizers": None}}, MERGE_PATCH)
        gone = (_name(e) for e in events if e["type"] == "DELETED")
        assert [next(gone), next(gone)] == ["owned", "owner"]


def test_what_another_still_owns_stays(served: Api, http: Raw, maps: str, namespace: str) -> None:
    if not served.collects_garbage:
        pytest.skip("no garbage collector runs beside this API")
    owners = [http.post(maps, dict(config_map(namespace, n).document)) for n in ("one", "two")]
    references = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": n, "uid": o.metadata["uid"]}
        for n, o in zip(("one", "two"), owners, strict=True)
    ]
    owned = http.post(
        maps, dict(config_map(namespace, "owned", ownerReferences=references).document)
    )
    query = {"resourceVersion": owned.version, "timeoutSeconds": "20"}
    with http.watch(maps, **query) as events:
        http.delete(f"{maps}/one")
        next(e for e in events if e["type"] == "DELETED" and _name(e) == "one")
        assert http.get(f"{maps}/owned").status == 200
        http.delete(f"{maps}/two")
        assert next(e for e in events if e["type"] == "DELETED" and _name(e) == "owned")


def test_a_custom_kind_is_found_by_its_columns(http: Raw, unique: str) -> None:
    http.post(ALB_CONFIGS, dict(alb_config(unique).document))
    table = http.send("GET", ALB_CONFIGS, accept=TABLE).body
    assert unique in [row["cells"][0] for row in table["rows"]]
    http.delete(f"{ALB_CONFIGS}/{unique}")


def _metadata(event: dict[str, Any]) -> dict[str, Any]:
    return dict(event["object"]["metadata"])


def _name(event: dict[str, Any]) -> str:
    return str(_metadata(event)["name"])
