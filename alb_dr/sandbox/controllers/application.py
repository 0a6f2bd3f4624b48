"""Application → Deployment and Service in a member, as Argo CD does it for the demo's chart."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from alb_dr.model.sync_window import may_sync, windows_of
from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers.applicationset import APPLICATIONS, FINALIZER
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.status import Json

CHART = "manifests/helm/web-demo"
"""The path of the public demo chart, the only one the sandbox can stand in for."""
IMAGE = "registry.sandbox/web-demo:0.5.0"
"""The image of the demo; a pod of the sandbox is a process, whatever it says."""
DEPLOYMENTS = "deployments.apps"
SELF_HEAL_S = 1.0
"""Pause before drift is reverted; five seconds in Argo CD."""
DENIED_S = 1.0
"""Pause before a sync that a window denied is tried again."""
OWN_CLUSTER = "https://kubernetes.default.svc"
"""How Argo CD calls the cluster it runs in; what it syncs there is `argo_ingress`'s affair."""
PROJECTS = "appprojects.argoproj.io"


class ApplicationController:
    """Syncs every Application once per revision and parameters, as ``automated: {}`` means.

    With selfHeal it syncs whenever the member differs; an AppProject's sync windows deny either.
    """

    def __init__(
        self, fleet: KubeClient, members: Mapping[str, KubeClient], *, replicas: int
    ) -> None:
        self._fleet = fleet
        self._members = members
        self._replicas = replicas
        self._synced: dict[str, str] = {}
        self._commits = 0

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        members = [m.subscribe(DEPLOYMENTS, "services") for m in self._members.values()]
        fleet = self._fleet.subscribe(APPLICATIONS, PROJECTS)
        return Reconciler([fleet, *members], self.reconcile)

    def commit(self) -> None:
        """A commit lands on every branch of Git that changes nothing of the chart.

        Whatever drifted from the chart is synced because of it.
        """
        self._commits += 1

    @property
    def commits(self) -> int:
        """How many commits have landed since the beginning."""
        return self._commits

    def _revision(self, branch: str) -> str:
        """What a branch leads to: an id like Git's, the same as long as nothing is committed."""
        return hashlib.sha256(f"{branch} {self._commits}".encode()).hexdigest()[:40]

    async def reconcile(self) -> float | None:
        """Bring every Application in line."""
        again = None
        for application in self._fleet.list(APPLICATIONS):
            if application["metadata"].get("deletionTimestamp"):
                self._finalize(application)
                continue
            if (application["spec"].get("destination") or {}).get("server") == OWN_CLUSTER:
                continue
            member = self._member(application)
            problem = self._problem(application, member)
            if problem is not None or member is None:
                self._report(application, "Unknown", "Unknown", problem)
                continue
            wait = self._sync(application, member)
            again = again if wait is None else wait
        return again

    def _member(self, application: Json) -> KubeClient | None:
        destination = application["spec"].get("destination") or {}
        name = str(destination.get("name") or destination.get("server") or "")
        return next((c for key, c in self._members.items() if name.startswith(key)), None)

    def _problem(self, application: Json, member: KubeClient | None) -> str | None:
        source = application["spec"].get("source") or {}
        if member is None:
            return "there are no clusters with this name"
        if source.get("path") != CHART:
            return f"{source.get('path')}: app path does not exist"
        return None

    def _sync(self, application: Json, member: KubeClient) -> float | None:
        """Apply once per revision; seconds after which another look is wanted, if one is."""
        wanted = self._documents(application)
        uid = application["metadata"]["uid"]
        revision = self._revision(str(application["spec"]["source"].get("targetRevision")))
        places = [application["spec"].get(key) for key in ("source", "destination")]
        digest = json.dumps([revision, *places], sort_keys=True)
        policy = (application["spec"].get("syncPolicy") or {}).get("automated")
        drifted = [d for d in wanted if not _in_sync(d, member)]
        first = self._synced.get(uid) != digest
        if drifted and policy is not None and (first or policy.get("selfHeal")):
            if not self._allowed(application):
                # Not remembered as synced: it is made up for when the window closes.
                self._report(application, "OutOfSync", _health_of(member, wanted), None)
                return DENIED_S
            if not first and not self._healing(application):
                return SELF_HEAL_S
            self._apply(application, wanted, member)
            drifted = []
        self._synced[uid] = digest
        sync = "OutOfSync" if drifted else "Synced"
        self._report(application, sync, _health_of(member, wanted), None)
        return None

    def _allowed(self, application: Json) -> bool:
        """Whether the AppProject's windows let Argo CD sync by itself now."""
        spec, namespace = application["spec"], application["metadata"]["namespace"]
        project = self._fleet.get(PROJECTS, str(spec.get("project") or "default"), namespace)
        if project is None:
            return True
        try:
            return may_sync(windows_of(project, application), datetime.now(UTC))
        except ValueError:
            # Argo CD, too, does not sync by a window that it cannot read.
            return False

    def _healing(self, application: Json) -> bool:
        """Self-heal waits one look before it acts, so that drift can be seen at all."""
        uid = f"heal-{application['metadata']['uid']}"
        if self._synced.pop(uid, None):
            return True
        self._synced[uid] = "waiting"
        return False

    def _apply(self, application: Json, wanted: list[Json], member: KubeClient) -> None:
        namespace = wanted[0]["metadata"]["namespace"]
        options = (application["spec"].get("syncPolicy") or {}).get("syncOptions") or []
        if member.get("namespaces", namespace) is None and "CreateNamespace=true" in options:
            member.create(
                "namespaces",
                {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
            )
        for document in wanted:
            name = DEPLOYMENTS if document["kind"] == "Deployment" else "services"
            member.apply(name, document)

    def _documents(self, application: Json) -> list[Json]:
        """What the chart makes of the parameters."""
        helm = (application["spec"].get("source") or {}).get("helm") or {}
        values = {p["name"]: str(p["value"]) for p in helm.get("parameters") or []}
        namespace = application["spec"]["destination"]["namespace"]
        node_port = values.get("isNodePort") == "true"
        labels = {"app": "web-demo"}
        tracking = {"argocd.argoproj.io/instance": application["metadata"]["name"]}
        env = [{"name": "ENV_NAME", "value": values.get("envCluster", "cluster-oneregion")}]
        container = {"name": "web-demo", "image": IMAGE, "env": env}
        deployment: Json = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {
                "name": "web-demo",
                "namespace": namespace,
                "labels": {**labels, **tracking},
            },
            "spec": {
                "replicas": int(values.get("replicas", self._replicas)),
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
            },
        }
        port: Json = {"port": 80, "targetPort": 8080, "protocol": "TCP"}
        if node_port:
            port["nodePort"] = 30100
        service: Json = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "service1", "namespace": namespace, "labels": tracking},
            "spec": {
                "type": "NodePort" if node_port else "ClusterIP",
                "selector": labels,
                "ports": [port],
            },
        }
        return [deployment, service]

    def _finalize(self, application: Json) -> None:
        """Delete the workloads if the finalizer says so, then let the Application go."""
        member = self._member(application)
        metadata = application["metadata"]
        if FINALIZER in (metadata.get("finalizers") or []) and member is not None:
            namespace = application["spec"]["destination"]["namespace"]
            member.delete(DEPLOYMENTS, "web-demo", namespace)
            member.delete("services", "service1", namespace)
        patch = {"metadata": {"finalizers": None}}
        self._fleet.merge(APPLICATIONS, metadata["name"], patch, metadata["namespace"])

    def _report(self, application: Json, sync: str, health: str, problem: str | None) -> None:
        revision = self._revision(str(application["spec"]["source"].get("targetRevision")))
        status: Json = {
            "sync": {"status": sync, "revision": revision},
            "health": {"status": health},
            "conditions": [{"type": "ComparisonError", "message": problem}] if problem else None,
        }
        if problem is None:
            status["resources"] = [
                _resource(document, sync) for document in self._documents(application)
            ]
            synced = self._synced.get(application["metadata"]["uid"])
            if synced is not None:
                status["operationState"] = {
                    "phase": "Succeeded",
                    "message": "successfully synced (all tasks run)",
                    "syncResult": {"revision": json.loads(synced)[0]},
                }
        live = application.get("status") or {}
        if all(live.get(key) == value for key, value in status.items()):
            return
        status["reconciledAt"] = now_text()
        metadata = application["metadata"]
        self._fleet.merge(
            APPLICATIONS,
            metadata["name"],
            {"status": status},
            metadata["namespace"],
            subresource="status",
        )


