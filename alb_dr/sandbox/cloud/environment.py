"""The variables that lead the SDKs to a sandbox's stand-in cloud, and its one access key."""

from __future__ import annotations

import secrets
from pathlib import Path

from alb_dr.sandbox.cloud.signature import AccessKey

ENDPOINTS = (
    "ALB_DR_ENDPOINT_ALB",
    "ALB_DR_ENDPOINT_VPC",
    "ALB_DR_ENDPOINT_ECS",
    "ALB_DR_ENDPOINT_ADCP",
    "ALB_DR_ENDPOINT_CS",
)
"""One server stands in for all products."""


def new_key() -> AccessKey:
    """A key that opens this sandbox and nothing else."""
    return AccessKey(id=f"LTAI-sandbox-{secrets.token_hex(4)}", secret=secrets.token_urlsafe(24))


def environment(key: AccessKey, address: str) -> dict[str, str]:
    """Variables and their values; they replace real credentials in a shell that takes them."""
    return {
        **dict.fromkeys(ENDPOINTS, address),
        "ALIBABA_CLOUD_ACCESS_KEY_ID": key.id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.secret,
    }


def write_environment(path: Path, values: dict[str, str]) -> None:
    """A file of ``export`` lines that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text("".join(f"export {name}={value}\n" for name, value in values.items()))
