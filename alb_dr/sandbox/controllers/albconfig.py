"""AlbConfig → an ALB: id, DNS name, connected members, and the controller's own complaints."""

from __future__ import annotations

import asyncio
import hashlib
import socket
from collections.abc import Callable

from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.controllers.verdicts import Verdicts
from alb_dr.sandbox.kube.status import Json
from alb_dr.sandbox.options import REGION, SandboxOptions

ALB_CONFIGS = "albconfigs.alibabacloud.com"
FINALIZER = "ingress.k8s.alibaba/resources"
REMOTE_CLUSTERS = "alb.ingress.kubernetes.io/remote-clusters"
RETRY_S = 1.0


class AlbConfigController:
    """Creates, connects and deletes the stand-in ALBs."""

    def __init__(
        self, fleet: KubeClient, options: SandboxOptions, *, listening: Callable[[int], bool]
    ) -> None:
        self._fleet = fleet
        self._options = options
        self._listening = listening
        self._due: dict[str, float] = {}
        self._verdicts = Verdicts(fleet)

    def reconciler(self) -> Reconciler:
        """The loop that runs it."""
        watched = self._fleet.subscribe(ALB_CONFIGS, "ingresses.networking.k8s.io")
        return Reconciler([watched], self.reconcile)

    async def reconcile(self) -> float | None:
        """Take every AlbConfig one step further; seconds until the next step is due."""
        waits = [w for a in self._fleet.list(ALB_CONFIGS) if (w := self._one(a)) is not None]
        return min(waits, default=None)

    def _one(self, albconfig: Json) -> float | None:
        name = albconfig["metadata"]["name"]
        if albconfig["metadata"].get("deletionTimestamp"):
            self._delete(albconfig)
            return None
        if FINALIZER not in (albconfig["metadata"].get("finalizers") or []):
            finalizers = [*(albconfig["metadata"].get("finalizers") or []), FINALIZER]
            self._fleet.merge(ALB_CONFIGS, name, {"metadata": {"finalizers": finalizers}})
        problem = self._problem(albconfig)
        if problem is not None:
            self._verdicts.complain(albconfig, problem)
            return RETRY_S * 5
        return self._step(albconfig)

    def _problem(self, albconfig: Json) -> str | None:
        """What the controller would complain about, in its own words."""
        mappings = ((albconfig.get("spec") or {}).get("config") or {}).get("zoneMappings") or []
        switches = [str(m.get("vSwitchId", "")) for m in mappings]
        if not switches:
            return "empty load balancer zone mapping"
        if len(switches) < 2:
            return "The param size of ZoneMappings is illegal"
        if len(set(switches)) < len(switches):
            return "ZoneMappings.2.ZoneId is duplicated"
        strange = [s for s in switches if not s.startswith("vsw-")]
        if strange:
            return f"resource {strange[0]} is not found"
        known = {member.id for member in self._options.placed()}
        unknown = [c for c in _remote(albconfig) if c not in known]
        if unknown:
            return f"cluster {unknown[0]} is not associated with the Fleet"
        for listener in (albconfig.get("spec") or {}).get("listeners") or []:
            port = int(listener.get("port", 0))
            if not self._listening(port) and _taken(port):
                return f"listener {port}: the port is taken by another program of this machine"
        return None

    def _step(self, albconfig: Json) -> float | None:
        name, uid = albconfig["metadata"]["name"], albconfig["metadata"]["uid"]
        balancer = (albconfig.get("status") or {}).get("loadBalancer") or {}
        wanted = _remote(albconfig)
        if not balancer.get("id"):
            if (left := self._wait(f"{uid}-create", self._options.creation_s)) > 0:
                return left
            alb = "alb-" + hashlib.sha256(uid.encode()).hexdigest()[:18]
            dns = f"{alb}.{REGION}.alb.localhost"
            self._report(name, {"id": alb, "dnsname": dns})
            return 0.0
        ports = [int(x["port"]) for x in (albconfig.get("spec") or {}).get("listeners") or []]
        if balancer.get("subClusters") != wanted:
            left = self._wait(f"{uid}-{','.join(wanted)}", self._options.connection_s)
            if left > 0:
                return left
            if not all(self._listening(port) for port in ports):
                return 0.05
            self._report(name, {"subClusters": wanted})
        if not all(self._listening(port) for port in ports):
            return RETRY_S
        return self._verdicts.approve(albconfig)

    def _wait(self, key: str, seconds: float) -> float:
        """Seconds left of a wait that begins with the first call."""
        now = asyncio.get_running_loop().time()
        return self._due.setdefault(key, now + seconds) - now

    def _report(self, name: str, balancer: Json) -> None:
        patch = {"status": {"loadBalancer": balancer}}
        self._fleet.merge(ALB_CONFIGS, name, patch, subresource="status")

    def _delete(self, albconfig: Json) -> None:
        """Let the AlbConfig go; the gateway forgets its listeners when it sees that."""
        finalizers = albconfig["metadata"].get("finalizers") or []
        if FINALIZER in finalizers:
            left = [f for f in finalizers if f != FINALIZER] or None
            name = albconfig["metadata"]["name"]
            self._fleet.merge(ALB_CONFIGS, name, {"metadata": {"finalizers": left}})


def _remote(albconfig: Json) -> list[str]:
    text = (albconfig["metadata"].get("annotations") or {}).get(REMOTE_CLUSTERS, "")
    return [part for part in str(text).split(",") if part]


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
