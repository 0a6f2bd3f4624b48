"""The sandbox's world as a cloud account: what the stand-in cloud answers from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alb_dr.model.cloud import (
    AlbZone,
    AssociatedCluster,
    ClusterDetails,
    FleetDetails,
    ForwardingRule,
    ListenerState,
    LoadBalancer,
    SecurityGroup,
    SecurityGroupRule,
    ServerGroup,
    VSwitch,
    ZoneState,
)
from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.cloud.state import CloudState
from alb_dr.sandbox.cloud.zones import AlbZones
from alb_dr.sandbox.gateway import Backend, GatewayState, MemberGroup, Rule
from alb_dr.sandbox.kube.status import Json
from alb_dr.sandbox.names import addresses_of
from alb_dr.sandbox.options import REGION, SandboxMember

VPC = "vpc-sandbox"
FLEET_ID = "c" + hashlib.sha256(b"fleet").hexdigest()[:32]
"""The Fleet's own cluster id; like a member's, the same every time."""
_ALB_CONFIGS = "albconfigs.alibabacloud.com"
_INSIDE = SecurityGroupRule(
    accept=True, protocol="all", ports=(1, 65_535), priority=1, source="10.0.0.0/8"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxAccount:
    """Looks at the running world. ``gateway`` is what the data plane was told last, ``distorted``
    the weights by member id that it was made to use instead."""

    folder: Path
    members: Sequence[SandboxMember]
    fleet: KubeClient
    gateway: Callable[[], GatewayState]
    distorted: Callable[[], Mapping[str, int]]
    zones: AlbZones

    def look(self) -> CloudState:
        """The account as it is now."""
        albs = [a for a in self.fleet.list(_ALB_CONFIGS) if _alb_id(a)]
        state = self.gateway()
        backends = {backend.name: backend for backend in state.backends}
        return CloudState(
            region=REGION,
            alb_zones=tuple(m.zone for m in self.members),
            fleets=(self._fleet(),),
            associated={FLEET_ID: tuple(map(_associated, self.members))},
            clusters={m.id: _cluster(m) for m in self.members},
            vswitches=tuple(v for n, m in enumerate(self.members) for v in _vswitches(n, m)),
            security_groups={_group(m): SecurityGroup(id=_group(m), rules=(_INSIDE,))
                             for m in self.members},
            load_balancers={_alb_id(a): self._load_balancer(a) for a in albs},
            listeners={_alb_id(a): _listeners(a) for a in albs},
            rules={_alb_id(a): self._rules(a, state.rules, backends) for a in albs},
            server_groups=tuple(
                _server_group(b, g) for b in state.backends for g in b.groups
            ),
            kubeconfigs=self._kubeconfigs(),
            zones=self.zones,
        )  # fmt: skip

    def _fleet(self) -> FleetDetails:
        return FleetDetails(
            id=FLEET_ID,
            name="sandbox",
            state="running",
            region=REGION,
            vpc_id=VPC,
            vswitch_ids=(f"vsw-sandbox-{self.members[0].zone[-1]}",),
            gitops=True,
        )

    def _load_balancer(self, albconfig: Json) -> LoadBalancer:
        config = (albconfig.get("spec") or {}).get("config") or {}
        balancer = albconfig["status"]["loadBalancer"]
        alb_id = _alb_id(albconfig)
        return LoadBalancer(
            id=alb_id,
            name=str(config.get("name") or ""),
            status="Active",
            edition=str(config.get("edition") or "Standard"),
            vpc_id=VPC,
            dns_name=str(balancer.get("dnsname") or ""),
            address_mode=str(config.get("addressAllocatedMode") or "Dynamic"),
            zones=tuple(self._zones(albconfig)),
        )

    def _zones(self, albconfig: Json) -> Iterator[AlbZone]:
        alb_id = _alb_id(albconfig)
        zone_of = {v.id: v.zone_id for n, m in enumerate(self.members) for v in _vswitches(n, m)}
        for vswitch, address in addresses_of(albconfig):
            zone = zone_of.get(vswitch, "")
            yield AlbZone(
                id=zone,
                vswitch_id=vswitch,
                state=self.zones.state(alb_id, zone),
                addresses=(address,),
            )

    def names(self) -> dict[str, tuple[str, ...]]:
        """The DNS names of the ALBs, each with the addresses of the zones that are in DNS."""
        albs = [self._load_balancer(a) for a in self.fleet.list(_ALB_CONFIGS) if _alb_id(a)]
        out = {ZoneState.SHIFTED, ZoneState.STOPPED}
        return {
            alb.dns_name: tuple(a for z in alb.zones if z.state not in out for a in z.addresses)
            for alb in albs
        }

    def _rules(
        self, albconfig: Json, rules: Sequence[Rule], backends: Mapping[str, Backend]
    ) -> tuple[ForwardingRule, ...]:
        ports = {listener.port for listener in _listeners(albconfig)}
        return tuple(
            ForwardingRule(
                id=f"rule-{rule.backend}-{rule.port}",
                listener_id=_listener_id(albconfig, rule.port),
                hosts=(rule.host,) if rule.host != "*" else (),
                paths=_paths(rule),
                groups=tuple(
                    (_group_id(backends[rule.backend], g), self.distorted().get(g.member, g.weight))
                    for g in backends[rule.backend].groups
                ),
            )
            for rule in rules
            if rule.port in ports
        )

    def _kubeconfigs(self) -> dict[str, str]:
        files = {FLEET_ID: "fleet", **{m.id: m.name for m in self.members}}
        return {id_: (self.folder / f"{n}.kubeconfig").read_text() for id_, n in files.items()}


def _alb_id(albconfig: Json) -> str:
    balancer = (albconfig.get("status") or {}).get("loadBalancer") or {}
    return str(balancer.get("id") or "")


def _listener_id(albconfig: Json, port: int) -> str:
    return f"lsn-{_alb_id(albconfig)[4:14]}-{port}"


def _listeners(albconfig: Json) -> tuple[ListenerState, ...]:
    return tuple(
        ListenerState(
            id=_listener_id(albconfig, int(found["port"])),
            port=int(found["port"]),
            protocol=str(found.get("protocol")),
            status="Running",
        )
        for found in (albconfig.get("spec") or {}).get("listeners") or []
    )


def _paths(rule: Rule) -> tuple[str, ...]:
    """As the controller writes them: a prefix and everything below it."""
    if rule.path_type != "Prefix":
        return (rule.path,)
    return ("/*",) if rule.path == "/" else (rule.path, f"{rule.path.rstrip('/')}/*")


def _group_id(backend: Backend, group: MemberGroup) -> str:
    return f"sgp-{hashlib.sha256(f'{backend.name}{group.member}'.encode()).hexdigest()[:16]}"


def _server_group(backend: Backend, group: MemberGroup) -> ServerGroup:
    return ServerGroup(
        id=_group_id(backend, group),
        name=backend.name,
        cross_zone=True,
        health_check=backend.health_check is not None,
        servers=len(group.endpoints),
    )


def _associated(member: SandboxMember) -> AssociatedCluster:
    return AssociatedCluster(
        id=member.id, name=member.name, state="running", association="Successed", vpc_id=VPC
    )


def _group(member: SandboxMember) -> str:
    return f"sg-{member.name}"


def _cluster(member: SandboxMember) -> ClusterDetails:
    return ClusterDetails(
        id=member.id,
        name=member.name,
        state="running",
        vpc_id=VPC,
        vswitch_ids=(f"vsw-{member.name}",),
        security_group_id=_group(member),
    )


def _vswitches(n: int, member: SandboxMember) -> tuple[VSwitch, VSwitch]:
    """One for the gateway in the member's zone, one for the member's nodes."""
    names = (f"vsw-sandbox-{member.zone[-1]}", f"vsw-{member.name}")
    gateway, nodes = (
        VSwitch(
            id=name,
            name=name,
            vpc_id=VPC,
            zone_id=member.zone,
            cidr=f"10.{k}.{n}.0/24",
            free_addresses=250,
            status="Available",
        )
        for k, name in enumerate(names)
    )
    return gateway, nodes