def _in_sync(wanted: Json, member: KubeClient) -> bool:
    name = DEPLOYMENTS if wanted["kind"] == "Deployment" else "services"
    live = member.get(name, wanted["metadata"]["name"], wanted["metadata"]["namespace"])
    return live is not None and contains(live["spec"], wanted["spec"])


def contains(live: object, wanted: object) -> bool:
    """Whether a live value has everything a wanted one says; lists must be of one length."""
    if isinstance(wanted, dict):
        return isinstance(live, dict) and all(contains(live.get(k), v) for k, v in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(live, list)
            and len(live) == len(wanted)
            and all(contains(a, b) for a, b in zip(live, wanted, strict=True))
        )
    return live == wanted


def _resource(document: Json, sync: str) -> Json:
    """An object as an Application's status lists it."""
    group, _, version = document["apiVersion"].rpartition("/")
    metadata = document["metadata"]
    return {
        **({"group": group} if group else {}),
        "version": version,
        "kind": document["kind"],
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "status": sync,
    }


def _health_of(member: KubeClient, wanted: list[Json]) -> str:
    live = member.get(DEPLOYMENTS, "web-demo", wanted[0]["metadata"]["namespace"])
    if live is None:
        return "Missing"
    status = live.get("status") or {}
    wanted = live["spec"].get("replicas", 1)
    return (
        "Healthy"
        if status.get("updatedReplicas", 0) >= wanted <= status.get("availableReplicas", 0)
        else "Progressing"
    )
