"""Autoscalers and budgets: what an API fills in, refuses, and records of a write to the scale."""

from __future__ import annotations

from typing import Any

import pytest

from alb_dr.errors import Rejected
from alb_dr.model.manifest import HORIZONTAL_POD_AUTOSCALER, POD_DISRUPTION_BUDGET
from tests.contract.objects import deployment, document, manifest
from tests.contract.raw import MERGE_PATCH, Raw
from tests.contract.servers import Api

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}


def autoscaler(namespace: str, **spec: Any) -> Any:
    fields = {"scaleTargetRef": TARGET, **spec}
    return manifest(HORIZONTAL_POD_AUTOSCALER, "web", namespace, spec=fields)


def test_F17_an_autoscaler_has_a_least_number_and_a_metric_though_none_was_given(
    api: Api, namespace: str
) -> None:
    stored = api.port.create(autoscaler(namespace, maxReplicas=3)).document["spec"]
    assert stored["minReplicas"] == 1
    assert stored["metrics"] == [
        {
            "type": "Resource",
            "resource": {
                "name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": 80},
            },
        }
    ]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"maxReplicas": 0}, "must be greater than 0"),
        ({"minReplicas": 4, "maxReplicas": 3}, "greater than or equal to `minReplicas`"),
    ],
)
def test_limits_that_make_no_sense_are_refused(
    api: Api, namespace: str, limits: dict[str, int], said: str
) -> None:
    with pytest.raises(Rejected, match=said):
        api.port.create(autoscaler(namespace, **limits))


def test_F27_a_budget_can_be_made_and_found(api: Api, namespace: str) -> None:
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    api.port.create(manifest(POD_DISRUPTION_BUDGET, "web", namespace, spec=spec))
    (found,) = api.port.list(POD_DISRUPTION_BUDGET, namespace=namespace)
    assert found.document["spec"]["minAvailable"] == 1


def test_F22_whoever_scales_through_the_subresource_is_named(
    http: Raw, workloads: str, namespace: str
) -> None:
    http.post(workloads, document(deployment(namespace, replicas=3)))
    scale, who = {"spec": {"replicas": 5}}, {"fieldManager": "somebody"}
    assert http.patch(f"{workloads}/web/scale", scale, MERGE_PATCH, **who).status == 200
    entries = http.get(f"{workloads}/web").metadata["managedFields"]
    (mine,) = [e for e in entries if e["manager"] == "somebody"]
    assert (mine["subresource"], mine["operation"]) == ("scale", "Update")
    assert mine["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
