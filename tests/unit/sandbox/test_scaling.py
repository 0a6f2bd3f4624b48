"""The stand-ins for HPA and KEDA scale as the real ones do, their reported bugs included."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from alb_dr.sandbox.controllers.autoscaler import IDLE, SCALERS, AutoscalerController
from alb_dr.sandbox.controllers.keda import (
    BOUNCE,
    LATE_S,
    PAUSED,
    PAUSED_REPLICAS,
    SCALED_OBJECTS,
    UNPAUSE,
    KedaController,
)
from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from alb_dr.sandbox.kube.crds import MEMBER_CRDS
from alb_dr.sandbox.kube.local import LocalClient
from tests.unit.sandbox.test_controllers import deployment

Json = dict[str, Any]
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}


def a_member(replicas: int) -> LocalClient:
    """A member with a Deployment that nobody runs."""
    client = EmbeddedCluster("test", crds=MEMBER_CRDS).client("kube-controller-manager")
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "demo"}}
    client.create("namespaces", namespace)
    client.create("deployments.apps", deployment(replicas))
    return client


def hpa(least: int | None, most: int, **annotations: str) -> Json:
    limits: Json = {"maxReplicas": most}
    if least is not None:
        limits["minReplicas"] = least
    metadata = {"name": "web", "namespace": "demo", "annotations": annotations}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata,
        "spec": {"scaleTargetRef": TARGET, **limits},
    }


def scaled_object(least: int, **annotations: str) -> Json:
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "web", "namespace": "demo", "annotations": annotations},
        "spec": {"scaleTargetRef": {"name": "web"}, "minReplicaCount": least, "triggers": []},
    }


def look(controller: AutoscalerController | KedaController, times: int = 2) -> None:
    for _ in range(times):
        asyncio.run(controller.reconcile())  # type: ignore[arg-type]


def replicas(client: LocalClient) -> int:
    found = client.get("deployments.apps", "web", "demo")
    assert found is not None
    return int(found["spec"]["replicas"])


def scale(client: LocalClient, wanted: int) -> None:
    client.merge("deployments.apps", "web", {"spec": {"replicas": wanted}}, "demo")


def conditions(client: LocalClient, resource: str, name: str = "web") -> dict[str, Json]:
    found = client.get(resource, name, "demo")
    assert found is not None
    return {c["type"]: c for c in (found.get("status") or {}).get("conditions") or []}


def annotate(client: LocalClient, **annotations: str | None) -> None:
    named = {"paused": PAUSED, "replicas": PAUSED_REPLICAS}
    patch = {"metadata": {"annotations": {named[k]: v for k, v in annotations.items()}}}
    client.merge(SCALED_OBJECTS, "web", patch, "demo")


# HPA -------------------------------------------------------------------------------------------


def test_F17_an_hpa_keeps_the_number_between_its_limits_and_says_who_did_it() -> None:
    member = a_member(2)
    member.create(SCALERS, hpa(3, 5))
    controller = AutoscalerController(member)
    look(controller)
    assert replicas(member) == 3
    scale(member, 9)
    look(controller)
    assert replicas(member) == 5
    live = member.get("deployments.apps", "web", "demo")
    assert live is not None
    (entry,) = [e for e in live["metadata"]["managedFields"] if e.get("subresource") == "scale"]
    assert entry["manager"] == "kube-controller-manager"
    assert conditions(member, SCALERS)["ScalingActive"]["status"] == "True"


def test_F17_an_hpa_is_passive_at_zero_and_active_again_when_it_is_over() -> None:
    member = a_member(2)
    member.create(SCALERS, hpa(None, 5))
    controller = AutoscalerController(member)
    look(controller)
    scale(member, 0)
    look(controller, 3)
    assert replicas(member) == 0
    active = conditions(member, SCALERS)["ScalingActive"]
    assert (active["status"], active["reason"]) == ("False", "ScalingDisabled")
    scale(member, 2)
    look(controller)
    assert conditions(member, SCALERS)["ScalingActive"]["status"] == "True"


def test_F18_an_hpa_that_may_goes_to_zero_by_itself_and_tells_it_from_a_person() -> None:
    member = a_member(2)
    member.create(SCALERS, hpa(0, 5, **{IDLE: "true"}))
    controller = AutoscalerController(member)
    look(controller, 3)
    assert replicas(member) == 0
    assert conditions(member, SCALERS)["ScaledToZero"]["status"] == "True"
    member.merge(SCALERS, "web", {"metadata": {"annotations": {IDLE: None}}}, "demo")
    look(controller)
    assert replicas(member) == 1
    scale(member, 0)
    look(controller, 3)
    assert replicas(member) == 0
    assert conditions(member, SCALERS)["ScalingActive"]["reason"] == "ScalingDisabled"


def test_an_hpa_without_a_target_says_so() -> None:
    member = a_member(2)
    member.create(SCALERS, hpa(1, 5))
    member.delete("deployments.apps", "web", "demo")
    look(AutoscalerController(member))
    able = conditions(member, SCALERS)["AbleToScale"]
    assert (able["status"], able["reason"]) == ("False", "FailedGetScale")


# KEDA ------------------------------------------------------------------------------------------


def keda(member: LocalClient, clock: Callable[[], float] = lambda: 0.0) -> KedaController:
    found = KedaController(member, clock)
    look(found)
    return found


def test_F19_keda_scales_up_what_is_at_zero_and_owns_an_hpa() -> None:
    member = a_member(2)
    member.create(SCALED_OBJECTS, scaled_object(2))
    controller = keda(member)
    scale(member, 0)
    look(controller)
    assert replicas(member) == 2
    owned = member.get(SCALERS, "keda-hpa-web", "demo")
    assert owned is not None
    assert owned["metadata"]["ownerReferences"][0]["kind"] == "ScaledObject"


def test_F19_a_paused_keda_leaves_zero_alone_and_its_hpa_is_gone() -> None:
    member = a_member(2)
    member.create(SCALED_OBJECTS, scaled_object(2))
    controller = keda(member)
    annotate(member, paused="true")
    look(controller)
    scale(member, 0)
    look(controller, 3)
    assert replicas(member) == 0
    assert conditions(member, SCALED_OBJECTS)["Paused"]["status"] == "True"
    assert member.get(SCALERS, "keda-hpa-web", "demo") is None
    annotate(member, replicas="4")
    look(controller)
    assert replicas(member) == 4
    annotate(member, paused=None, replicas=None)
    scale(member, 0)
    look(controller)
    assert replicas(member) == 2
    assert conditions(member, SCALED_OBJECTS)["Paused"]["status"] == "False"


def test_F19_a_pause_may_outlive_its_annotations() -> None:
    """kedacore/keda#5526: it stays paused, and what a person scales is left alone."""
    member = a_member(2)
    member.create(SCALED_OBJECTS, scaled_object(2, **{UNPAUSE: "never"}))
    controller = keda(member)
    annotate(member, replicas="0")
    look(controller)
    annotate(member, replicas=None)
    look(controller, 5)
    assert conditions(member, SCALED_OBJECTS)["Paused"]["status"] == "True"
    assert replicas(member) == 0
    scale(member, 1)
    look(controller, 3)
    assert replicas(member) == 1


def test_F19_a_pause_may_end_late() -> None:
    """kedacore/keda#4642."""
    member, now = a_member(2), [0.0]
    member.create(SCALED_OBJECTS, scaled_object(2, **{UNPAUSE: "late"}))
    controller = keda(member, lambda: now[0])
    annotate(member, replicas="0")
    look(controller)
    annotate(member, replicas=None)
    look(controller, 3)
    assert replicas(member) == 0
    now[0] = LATE_S + 0.1
    look(controller)
    assert replicas(member) == 2


def test_F19_one_annotation_alone_may_not_be_obeyed() -> None:
    """kedacore/keda#5165: replicas bounce until both annotations are there."""
    member = a_member(2)
    member.create(SCALED_OBJECTS, scaled_object(1, **{BOUNCE: "true"}))
    controller = keda(member)
    annotate(member, paused="true")
    scale(member, 0)
    look(controller)
    assert replicas(member) == 1
    annotate(member, replicas="0")
    look(controller, 4)
    assert replicas(member) == 0
