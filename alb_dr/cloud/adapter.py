"""The Cloud port on the official SDKs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from alb_dr.cloud import answers
from alb_dr.cloud.failures import garbled
from alb_dr.cloud.sdk import Sdk
from alb_dr.errors import NotFound
from alb_dr.model.cloud import (
    AssociatedCluster,
    ClusterDetails,
    FleetDetails,
    ForwardingRule,
    ListenerState,
    LoadBalancer,
    SecurityGroup,
    ServerGroup,
    VSwitch,
)

ALB_PAGE = 100
"""Entries of one ALB page; the API's own limit."""
VPC_PAGE = 50
"""Entries of one VPC page; the API's own limit."""
PAGES = 200
"""More pages are an answer that never ends."""
KUBECONFIG_MINUTES = 60
"""How long a fetched kubeconfig of a member is valid: what a drill needs, twice."""


P = ParamSpec("P")
T = TypeVar("T")


def _understood(action: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """An answer of another shape than documented is the endpoint's fault, not a bug of ours."""

    def decorate(method: Callable[P, T]) -> Callable[P, T]:
        @wraps(method)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return method(*args, **kwargs)
            except (AttributeError, KeyError, TypeError, ValueError):
                raise garbled(action) from None

        return guarded

    return decorate


class AlibabaCloud:
    """Alibaba Cloud, read. Every method is one or a few calls; pages are followed."""

    def __init__(self, sdk: Sdk) -> None:
        self._sdk = sdk

    @_understood("alb:DescribeZones")
    def alb_zones(self) -> tuple[str, ...]:
        """The zones in which ALB has capacity."""
        request = self._sdk.models("alb").DescribeZonesRequest()
        found = self._sdk.call(
            "alb:DescribeZones", lambda c, r: c.describe_zones_with_options(request, r)
        )
        return tuple(str(zone.get("ZoneId")) for zone in found.get("Zones") or [])

    @_understood("adcp:DescribeHubClusters")
    def fleets(self) -> tuple[FleetDetails, ...]:
        """The Fleet instances, each with its details."""
        request = self._sdk.models("adcp").DescribeHubClustersRequest()
        found = self._sdk.call(
            "adcp:DescribeHubClusters",
            lambda c, r: c.describe_hub_clusters_with_options(request, r),
        )
        infos = [cluster.get("ClusterInfo") or {} for cluster in found.get("Clusters") or []]
        return tuple(self._fleet(str(info["ClusterId"])) for info in infos if info.get("ClusterId"))

    def _fleet(self, fleet_id: str) -> FleetDetails:
        request = self._sdk.models("adcp").DescribeHubClusterDetailsRequest(cluster_id=fleet_id)
        found = self._sdk.call(
            "adcp:DescribeHubClusterDetails",
            lambda c, r: c.describe_hub_cluster_details_with_options(request, r),
        )
        return answers.fleet(found.get("Cluster") or {})

    @_understood("adcp:DescribeManagedClusters")
    def associated(self, fleet_id: str) -> tuple[AssociatedCluster, ...]:
        """The clusters of a Fleet."""
        request = self._sdk.models("adcp").DescribeManagedClustersRequest(cluster_id=fleet_id)
        found = self._sdk.call(
            "adcp:DescribeManagedClusters",
            lambda c, r: c.describe_managed_clusters_with_options(request, r),
        )
        return tuple(answers.associated(entry) for entry in found.get("Clusters") or [])

    @_understood("cs:DescribeClusterDetail")
    def cluster(self, cluster_id: str) -> ClusterDetails:
        """One ACK cluster."""
        found = self._sdk.call(
            "cs:DescribeClusterDetail",
            lambda c, r: c.describe_cluster_detail_with_options(cluster_id, {}, r),
        )
        return answers.cluster(cluster_id, found)

    @_understood("vpc:DescribeVSwitches")
    def vswitches(self, vpc_id: str) -> tuple[VSwitch, ...]:
        """All vSwitches of a VPC."""
        return tuple(answers.vswitch(entry) for entry in self._vswitch_pages(vpc_id=vpc_id))

    @_understood("vpc:DescribeVSwitches")
    def vswitch(self, vswitch_id: str) -> VSwitch | None:
        """One vSwitch of the region."""
        found = list(self._vswitch_pages(v_switch_id=vswitch_id))
        return answers.vswitch(found[0]) if found else None

    def _vswitch_pages(self, **which: str) -> Iterator[Mapping[str, Any]]:
        make = self._sdk.models("vpc").DescribeVSwitchesRequest

        def ask(number: int) -> dict[str, Any]:
            request = make(
                region_id=self._sdk.region, page_number=number, page_size=VPC_PAGE, **which
            )
            return self._sdk.call(
                "vpc:DescribeVSwitches", lambda c, r: c.describe_vswitches_with_options(request, r)
            )

        for number in range(1, PAGES + 1):
            page = ask(number)
            yield from (page.get("VSwitches") or {}).get("VSwitch") or []
            if number * VPC_PAGE >= int(page.get("TotalCount") or 0):
                return

    @_understood("ecs:DescribeSecurityGroupAttribute")
    def security_group(self, group_id: str) -> SecurityGroup:
        """A security group with its inbound rules."""
        make = self._sdk.models("ecs").DescribeSecurityGroupAttributeRequest

        def ask(token: str | None) -> dict[str, Any]:
            request = make(
                region_id=self._sdk.region,
                security_group_id=group_id,
                direction="ingress",
                max_results=1000,
                next_token=token,
            )
            return self._sdk.call(
                "ecs:DescribeSecurityGroupAttribute",
                lambda c, r: c.describe_security_group_attribute_with_options(request, r),
            )

        pages = list(_pages(ask))
        rules = [r for p in pages for r in (p.get("Permissions") or {}).get("Permission") or []]
        return SecurityGroup(id=group_id, rules=tuple(answers.security_rule(r) for r in rules))

    @_understood("alb:GetLoadBalancerAttribute")
    def load_balancer(self, alb_id: str) -> LoadBalancer:
        """One ALB instance."""
        make = self._sdk.models("alb").GetLoadBalancerAttributeRequest
        request = make(load_balancer_id=alb_id)
        found = self._sdk.call(
            "alb:GetLoadBalancerAttribute",
            lambda c, r: c.get_load_balancer_attribute_with_options(request, r),
        )
        return answers.load_balancer(found)

    @_understood("alb:ListListeners")
    def listeners(self, alb_id: str) -> tuple[ListenerState, ...]:
        """The listeners of an ALB."""
        make = self._sdk.models("alb").ListListenersRequest

        def ask(token: str | None) -> dict[str, Any]:
            request = make(load_balancer_ids=[alb_id], max_results=ALB_PAGE, next_token=token)
            return self._sdk.call(
                "alb:ListListeners", lambda c, r: c.list_listeners_with_options(request, r)
            )

        return tuple(answers.listener(x) for p in _pages(ask) for x in p.get("Listeners") or [])

    @_understood("alb:ListRules")
    def rules(self, alb_id: str) -> tuple[ForwardingRule, ...]:
        """The forwarding rules of an ALB."""
        make = self._sdk.models("alb").ListRulesRequest

        def ask(token: str | None) -> dict[str, Any]:
            request = make(load_balancer_ids=[alb_id], max_results=ALB_PAGE, next_token=token)
            return self._sdk.call(
                "alb:ListRules", lambda c, r: c.list_rules_with_options(request, r)
            )

        return tuple(answers.rule(x) for p in _pages(ask) for x in p.get("Rules") or [])

    @_understood("alb:ListServerGroups")
    def server_groups(self, group_ids: Sequence[str]) -> tuple[ServerGroup, ...]:
        """The server groups with these ids."""
        make = self._sdk.models("alb").ListServerGroupsRequest
        if not group_ids:
            return ()

        def ask(token: str | None) -> dict[str, Any]:
            request = make(server_group_ids=list(group_ids), max_results=ALB_PAGE, next_token=token)
            return self._sdk.call(
                "alb:ListServerGroups", lambda c, r: c.list_server_groups_with_options(request, r)
            )

        groups = [g for p in _pages(ask) for g in p.get("ServerGroups") or []]
        return tuple(answers.server_group(group) for group in groups)

    def fleet_kubeconfig(self, fleet_id: str) -> str:
        """A kubeconfig of the Fleet."""
        request = self._sdk.models("adcp").DescribeHubClusterKubeconfigRequest(cluster_id=fleet_id)
        found = self._sdk.call(
            "adcp:DescribeHubClusterKubeconfig",
            lambda c, r: c.describe_hub_cluster_kubeconfig_with_options(request, r),
        )
        return _kubeconfig(found.get("Kubeconfig"), fleet_id)

    def cluster_kubeconfig(self, cluster_id: str) -> str:
        """A short-lived kubeconfig of a member."""
        make = self._sdk.models("cs").DescribeClusterUserKubeconfigRequest
        request = make(private_ip_address=False, temporary_duration_minutes=KUBECONFIG_MINUTES)
        found = self._sdk.call(
            "cs:DescribeClusterUserKubeconfig",
            lambda c, r: c.describe_cluster_user_kubeconfig_with_options(
                cluster_id, request, {}, r
            ),
        )
        return _kubeconfig(found.get("config"), cluster_id)


def _pages(ask: Callable[[str | None], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Pages until there is no next token; an empty one counts as none."""
    token: str | None = None
    for _ in range(PAGES):
        page = ask(token)
        yield page
        token = page.get("NextToken") or None
        if token is None:
            return


def _kubeconfig(text: object, cluster_id: str) -> str:
    if not isinstance(text, str) or not text:
        raise NotFound(f"the cloud gave no kubeconfig of {cluster_id}")
    return text
