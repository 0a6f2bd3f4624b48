"""Cloud credentials: the official chain, without waiting for a metadata service that is not there.

The order is the SDK's: environment, OIDC role, ``~/.aliyun/config.json``, credentials file, ECS
role, URI. Off Alibaba Cloud the ECS step costs a time-out, so it is left out there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alb_dr.errors import CredentialsError

METADATA = "ALIBABA_CLOUD_ECS_METADATA"
METADATA_DISABLED = "ALIBABA_CLOUD_ECS_METADATA_DISABLED"
_MENTIONED = (
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ROLE_ARN",
    "ALIBABA_CLOUD_CREDENTIALS_FILE",
    "ALIBABA_CLOUD_CREDENTIALS_URI",
    "ALIBABA_CLOUD_PROFILE",
    METADATA,
)
_FILES = (".aliyun/config.json", ".alibabacloud/credentials.ini", ".alibabacloud/credentials")
_VENDOR = Path("/sys/class/dmi/id/product_name")
"""What the machine says it is; ``Alibaba Cloud ECS`` on an instance of that cloud."""


def are_mentioned(environ: Mapping[str, str], *, home: Path, vendor: Path = _VENDOR) -> bool:
    """Whether anything on this machine hints at cloud credentials; reads no secret."""
    if any(environ.get(name) for name in _MENTIONED):
        return True
    return any((home / name).is_file() for name in _FILES) or is_on_cloud(vendor)


def is_on_cloud(vendor: Path = _VENDOR) -> bool:
    """Whether this machine is an instance of the cloud and has its metadata service."""
    try:
        return "Alibaba Cloud" in vendor.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def load_credential() -> Any:
    """The SDK's credential client, asked once; CredentialsError when the chain gives nothing."""
    if not (is_on_cloud() or os.environ.get(METADATA)):
        # The SDK reads the environment when it is imported.
        os.environ.setdefault(METADATA_DISABLED, "true")
    from alibabacloud_credentials.client import Client
    from alibabacloud_credentials.exceptions import CredentialException

    try:
        client = Client()
        client.get_credential()
    except (CredentialException, ValueError, OSError) as error:
        # The chain's own words repeat file names and may repeat values; only the kind is said.
        raise CredentialsError(
            f"the cloud credentials found here cannot be used ({type(error).__name__})",
            hint="try `aliyun sts GetCallerIdentity`; alb-dr uses the same chain",
            code="ADR-CLOUD-CREDENTIALS",
        ) from None
    return client
