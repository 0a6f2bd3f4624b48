"""What the recorder did beside the recorded exchanges: objects, pauses, writes during a watch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from alb_dr.sandbox.controllers.deployment import DeploymentController
from alb_dr.sandbox.controllers.endpointslice import EndpointSliceController
from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from alb_dr.sandbox.kube.records import Write
from alb_dr.sandbox.kube.status import Json

PAGES = 5
"""ConfigMaps it made before its list scenario."""
NOTICE_S = 1.0
"""When our API's own controllers act here: what was recorded before they did must come before."""
PAUSES = {"finalizers/4": 1.4, "namespace-deletion/6": 1.5}
"""Seconds left to them, where an answer shows that they had run."""
CONTROLLED = frozenset(
    {
        "deployment-drill/1",
        "deployment-drill/5",
        "deployment-drill/16",
        "workload-lifecycle/2",
        "workload-lifecycle/5",
        "workload-lifecycle/8",
    }
)
"""Exchanges whose answer shows that the Deployment controller had run before."""
SLICED = frozenset({"workload-lifecycle/6", "workload-lifecycle/9"})
"""Exchanges whose answer shows that the controller of slices had."""
DNS_NAME = "alb-x1.cn-hongkong.alb.aliyuncs.com"
NAMESPACE = "gateway-demo"


class Recorder:
    """Does again what the recorder did unrecorded."""

    def __init__(self, cluster: EmbeddedCluster) -> None:
        self._writer = cluster.client("python-urllib3")
        self._store = cluster.store
        manager = cluster.client("kube-controller-manager")
        self._deployments = DeploymentController(manager)
        self._slices = EndpointSliceController(manager)

    async def before(self, name: str) -> None:
        """Everything between the exchange before and this one."""
        if name == "lists/0":
            self._make_pages()
        if name == "watch/6":
            self._name_the_gateway(None)
        if name == "workload-lifecycle/5":
            self._run_pods()
        if name in CONTROLLED:
            for _ in range(3):
                await self._deployments.reconcile()
        if name in SLICED:
            await self._slices.reconcile()
        await asyncio.sleep(PAUSES.get(name, 0.0))

    def during(self, name: str) -> Awaitable[None]:
        """What was written while a watch was open."""
        jobs = {"watch/1": self._one_life, "watch/6": self._name_the_gateway}
        return asyncio.create_task(_after_a_moment(jobs.get(name)))

    def _make_pages(self) -> None:
        for n in range(PAGES):
            self._config_map(f"page-{n}", {"set": "page", "n": str(n)})

    def _config_map(self, name: str, labels: dict[str, str]) -> None:
        metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
        document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        self._writer.create("configmaps", document)

    def _one_life(self) -> None:
        self._config_map("watched", {"w": "1"})
        self._writer.merge("configmaps", "watched", {"data": {"a": "1"}}, NAMESPACE)
        self._writer.delete("configmaps", "watched", NAMESPACE)

    def _name_the_gateway(self, dns_name: str | None = DNS_NAME) -> None:
        status = {"loadBalancer": {"dnsname": dns_name}}
        self._writer.merge(
            "albconfigs.alibabacloud.com",
            "ackone-gateway-demo",
            {"status": status},
            subresource="status",
        )

    def _run_pods(self) -> None:
        """Bind the pods to a node and say that they run, as its kubelet would."""
        pods = self._writer.list("pods", NAMESPACE, {"app": "life"})
        for n, pod in enumerate(sorted(pods, key=lambda p: str(p["metadata"]["name"])), start=1):
            name = pod["metadata"]["name"]
            scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None}
            self._bind(pod, {"status": {"conditions": [scheduled]}})
            address = f"127.1.0.{n}"
            true = {"status": "True", "lastProbeTime": None, "lastTransitionTime": "t"}
            status = {
                "phase": "Running",
                "podIP": address,
                "podIPs": [{"ip": address}],
                "conditions": [{"type": k, **true} for k in ("Ready", "ContainersReady")]
                + [scheduled],
            }
            self._writer.merge("pods", name, {"status": status}, NAMESPACE, subresource="status")

    def _bind(self, pod: Json, status: Json) -> None:
        """A binding: it names the node and has no field owner."""
        pods = self._store.registry.named("pods")
        bound = {**pod, "spec": {**pod["spec"], "nodeName": "node-1"}}
        name = pod["metadata"]["name"]
        for document, part in ((bound, ""), ({**pod, **status}, "status")):
            metadata = {k: v for k, v in pod["metadata"].items() if k != "resourceVersion"}
            write = Write(manager="", subresource=part, owned=True)
            self._store.update(pods, NAMESPACE, name, {**document, "metadata": metadata}, write)


async def _after_a_moment(job: object) -> None:
    if callable(job):
        await asyncio.sleep(0.3)
        job()
