"""From the cloud's answers to the model's nouns. Pure; a field that is absent is empty.

KeyError for an answer that lacks what every answer of its kind has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alb_dr.model.cloud import (
    AlbZone,
    AssociatedCluster,
    ClusterDetails,
    FleetDetails,
    ForwardingRule,
    ListenerState,
    LoadBalancer,
    SecurityGroupRule,
    ServerGroup,
    VSwitch,
)

Answer = Mapping[str, Any]


def _text(answer: Answer, key: str) -> str:
    return str(answer.get(key) or "")


def _number(answer: Answer, key: str) -> int:
    return int(answer.get(key) or 0)


def fleet(answer: Answer) -> FleetDetails:
    """``DescribeHubClusterDetails``'s Cluster. The place of GitOps is the SDK model's."""
    info, network = answer.get("ClusterInfo") or {}, answer.get("Network") or {}
    gitops = ((info.get("MetaData") or {}).get("ACKOne") or {}).get("GitOps") or {}
    return FleetDetails(
        id=_text(info, "ClusterId"),
        name=_text(info, "Name"),
        state=_text(info, "State"),
        region=_text(info, "RegionId"),
        vpc_id=_text(network, "VpcId"),
        vswitch_ids=tuple(network.get("VSwitches") or ()),
        gitops=gitops.get("Enabled"),
    )


def associated(answer: Answer) -> AssociatedCluster:
    """One entry of ``DescribeManagedClusters``."""
    cluster_, status = answer.get("Cluster") or {}, answer.get("Status") or {}
    return AssociatedCluster(
        id=_text(cluster_, "ClusterID"),
        name=_text(cluster_, "Name"),
        state=_text(cluster_, "State"),
        association=_text(status, "State"),
        vpc_id=_text(cluster_, "VpcID"),
        message=_text(status, "Message"),
    )


def cluster(cluster_id: str, answer: Answer) -> ClusterDetails:
    """``DescribeClusterDetail``; older clusters have one vSwitch under another key."""
    vswitches = answer.get("vswitch_ids") or [
        v for v in _text(answer, "vswitch_id").split(",") if v
    ]
    return ClusterDetails(
        id=cluster_id,
        name=str(answer["name"]),
        state=str(answer["state"]),
        vpc_id=_text(answer, "vpc_id"),
        vswitch_ids=tuple(vswitches),
        security_group_id=_text(answer, "security_group_id"),
    )


def vswitch(answer: Answer) -> VSwitch:
    """One entry of ``DescribeVSwitches``."""
    return VSwitch(
        id=_text(answer, "VSwitchId"),
        name=_text(answer, "VSwitchName"),
        vpc_id=_text(answer, "VpcId"),
        zone_id=_text(answer, "ZoneId"),
        cidr=_text(answer, "CidrBlock"),
        free_addresses=_number(answer, "AvailableIpAddressCount"),
        status=_text(answer, "Status"),
    )


def security_rule(answer: Answer) -> SecurityGroupRule:
    """One entry of ``DescribeSecurityGroupAttribute``; ``-1/-1`` means all ports."""
    first, _, last = _text(answer, "PortRange").partition("/")
    ports = (int(first or -1), int(last or -1))
    return SecurityGroupRule(
        accept=_text(answer, "Policy").lower() == "accept",
        protocol=_text(answer, "IpProtocol").lower(),
        ports=(1, 65_535) if -1 in ports else ports,
        priority=int(answer.get("Priority") or 1),
        source=_text(answer, "SourceCidrIp"),
    )


def load_balancer(answer: Answer) -> LoadBalancer:
    """``GetLoadBalancerAttribute``."""
    locks = answer.get("LoadBalancerOperationLocks") or []
    return LoadBalancer(
        id=_text(answer, "LoadBalancerId"),
        name=_text(answer, "LoadBalancerName"),
        status=_text(answer, "LoadBalancerStatus"),
        edition=_text(answer, "LoadBalancerEdition"),
        vpc_id=_text(answer, "VpcId"),
        dns_name=_text(answer, "DNSName"),
        locks=tuple(_text(lock, "LockType") for lock in locks),
        address_mode=_text(answer, "AddressAllocatedMode"),
        zones=tuple(_zone(entry) for entry in answer.get("ZoneMappings") or []),
    )


def _zone(answer: Answer) -> AlbZone:
    """One entry of ``ZoneMappings``; a public address stands before the internal one it maps to."""
    found = [
        _text(address, "Address") or _text(address, "IntranetAddress")
        for address in answer.get("LoadBalancerAddresses") or []
    ]
    return AlbZone(
        id=_text(answer, "ZoneId"),
        vswitch_id=_text(answer, "VSwitchId"),
        state=_text(answer, "Status"),
        addresses=tuple(address for address in found if address),
    )


def listener(answer: Answer) -> ListenerState:
    """One entry of ``ListListeners``."""
    return ListenerState(
        id=_text(answer, "ListenerId"),
        port=_number(answer, "ListenerPort"),
        protocol=_text(answer, "ListenerProtocol"),
        status=_text(answer, "ListenerStatus"),
    )


def rule(answer: Answer) -> ForwardingRule:
    """One entry of ``ListRules``. A rule's name and priority change; its conditions do not."""
    conditions = answer.get("RuleConditions") or []
    groups = [
        (_text(group, "ServerGroupId"), _number(group, "Weight"))
        for action in answer.get("RuleActions") or []
        for group in (action.get("ForwardGroupConfig") or {}).get("ServerGroupTuples") or []
    ]
    return ForwardingRule(
        id=_text(answer, "RuleId"),
        listener_id=_text(answer, "ListenerId"),
        hosts=tuple(v for c in conditions for v in (c.get("HostConfig") or {}).get("Values") or []),
        paths=tuple(v for c in conditions for v in (c.get("PathConfig") or {}).get("Values") or []),
        groups=tuple(groups),
    )


def server_group(answer: Answer) -> ServerGroup:
    """One entry of ``ListServerGroups``; cross-zone forwarding is on unless it says otherwise."""
    check = answer.get("HealthCheckConfig") or {}
    return ServerGroup(
        id=_text(answer, "ServerGroupId"),
        name=_text(answer, "ServerGroupName"),
        cross_zone=answer.get("CrossZoneEnabled") is not False,
        health_check=bool(check.get("HealthCheckEnabled")),
        servers=_number(answer, "ServerCount"),
    )
