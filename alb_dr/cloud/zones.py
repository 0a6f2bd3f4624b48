"""The ZoneSwitch port on the official SDK: the only calls alb-dr makes that change the cloud."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alb_dr.cloud.sdk import Sdk
from alb_dr.errors import OutcomeUnknown
from alb_dr.model.cloud import AlbZone

PASSED = "DryRunOperation"
"""The error code that means: the dry run passed (ALB API 2020-06-16)."""


class AlbZoneSwitch:
    """Zones of an ALB out of DNS and back, one in each call, as the API wants it."""

    def __init__(self, sdk: Sdk) -> None:
        self._sdk = sdk

    def start_shift(self, alb_id: str, zone: AlbZone, *, token: str, dry_run: bool = False) -> None:
        """``StartShiftLoadBalancerZones``."""
        models = self._sdk.models("alb")
        request = models.StartShiftLoadBalancerZonesRequest(
            zone_mappings=[
                models.StartShiftLoadBalancerZonesRequestZoneMappings(
                    v_switch_id=zone.vswitch_id, zone_id=zone.id
                )
            ],
            **_common(alb_id, token, dry_run),
        )
        self._send(
            "alb:StartShiftLoadBalancerZones",
            lambda c, r: c.start_shift_load_balancer_zones_with_options(request, r),
            dry_run=dry_run,
        )

    def cancel_shift(
        self, alb_id: str, zone: AlbZone, *, token: str, dry_run: bool = False
    ) -> None:
        """``CancelShiftLoadBalancerZones``."""
        models = self._sdk.models("alb")
        request = models.CancelShiftLoadBalancerZonesRequest(
            zone_mappings=[
                models.CancelShiftLoadBalancerZonesRequestZoneMappings(
                    v_switch_id=zone.vswitch_id, zone_id=zone.id
                )
            ],
            **_common(alb_id, token, dry_run),
        )
        self._send(
            "alb:CancelShiftLoadBalancerZones",
            lambda c, r: c.cancel_shift_load_balancer_zones_with_options(request, r),
            dry_run=dry_run,
        )

    def _send(self, action: str, send: Callable[[Any, Any], Any], *, dry_run: bool) -> None:
        """Tried again like a read: with one client token the cloud does it once."""
        answer = self._sdk.call(action, send, passed=PASSED if dry_run else None)
        if dry_run and answer:
            # The API documents an error code for this; whatever came instead may have acted.
            raise OutcomeUnknown(
                f"{action}: a dry run was answered as if it were none",
                hint="look at the ALB's zones in the console",
            )


def _common(alb_id: str, token: str, dry_run: bool) -> dict[str, Any]:
    return {"load_balancer_id": alb_id, "client_token": token, "dry_run": dry_run}
