"""Faults of the stand-in cloud: what a test or a person can make it answer."""

from __future__ import annotations

from dataclasses import dataclass

from alb_dr.errors import BadInput
from alb_dr.sandbox.cloud.problem import Problem

CLOUD_FAULTS = (
    "throttling",
    "forbidden",
    "bad-key",
    "expired-token",
    "not-open",
    "server-error",
    "managed",
    "slow",
)
"""What can be injected; ``slow`` delays, the others are the cloud's own refusals.

``managed`` refuses changes of an ALB, as the cloud does on instances that a service manages.
"""
_WRITES = frozenset({"StartShiftLoadBalancerZones", "CancelShiftLoadBalancerZones"})


@dataclass(slots=True, kw_only=True)
class CloudFault:
    """A fault in force. ``action`` limits it to one API action, ``times`` counts down to its end.

    ``delay_s`` is for ``slow``; ``times`` None lasts until it is cleared.
    """

    name: str
    action: str = ""
    times: int | None = None
    delay_s: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in CLOUD_FAULTS:
            known = ", ".join(CLOUD_FAULTS)
            raise BadInput(f"{self.name!r} is no fault of the cloud", hint=f"faults are: {known}")

    def concerns(self, action: str) -> bool:
        """Whether it is in force for an action."""
        return self.action in {"", action} and (self.name != "managed" or action in _WRITES)


class CloudFaults:
    """The faults in force."""

    def __init__(self) -> None:
        self._faults: list[CloudFault] = []

    def inject(self, fault: CloudFault) -> None:
        """Put a fault in force."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Take all of them back."""
        self._faults.clear()

    @property
    def names(self) -> list[str]:
        """What is in force, in the order it was injected."""
        return [fault.name for fault in self._faults]

    def meet(self, product: str, action: str) -> float:
        """Seconds to delay this call; Problem when a fault refuses it."""
        delay_s = 0.0
        for fault in [f for f in self._faults if f.concerns(action)]:
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            if fault.name == "slow":
                delay_s += fault.delay_s
            else:
                raise _problem(fault.name, product, action)
        return delay_s


def _problem(name: str, product: str, action: str) -> Problem:
    match name:
        case "throttling":
            message = "Request was denied due to user flow control."
            return Problem(400, "Throttling.User", message)
        case "forbidden":
            detail = {
                "AuthAction": f"{product}:{action}",
                "NoPermissionType": "ImplicitDeny",
                "PolicyType": "AccountLevelIdentityBasedPolicy",
            }
            message = "User not authorized to operate on the specified resource."
            return Problem(403, "Forbidden.RAM", message, AccessDeniedDetail=detail)
        case "bad-key":
            message = "Specified access key is not found."
            return Problem(404, "InvalidAccessKeyId.NotFound", message)
        case "expired-token":
            message = "Specified SecurityToken is expired."
            return Problem(400, "InvalidSecurityToken.Expired", message)
        case "managed":
            message = "The operation is not allowed because the resource is managed by a service."
            return Problem(403, "OperationDenied.ServiceManagedResource", message)
        case "not-open":
            return Problem(400, "ProductNotOpen", "The product is not activated.")
        case _:
            return Problem(503, "ServiceUnavailable", "The request has failed due to a failure.")
