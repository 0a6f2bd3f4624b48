"""The API actions: a snapshot and a request's parameters to an answer's document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from alb_dr.model.cloud import FleetDetails, VSwitch
from alb_dr.sandbox.cloud import shapes
from alb_dr.sandbox.cloud.problem import Problem
from alb_dr.sandbox.cloud.shift_actions import cancel_shift, start_shift
from alb_dr.sandbox.cloud.state import CloudState

Json = dict[str, Any]
Parameters = Mapping[str, str]
Action = Callable[[CloudState, Parameters], Json]


def _describe_zones(state: CloudState, _parameters: Parameters) -> Json:
    return {"Zones": [{"ZoneId": zone, "LocalName": zone} for zone in state.alb_zones]}


def _fleet(state: CloudState, parameters: Parameters) -> FleetDetails:
    wanted = parameters.get("ClusterId", "")
    for fleet in state.fleets:
        if fleet.id == wanted:
            return fleet
    raise Problem(404, "ErrorClusterNotFound", f"cluster {wanted} not found")


def _hub_clusters(state: CloudState, _parameters: Parameters) -> Json:
    return {"Clusters": [shapes.fleet(fleet) for fleet in state.fleets]}


def _hub_cluster_details(state: CloudState, parameters: Parameters) -> Json:
    return {"Cluster": shapes.fleet(_fleet(state, parameters))}


def _managed_clusters(state: CloudState, parameters: Parameters) -> Json:
    fleet = _fleet(state, parameters)
    return {"Clusters": [shapes.associated(c) for c in state.associated.get(fleet.id, ())]}


def _hub_kubeconfig(state: CloudState, parameters: Parameters) -> Json:
    return {"Kubeconfig": state.kubeconfigs[_fleet(state, parameters).id]}


def _cluster_detail(state: CloudState, parameters: Parameters) -> Json:
    return shapes.cluster(state.clusters[_cluster_id(state, parameters)], region=state.region)


def _user_kubeconfig(state: CloudState, parameters: Parameters) -> Json:
    text = state.kubeconfigs[_cluster_id(state, parameters)]
    return {"config": text, "expiration": "2099-01-01T00:00:00Z"}


def _cluster_id(state: CloudState, parameters: Parameters) -> str:
    wanted = parameters.get("ClusterId", "")
    if wanted not in state.clusters:
        raise Problem(404, "ErrorClusterNotFound", f"cluster {wanted} not found")
    return wanted


def _vswitches(state: CloudState, parameters: Parameters) -> Json:
    if not (parameters.get("RegionId") or parameters.get("VpcId")):
        raise Problem(400, "MissingParameter", "RegionId or VpcId is required.")
    region = parameters.get("RegionId", state.region)
    found = [v for v in state.vswitches if region == state.region and _fits(v, parameters)]
    size = min(int(parameters.get("PageSize", "10")), 50)
    number = int(parameters.get("PageNumber", "1"))
    page = found[(number - 1) * size : number * size]
    return {
        "TotalCount": len(found),
        "PageNumber": number,
        "PageSize": size,
        "VSwitches": {"VSwitch": [shapes.vswitch(v) for v in page]},
    }


def _fits(vswitch: VSwitch, parameters: Parameters) -> bool:
    wanted = {"VpcId": vswitch.vpc_id, "VSwitchId": vswitch.id, "ZoneId": vswitch.zone_id}
    return all(parameters.get(name, value) == value for name, value in wanted.items())


def _security_group(state: CloudState, parameters: Parameters) -> Json:
    wanted = parameters.get("SecurityGroupId", "")
    group = state.security_groups.get(wanted)
    if group is None:
        raise Problem(404, "InvalidSecurityGroupId.NotFound", f"{wanted} does not exist")
    rules, token = _page(group.rules, parameters)
    permissions = {"Permission": [shapes.security_rule(rule) for rule in rules]}
    answer: Json = {"SecurityGroupId": group.id, "Permissions": permissions}
    return {**answer, "NextToken": token}


def _load_balancer(state: CloudState, parameters: Parameters) -> Json:
    wanted = parameters.get("LoadBalancerId", "")
    found = state.load_balancers.get(wanted)
    if found is None:
        message = f"The specified resource {wanted} is not found."
        raise Problem(404, "ResourceNotFound.LoadBalancer", message)
    return shapes.load_balancer(found, {z.id: state.zones.state(wanted, z.id) for z in found.zones})


def _listeners(state: CloudState, parameters: Parameters) -> Json:
    found = [
        shapes.listener(listener, alb_id)
        for alb_id in _listed(parameters, "LoadBalancerIds")
        for listener in state.listeners.get(alb_id, ())
    ]
    return _paged("Listeners", found, parameters)


def _rules(state: CloudState, parameters: Parameters) -> Json:
    found = [
        shapes.rule(rule, priority, alb_id)
        for alb_id in _listed(parameters, "LoadBalancerIds")
        for priority, rule in enumerate(state.rules.get(alb_id, ()), 1)
    ]
    return _paged("Rules", found, parameters)


def _server_groups(state: CloudState, parameters: Parameters) -> Json:
    wanted = _listed(parameters, "ServerGroupIds")
    found = [shapes.server_group(g) for g in state.server_groups if not wanted or g.id in wanted]
    return _paged("ServerGroups", found, parameters)


def _listed(parameters: Parameters, name: str) -> list[str]:
    """A list parameter: ``LoadBalancerIds.1=...&LoadBalancerIds.2=...``."""
    return [value for key, value in sorted(parameters.items()) if key.startswith(f"{name}.")]


def _page(found: Sequence[Any], parameters: Parameters) -> tuple[Sequence[Any], str]:
    """One page and the token of the next; the token is empty after the last."""
    size = max(1, int(parameters.get("MaxResults", "20")))
    start = int(parameters.get("NextToken") or 0)
    end = start + size
    return found[start:end], str(end) if end < len(found) else ""


def _paged(name: str, found: Sequence[Json], parameters: Parameters) -> Json:
    page, token = _page(found, parameters)
    answer: Json = {name: list(page), "TotalCount": len(found), "MaxResults": len(page)}
    return {**answer, "NextToken": token} if token else answer


ACTIONS: Mapping[str, tuple[str, str, Action]] = {
    "DescribeZones": ("alb", "2020-06-16", _describe_zones),
    "GetLoadBalancerAttribute": ("alb", "2020-06-16", _load_balancer),
    "ListListeners": ("alb", "2020-06-16", _listeners),
    "ListRules": ("alb", "2020-06-16", _rules),
    "ListServerGroups": ("alb", "2020-06-16", _server_groups),
    "StartShiftLoadBalancerZones": ("alb", "2020-06-16", start_shift),
    "CancelShiftLoadBalancerZones": ("alb", "2020-06-16", cancel_shift),
    "DescribeVSwitches": ("vpc", "2016-04-28", _vswitches),
    "DescribeSecurityGroupAttribute": ("ecs", "2014-05-26", _security_group),
    "DescribeHubClusters": ("adcp", "2022-01-01", _hub_clusters),
    "DescribeHubClusterDetails": ("adcp", "2022-01-01", _hub_cluster_details),
    "DescribeManagedClusters": ("adcp", "2022-01-01", _managed_clusters),
    "DescribeHubClusterKubeconfig": ("adcp", "2022-01-01", _hub_kubeconfig),
    "DescribeClusterDetail": ("cs", "2015-12-15", _cluster_detail),
    "DescribeClusterUserKubeconfig": ("cs", "2015-12-15", _user_kubeconfig),
}
"""Action to its product, version and function."""
