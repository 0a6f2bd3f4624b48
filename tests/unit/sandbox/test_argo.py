"""The stand-in for Argo CD: self-heal, sync windows, commits, Ingresses that Git decides."""

from __future__ import annotations

import asyncio
from typing import Any

from alb_dr.sandbox.argo import Argo, ArgoOrder
from alb_dr.sandbox.controllers.application import APPLICATIONS, CHART
from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from alb_dr.sandbox.kube.crds import FLEET_CRDS, MEMBER_CRDS
from alb_dr.sandbox.kube.local import LocalClient

Json = dict[str, Any]
SETS = "applicationsets.argoproj.io"
INGRESSES = "ingresses.networking.k8s.io"
WEIGHT = "alb.ingress.kubernetes.io/cluster-weight.c1"


class Member:
    """The one member."""

    def __init__(self) -> None:
        self.id = "c1"
        self.cluster = EmbeddedCluster("c1", crds=MEMBER_CRDS)


class Stage:
    """A Fleet with Argo CD and one member; every look is asked for."""

    def __init__(self) -> None:
        fleet, member = EmbeddedCluster("fleet", crds=FLEET_CRDS), Member()
        self.fleet, self.member = fleet.client("person"), member.cluster.client("person")
        for name in ("argocd", "demo"):
            self.fleet.create("namespaces", _of("v1", "Namespace", name))
        self.fleet.create(
            "appprojects.argoproj.io",
            {**_of("argoproj.io/v1alpha1", "AppProject", "default", "argocd"), "spec": {}},
        )
        self.fleet.create(SETS, an_application_set())
        self.argo = Argo(fleet, [member], replicas=2, self_heal=False)
        self._loops = self.argo.reconcilers()

    def order(self, **order: Any) -> None:
        self.argo.do(ArgoOrder(**order))
        self.look()

    def look(self, times: int = 3) -> None:
        for _ in range(times):
            for loop in self._loops:
                asyncio.run(loop._reconcile())  # type: ignore[arg-type]

    def scale(self, wanted: int) -> None:
        self.member.merge("deployments.apps", "web-demo", {"spec": {"replicas": wanted}}, "demo")

    @property
    def replicas(self) -> int:
        found = self.member.get("deployments.apps", "web-demo", "demo")
        assert found is not None
        return int(found["spec"]["replicas"])

    def writer(self) -> str:
        """Who wrote the replicas last."""
        found = self.member.get("deployments.apps", "web-demo", "demo")
        assert found is not None
        (entry,) = [
            e
            for e in found["metadata"]["managedFields"]
            if "f:replicas" in e["fieldsV1"].get("f:spec", {})
        ]
        return str(entry["manager"])

    @property
    def application(self) -> Json:
        found = self.fleet.get(APPLICATIONS, "c1-web-demo", "argocd")
        assert found is not None
        return found


def _of(version: str, kind: str, name: str, namespace: str = "") -> Json:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def an_application_set() -> Json:
    return {
        **_of("argoproj.io/v1alpha1", "ApplicationSet", "appset", "argocd"),
        "spec": {
            "goTemplate": True,
            "generators": [{"list": {"elements": [{"id": "c1"}]}}],
            "template": {
                "metadata": {"name": "{{.id}}-web-demo"},
                "spec": {
                    "project": "default",
                    "destination": {"name": "{{.id}}-one", "namespace": "demo"},
                    "source": {"repoURL": "x", "path": CHART, "targetRevision": "main"},
                    "syncPolicy": {"automated": {}, "syncOptions": ["CreateNamespace=true"]},
                },
            },
        },
    }


def a_synced_stage(**order: Any) -> Stage:
    stage = Stage()
    stage.look()
    if order:
        stage.order(**order)
    assert stage.replicas == 2
    assert stage.application["status"]["sync"]["status"] == "Synced"
    return stage


def test_without_self_heal_a_person_may_scale() -> None:
    stage = a_synced_stage()
    stage.scale(0)
    stage.look()
    assert stage.replicas == 0
    assert stage.application["status"]["sync"]["status"] == "OutOfSync"


def test_F20_self_heal_scales_back_and_can_be_switched_off_again() -> None:
    stage = a_synced_stage(self_heal=True)
    stage.scale(0)
    stage.look()
    assert (stage.replicas, stage.writer()) == (2, "argocd-controller")
    stage.order(self_heal=False)
    assert "selfHeal" not in stage.application["spec"]["syncPolicy"]["automated"]
    stage.scale(0)
    stage.look()
    assert stage.replicas == 0


def test_F20_a_deny_window_holds_self_heal_back_until_it_closes() -> None:
    stage = a_synced_stage(self_heal=True, deny="1h")
    stage.scale(0)
    stage.look()
    assert stage.replicas == 0
    stage.order(deny="")
    assert stage.replicas == 2


def test_F21_a_commit_syncs_what_drifted_and_is_made_up_for_after_a_window() -> None:
    stage = a_synced_stage()
    before = stage.application["status"]["sync"]["revision"]
    stage.scale(0)
    stage.order(deny="1h")
    stage.order(commit=True)
    assert stage.replicas == 0
    pending = stage.application["status"]
    assert pending["sync"]["revision"] != before
    assert pending["operationState"]["syncResult"]["revision"] == before
    stage.order(deny="")
    assert (stage.replicas, stage.writer()) == (2, "argocd-controller")
    assert stage.application["status"]["operationState"]["syncResult"]["revision"] != before


def test_an_application_lists_what_it_manages() -> None:
    listed = a_synced_stage().application["status"]["resources"]
    named = [(r.get("group", ""), r["kind"], r["namespace"], r["name"]) for r in listed]
    assert named == [
        ("apps", "Deployment", "demo", "web-demo"),
        ("", "Service", "demo", "service1"),
    ]


def test_an_ingress_that_git_decides_is_put_back() -> None:
    stage = a_synced_stage()
    ingress = _of("networking.k8s.io/v1", "Ingress", "web-demo", "demo")
    ingress["metadata"]["annotations"] = {WEIGHT: "20"}
    ingress["spec"] = {"defaultBackend": {"service": {"name": "a", "port": {"number": 80}}}}
    stage.fleet.create(INGRESSES, ingress)
    stage.order(ingress=True)
    changed = {"metadata": {"annotations": {WEIGHT: "70"}}}
    stage.fleet.merge(INGRESSES, "web-demo", changed, "demo")
    stage.look()
    assert weight(stage.fleet) == "20"
    stage.order(ingress=False)
    stage.fleet.merge(INGRESSES, "web-demo", changed, "demo")
    stage.look()
    assert weight(stage.fleet) == "70"


def weight(fleet: LocalClient) -> str:
    live = fleet.get(INGRESSES, "web-demo", "demo")
    assert live is not None
    return str(live["metadata"]["annotations"][WEIGHT])
