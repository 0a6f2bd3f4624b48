"""Service and ready Pods → EndpointSlice."""

from __future__ import annotations

from typing import Any

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.status import Json

SLICES = "endpointslices.discovery.k8s.io"
OF_SERVICE = "kubernetes.io/service-name"
MANAGED_BY = {"endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
CHANGED = "endpoints.kubernetes.io/last-change-trigger-time"


class EndpointSliceController:
    """Keeps one slice for every Service with a selector, in one member."""

    def __init__(self, member: KubeClient) -> None:
        self._member = member

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        watched = self._member.subscribe("services", "pods", "nodes")
        return Reconciler([watched], self.reconcile)

    async def reconcile(self) -> float | None:
        """Bring every slice in line."""
        nodes = {node["metadata"]["name"] for node in self._member.list("nodes")}
        for service in self._member.list("services"):
            selector = service["spec"].get("selector")
            if selector and not service["metadata"].get("deletionTimestamp"):
                self._slice(service, selector, nodes)
        return None

    def _slice(self, service: Json, selector: Json, nodes: set[str]) -> None:
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        pods = self._member.list("pods", namespace, selector)
        endpoints = [_endpoint(p) for p in pods if _is_routed(p, nodes)]
        # As the real controller has it: no list while there is nothing to list.
        listed = {"endpoints": endpoints or None, "ports": _ports(service) if endpoints else None}
        live = self._member.list(SLICES, namespace, {OF_SERVICE: name, **MANAGED_BY})
        if not live:
            self._member.create(SLICES, _document(service, listed))
        elif (live[0].get("endpoints") or []) != endpoints:
            noted = {"metadata": {"annotations": {CHANGED: now_text()}}}
            self._member.merge(SLICES, live[0]["metadata"]["name"], {**noted, **listed}, namespace)


def _is_routed(pod: Json, nodes: set[str]) -> bool:
    """Whether it has an address, on a node that is known."""
    node = pod["spec"].get("nodeName")
    return bool((pod.get("status") or {}).get("podIP")) and (node is None or node in nodes)


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


def _ports(service: Json) -> list[Json]:
    return [
        {
            "name": p.get("name", ""),
            "port": p.get("targetPort", p["port"]),
            "protocol": p.get("protocol", "TCP"),
        }
        for p in service["spec"].get("ports") or []
    ]


def _document(service: Json, listed: dict[str, Any]) -> Json:
    metadata = service["metadata"]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": "IPv4",
        "metadata": {
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "labels": {OF_SERVICE: metadata["name"], **MANAGED_BY},
            "annotations": {CHANGED: now_text()},
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
        **listed,
    }
