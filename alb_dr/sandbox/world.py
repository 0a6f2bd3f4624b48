"""The world of one process: APIs, controllers, gateway and pods, started and stopped together."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from alb_dr.errors import BadInput
from alb_dr.sandbox.argo import Argo, ArgoOrder
from alb_dr.sandbox.clients import Cluster
from alb_dr.sandbox.cloud.account import SandboxAccount
from alb_dr.sandbox.cloud.environment import environment, new_key, write_environment
from alb_dr.sandbox.cloud.server import CloudServer
from alb_dr.sandbox.cloud.signature import Verifier
from alb_dr.sandbox.cloud.zones import AlbZones
from alb_dr.sandbox.controllers.albconfig import ALB_CONFIGS, AlbConfigController
from alb_dr.sandbox.controllers.autoscaler import AutoscalerController
from alb_dr.sandbox.controllers.deployment import DeploymentController
from alb_dr.sandbox.controllers.endpointslice import EndpointSliceController
from alb_dr.sandbox.controllers.ingress import IngressController
from alb_dr.sandbox.controllers.keda import KedaController
from alb_dr.sandbox.controllers.kubelet import Kubelet
from alb_dr.sandbox.controllers.policy import PolicyController
from alb_dr.sandbox.controllers.reconciler import Reconciler
from alb_dr.sandbox.controllers.withheld import REASONS
from alb_dr.sandbox.envoy import EnvoyGateway
from alb_dr.sandbox.furnishing import furnish
from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from alb_dr.sandbox.kube.crds import MEMBER_CRDS, fleet_crds
from alb_dr.sandbox.kube.status import Json
from alb_dr.sandbox.kubeconfig import write_kubeconfig
from alb_dr.sandbox.names import HOSTS, write_names
from alb_dr.sandbox.options import (
    ControlPlaneKind,
    PolicyGroup,
    SandboxMember,
    SandboxOptions,
)
from alb_dr.sandbox.pki import make_pki, server_context
from alb_dr.sandbox.project import write_project
from alb_dr.sandbox.real.cluster import RealCluster
from alb_dr.sandbox.scalers import ScalerOptions, replicas_of, scaler_of, set_scaler

HOST = "127.0.0.1"
NO_QUOTA = "no-quota"
STICKY = "pods-stay"
FAULTS = (
    "pods-down",
    "api-down",
    "zone-down",
    "hung",
    "slow",
    "errors",
    "capacity",
    *REASONS,
    NO_QUOTA,
    STICKY,
)
"""What can be done to a member."""


def _call_later(seconds: float, do: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, do)


class Member:
    """One member cluster: its API, its kubelet, and whether the Fleet can see it."""

    def __init__(self, member: SandboxMember, cluster: Cluster) -> None:
        self.id = member.id
        self.name = member.name
        self.cluster = cluster
        self.kubelet = Kubelet(self.cluster.client("kubelet"), node=f"node-{member.zone}")
        self.port = 0
        self.token = secrets.token_urlsafe(24)
        self.faults: set[str] = set()
        self.drill = ""
        """Whose drill did the faults; empty for those somebody did by hand."""
        self.deployments: Reconciler | None = None

    @property
    def out_of_quota(self) -> bool:
        """Whether no further pod may be made."""
        return NO_QUOTA in self.faults


class World:
    """Everything a sandbox consists of."""

    def __init__(self, folder: Path, options: SandboxOptions) -> None:
        self._folder = folder
        self._options = options
        self._pki = make_pki(folder)
        group = options.policy_group
        served = fleet_crds("" if group is PolicyGroup.NONE else str(group))
        self.fleet = self._cluster("fleet", served)
        self._fleet_token = secrets.token_urlsafe(24)
        self.members = [Member(m, self._cluster(m.name, MEMBER_CRDS)) for m in options.placed()]
        self.gateway = EnvoyGateway(
            folder / "envoy", manners=options.manners, empty_group=options.empty_group
        )
        self._key = new_key()
        self._zones = AlbZones(
            delay_s=options.zone_shift_s, later=_call_later, changed=self._zones_changed
        )
        self.cloud = CloudServer(self._account().look, Verifier(self._key))
        self._reconcilers: list[Reconciler] = []
        self._ingress: Reconciler | None = None
        self._names: Reconciler | None = None
        self._argo = Argo(
            self.fleet, self.members, replicas=options.replicas, self_heal=options.self_heal
        )

    async def start(self) -> dict[str, Any]:
        """Start everything; what others need to know of it."""
        await self.gateway.start()
        fleet_port, *ports = await asyncio.gather(
            self._serve(self.fleet, "fleet", self._fleet_token, 0),
            *(self._serve(m.cluster, m.name, m.token, 0) for m in self.members),
        )
        for member, port in zip(self.members, ports, strict=True):
            member.port = port
        furnish(self.fleet.client("ack-one"), self.members)
        self._reconcilers = self._controllers()
        for reconciler in self._reconcilers:
            reconciler.start()
        config = write_project(self._folder, self._options)
        address = f"http://{HOST}:{await self.cloud.start(host=HOST)}"
        write_environment(self._folder / "cloud.env", environment(self._key, address))
        return {
            "config": str(config),
            "fleet": f"https://{HOST}:{fleet_port}",
            "members": {m.name: f"https://{HOST}:{m.port}" for m in self.members},
            "gateway_port": self._options.gateway_port,
            "cloud": address,
            "envoy_pid": self.gateway.pid,
        }

    async def stop(self) -> None:
        """Stop everything; no process is left."""
        await self.cloud.stop()
        for reconciler in self._reconcilers:
            await reconciler.stop()
        for member in self.members:
            member.kubelet.clear()
        await asyncio.gather(*(m.kubelet.stop() for m in self.members), self.gateway.stop())
        await asyncio.gather(*(cluster.close() for cluster in self._clusters))

    @property
    def _clusters(self) -> tuple[Cluster, ...]:
        return (self.fleet, *(m.cluster for m in self.members))

    def _cluster(self, name: str, crds: Sequence[Json]) -> Cluster:
        """An API of the kind that was chosen."""
        if self._options.control_plane is ControlPlaneKind.EMBEDDED:
            return EmbeddedCluster(name, crds=crds)
        folder, assets = self._folder / "planes" / name, Path(self._options.assets)
        return RealCluster(name, crds=crds, assets=assets, folder=folder, pki=self._pki)

    def _account(self) -> SandboxAccount:
        return SandboxAccount(
            folder=self._folder,
            members=self._options.placed(),
            fleet=self.fleet.client("ack-one"),
            gateway=lambda: self.gateway.state,
            distorted=lambda: self.gateway.distort,
            zones=self._zones,
        )

    def _zones_changed(self) -> None:
        if self._names is not None:
            self._names.poke()

    def _name_writer(self) -> Reconciler:
        """What keeps the hosts file in line with the ALBs and their zones."""
        account, path = self._account(), self._folder / HOSTS
        write_names(path, {})

        async def write() -> None:
            write_names(path, account.names())

        return Reconciler([account.fleet.subscribe(ALB_CONFIGS)], write)

    async def _serve(self, cluster: Cluster, name: str, token: str, port: int) -> int:
        tls = server_context(self._pki)
        tokens = {token: "sandbox-admin"}
        port = await cluster.serve(host=HOST, port=port, tls=tls, tokens=tokens)
        write_kubeconfig(
            self._folder / f"{name}.kubeconfig",
            name=name,
            server=f"https://{HOST}:{port}",
            ca=self._pki.ca.read_bytes(),
            token=token,
        )
        return port

    def _controllers(self) -> list[Reconciler]:
        fleet = self.fleet.client("ack-one")
        by_id = {m.id: m.cluster.client("ack-one") for m in self.members}
        options = self._options
        ingress = IngressController(
            fleet,
            by_id,
            visible=self._visible,
            follow=self.gateway.follow,
            propagation_s=options.propagation_s,
        )
        albconfig = AlbConfigController(fleet, options, listening=self.gateway.listens)
        self._ingress = ingress.reconciler()
        self._names = self._name_writer()
        found = [
            self._names,
            *self._argo.reconcilers(),
            albconfig.reconciler(),
            self._ingress,
            *self._policies(),
        ]
        for member in self.members:
            manager = member.cluster.client("kube-controller-manager")
            found += [
                self._deployments(member),
                EndpointSliceController(manager).reconciler(),
                AutoscalerController(manager).reconciler(),
                KedaController(member.cluster.client("keda-operator")).reconciler(),
                member.kubelet.reconciler(),
            ]
        for cluster in self._clusters:
            found += cluster.controllers()
        return found

    @staticmethod
    def _deployments(member: Member) -> Reconciler:
        """The Deployment controller of a member, which knows of its quota."""
        manager = member.cluster.client("kube-controller-manager")
        controller = DeploymentController(manager, out_of_quota=lambda: member.out_of_quota)
        member.deployments = controller.reconciler()
        return member.deployments

    def _policies(self) -> list[Reconciler]:
        """What distributes by policy, if the Fleet serves that at all."""
        group = self._options.policy_group
        if group is PolicyGroup.NONE:
            return []
        manager = "karmada-controller-manager"
        controller = PolicyController(
            self.fleet.client(manager),
            {m.id: m.cluster.client(manager) for m in self.members},
            group=str(group),
            reverts=self._options.policy_reverts,
        )
        return [controller.reconciler()]

    def _visible(self, member_id: str) -> bool:
        return any(m.id == member_id and m.cluster.serving for m in self.members)

    # faults ------------------------------------------------------------------------------------

    def member(self, name: str) -> Member:
        """A member by name or id; BadInput otherwise."""
        for member in self.members:
            if name in (member.name, member.id):
                return member
        names = ", ".join(m.name for m in self.members)
        raise BadInput(f"{name!r} is no member of the sandbox", hint=f"members are: {names}")

    async def inject(self, fault: str, name: str, value: int, *, drill: str = "") -> None:
        """Do a fault to a member; BadInput for one that does not exist.

        A drill's fault is done only to a member that has none.
        """
        member = self.member(name)
        if drill and member.faults and member.drill != drill:
            raise BadInput(
                f"{name} has faults already: {', '.join(sorted(member.faults))}",
                hint=f"alb-dr sandbox fault clear {name}",
            )
        if fault not in FAULTS:
            raise BadInput(f"{fault!r} is no fault", hint=f"faults are: {', '.join(FAULTS)}")
        member.faults.add(fault)
        member.drill = member.drill or drill
        if fault == "pods-down":
            member.kubelet.kill_all()
        if fault in {"zone-down", "hung"}:
            member.kubelet.freeze_all()
        if fault == "slow":
            member.kubelet.order("delay", value)
        if fault in {"errors", "capacity"}:
            member.kubelet.order(fault, value)
        if fault in REASONS:
            member.kubelet.withhold(fault)
        if fault == STICKY:
            member.kubelet.hold_on()
        if fault in {"api-down", "zone-down"}:
            await member.cluster.stop_serving()

    async def clear(self, name: str | None, *, drill: str = "") -> None:
        """Take the faults of one member, or of all, back; with ``drill`` only those of that."""
        for member in self.members if name is None else [self.member(name)]:
            if drill and member.drill != drill:
                continue
            member.faults.clear()
            member.drill = ""
            member.kubelet.clear()
            if member.deployments is not None:
                # What a quota kept from being made is made now.
                member.deployments.poke()
            if not member.cluster.serving:
                with suppress(OSError):
                    await self._serve(member.cluster, member.name, member.token, member.port)
        if self._ingress is not None:
            self._ingress.poke()

    def scaler(self, name: str, options: ScalerOptions) -> None:
        """Give a member's demo this autoscaler instead of the one it has."""
        set_scaler(self.member(name).cluster.client("sandbox"), options)

    def argo(self, order: ArgoOrder) -> None:
        """Change what Argo CD does."""
        self._argo.do(order)

    def distort(self, weights: dict[str, int]) -> None:
        """Make the gateway split otherwise than the Ingress says; empty undoes it."""
        by_id = {self.member(name).id: weight for name, weight in weights.items()}
        self.gateway.distort = by_id
        self.gateway.refresh()

    def bind(self, fleet: list[Any] | None, member: list[Any] | None) -> None:
        """Give whoever uses the kubeconfigs these RBAC roles only; None gives everything back."""
        self.fleet.bind(fleet)
        for one in self.members:
            one.cluster.bind(member)

    def status(self) -> dict[str, Any]:
        """What runs, and what was done to it."""
        return {
            "members": [
                {
                    "name": m.name,
                    "id": m.id,
                    "api": "serving" if m.cluster.serving else "down",
                    "pods": len(m.kubelet.pids),
                    "pids": m.kubelet.pids,
                    "faults": sorted(m.faults),
                    "scaler": scaler_of(m.cluster.client("sandbox")),
                    "replicas": replicas_of(m.cluster.client("sandbox")),
                    "drill": m.drill,
                }
                for m in self.members
            ],
            "envoy_pid": self.gateway.pid,
            "control_plane": str(self._options.control_plane),
            "control_plane_pids": [pid for cluster in self._clusters for pid in cluster.pids],
            "manners": str(self._options.manners),
            "policy_group": str(self._options.policy_group),
            "empty_group": str(self.gateway.empty_group),
            "distorted": dict(self.gateway.distort),
            "cloud_faults": self.cloud.faults.names,
            "argo": dict(self._argo.status()),
        }
