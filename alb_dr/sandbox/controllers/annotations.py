"""What the annotations of an Ingress say, as the ALB Ingress controller reads them."""

from __future__ import annotations

import json
import re

from alb_dr.sandbox.gateway import HealthCheck
from alb_dr.sandbox.kube.status import Json

PREFIX = "alb.ingress.kubernetes.io/"
WEIGHT = PREFIX + "cluster-weight."


class AnnotationError(ValueError):
    """An annotation the controller refuses, in its own words."""


def listen_ports(annotations: Json, *, has_tls: bool) -> list[tuple[str, int]]:
    """Protocol and port of each listener the Ingress wants."""
    text = annotations.get(PREFIX + "listen-ports")
    if text is None:
        return [("HTTPS", 443)] if has_tls else [("HTTP", 80)]
    try:
        found = [(str(k), int(v)) for item in json.loads(text) for k, v in item.items()]
    except (ValueError, TypeError, AttributeError) as error:
        raise AnnotationError(f"failed to parse listen-ports configuration: {error}") from None
    return found


def weights(annotations: Json) -> dict[str, int]:
    """Cluster id to weight; they must sum to 100."""
    given = {k.removeprefix(WEIGHT): v for k, v in annotations.items() if k.startswith(WEIGHT)}
    if not all(str(v).isdecimal() for v in given.values()):
        raise AnnotationError("cluster-weight must be a whole number from 0 to 100")
    found = {k: int(v) for k, v in given.items()}
    if sum(found.values()) != 100:
        raise AnnotationError(f"the sum of cluster-weight is {sum(found.values())}, must be 100")
    return found


def health_check(annotations: Json) -> HealthCheck | None:
    """The health check, with ALB's defaults; None unless the annotation is exactly "true"."""

    def value(name: str, default: str) -> str:
        return str(annotations.get(PREFIX + name, default))

    def number(name: str, default: str) -> int:
        text = value(name, default)
        if not text.isdecimal() or int(text) < 1:
            raise AnnotationError(f"{name} must be a whole number above 0, not {text!r}")
        return int(text)

    if value("healthcheck-enabled", "false") != "true":
        return None
    codes = value("healthcheck-httpcode", value("healthcheck-code", "http_2xx")).split(",")
    if not all(re.fullmatch(r"http_[1-5]xx", c.strip()) for c in codes):
        raise AnnotationError(f"healthcheck-httpcode {','.join(codes)!r} is illegal")
    classes = [int(c.strip()[5]) for c in codes]
    return HealthCheck(
        path=value("healthcheck-path", "/"),
        method=value("healthcheck-method", "HEAD"),
        codes=tuple((c * 100, c * 100 + 100) for c in classes),
        interval_s=number("healthcheck-interval-seconds", "2"),
        timeout_s=number("healthcheck-timeout-seconds", "5"),
        healthy=number("healthy-threshold-count", "3"),
        unhealthy=number("unhealthy-threshold-count", "3"),
        tcp=value("healthcheck-protocol", "HTTP") == "TCP",
    )


def canary_header(annotations: Json) -> tuple[str, str] | None:
    """The header that routes to this Ingress, if it is a canary by header."""
    if annotations.get(PREFIX + "canary") != "true":
        return None
    name = annotations.get(PREFIX + "canary-by-header")
    if not name:
        return None
    return str(name), str(annotations.get(PREFIX + "canary-by-header-value", "always"))


def order(annotations: Json) -> int:
    """Place among the Ingresses of one ALB: smaller is earlier; 10 unless said."""
    text = str(annotations.get(PREFIX + "order", "10"))
    return int(text) if text.isdecimal() else 10
