"""Where each product's API is: the SDK's own rule for the region, unless the environment says."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from alb_dr.errors import BadInput

VARIABLES: Mapping[str, str] = {
    "alb": "ALB_DR_ENDPOINT_ALB",
    "vpc": "ALB_DR_ENDPOINT_VPC",
    "ecs": "ALB_DR_ENDPOINT_ECS",
    "adcp": "ALB_DR_ENDPOINT_ADCP",
    "cs": "ALB_DR_ENDPOINT_CS",
}
"""Product to the variable that overrides its endpoint: ``host[:port]`` or a URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address to use instead of the product's own; ``protocol`` is http or https."""

    address: str
    protocol: str


def endpoint_of(product: str, environ: Mapping[str, str]) -> Endpoint | None:
    """The override of a product; None to leave it to the SDK.

    BadInput for what is no address, or for plain http to anywhere but this machine: signatures
    protect a request, nothing protects the answer.
    """
    variable = VARIABLES[product]
    text = environ.get(variable, "").strip()
    if not text:
        return None
    parts = urlsplit(text if "://" in text else f"https://{text}")
    try:
        usable = bool(parts.hostname) and parts.scheme in {"http", "https"} and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.path.strip("/") or parts.query or parts.username:
        raise BadInput(
            f"{variable}: {text!r} is no endpoint", hint="write host, host:port or https://host"
        )
    if parts.scheme == "http" and not _is_loopback(str(parts.hostname)):
        raise BadInput(f"{variable}: plain http is only allowed to this machine", hint="use https")
    return Endpoint(address=parts.netloc, protocol=parts.scheme)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
