"""The two API actions that change something: a zone of an ALB out of DNS, and back.

The checks follow the API's own page (2020-06-16): static addresses only, one zone in each call,
never the last one. Which code each refusal has is not published; ours say what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alb_dr.model.cloud import LoadBalancer, ZoneState
from alb_dr.sandbox.cloud.problem import Problem
from alb_dr.sandbox.cloud.state import CloudState

Json = dict[str, Any]


def start_shift(state: CloudState, parameters: Mapping[str, str]) -> Json:
    """``StartShiftLoadBalancerZones``."""
    balancer, zone_id = _named(state, parameters)
    token = parameters.get("ClientToken", "")
    if state.zones.was_done(token):
        return {}
    states = {z.id: state.zones.state(balancer.id, z.id) for z in balancer.zones}
    if states[zone_id] is not ZoneState.ACTIVE:
        raise _wrong_state(zone_id, states[zone_id])
    if all(s is not ZoneState.ACTIVE for id_, s in states.items() if id_ != zone_id):
        message = f"{zone_id} is the only available zone of {balancer.id}."
        raise Problem(400, "OperationDenied.OnlyOneZone", message)
    _pass_dry_run(parameters)
    state.zones.move(balancer.id, zone_id, out=True)
    state.zones.remember(token)
    return {}


def cancel_shift(state: CloudState, parameters: Mapping[str, str]) -> Json:
    """``CancelShiftLoadBalancerZones``."""
    balancer, zone_id = _named(state, parameters)
    token = parameters.get("ClientToken", "")
    if state.zones.was_done(token):
        return {}
    found = state.zones.state(balancer.id, zone_id)
    if found is not ZoneState.SHIFTED:
        raise _wrong_state(zone_id, found)
    _pass_dry_run(parameters)
    state.zones.move(balancer.id, zone_id, out=False)
    state.zones.remember(token)
    return {}


def _named(state: CloudState, parameters: Mapping[str, str]) -> tuple[LoadBalancer, str]:
    """The ALB and the one zone a request names."""
    wanted = parameters.get("LoadBalancerId", "")
    balancer = state.load_balancers.get(wanted)
    if balancer is None:
        message = f"The specified resource {wanted} is not found."
        raise Problem(404, "ResourceNotFound.LoadBalancer", message)
    if balancer.address_mode != "Fixed":
        message = f"{wanted} does not have static addresses."
        raise Problem(400, "OperationDenied.AddressAllocatedMode", message)
    if any(key.startswith("ZoneMappings.2.") for key in parameters):
        raise Problem(400, "IllegalParam.ZoneMappings", "Only one zone in each call.")
    zone_id = parameters.get("ZoneMappings.1.ZoneId", "")
    zone = balancer.zone(zone_id)
    if zone is None or zone.vswitch_id != parameters.get("ZoneMappings.1.VSwitchId"):
        message = f"{zone_id} with this vSwitch is no zone of {wanted}."
        raise Problem(400, "IllegalParam.ZoneMappings", message)
    return balancer, zone_id


def _wrong_state(zone_id: str, found: str) -> Problem:
    return Problem(400, "IncorrectStatus.ZoneMapping", f"The status of {zone_id} is {found}.")


def _pass_dry_run(parameters: Mapping[str, str]) -> None:
    if parameters.get("DryRun", "").lower() == "true":
        message = "Request validation has been passed with DryRun flag set."
        raise Problem(400, "DryRunOperation", message)
