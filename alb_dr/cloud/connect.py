"""From a region to the Cloud port. Connecting loads the SDKs and looks for credentials."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from alb_dr.cloud.adapter import AlibabaCloud
from alb_dr.cloud.credentials import are_mentioned
from alb_dr.cloud.sdk import Sdk
from alb_dr.cloud.zones import AlbZoneSwitch
from alb_dr.errors import BadInput, CredentialsError
from alb_dr.ports import Clock

MISSING = "ADR-NO-CLOUD"
"""Code of the errors that only mean: this machine does not talk to the cloud."""


def connect(
    *, region: str, clock: Clock, timeout_s: float, environ: Mapping[str, str] = os.environ
) -> AlibabaCloud:
    """The cloud of a region, to read; raises as ``connect_both``."""
    return connect_both(region=region, clock=clock, timeout_s=timeout_s, environ=environ)[0]


def connect_both(
    *, region: str, clock: Clock, timeout_s: float, environ: Mapping[str, str] = os.environ
) -> tuple[AlibabaCloud, AlbZoneSwitch]:
    """The cloud of a region, to read, and the switch of its ALBs' zones.

    Raises an error of code ADR-NO-CLOUD when there are no credentials on this machine or the
    SDKs are not installed, CredentialsError when there are some and they cannot be used.
    """
    if not are_mentioned(environ, home=Path.home()):
        raise CredentialsError(
            "there are no cloud credentials on this machine",
            hint="set ALIBABA_CLOUD_ACCESS_KEY_ID and ..._SECRET, or run `aliyun configure`",
            code=MISSING,
        )
    sdk = Sdk(region=region, clock=clock, timeout_s=timeout_s, environ=environ)
    try:
        sdk.load()
    except ModuleNotFoundError:
        raise BadInput(
            "the cloud SDKs are not installed",
            hint="pip install 'alb-dr[cloud]'",
            code=MISSING,
        ) from None
    return AlibabaCloud(sdk), AlbZoneSwitch(sdk)
