"""What the recorder did beside the recorded exchanges: objects, pauses, writes during a watch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from alb_dr.sandbox.controllers.deployment import DeploymentController
from alb_dr.sandbox.kube.cluster import EmbeddedCluster

PAGES = 5
"""ConfigMaps it made before its list scenario."""
PAUSES = {"finalizers/4": 0.5, "namespace-deletion/6": 0.6}
"""Seconds it left to the API's own controllers, where an answer shows that they had run."""
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
NAMESPACE = "gateway-demo"


class Recorder:
    """Does again what the recorder did unrecorded."""

    def __init__(self, cluster: EmbeddedCluster) -> None:
        self._writer = cluster.client("python-urllib3")
        self._binder = cluster.client("")
        self._deployments = DeploymentController(cluster.client("kube-controller-manager"))

    async def before(self, name: str) -> None:
        """Everything between the exchange before and this one."""
        if name == "lists/0":
            self._make_pages()
        if name == "workload-lifecycle/5":
            self._run_pods()
        if name in CONTROLLED:
            for _ in range(3):
                await self._deployments.reconcile()
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

    def _name_the_gateway(self) -> None:
        status = {"loadBalancer": {"dnsname": "alb-x1.cn-hongkong.alb.aliyuncs.com"}}
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
            self._writer.merge("pods", name, {"spec": {"nodeName": "node-1"}}, NAMESPACE)
            scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None}
            bound = {"status": {"conditions": [scheduled]}}
            self._binder.merge("pods", name, bound, NAMESPACE, subresource="status")
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


async def _after_a_moment(job: object) -> None:
    if callable(job):
        await asyncio.sleep(0.3)
        job()
