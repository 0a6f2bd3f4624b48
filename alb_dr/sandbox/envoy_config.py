"""The gateway's state as Envoy's dynamic configuration. Pure functions.

One Envoy cluster for each backend, one locality for each member, locality weights for the weights:
then a member without endpoints hands its share over, and a change needs one small file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alb_dr.sandbox.gateway import Backend, GatewayState, HealthCheck, Rule
from alb_dr.sandbox.options import EmptyGroup, Manners

Json = dict[str, Any]

_TYPE = "type.googleapis.com/envoy"
_HUGE = 65_536
_QUICK_HEALTH_CHECK: Json = {
    "interval": "0.25s",
    "no_traffic_interval": "0.25s",
    "unhealthy_interval": "0.25s",
    # A short time-out would take every pod out during an ordinary pause of the machine.
    "timeout": "2s",
    "unhealthy_threshold": 2,
    "healthy_threshold": 1,
    "http_health_check": {"path": "/healthz"},
}
_DEAD_END = ("127.0.0.1", 1)
"""An address nobody listens on: the share of an empty group that is answered 503."""


def listeners(state: GatewayState, *, folder: str) -> Json:
    """LDS: one listener for each port, at every zone's address; its routes come from a file of
    their own. A zone's address answers also while it is out of DNS: old connections go on."""
    return _resources([_listener(port, state.addresses, folder) for port in state.ports])


def _listener(port: int, addresses: Sequence[str], folder: str) -> Json:
    manager = {
        "@type": f"{_TYPE}.extensions.filters.network.http_connection_manager.v3"
        ".HttpConnectionManager",
        "stat_prefix": f"alb-{port}",
        "generate_request_id": False,
        "server_header_transformation": "PASS_THROUGH",
        # ALB closes idle connections after its listener's idleTimeout, 15 s unless configured.
        "common_http_protocol_options": {"idle_timeout": "15s"},
        "rds": {
            "route_config_name": f"alb-{port}",
            "config_source": _file(f"{folder}/rds-{port}.json"),
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": f"{_TYPE}.extensions.filters.http.router.v3.Router",
                    "suppress_envoy_headers": True,
                },
            }
        ],
    }
    network = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {
        "@type": f"{_TYPE}.config.listener.v3.Listener",
        "name": f"alb-{port}",
        "address": _socket(addresses[0], port),
        "additional_addresses": [{"address": _socket(a, port)} for a in addresses[1:]],
        "filter_chains": [{"filters": [network]}],
    }


def _socket(address: str, port: int) -> Json:
    return {"socket_address": {"address": address, "port_value": port}}


def routes(state: GatewayState, port: int, *, manners: Manners) -> Json:
    """RDS: hosts and paths of one port. What matches no rule is answered 503, as ALB does."""
    hosts: dict[str, list[Json]] = {}
    for rule in state.rules:
        if rule.port == port:
            hosts.setdefault(rule.host, []).append(_route(rule, manners))
    anyone = hosts.pop("*", [])
    virtual = [
        {
            "name": host,
            "domains": [host, f"{host}:*"],
            "routes": [*found, *anyone, _nobody()],
        }
        for host, found in hosts.items()
    ]
    virtual.append({"name": "*", "domains": ["*"], "routes": [*anyone, _nobody()]})
    return _resources(
        [
            {
                "@type": f"{_TYPE}.config.route.v3.RouteConfiguration",
                "name": f"alb-{port}",
                "virtual_hosts": virtual,
            }
        ]
    )


def _nobody() -> Json:
    return {"match": {"prefix": "/"}, "direct_response": {"status": 503}}


def _route(rule: Rule, manners: Manners) -> Json:
    match: Json = {}
    if rule.path_type == "Exact":
        match["path"] = rule.path
    elif rule.path.rstrip("/"):
        match["path_separated_prefix"] = rule.path.rstrip("/")
    else:
        match["prefix"] = "/"
    if rule.header is not None:
        name, value = rule.header
        match["headers"] = [{"name": name, "string_match": {"exact": value}}]
    action: Json = {"cluster": rule.backend, "timeout": "60s"}
    if manners is Manners.FORGIVING:
        action["retry_policy"] = {
            "retry_on": "connect-failure,refused-stream,reset,unavailable,gateway-error",
            "num_retries": 4,
            "retry_back_off": {"base_interval": "0.005s", "max_interval": "0.05s"},
            "per_try_timeout": "1s",
            "host_selection_retry_max_attempts": 20,
            "retry_host_predicate": [
                {
                    "name": "envoy.retry_host_predicates.previous_hosts",
                    "typed_config": {
                        "@type": f"{_TYPE}.extensions.retry.host.previous_hosts.v3"
                        ".PreviousHostsPredicate"
                    },
                }
            ],
        }
    return {"match": match, "route": action}


