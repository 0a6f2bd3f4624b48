"""The gateway's listeners (LDS) and rules (RDS) as Envoy's dynamic configuration. Pure functions."""

from __future__ import annotations

from alb_dr.sandbox.envoy_backends import TYPE, Json, parts, resources, watched_file
from alb_dr.sandbox.gateway import Backend, GatewayState, Listener, Rule
from alb_dr.sandbox.options import EmptyGroup, Manners


def bootstrap(*, folder: str, admin_socket: str) -> Json:
    """Where Envoy finds the rest. Its admin interface is a socket file, not a port."""
    return {
        "node": {"id": "alb", "cluster": "alb"},
        "admin": {"address": {"pipe": {"path": admin_socket}}},
        "dynamic_resources": {
            "lds_config": watched_file(f"{folder}/lds.json"),
            "cds_config": watched_file(f"{folder}/cds.json"),
        },
    }


def listeners(state: GatewayState, *, folder: str, certificate: str) -> Json:
    """LDS: one listener for each port; its routes come from a file of their own.

    ``certificate`` is a PEM file with certificate and key, for the listeners with TLS.
    """
    return resources([_listener(found, folder, certificate) for found in state.listeners])


def _listener(listener: Listener, folder: str, certificate: str) -> Json:
    name = f"alb-{listener.port}"
    manager = {
        "@type": f"{TYPE}.extensions.filters.network.http_connection_manager.v3"
        ".HttpConnectionManager",
        "stat_prefix": name,
        "generate_request_id": False,
        "server_header_transformation": "PASS_THROUGH",
        "http_protocol_options": {"accept_http_10": True},
        "common_http_protocol_options": {"idle_timeout": f"{listener.idle_timeout_s}s"},
        "rds": {
            "route_config_name": name,
            "config_source": watched_file(f"{folder}/rds-{listener.port}.json"),
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": f"{TYPE}.extensions.filters.http.router.v3.Router",
                    "suppress_envoy_headers": True,
                },
            }
        ],
    }
    network = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    chain: Json = {"filters": [network]}
    if listener.tls:
        chain["transport_socket"] = _tls(certificate)
    address = {"socket_address": {"address": "127.0.0.1", "port_value": listener.port}}
    return {
        "@type": f"{TYPE}.config.listener.v3.Listener",
        "name": name,
        "address": address,
        "filter_chains": [chain],
    }


def _tls(certificate: str) -> Json:
    file = {"filename": certificate}
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{TYPE}.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {
                "tls_certificates": [{"certificate_chain": file, "private_key": file}]
            },
        },
    }


def routes(
    state: GatewayState, listener: Listener, *, manners: Manners, empty_group: EmptyGroup
) -> Json:
    """RDS: hosts and paths of one port. What matches no rule is answered 503, as ALB does."""
    backends = {backend.name: backend for backend in state.backends}
    hosts: dict[str, list[Json]] = {}
    for rule in state.rules:
        if rule.port == listener.port and rule.backend in backends:
            action = _action(backends[rule.backend], listener, manners, empty_group)
            hosts.setdefault(rule.host, []).append({"match": _match(rule), **action})
    anyone = hosts.pop("*", [])
    virtual = [
        {"name": host, "domains": [host], "routes": [*found, *anyone, _nobody()]}
        for host, found in hosts.items()
    ]
    virtual.append({"name": "*", "domains": ["*"], "routes": [*anyone, _nobody()]})
    configuration = {
        "@type": f"{TYPE}.config.route.v3.RouteConfiguration",
        "name": f"alb-{listener.port}",
        "ignore_port_in_host_matching": True,
        "virtual_hosts": virtual,
    }
    return resources([configuration])


def _nobody() -> Json:
    return {"match": {"prefix": "/"}, "direct_response": {"status": 503}}


def _match(rule: Rule) -> Json:
    """How ALB's controller expands a path: a prefix by whole segments, anything else literally."""
    match: Json = {}
    path = rule.path.rstrip("/")
    if rule.path_type == "Prefix":
        match = {"path_separated_prefix": path} if path else {"prefix": "/"}
    elif rule.path_type != "Exact" and rule.path.endswith("*"):
        match = {"prefix": rule.path.rstrip("*")}
    else:
        match = {"path": rule.path}
    if rule.header is not None:
        name, value = rule.header
        match["headers"] = [{"name": name, "string_match": {"exact": value}}]
    return match


def _action(
    backend: Backend, listener: Listener, manners: Manners, empty_group: EmptyGroup
) -> Json:
    found = parts(backend, empty_group)
    if not found:
        return {"direct_response": {"status": 503}}
    action: Json = {"timeout": f"{listener.request_timeout_s}s"}
    if empty_group is EmptyGroup.SPILL:
        action["cluster"] = found[0][0]
    else:
        weighted = [{"name": name, "weight": groups[0].weight} for name, groups in found]
        action["weighted_clusters"] = {"clusters": weighted}
    if manners is Manners.FORGIVING:
        action["retry_policy"] = _retries()
    return {"route": action}


def _retries() -> Json:
    predicate = {
        "name": "envoy.retry_host_predicates.previous_hosts",
        "typed_config": {
            "@type": f"{TYPE}.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
        },
    }
    return {
        "retry_on": "connect-failure,refused-stream,reset,unavailable,gateway-error",
        "num_retries": 4,
        "retry_back_off": {"base_interval": "0.005s", "max_interval": "0.05s"},
        "per_try_timeout": "1s",
        "host_selection_retry_max_attempts": 20,
        "retry_host_predicate": [predicate],
    }
