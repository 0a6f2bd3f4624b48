"""PropagationPolicy and OverridePolicy → copies in the members, in the manner of Karmada.

Only what distribution for disaster recovery uses is stood in for: named selectors, named members,
``Duplicated``, plain-text overrides. What ACK One does beyond its documents is not known; whether
a copy that somebody changes is changed back can be chosen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers.application import contains
from alb_dr.sandbox.controllers.events import record
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.documents import clone
from alb_dr.sandbox.kube.patch import json_patch
from alb_dr.sandbox.kube.status import Json

RESOURCES = {
    ("v1", "Namespace"): "namespaces",
    ("v1", "Service"): "services",
    ("v1", "ConfigMap"): "configmaps",
    ("apps/v1", "Deployment"): "deployments.apps",
}
"""What can be placed, and what the clients call it."""
DEPLOYMENTS = "deployments.apps"
COUNTS = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas")
"""What the Fleet's Deployment says of all its copies together."""
OWN = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy")
"""What every cluster gives a Service by itself, and no copy may bring along."""
REVERT_S = 1.0
"""Pause before a changed copy is changed back, so that the change can be seen at all."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Which object in which member."""

    member: str
    resource: str
    namespace: str
    name: str


class PolicyController:
    """Keeps the copies of everything the policies of one group select."""

    def __init__(
        self, fleet: KubeClient, members: Mapping[str, KubeClient], *, group: str, reverts: bool
    ) -> None:
        self._fleet = fleet
        self._members = members
        self._reverts = reverts
        self._propagation = f"propagationpolicies.{group}"
        self._of_cluster = f"clusterpropagationpolicies.{group}"
        self._overrides = f"overridepolicies.{group}"
        self._placed: dict[Copy, str] = {}
        self._preserved: dict[Copy, bool] = {}
        self._changed: set[Copy] = set()
        self._refused: set[str] = set()

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        kinds = (self._of_cluster, self._propagation, self._overrides, *RESOURCES.values())
        members = [m.subscribe(*RESOURCES.values()) for m in self._members.values()]
        return Reconciler([self._fleet.subscribe(*kinds), *members], self.reconcile)

    async def reconcile(self) -> float | None:
        """Bring every copy in line; namespaces first, since the others live in them."""
        wanted: dict[Copy, Json] = {}
        for policy in (*self._fleet.list(self._of_cluster), *self._fleet.list(self._propagation)):
            if not policy["metadata"].get("deletionTimestamp") and self._understood(policy):
                wanted |= self._copies(policy)
        again = None
        for copy, document in wanted.items():
            if self._place(copy, document):
                again = REVERT_S
        for copy in self._placed.keys() - wanted.keys():
            self._let_go(copy)
        for deployment in self._fleet.list(DEPLOYMENTS):
            self._report(deployment, [c for c in wanted if _is_of(c, deployment)])
        return again

    def _understood(self, policy: Json) -> bool:
        """Whether this policy can be stood in for; an event on it says so when it cannot."""
        scheduling = (policy["spec"].get("placement") or {}).get("replicaScheduling") or {}
        kind = scheduling.get("replicaSchedulingType", "Duplicated")
        if kind == "Duplicated":
            return True
        uid = policy["metadata"]["uid"]
        if uid not in self._refused:
            self._refused.add(uid)
            words = f"the sandbox places nothing by replicaSchedulingType {kind}"
            record(self._fleet, policy, reason="ScheduleBindingFailed", message=words, warning=True)
        return False

    def _copies(self, policy: Json) -> dict[Copy, Json]:
        spec = policy["spec"]
        affinity = (spec.get("placement") or {}).get("clusterAffinity") or {}
        chosen = affinity.get("clusterNames")
        found = {}
        for resource, document in self._selected(policy):
            metadata = document["metadata"]
            for member in self._members:
                if chosen is None or member in chosen:
                    copy = Copy(member, resource, metadata.get("namespace", ""), metadata["name"])
                    found[copy] = self._overridden(_bare(document), member)
                    self._preserved[copy] = bool(spec.get("preserveResourcesOnDeletion"))
        return found

    def _selected(self, policy: Json) -> Iterator[tuple[str, Json]]:
        """The Fleet's objects a policy names; a policy of a namespace reaches no other."""
        home = policy["metadata"].get("namespace", "")
        for selector in policy["spec"].get("resourceSelectors") or []:
            resource = RESOURCES.get((selector["apiVersion"], selector["kind"]))
            if resource is None:
                continue
            for document in self._fleet.list(resource, home or selector.get("namespace", "")):
                metadata = document["metadata"]
                if selector.get("name") in {None, "", metadata["name"]} and not metadata.get(
                    "deletionTimestamp"
                ):
                    yield resource, document

    def _overridden(self, document: Json, member: str) -> Json:
        namespace = document["metadata"].get("namespace", "")
        for policy in self._fleet.list(self._overrides, namespace) if namespace else ():
            if not any(_names(s, document) for s in policy["spec"].get("resourceSelectors") or []):
                continue
            for rule in policy["spec"].get("overrideRules") or []:
                chosen = (rule.get("targetCluster") or {}).get("clusterNames")
                if chosen is None or member in chosen:
                    plain = (rule.get("overriders") or {}).get("plaintext") or []
                    document = json_patch(document, [_operation(one) for one in plain])
        return document

    def _place(self, copy: Copy, document: Json) -> bool:
        """Place or change a copy; True when a changed one is changed back at the next look."""
        member, digest = self._members[copy.member], json.dumps(document, sort_keys=True)
        live = member.get(copy.resource, copy.name, copy.namespace)
        if live is not None and self._placed.get(copy) == digest:
            drifted = not contains(live.get("spec") or {}, document.get("spec") or {})
            if not drifted or not self._reverts:
                self._changed.discard(copy)
                return False
            if copy not in self._changed:
                self._changed.add(copy)
                return True
        self._changed.discard(copy)
        member.apply(copy.resource, document)
        self._placed[copy] = digest
        return False

    def _let_go(self, copy: Copy) -> None:
        """The copy of something no policy places any longer: it goes only with its original."""
        if self._fleet.get(copy.resource, copy.name, copy.namespace) is not None:
            return
        if not self._preserved.pop(copy, True):
            self._members[copy.member].delete(copy.resource, copy.name, copy.namespace)
        del self._placed[copy]

    def _report(self, deployment: Json, copies: list[Copy]) -> None:
        """The counts of all copies together, in the status of the Fleet's own Deployment."""
        if not copies:
            return
        metadata = deployment["metadata"]
        status: Json = {"observedGeneration": metadata.get("generation", 1)}
        live = [self._members[c.member].get(c.resource, c.name, c.namespace) for c in copies]
        for count in COUNTS:
            status[count] = sum(int(((d or {}).get("status") or {}).get(count) or 0) for d in live)
        before = deployment.get("status") or {}
        if any(before.get(key) != value for key, value in status.items()):
            self._fleet.merge(
                DEPLOYMENTS,
                metadata["name"],
                {"status": status},
                metadata["namespace"],
                subresource="status",
            )