def clusters(state: GatewayState, *, folder: str, manners: Manners) -> Json:
    """CDS: one cluster for each backend; its endpoints come from a file of their own."""
    return _resources([_cluster(b, folder, manners) for b in state.backends])


def _cluster(backend: Backend, folder: str, manners: Manners) -> Json:
    limits = {
        "max_connections": _HUGE,
        "max_pending_requests": _HUGE,
        "max_requests": _HUGE,
        "max_retries": _HUGE,
    }
    cluster: Json = {
        "@type": f"{_TYPE}.config.cluster.v3.Cluster",
        "name": backend.name,
        "type": "EDS",
        "connect_timeout": "2s",
        "lb_policy": "ROUND_ROBIN",
        "eds_cluster_config": {"eds_config": _file(f"{folder}/eds-{backend.name}.json")},
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
        cluster["outlier_detection"] = {
            "split_external_local_origin_errors": True,
            "consecutive_local_origin_failure": 1,
            "enforcing_consecutive_local_origin_failure": 100,
            "interval": "1s",
            "base_ejection_time": "1s",
            "max_ejection_percent": 100,
            "enforcing_success_rate": 0,
        }
    if backend.health_check is not None:
        cluster["health_checks"] = [_health_check(backend.health_check)]
    elif manners is Manners.FORGIVING:
        cluster["health_checks"] = [_QUICK_HEALTH_CHECK]
    return cluster


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
    ranges = [{"start": low, "end": high} for low, high in check.codes]
    probe = {
        "path": check.path,
        "method": check.method,
        "expected_statuses": ranges,
        # Without this a wrong status counts at once, whatever the threshold says.
        "retriable_statuses": [{"start": 100, "end": 600}],
    }
    return {**timing, "http_health_check": probe}


def endpoints(backend: Backend, *, empty_group: EmptyGroup, distort: Mapping[str, int]) -> Json:
    """EDS: the members' endpoints and weights of one backend.

    A member of weight 0 is left out: it gets nothing, also when the others are gone.
    ``distort`` replaces weights, to make a gateway that does not do what the Ingress says.
    """
    localities = []
    for group in backend.groups:
        weight = distort.get(group.member, group.weight)
        found = group.endpoints
        if not found and empty_group is EmptyGroup.UNAVAILABLE:
            found = (_DEAD_END,)
        if weight > 0 and found:
            localities.append(_locality(group.member, weight, found))
    assignment = {
        "@type": f"{_TYPE}.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": backend.name,
        "endpoints": localities,
        # The default of 140 % would move weight away while one pod of a member still lives.
        "policy": {"overprovisioning_factor": 100_000},
    }
    return _resources([assignment])


def _locality(member: str, weight: int, found: tuple[tuple[str, int], ...]) -> Json:
    return {
        "locality": {"zone": member},
        "load_balancing_weight": weight,
        "lb_endpoints": [{"endpoint": _endpoint(address, port)} for address, port in found],
    }


def _endpoint(address: str, port: int) -> Json:
    found: Json = {"address": _socket(address, port)}
    if (address, port) == _DEAD_END:
        # Were it checked, it would be found sick, and its share would go to the others.
        found["health_check_config"] = {"disable_active_health_check": True}
    return found


def bootstrap(*, folder: str, admin_socket: str) -> Json:
    """Where Envoy finds the rest. Its admin interface is a socket file, not a port."""
    return {
        "node": {"id": "alb", "cluster": "alb"},
        "admin": {"address": {"pipe": {"path": admin_socket}}},
        "dynamic_resources": {
            "lds_config": _file(f"{folder}/lds.json"),
            "cds_config": _file(f"{folder}/cds.json"),
        },
    }


def _file(path: str) -> Json:
    return {"resource_api_version": "V3", "path_config_source": {"path": path}}


def _resources(resources: list[Json]) -> Json:
    return {"version_info": "1", "resources": resources}
