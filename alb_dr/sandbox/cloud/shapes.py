"""The model's nouns as the cloud writes them, with its own spelling of every field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alb_dr.model.cloud import (
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

Json = dict[str, Any]


def fleet(found: FleetDetails) -> Json:
    """A Cluster of ``DescribeHubClusters`` and ``DescribeHubClusterDetails``."""
    gitops = {"Enabled": found.gitops, "HAEnabled": False, "PublicAccessEnabled": False}
    return {
        "ClusterInfo": {
            "ClusterId": found.id,
            "Name": found.name,
            "State": found.state,
            "RegionId": found.region,
            "Profile": "Default",
            "MetaData": {"ACKOne": {"GitOps": gitops}},
        },
        "Network": {"VpcId": found.vpc_id, "VSwitches": list(found.vswitch_ids)},
    }


def associated(found: AssociatedCluster) -> Json:
    """An entry of ``DescribeManagedClusters``."""
    return {
        "Cluster": {
            "ClusterID": found.id,
            "Name": found.name,
            "State": found.state,
            "VpcID": found.vpc_id,
            "ClusterType": "ManagedKubernetes",
        },
        "Status": {"State": found.association, "Message": found.message},
    }


def cluster(found: ClusterDetails, *, region: str) -> Json:
    """``DescribeClusterDetail``; this product writes its fields in snake case."""
    return {
        "cluster_id": found.id,
        "name": found.name,
        "state": found.state,
        "region_id": region,
        "vpc_id": found.vpc_id,
        "vswitch_ids": list(found.vswitch_ids),
        "security_group_id": found.security_group_id,
        "cluster_type": "ManagedKubernetes",
    }


def vswitch(found: VSwitch) -> Json:
    """An entry of ``DescribeVSwitches``."""
    return {
        "VSwitchId": found.id,
        "VSwitchName": found.name,
        "VpcId": found.vpc_id,
        "ZoneId": found.zone_id,
        "CidrBlock": found.cidr,
        "AvailableIpAddressCount": found.free_addresses,
        "Status": found.status,
    }


def security_rule(found: SecurityGroupRule) -> Json:
    """An entry of ``DescribeSecurityGroupAttribute``."""
    everything = found.ports == (1, 65_535) and found.protocol == "all"
    return {
        "Policy": "Accept" if found.accept else "Drop",
        "IpProtocol": found.protocol.upper(),
        "PortRange": "-1/-1" if everything else f"{found.ports[0]}/{found.ports[1]}",
        "Priority": str(found.priority),
        "SourceCidrIp": found.source,
        "Direction": "ingress",
        "NicType": "intranet",
    }


def load_balancer(found: LoadBalancer, states: Mapping[str, str]) -> Json:
    """``GetLoadBalancerAttribute``; ``states`` by zone id."""
    return {
        "LoadBalancerId": found.id,
        "LoadBalancerName": found.name,
        "LoadBalancerStatus": found.status,
        "LoadBalancerBussinessStatus": "Abnormal" if found.locks else "Normal",
        "LoadBalancerEdition": found.edition,
        "VpcId": found.vpc_id,
        "DNSName": found.dns_name,
        "LoadBalancerOperationLocks": [{"LockType": lock} for lock in found.locks],
        "AddressAllocatedMode": found.address_mode,
        "ZoneMappings": [
            {
                "ZoneId": zone.id,
                "VSwitchId": zone.vswitch_id,
                "Status": states[zone.id],
                "LoadBalancerAddresses": [{"Address": address} for address in zone.addresses],
            }
            for zone in found.zones
        ],
    }


def listener(found: ListenerState, alb_id: str) -> Json:
    """An entry of ``ListListeners``."""
    return {
        "ListenerId": found.id,
        "ListenerPort": found.port,
        "ListenerProtocol": found.protocol,
        "ListenerStatus": found.status,
        "LoadBalancerId": alb_id,
    }


def rule(found: ForwardingRule, priority: int, alb_id: str) -> Json:
    """An entry of ``ListRules``, named as the controller names them."""
    groups = [{"ServerGroupId": group, "Weight": weight} for group, weight in found.groups]
    return {
        "RuleId": found.id,
        "RuleName": f"rule-{found.listener_id.rpartition('-')[2]}-{priority}",
        "RuleStatus": "Available",
        "Priority": priority,
        "ListenerId": found.listener_id,
        "LoadBalancerId": alb_id,
        "RuleConditions": [
            {"Type": "Host", "HostConfig": {"Values": list(found.hosts)}},
            {"Type": "Path", "PathConfig": {"Values": list(found.paths)}},
        ],
        "RuleActions": [
            {
                "Type": "ForwardGroup",
                "Order": 1,
                "ForwardGroupConfig": {"ServerGroupTuples": groups},
            }
        ],
    }


def server_group(found: ServerGroup) -> Json:
    """An entry of ``ListServerGroups``."""
    return {
        "ServerGroupId": found.id,
        "ServerGroupName": found.name,
        "ServerGroupStatus": "Available",
        "ServerGroupType": "Ip",
        "ServerCount": found.servers,
        "CrossZoneEnabled": found.cross_zone,
        "HealthCheckConfig": {"HealthCheckEnabled": found.health_check},
    }