def _bare(document: Json) -> Json:
    """What a copy begins with: nothing the Fleet's own API added."""
    metadata = document["metadata"]
    kept = {k: metadata[k] for k in ("name", "namespace", "labels", "annotations") if k in metadata}
    bare: Json = {k: clone(v) for k, v in document.items() if k not in {"metadata", "status"}}
    if document["kind"] == "Namespace":
        bare.pop("spec", None)
    if document["kind"] == "Service":
        bare["spec"] = {k: v for k, v in bare["spec"].items() if k not in OWN}
        for port in bare["spec"].get("ports") or []:
            port.pop("nodePort", None)
    return {**bare, "metadata": clone(kept)}


def _names(selector: Json, document: Json) -> bool:
    same = (selector["apiVersion"], selector["kind"]) == (document["apiVersion"], document["kind"])
    return same and selector.get("name") in {None, "", document["metadata"]["name"]}


def _operation(plain: Json) -> Json:
    operation = {"op": plain["operator"], "path": plain["path"]}
    return operation if plain["operator"] == "remove" else {**operation, "value": plain["value"]}


def _is_of(copy: Copy, deployment: Json) -> bool:
    metadata = deployment["metadata"]
    here = (copy.resource, copy.namespace, copy.name)
    return here == (DEPLOYMENTS, metadata["namespace"], metadata["name"])
