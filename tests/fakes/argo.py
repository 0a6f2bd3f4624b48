"""What Argo CD leaves on a Fleet: a cluster's Secret, a generated Application."""

from __future__ import annotations

import base64
from typing import Any

from alb_dr.model.manifest import APPLICATION_SET, Manifest, ResourceId
from tests.fakes.kube import FakeKube


def a_namespace(name: str) -> Manifest:
    """A namespace."""
    return Manifest.of({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})


def argo_cluster(id_: str, name: str) -> Manifest:
    """The Secret of a cluster Argo CD knows."""
    return Manifest.of(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": f"cluster-{id_}",
                "namespace": "argocd",
                "labels": {"argocd.argoproj.io/secret-type": "cluster", "name": f"{id_}-{name}"},
                "annotations": {"cluster_id": id_, "cluster_name": name},
            },
            "data": {
                "name": base64.b64encode(f"{id_}-{name}".encode()).decode(),
                "server": base64.b64encode(b"https://127.0.0.1:1").decode(),
            },
        }
    )


def an_application(id_: str, name: str) -> dict[str, Any]:
    """What the demo's ApplicationSet generates for a cluster."""
    parameters = [{"name": "envCluster", "value": name, "forceString": True}]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": f"{id_}-web-demo", "namespace": "argocd"},
        "spec": {
            "project": "default",
            "destination": {"name": f"{id_}-{name}", "namespace": "gateway-demo"},
            "source": {
                "repoURL": "https://github.com/AliyunContainerService/gitops-demo.git",
                "path": "manifests/helm/web-demo",
                "targetRevision": "main",
                "helm": {"valueFiles": ["values.yaml"], "parameters": parameters},
            },
            "syncPolicy": {"automated": {}, "syncOptions": ["CreateNamespace=true"]},
        },
    }


def owned_by(api: FakeKube, application: dict[str, Any]) -> Manifest:
    """The Application, owned by the project's live ApplicationSet."""
    name = "appset-web-demo"
    owner = api.get(ResourceId(kind=APPLICATION_SET, name=name, namespace="argocd"))
    assert owner is not None
    reference = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "name": name,
        "uid": owner.uid,
    }
    metadata = {**application["metadata"], "ownerReferences": [reference]}
    return Manifest.of({**application, "metadata": metadata})


INGRESS_OF_GIT = Manifest.of(
    {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "ingresses", "namespace": "argocd"},
        "spec": {
            "destination": {"server": "https://kubernetes.default.svc"},
            "syncPolicy": {"automated": {"selfHeal": True}},
        },
        "status": {
            "resources": [{"kind": "Ingress", "namespace": "gateway-demo", "name": "web-demo"}]
        },
    }
)


def with_argo(fleet: FakeKube) -> None:
    """An Application that heals the Ingress is listed from now on."""
    listed = fleet.list
    fleet.list = lambda kind, **words: (  # type: ignore[method-assign]  # as the docstring says
        (INGRESS_OF_GIT,) if kind.name == "Application" else listed(kind, **words)
    )
