"""Fields a built-in kind does not have, and values its fields do not take."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.objects import alb_config, changed, config_map, deployment, document
from tests.contract.raw import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, Raw, causes
from tests.contract.servers import ALB_CONFIGS

CONTAINER = "spec.template.spec.containers.0"
BOGUS = "spec.template.spec.containers.0.bogus"
TOLD = 'unknown field "spec.template.spec.containers[0].bogus"'


def test_an_unknown_field_is_dropped_with_a_warning(
    http: Raw, workloads: str, namespace: str
) -> None:
    reply = http.post(workloads, changed(document(deployment(namespace)), BOGUS, "1"))
    assert reply.status == 201
    assert reply.warnings == (f'299 - "{TOLD}"'.replace(TOLD, TOLD.replace('"', '\\"')),)
    assert "bogus" not in reply.body["spec"]["template"]["spec"]["containers"][0]
    fields = {"spec": {"bogus": 1}, "bogus": 1, "metadata": {"bogus": 1, "labels": {"bogus": "1"}}}
    reply = http.patch(f"{workloads}/web", fields, MERGE_PATCH)
    assert (reply.status, len(reply.warnings)) == (200, 3)
    assert reply.metadata["labels"] == {"bogus": "1"}
    assert "bogus" not in reply.body["spec"]


def test_who_ignores_unknown_fields_is_not_warned(
    http: Raw, workloads: str, namespace: str
) -> None:
    wanted = changed(document(deployment(namespace)), BOGUS, "1")
    reply = http.post(workloads, wanted, fieldValidation="Ignore")
    assert (reply.status, reply.warnings) == (201, ())
    assert "bogus" not in reply.body["spec"]["template"]["spec"]["containers"][0]


def test_who_is_strict_is_refused(http: Raw, workloads: str, namespace: str) -> None:
    good, bad = deployment(namespace), deployment(namespace)
    wanted = changed(document(bad), BOGUS, "1")
    reply = http.post(workloads, wanted, fieldValidation="Strict")
    assert (reply.status, reply.body["reason"]) == (400, "BadRequest")
    handled = 'Deployment in version "v1" cannot be handled as a Deployment'
    assert reply.body["message"] == f"{handled}: strict decoding error: {TOLD}"
    assert http.get(f"{workloads}/web").status == 404
    http.post(workloads, document(deployment(namespace)))
    assert http.put(f"{workloads}/web", wanted, fieldValidation="Strict").status == 400
    assert http.put(f"{workloads}/web", document(good), fieldValidation="Strict").status == 200


@pytest.mark.parametrize("content_type", [JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH])
def test_a_strict_patch_is_refused(
    http: Raw, workloads: str, namespace: str, content_type: str
) -> None:
    http.post(workloads, document(deployment(namespace)))
    body: Any = {"spec": {"bogus": {"a": [1, "b"]}}}
    if content_type == JSON_PATCH:
        body = [{"op": "add", "path": "/spec/bogus", "value": 1}]
    path = f"{workloads}/web"
    reply = http.patch(path, body, content_type, fieldValidation="Strict")
    assert causes(reply) == [("FieldValueInvalid", "patch")]
    assert reply.body["message"].startswith(' "" is invalid: patch: Invalid value: ')
    assert reply.body["message"].endswith('strict decoding error: unknown field "spec.bogus"')
    if content_type == STRATEGIC_PATCH:
        assert '"map[spec:map[bogus:map[a:[1 b]]]]"' in reply.body["message"]


def test_an_apply_names_unknown_fields_by_their_keys(
    http: Raw, workloads: str, namespace: str
) -> None:
    wanted = changed(document(deployment(namespace)), BOGUS, "1")
    reply = http.apply(f"{workloads}/web", wanted, "one", fieldValidation="Ignore")
    assert reply.status == 500
    told = '.spec.template.spec.containers[name="web"].bogus: field not declared in schema'
    assert reply.body["message"].endswith(told)


def test_maps_and_custom_kinds_have_whatever_fields_they_are_given(
    http: Raw, maps: str, namespace: str, unique: str
) -> None:
    free = {"anything": "1"}
    settings = document(config_map(namespace, data=free, annotations=free, labels=free))
    reply = http.post(maps, settings, fieldValidation="Strict")
    assert (reply.status, reply.body["data"], reply.warnings) == (201, free, ())
    custom = document(alb_config(unique))
    custom["spec"]["config"]["anything"] = {"deep": [1]}
    reply = http.post(ALB_CONFIGS, custom, fieldValidation="Strict")
    assert (reply.status, reply.body["spec"], reply.warnings) == (201, custom["spec"], ())


def test_free_and_mixed_fields_of_a_workload_are_known(
    http: Raw, workloads: str, namespace: str
) -> None:
    wanted = document(deployment(namespace))
    changed(wanted, "spec.strategy", {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}})
    changed(wanted, "spec.template.spec.nodeSelector", {"any": "where"})
    probe = {"httpGet": {"path": "/", "port": "http"}}
    limits = {"limits": {"example.com/device": "1", "cpu": "100m"}}
    changed(wanted, f"{CONTAINER}.resources", limits)
    changed(wanted, f"{CONTAINER}.readinessProbe", probe)
    changed(wanted, f"{CONTAINER}.ports", [{"name": "http", "containerPort": 80}])
    reply = http.post(workloads, wanted, fieldValidation="Strict")
    assert (reply.status, reply.warnings) == (201, ()), reply


def test_there_are_three_ways_to_treat_unknown_fields(http: Raw, maps: str, namespace: str) -> None:
    reply = http.post(maps, document(config_map(namespace)), fieldValidation="strict")
    assert causes(reply) == [("FieldValueNotSupported", "fieldValidation")]


# values of a wrong type -----------------------------------------------------------------------

IN = "spec.template.spec.containers"
UNREADABLE = [
    (f"{CONTAINER}.env", [{"name": "A", "value": 1}], "number", f"EnvVar.{IN}.env.value", "string"),
    (f"{CONTAINER}.image", ["a"], "array", f"Container.{IN}.image", "string"),
    (f"{CONTAINER}.ports", "80", "string", f"Container.{IN}.ports", "[]v1.ContainerPort"),
    (f"{CONTAINER}.readinessProbe", True, "bool", f"Container.{IN}.readinessProbe", "v1.Probe"),
    ("metadata", "web", "string", "Deployment.metadata", "v1.ObjectMeta"),
]


@pytest.mark.parametrize("row", UNREADABLE, ids=lambda row: row[3])
def test_a_value_of_a_wrong_type_is_refused(
    http: Raw, workloads: str, namespace: str, row: tuple[str, Any, str, str, str]
) -> None:
    path, value, given, field, wanted = row
    wrong = document(deployment(namespace))
    wrong = {**wrong, path: value} if path in wrong else changed(wrong, path, value)
    reply = http.post(workloads, wrong)
    assert (reply.status, reply.body["reason"]) == (400, "BadRequest")
    told = f"json: cannot unmarshal {given} into Go struct field {field} of type {wanted}"
    assert reply.body["message"].endswith(told)


@pytest.mark.parametrize("content_type", [MERGE_PATCH, STRATEGIC_PATCH])
def test_a_patch_to_a_wrong_type_is_refused(
    http: Raw, workloads: str, namespace: str, content_type: str
) -> None:
    http.post(workloads, document(deployment(namespace)))
    body = {"spec": {"paused": "yes"}}
    reply = http.patch(f"{workloads}/web", body, content_type, fieldValidation="Ignore")
    assert causes(reply) == [("FieldValueInvalid", "patch")]


def test_an_apply_of_a_wrong_type_is_refused(http: Raw, workloads: str, namespace: str) -> None:
    wanted = changed(document(deployment(namespace)), f"{CONTAINER}.image", 1)
    reply = http.apply(f"{workloads}/web", wanted, "one")
    assert reply.status == 500
    place = '.spec.template.spec.containers[name="web"].image'
    told = f"{place}: expected string, got &value.valueUnstructured{{Value:1}}"
    assert reply.body["message"].endswith(told)


def test_an_apply_needs_the_names_its_lists_go_by(
    http: Raw, workloads: str, namespace: str
) -> None:
    wanted = changed(document(deployment(namespace)), f"{CONTAINER}.name", None)
    reply = http.apply(f"{workloads}/web", wanted, "one")
    assert reply.status == 500
    told = (
        ".spec.template.spec.containers: element 0: associative list with keys has an element "
        'that omits key field "name" (and doesn\'t have default value)'
    )
    assert reply.body["message"].endswith(told)
