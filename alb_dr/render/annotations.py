"""The annotations of the gateway and the Ingress: their keys, and how to read and write them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from alb_dr.model.gateway import Protocol
from alb_dr.model.ingress import HealthCheck
from alb_dr.model.pin import Pin

PREFIX = "alb.ingress.kubernetes.io/"
REMOTE_CLUSTERS = PREFIX + "remote-clusters"
LISTEN_PORTS = PREFIX + "listen-ports"
CLUSTER_WEIGHT = PREFIX + "cluster-weight."
HEALTH_CHECK_ENABLED = PREFIX + "healthcheck-enabled"
PIN_LABEL = "alb-dr.io/pin"
"""Marks the Ingresses that pin a header to one member."""
PIN_EXPIRES = "alb-dr.io/pin-expires"
PIN_REASON = "alb-dr.io/pin-reason"
"""When a pin ends, ISO 8601."""
AWAY = "alb-dr.io/away"
"""On the weighted Ingress: where the traffic is to return to, see ``model.away``."""
CANARY = PREFIX + "canary"
CANARY_HEADER = PREFIX + "canary-by-header"
CANARY_VALUE = PREFIX + "canary-by-header-value"
ORDER = PREFIX + "order"
PIN_ORDER = "1"
"""Smaller is earlier, from 1 to 1000; the weighted Ingress has the default, 10."""


def pin_annotations(pin: Pin) -> dict[str, str]:
    """What routes one header: the canary's own annotations, ahead of the weighted Ingress."""
    return {
        CANARY: "true",
        CANARY_HEADER: pin.header,
        CANARY_VALUE: pin.value,
        ORDER: PIN_ORDER,
        PIN_EXPIRES: pin.expires.isoformat(timespec="seconds"),
        **({PIN_REASON: pin.reason} if pin.reason else {}),
    }


def weight_key(cluster_id: str) -> str:
    """The annotation that gives a member its weight."""
    return CLUSTER_WEIGHT + cluster_id


def weights_of(annotations: Mapping[str, str]) -> dict[str, str]:
    """Cluster id to weight, as the annotations have them; they may be anything."""
    return {
        key.removeprefix(CLUSTER_WEIGHT): str(value)
        for key, value in annotations.items()
        if key.startswith(CLUSTER_WEIGHT)
    }


def whole_weights_of(annotations: Mapping[str, str]) -> dict[str, int]:
    """Cluster id to weight, as far as they are whole numbers."""
    found = weights_of(annotations)
    return {m: int(w) for m, w in found.items() if w.isascii() and w.isdecimal()}


def listen_ports(protocol: Protocol, port: int) -> str:
    """The value of the listen-ports annotation: JSON inside a string."""
    return json.dumps([{str(protocol): port}])


def health_check_annotations(check: HealthCheck) -> dict[str, str]:
    """The explicit health-check annotations.

    Off in ALB Ingress unless the value is exactly "true"; the keys and ranges are those of the
    ALB Ingress dictionary.
    """
    if not check.enabled:
        return {HEALTH_CHECK_ENABLED: "false"}
    values = {
        "healthcheck-enabled": "true",
        "healthcheck-protocol": check.protocol,
        "healthcheck-path": check.path,
        "healthcheck-method": check.method,
        "healthcheck-httpcode": ",".join(check.codes),
        "healthcheck-interval-seconds": str(check.interval_s),
        "healthcheck-timeout-seconds": str(check.timeout_s),
        "healthy-threshold-count": str(check.healthy_threshold),
        "unhealthy-threshold-count": str(check.unhealthy_threshold),
    }
    return {PREFIX + key: value for key, value in values.items()}
