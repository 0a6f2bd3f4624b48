"""What a template sees. Everything that needs a decision is decided here."""

from __future__ import annotations

import re
from typing import Any

from alb_dr.model.application import Application
from alb_dr.model.gateway import Gateway
from alb_dr.model.manifest import POLICY_GROUPS, PROPAGATION_POLICY
from alb_dr.model.pin import Pin
from alb_dr.model.topology import Profile, Topology
from alb_dr.model.weights import TOTAL
from alb_dr.render.annotations import (
    LISTEN_PORTS,
    PIN_LABEL,
    health_check_annotations,
    listen_ports,
    pin_annotations,
    weight_key,
)

LABELS = {"app.kubernetes.io/managed-by": "alb-dr"}
"""Put on every object, except in the tutorial profile, which reproduces the tutorial."""

_KUBERNETES_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", re.ASCII)


def variables(topology: Topology) -> dict[str, Any]:
    """The variables of every template (``docs/reference/templates.md``)."""
    safe = topology.profile is Profile.SAFE
    return {
        "labels": dict(LABELS) if safe else {},
        "members": [{"id": m.id, "name": m.name, "zone": m.zone or ""} for m in topology.members],
        "application": _application(topology.application, force_string=safe),
        "gateway": _gateway(topology.gateway, topology),
        "ingress": _ingress(topology, safe=safe),
        "policy": _policy(topology),
    }


def pin_variables(topology: Topology, pin: Pin) -> dict[str, Any]:
    """The variables of the pin's template: those of every template, and ``pin``.

    Every member is given a weight, since what a missing one means is documented nowhere.
    """
    ingress = topology.ingress
    annotations = {LISTEN_PORTS: listen_ports(ingress.listen_protocol, ingress.listen_port)}
    annotations |= pin_annotations(pin)
    annotations |= {
        weight_key(m.id): str(TOTAL if m.id == pin.member else 0) for m in topology.members
    }
    annotations |= health_check_annotations(ingress.health_check)
    return variables(topology) | {
        "pin": {
            "name": pin_name(topology, pin.member),
            "labels": {**LABELS, PIN_LABEL: "true"},
            "annotations": [{"key": k, "value": v} for k, v in annotations.items()],
        }
    }


def pin_name(topology: Topology, member: str) -> str:
    """The name of a member's pin; by its id when its name is none for Kubernetes."""
    found = topology.member(member)
    word = found.name if _KUBERNETES_NAME.fullmatch(found.name) else found.id
    return f"{topology.ingress.name}-pin-{word}"


def _application(application: Application, *, force_string: bool) -> dict[str, Any]:
    return {
        "set_name": f"appset-{application.name}",
        "generated_name": "{{.metadata.annotations.cluster_id}}-" + application.name,
        "name": application.name,
        "namespace": application.namespace,
        "argocd_namespace": application.argocd_namespace,
        "project": application.project,
        "repository": application.repository,
        "path": application.path,
        "revision": application.revision,
        "parameters": [
            {"name": name, "value": value, "force_string": force_string}
            for name, value in application.parameters.items()
        ],
        "preserve_on_deletion": application.preserve_on_deletion,
        "applications_sync": "create-update" if application.create_update_only else "",
    }


def policy_names(topology: Topology) -> tuple[str, str, str]:
    """Names of the PropagationPolicy, the OverridePolicy and the ClusterPropagationPolicy."""
    application = topology.application
    # The last one has no namespace, so its name has to tell the namespaces apart.
    of_namespace = f"{application.name}-{application.namespace}"
    return application.name, f"{application.name}-members", of_namespace


def policy_group(topology: Topology) -> str:
    """The API group of the policies; the newer one as long as nobody asked the Fleet."""
    policy = topology.application.policy
    return (policy.group if policy is not None else None) or POLICY_GROUPS[0]


def _policy(topology: Topology) -> dict[str, Any]:
    """Empty for a project that says nothing of distribution by policy."""
    policy = topology.application.policy
    if policy is None:
        return {}
    name, override, of_namespace = policy_names(topology)
    return {
        "api_version": PROPAGATION_POLICY.in_group(policy_group(topology)).api_version,
        "name": name,
        "override_name": override,
        "namespace_policy_name": of_namespace,
        "workload": topology.application.workload.name,
        "image": policy.image,
        "container_port": policy.container_port,
        "replicas": policy.replicas,
        "member_variable": policy.member_variable,
        "member_variable_path": "/spec/template/spec/containers/0/env/0/value",
        "propagate_dependencies": policy.propagate_dependencies,
    }


def _gateway(gateway: Gateway, topology: Topology) -> dict[str, Any]:
    return {
        "name": gateway.name,
        "ingress_class": gateway.ingress_class,
        "load_balancer_name": gateway.load_balancer_name or "",
        "address_type": str(gateway.address_type),
        "address_allocated_mode": str(gateway.address_allocated_mode),
        "remote_clusters": ",".join(m.id for m in topology.members),
        "zone_mappings": [
            {"vswitch_id": z.vswitch_id, "zone_id": z.zone_id or ""} for z in gateway.zone_mappings
        ],
        "listeners": [
            {
                "port": x.port,
                "protocol": str(x.protocol),
                "certificate_id": x.certificate_id or "",
            }
            for x in gateway.listeners
        ],
    }


def _ingress(topology: Topology, *, safe: bool) -> dict[str, Any]:
    ingress = topology.ingress
    ports = listen_ports(ingress.listen_protocol, ingress.listen_port)
    # The tutorial writes a block scalar, whose value ends with a newline; its profile is exact.
    annotations = {LISTEN_PORTS: ports if safe else ports + "\n"}
    annotations |= {weight_key(member): str(weight) for member, weight in topology.weights}
    if safe:
        annotations |= health_check_annotations(ingress.health_check)
    return {
        "name": ingress.name,
        "namespace": ingress.namespace,
        "host": ingress.host,
        "path": ingress.path,
        "path_type": str(ingress.path_type),
        "service": ingress.backend.service,
        "service_port": ingress.backend.port,
        "annotations": [{"key": k, "value": v} for k, v in annotations.items()],
    }
