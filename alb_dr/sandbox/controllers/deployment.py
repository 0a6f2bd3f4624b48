"""Deployment → ReplicaSet → Pods, and the statuses that kubectl and we wait for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers import events
from alb_dr.sandbox.controllers.deployment_status import (
    DESIRED,
    MOST,
    REVISION,
    is_leaving,
    is_ready,
    most_replicas,
    status_of,
)
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.status import Json

DEPLOYMENTS = "deployments.apps"
REPLICA_SETS = "replicasets.apps"
HASH = "pod-template-hash"
_NOT_COPIED = frozenset(
    {REVISION, DESIRED, MOST, "kubectl.kubernetes.io/last-applied-configuration"}
)


class DeploymentController:
    """Keeps the pods of every Deployment of one member."""

    def __init__(
        self, member: KubeClient, *, out_of_quota: Callable[[], bool] = lambda: False
    ) -> None:
        """``out_of_quota``: whether the namespace's quota lets no further pod be made."""
        self._member = member
        self._out_of_quota = out_of_quota

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
            revision = 1 + max(map(_revision, owned), default=0)
            current = self._member.create(REPLICA_SETS, _replica_set(deployment, digest, revision))
            owned.append(current)
        elif current is not None:
            self._annotate(current, deployment, owned)
        # While paused, a new template has no ReplicaSet yet: the newest one keeps the pods.
        newest = max(owned, key=lambda r: str(r["metadata"]["creationTimestamp"]), default=None)
        active = current if current is not None else newest
        for replica_set in owned:
            is_active = replica_set is active
            self._scale(replica_set, spec.get("replicas", 1) if is_active else 0, owned, active)
        for replica_set in owned:
            self._pods(replica_set)
        self._status(deployment, owned, current)

    def _annotate(self, replica_set: Json, deployment: Json, owned: list[Json]) -> None:
        """Copy the Deployment's annotations, and count a ReplicaSet taken up again as newest.

        Nothing is ever taken away: what stood on the Deployment for a moment stays on the
        ReplicaSet, and ``kubectl rollout undo`` brings it back from there.
        """
        metadata = replica_set["metadata"]
        others = [r for r in owned if r is not replica_set]
        newest = max(_revision(replica_set), 1 + max(map(_revision, others), default=0))
        wanted = {**_copied(deployment), REVISION: str(newest)}
        live = metadata.get("annotations") or {}
        if wanted.items() <= live.items():
            return
        patch = {"metadata": {"annotations": wanted}}
        changed = self._member.merge(REPLICA_SETS, metadata["name"], patch, metadata["namespace"])
        replica_set.clear()
        replica_set.update(changed)

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
        pods = [p for p in self._owned("pods", replica_set) if not is_leaving(p)]
        wanted = replica_set["spec"].get("replicas", 1)
        if wanted > len(pods) and self._out_of_quota():
            name = replica_set["metadata"]["name"]
            words = f'Error creating: pods "{name}-" is forbidden: exceeded quota: sandbox'
            events.record(
                self._member, replica_set, reason="FailedCreate", message=words, warning=True
            )
            wanted = len(pods)
        for _ in range(wanted - len(pods)):
            self._member.create("pods", _pod(replica_set))
        # Pods that are not ready go first, as the real controller prefers.
        for pod in sorted(pods, key=is_ready)[: max(0, len(pods) - wanted)]:
            self._member.delete("pods", pod["metadata"]["name"], pod["metadata"]["namespace"])
        mine = self._owned("pods", replica_set)
        pods = [p for p in mine if not is_leaving(p)]
        ready = sum(map(is_ready, pods))
        status: Json = {
            "replicas": len(pods),
            "fullyLabeledReplicas": len(pods) or None,
            "terminatingReplicas": len(mine) - len(pods),
            "readyReplicas": ready or None,
            "availableReplicas": ready or None,
            "observedGeneration": replica_set["metadata"]["generation"],
        }
        self._merge_status(REPLICA_SETS, replica_set, status)

    def _status(self, deployment: Json, owned: list[Json], current: Json | None) -> None:
        pods = [p for r in owned for p in self._owned("pods", r)]
        updated = self._owned("pods", current) if current is not None else []
        newest = current["metadata"]["name"] if current is not None else ""
        revision = {}
        if current is not None:
            revision = {REVISION: current["metadata"]["annotations"][REVISION]}
        status = status_of(deployment, pods, updated, newest)
        self._merge_status(DEPLOYMENTS, deployment, status, annotations=revision)

    def _merge_status(
        self, resource: str, document: Json, status: Json, annotations: Json | None = None
    ) -> None:
        live, metadata = document.get("status") or {}, document["metadata"]
        noted = (metadata.get("annotations") or {}).items() >= (annotations or {}).items()
        if noted and all(live.get(key) == value for key, value in status.items()):
            return
        if self._member.get(resource, metadata["name"], metadata["namespace"]) is None:
            return
        patch: Json = {"status": status}
        if annotations:
            patch["metadata"] = {"annotations": annotations}
        changed = self._member.merge(
            resource, metadata["name"], patch, metadata["namespace"], subresource="status"
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


def _owner(document: Json) -> Json:
    return {
        "apiVersion": document["apiVersion"],
        "kind": document["kind"],
        "name": document["metadata"]["name"],
        "uid": document["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def _revision(replica_set: Json) -> int:
    return int((replica_set["metadata"].get("annotations") or {}).get(REVISION, 0))


def _copied(deployment: Json) -> dict[str, str]:
    """The annotations that a Deployment's ReplicaSets carry, too."""
    annotations = deployment["metadata"].get("annotations") or {}
    return {k: v for k, v in annotations.items() if k not in _NOT_COPIED}


def _replica_set(deployment: Json, digest: str, revision: int) -> Json:
    spec, metadata = deployment["spec"], deployment["metadata"]
    labels = {**(spec["template"]["metadata"].get("labels") or {}), HASH: digest}
    template = {**spec["template"], "metadata": {**spec["template"]["metadata"], "labels": labels}}
    noted = {
        REVISION: str(revision),
        DESIRED: str(spec.get("replicas", 1)),
        MOST: str(most_replicas(spec)),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{metadata['name']}-{digest}",
            "namespace": metadata["namespace"],
            "labels": labels,
            "annotations": {**_copied(deployment), **noted},
            "ownerReferences": [_owner(deployment)],
        },
        "spec": {
            "replicas": spec.get("replicas", 1),
            "selector": {
                "matchLabels": {**(spec["selector"].get("matchLabels") or {}), HASH: digest}
            },
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
