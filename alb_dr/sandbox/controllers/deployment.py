"""Deployment → ReplicaSet → Pods, and the statuses that kubectl and we wait for."""

from __future__ import annotations

import hashlib
import json

from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.local import LocalClient
from alb_dr.sandbox.kube.status import Json

DEPLOYMENTS = "deployments.apps"
REPLICA_SETS = "replicasets.apps"
HASH = "pod-template-hash"


class DeploymentController:
    """Keeps the pods of every Deployment of one member."""

    def __init__(self, member: LocalClient) -> None:
        self._member = member

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        watched = self._member.subscribe(DEPLOYMENTS, REPLICA_SETS, "pods")
        return Reconciler([watched], self.reconcile)

    async def reconcile(self) -> float | None:
        """Bring every Deployment and ReplicaSet in line."""
        for deployment in self._member.list(DEPLOYMENTS):
            if not deployment["metadata"].get("deletionTimestamp"):
                self._deployment(deployment)
        return None

    def _deployment(self, deployment: Json) -> None:
        spec = deployment["spec"]
        digest = _hash(spec["template"])
        owned = self._owned(REPLICA_SETS, deployment)
        current = next((r for r in owned if _labels(r).get(HASH) == digest), None)
        if current is None and not spec.get("paused"):
            current = self._member.create(REPLICA_SETS, _replica_set(deployment, digest))
            owned.append(current)
        # While paused, a new template has no ReplicaSet yet: the newest one keeps the pods.
        newest = max(owned, key=lambda r: str(r["metadata"]["creationTimestamp"]), default=None)
        active = current if current is not None else newest
        for replica_set in owned:
            is_active = replica_set is active
            self._scale(replica_set, spec.get("replicas", 1) if is_active else 0, owned, active)
        for replica_set in owned:
            self._pods(replica_set)
        self._status(deployment, owned, current)

    def _scale(
        self, replica_set: Json, wanted: int, owned: list[Json], current: Json | None
    ) -> None:
        """Old ReplicaSets go down once the new one's pods are ready: no gap in between."""
        if replica_set is not current and len(owned) > 1 and current is not None:
            ready = (current.get("status") or {}).get("readyReplicas", 0)
            if ready < current["spec"].get("replicas", 1):
                return
        if replica_set["spec"].get("replicas") == wanted:
            return
        metadata = replica_set["metadata"]
        patch = {"spec": {"replicas": wanted}}
        changed = self._member.merge(REPLICA_SETS, metadata["name"], patch, metadata["namespace"])
        replica_set.clear()
        replica_set.update(changed)

    def _pods(self, replica_set: Json) -> None:
        pods = [
            p
            for p in self._owned("pods", replica_set)
            if not p["metadata"].get("deletionTimestamp")
        ]
        wanted = replica_set["spec"].get("replicas", 1)
        for _ in range(wanted - len(pods)):
            self._member.create("pods", _pod(replica_set))
        # Pods that are not ready go first, as the real controller prefers.
        for pod in sorted(pods, key=_is_ready)[: max(0, len(pods) - wanted)]:
            self._member.delete("pods", pod["metadata"]["name"], pod["metadata"]["namespace"])
        pods = self._owned("pods", replica_set)
        ready = sum(_is_ready(p) for p in pods)
        status: Json = {
            "replicas": len(pods),
            "fullyLabeledReplicas": len(pods),
            "readyReplicas": ready or None,
            "availableReplicas": ready or None,
            "observedGeneration": replica_set["metadata"]["generation"],
        }
        self._merge_status(REPLICA_SETS, replica_set, status)

    def _status(self, deployment: Json, owned: list[Json], current: Json | None) -> None:
        pods = [p for r in owned for p in self._owned("pods", r)]
        ready = sum(_is_ready(p) for p in pods)
        updated = len(self._owned("pods", current)) if current is not None else 0
        wanted = deployment["spec"].get("replicas", 1)
        conditions = [
            _condition(
                "Available",
                ready >= wanted,
                "MinimumReplicasAvailable" if ready >= wanted else "MinimumReplicasUnavailable",
                deployment,
            ),
            _condition("Progressing", True, "NewReplicaSetAvailable", deployment),
        ]
        status: Json = {
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": len(pods) or None,
            "updatedReplicas": updated or None,
            "readyReplicas": ready or None,
            "availableReplicas": ready or None,
            "unavailableReplicas": max(0, wanted - ready) or None,
            "conditions": conditions,
        }
        self._merge_status(DEPLOYMENTS, deployment, status)

    def _merge_status(self, resource: str, document: Json, status: Json) -> None:
        live = document.get("status") or {}
        if all(live.get(key) == value for key, value in status.items()):
            return
        metadata = document["metadata"]
        if self._member.get(resource, metadata["name"], metadata["namespace"]) is None:
            return
        changed = self._member.merge(
            resource,
            metadata["name"],
            {"status": status},
            metadata["namespace"],
            subresource="status",
        )
        document["status"] = changed["status"]

    def _owned(self, resource: str, owner: Json) -> list[Json]:
        uid, namespace = owner["metadata"]["uid"], owner["metadata"]["namespace"]
        return [
            d
            for d in self._member.list(resource, namespace)
            if any(o["uid"] == uid for o in d["metadata"].get("ownerReferences") or [])
        ]


def _hash(template: Json) -> str:
    text = json.dumps(template, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _labels(document: Json) -> Json:
    return document["metadata"].get("labels") or {}


def _is_ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _owner(document: Json) -> Json:
    return {
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "name": document["metadata"]["name"],
        "uid": document["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _replica_set(deployment: Json, digest: str) -> Json:
    spec, metadata = deployment["spec"], deployment["metadata"]
    labels = {**(spec["template"]["metadata"].get("labels") or {}), HASH: digest}
    template = {**spec["template"], "metadata": {"labels": labels}}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{digest}",
            "namespace": metadata["namespace"],
            "labels": labels,
            "annotations": dict(metadata.get("annotations") or {}),
            "ownerReferences": [_owner(deployment)],
        },
        "spec": {
            "replicas": spec.get("replicas", 1),
            "selector": {"matchLabels": labels},
            "template": template,
        },
    }


def _pod(replica_set: Json) -> Json:
    metadata, template = replica_set["metadata"], replica_set["spec"]["template"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": f"{metadata['name']}-",
            "namespace": metadata["namespace"],
            "labels": dict(template["metadata"].get("labels") or {}),
            "ownerReferences": [_owner(replica_set)],
        },
        "spec": template["spec"],
    }


def _condition(kind: str, holds: bool, reason: str, deployment: Json) -> Json:
    """A condition; its transition time changes only when its status does."""
    live = (deployment.get("status") or {}).get("conditions") or []
    status = str(holds)
    same = next((c for c in live if c["type"] == kind and c["status"] == status), None)
    since = same["lastTransitionTime"] if same else now_text()
    return {
        "type": kind,
        "status": status,
        "reason": reason,
        "lastTransitionTime": since,
        "lastUpdateTime": since,
    }
