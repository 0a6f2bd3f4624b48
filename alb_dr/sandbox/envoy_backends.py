"""Backends as Envoy clusters (CDS) with endpoints (EDS). Pure functions.

There are two hypotheses about what ALB does with the weight of a member without endpoints:

* ``spill``: one Envoy cluster for each backend, one locality for each member, locality weights for
  the weights. A member without endpoints hands its share over, and a change needs one small file.
* ``503``: one Envoy cluster for each backend and member, chosen by the route's weights. The share
  of a member without endpoints is answered 503; one whose endpoints are all sick still gets it.
"""

from __future__ import annotations

from typing import Any

from alb_dr.sandbox.gateway import Backend, GatewayState, HealthCheck, MemberGroup
from alb_dr.sandbox.options import EmptyGroup, Manners

Json = dict[str, Any]

TYPE = "type.googleapis.com/envoy"
_HUGE = 65_536
_QUICK_S = "0.25s"
"""The forgiving profile's health check interval: what ALB does not offer."""


def clusters(
    state: GatewayState, *, folder: str, manners: Manners, empty_group: EmptyGroup
) -> Json:
    """CDS: the clusters of all backends; the endpoints of each come from a file of its own."""
    found = [
        _cluster(name, backend.health_check, folder, manners)
        for backend in state.backends
        for name, _ in parts(backend, empty_group)
    ]
    return resources(found)


def parts(backend: Backend, empty_group: EmptyGroup) -> list[tuple[str, tuple[MemberGroup, ...]]]:
    """The Envoy clusters of a backend: names, and the members in each.

    A member of weight 0 is in none: it gets nothing, also when the others are gone.
    """
    weighted = tuple(group for group in backend.groups if group.weight > 0)
    if empty_group is EmptyGroup.SPILL:
        return [(backend.name, weighted)]
    return [(f"{backend.name}--{group.member}", (group,)) for group in weighted]


def endpoints(name: str, groups: tuple[MemberGroup, ...]) -> Json:
    """EDS: the endpoints and weights of one Envoy cluster."""
    assignment = {
        "@type": f"{TYPE}.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": name,
        "endpoints": [_locality(group) for group in groups if group.endpoints],
        # The default of 140 % would move weight away while one pod of a member still lives.
        "policy": {"overprovisioning_factor": 100_000},
    }
    return resources([assignment])


def resources(found: list[Json]) -> Json:
    """A file of dynamic configuration."""
    return {"version_info": "1", "resources": found}


def watched_file(path: str) -> Json:
    """Where a part of the configuration comes from: a file that is replaced by renaming."""
    return {"resource_api_version": "V3", "path_config_source": {"path": path}}


def _locality(group: MemberGroup) -> Json:
    return {
        "locality": {"zone": group.member},
        "load_balancing_weight": group.weight,
        "lb_endpoints": [
            {"endpoint": {"address": {"socket_address": {"address": address, "port_value": port}}}}
            for address, port in group.endpoints
        ],
    }


def _cluster(name: str, check: HealthCheck | None, folder: str, manners: Manners) -> Json:
    # The defaults (1,024 connections, 3 retries) would answer 503 on their own under load.
    limits = dict.fromkeys(
        ("max_connections", "max_pending_requests", "max_requests", "max_retries"), _HUGE
    )
    cluster: Json = {
        "@type": f"{TYPE}.config.cluster.v3.Cluster",
        "name": name,
        "type": "EDS",
        "connect_timeout": "2s",
        "lb_policy": "ROUND_ROBIN",
        "eds_cluster_config": {"eds_config": watched_file(f"{folder}/eds-{name}.json")},
        "common_lb_config": {
            "locality_weighted_lb_config": {},
            # The default of 1 s would delay what health checks find.
            "update_merge_window": "0s",
            # Fail open: when nothing is healthy, everything is used; 0 would answer 503.
            "healthy_panic_threshold": {"value": 1},
        },
        "circuit_breakers": {"thresholds": [limits]},
        "ignore_health_on_host_removal": True,
    }
    if manners is Manners.FORGIVING:
        cluster["outlier_detection"] = _outliers()
        cluster["health_checks"] = [_quick_check()]
    elif check is not None:
        cluster["health_checks"] = [_health_check(check)]
    return cluster


def _outliers() -> Json:
    return {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 1,
        "enforcing_consecutive_local_origin_failure": 100,
        "consecutive_5xx": 1000,
        "consecutive_gateway_failure": 1000,
        "interval": "1s",
        "base_ejection_time": "1s",
        "max_ejection_time": "2s",
        "max_ejection_percent": 100,
        "enforcing_success_rate": 0,
        "enforcing_local_origin_success_rate": 0,
        "enforcing_failure_percentage": 0,
    }


def _quick_check() -> Json:
    # A short timeout instead of this one declares healthy pods sick on a busy machine.
    return {
        "timeout": "2s",
        "interval": _QUICK_S,
        "no_traffic_interval": _QUICK_S,
        "unhealthy_interval": _QUICK_S,
        "unhealthy_edge_interval": _QUICK_S,
        "healthy_edge_interval": _QUICK_S,
        "initial_jitter": "0.01s",
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"path": "/healthz"},
    }


def _health_check(check: HealthCheck) -> Json:
    timing: Json = {
        "interval": f"{check.interval_s}s",
        "timeout": f"{check.timeout_s}s",
        "no_traffic_interval": f"{check.interval_s}s",
        "unhealthy_threshold": check.unhealthy,
        "healthy_threshold": check.healthy,
        "reuse_connection": False,
    }
    if check.tcp:
        return {**timing, "tcp_health_check": {}}
    probe = {
        "path": check.path,
        "method": check.method,
        "expected_statuses": [{"start": low, "end": high} for low, high in check.codes],
        # Without this a wrong status counts at once, whatever the threshold says.
        "retriable_statuses": [{"start": 100, "end": 600}],
    }
    return {**timing, "http_health_check": probe}
