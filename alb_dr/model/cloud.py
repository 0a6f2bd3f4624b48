"""What the cloud says of itself: Fleet, members, network and ALB, as far as checks need it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetDetails:
    """One Fleet instance. ``state`` is ``running`` when it works; ``gitops`` None if unknown."""

    id: str
    name: str
    state: str
    region: str
    vpc_id: str
    vswitch_ids: Sequence[str] = ()
    gitops: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssociatedCluster:
    """One cluster of a Fleet. The association works when ``association`` is ``Successed`` (sic).

    ``state`` is the cluster's own, ``running`` when it works.
    """

    id: str
    name: str
    state: str
    association: str
    vpc_id: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterDetails:
    """One ACK cluster as the container service knows it."""

    id: str
    name: str
    state: str
    vpc_id: str
    vswitch_ids: Sequence[str]
    security_group_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VSwitch:
    """One vSwitch. ``free_addresses`` counts what an ALB could still take."""

    id: str
    name: str
    vpc_id: str
    zone_id: str
    cidr: str
    free_addresses: int
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroupRule:
    """One inbound rule. A smaller ``priority`` is asked first; Drop beats Accept at a draw.

    ``ports`` are the first and the last, ``(1, 65535)`` for all; ``source`` is a CIDR block, or
    empty when the rule names something else (a group, a prefix list).
    """

    accept: bool
    protocol: str
    ports: tuple[int, int]
    priority: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A security group: its inbound rules; without one that fits, packets are dropped."""

    id: str
    rules: Sequence[SecurityGroupRule]


class ZoneState(StrEnum):
    """Where a zone of an ALB is; the words are the API's."""

    ACTIVE = "Active"
    STOPPED = "Stopped"
    SHIFTED = "Shifted"
    """Its addresses are out of DNS."""
    STARTING = "Starting"
    STOPPING = "Stopping"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbZone:
    """One zone of an ALB: its vSwitch, its ``state`` (a word of :class:`ZoneState`, or one that
    is not known yet) and its addresses, public ones where it has any."""

    id: str
    vswitch_id: str
    state: str
    addresses: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBalancer:
    """One ALB instance. It works when ``status`` is ``Active``; ``locks`` say why it is held.

    ``address_mode`` is ``Fixed`` (one address for each zone), ``Dynamic``, or empty if unknown.
    """

    id: str
    name: str
    status: str
    edition: str
    vpc_id: str
    dns_name: str
    locks: Sequence[str] = ()
    address_mode: str = ""
    zones: Sequence[AlbZone] = ()

    def zone(self, zone_id: str) -> AlbZone | None:
        """One of its zones; None when it has no address there."""
        return next((zone for zone in self.zones if zone.id == zone_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerState:
    """One listener of an ALB; it works when ``status`` is ``Running``."""

    id: str
    port: int
    protocol: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardingRule:
    """One rule: what it matches, and its server groups with their weights."""

    id: str
    listener_id: str
    hosts: Sequence[str]
    paths: Sequence[str]
    groups: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerGroup:
    """One server group of an ALB."""

    id: str
    name: str
    cross_zone: bool
    health_check: bool
    servers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RamAction:
    """One RAM action and the command that calls it."""

    action: str
    command: str


RAM_ACTIONS: tuple[RamAction, ...] = (
    RamAction(action="adcp:DescribeHubClusters", command="check"),
    RamAction(action="adcp:DescribeHubClusterDetails", command="check"),
    RamAction(action="adcp:DescribeManagedClusters", command="check"),
    RamAction(action="alb:DescribeZones", command="check"),
    RamAction(action="alb:GetLoadBalancerAttribute", command="check"),
    RamAction(action="alb:ListListeners", command="check"),
    RamAction(action="alb:ListRules", command="check"),
    RamAction(action="alb:ListServerGroups", command="check"),
    RamAction(action="cs:DescribeClusterDetail", command="check"),
    RamAction(action="ecs:DescribeSecurityGroupAttribute", command="check"),
    RamAction(action="vpc:DescribeVSwitches", command="check"),
    RamAction(action="adcp:DescribeHubClusterKubeconfig", command="init --discover"),
    RamAction(action="cs:DescribeClusterUserKubeconfig", command="init --discover"),
    RamAction(action="alb:StartShiftLoadBalancerZones", command="failover switchover --zone"),
    RamAction(action="alb:CancelShiftLoadBalancerZones", command="failover back"),
)
"""Every action alb-dr ever calls; names follow the API's (ALB, VPC, ECS, CS, adcp)."""
