"""Service and ready Pods → EndpointSlice."""

from __future__ import annotations

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.status import Json

SLICES = "endpointslices.discovery.k8s.io"


class EndpointSliceController:
    """Keeps one slice for every Service with a selector, in one member."""

    def __init__(self, member: KubeClient) -> None:
        self._member = member

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        return Reconciler([self._member.subscribe("services", "pods")], self.reconcile)

    async def reconcile(self) -> float | None:
        """Bring every slice in line."""
        for service in self._member.list("services"):
            selector = service["spec"].get("selector")
            if selector and not service["metadata"].get("deletionTimestamp"):
                self._slice(service, selector)
        return None

    def _slice(self, service: Json, selector: Json) -> None:
        metadata = service["metadata"]
        pods = self._member.list("pods", metadata["namespace"], selector)
        name = f"{metadata['name']}-sandbox"
        endpoints = [_endpoint(p) for p in pods if (p.get("status") or {}).get("podIP")]
        live = self._member.get(SLICES, name, metadata["namespace"])
        if live is None:
            self._member.create(SLICES, _document(service, name, endpoints))
        elif live.get("endpoints") != endpoints:
            patch = {"endpoints": endpoints}
            self._member.merge(SLICES, name, patch, metadata["namespace"])


def _endpoint(pod: Json) -> Json:
    conditions = pod["status"].get("conditions") or []
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    leaving = bool(pod["metadata"].get("deletionTimestamp"))
    return {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": ready and not leaving,
            "serving": ready,
            "terminating": leaving,
        },
        "nodeName": pod["spec"].get("nodeName", "sandbox"),
        "targetRef": {
            "kind": "Pod",
            "name": pod["metadata"]["name"],
            "namespace": pod["metadata"]["namespace"],
            "uid": pod["metadata"]["uid"],
        },
    }


def _document(service: Json, name: str, endpoints: list[Json]) -> Json:
    metadata = service["metadata"]
    ports = [
        {
            "name": p.get("name", ""),
            "port": p.get("targetPort", p["port"]),
            "protocol": p.get("protocol", "TCP"),
        }
        for p in service["spec"].get("ports") or []
    ]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": "IPv4",
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "labels": {"kubernetes.io/service-name": metadata["name"]},
            "ownerReferences": [
                {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
        },
        "endpoints": endpoints,
        "ports": ports,
    }
