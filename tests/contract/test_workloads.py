"""What a Deployment and an Ingress must be for a real API to take them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.objects import Json, changed, deployment, document, ingress
from tests.contract.raw import MERGE_PATCH, Raw, causes

# Deployments ----------------------------------------------------------------------------------

LABELS = "spec.template.metadata.labels"
CONTAINER = "spec.template.spec.containers.0"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("spec.selector", None, [("Required", "spec.selector"), ("Invalid", LABELS)]),
        ("spec.selector", {}, [("Invalid", "spec.selector")]),
        (LABELS, {"app": "other"}, [("Invalid", LABELS)]),
        (LABELS, None, [("Invalid", LABELS)]),
        (f"{CONTAINER}.name", None, [("Required", "spec.template.spec.containers[0].name")]),
        (f"{CONTAINER}.image", None, [("Required", "spec.template.spec.containers[0].image")]),
        ("spec.template.spec.containers", [], [("Required", "spec.template.spec.containers")]),
    ],
)
def test_a_deployment_that_could_not_work_is_refused(
    http: Raw, workloads: str, namespace: str, path: str, value: Any, told: list[tuple[str, str]]
) -> None:
    reply = http.post(workloads, changed(document(deployment(namespace)), path, value))
    assert causes(reply) == [(f"FieldValue{reason}", field) for reason, field in told]


def test_expressions_select_too(http: Raw, workloads: str, namespace: str) -> None:
    wanted = document(deployment(namespace))
    rule: Json = {"key": "app", "operator": "In", "values": ["db"]}
    changed(wanted, "spec.selector", {"matchExpressions": [rule]})
    assert causes(http.post(workloads, wanted)) == [("FieldValueInvalid", LABELS)]
    rule["values"] = ["db", "web"]
    assert http.post(workloads, wanted).status == 201


def test_the_selector_of_a_deployment_is_chosen_once(
    http: Raw, workloads: str, namespace: str
) -> None:
    http.post(workloads, document(deployment(namespace)))
    labels = {"app": "web", "tier": "front"}
    both = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}}}
    reply = http.patch(f"{workloads}/web", {"spec": both}, MERGE_PATCH)
    assert causes(reply) == [("FieldValueInvalid", "spec.selector")]
    assert reply.body["message"].endswith("field is immutable")
    del both["template"]
    reply = http.patch(f"{workloads}/web", {"spec": both}, MERGE_PATCH)
    assert causes(reply) == [("FieldValueInvalid", LABELS), ("FieldValueInvalid", "spec.selector")]
    assert "`selector` does not match template `labels`" in reply.body["message"]
    selector = http.get(f"{workloads}/web").body["spec"]["selector"]
    assert selector == {"matchLabels": {"app": "web"}}


# Ingresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "path", "words"),
    [
        ("Prefix", "svc1", "must be an absolute path"),
        ("Exact", "svc1", "must be an absolute path"),
        ("Exact", "", "must be an absolute path"),
        ("ImplementationSpecific", "svc1", "must be an absolute path"),
        ("Prefix", "/a//b", "must not contain '//'"),
        ("Prefix", "/a/..", "cannot end with '/..'"),
    ],
)
def test_the_path_of_an_ingress_is_absolute(
    http: Raw, ingresses: str, namespace: str, kind: str, path: str, words: str
) -> None:
    wanted = document(ingress(namespace))
    wanted["spec"]["rules"][0]["http"]["paths"][0] |= {"pathType": kind, "path": path}
    reply = http.post(ingresses, wanted)
    assert causes(reply) == [("FieldValueInvalid", "spec.rules[0].http.paths[0].path")]
    assert f'Invalid value: "{path}": {words}' in reply.body["message"]


def test_an_ingress_says_how_its_path_matches(http: Raw, ingresses: str, namespace: str) -> None:
    wanted = document(ingress(namespace))
    changed(wanted, "spec.rules.0.http.paths.0.pathType", None)
    field = "spec.rules[0].http.paths[0].pathType"
    assert causes(http.post(ingresses, wanted)) == [("FieldValueRequired", field)]
