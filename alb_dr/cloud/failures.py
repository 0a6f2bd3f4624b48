"""What the cloud refused, in our words: its error codes to errors with a hint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from alb_dr.errors import (
    AlbDrError,
    BadInput,
    CredentialsError,
    Forbidden,
    NotFound,
    Rejected,
    Unreachable,
)
from alb_dr.model.printable import printable

BUSY = ("Throttling", "SystemBusy", "ServiceUnavailable", "OperationFailed.Throttling")
"""Codes that a moment later may be gone. The SDK's class for throttling says nothing: it is used
only for answers with a certain header."""
_CREDENTIALS = (
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "InvalidSecurityToken",
    "InvalidAccessKeySecret",
    "InvalidCredentials",
    "MissingAccessKeyId",
)
_CLOCK = ("InvalidTimeStamp", "InvalidTimestamp", "SignatureExpired")
_NOT_OPEN = re.compile(r"Not(Open|Opened|Activated|Enabled)|Service.*NotOpen|UnOpen", re.IGNORECASE)
_WRONG_API = ("InvalidApi.NotFound", "InvalidVersion", "InvalidAction.NotFound")
_MANAGED = "OperationDenied.ServiceManagedResource"
_WRONG_REGION = ("InvalidRegionId", "InvalidRegion", "UnsupportedRegion", "RegionNotSupport")


def is_busy(code: str, status: int) -> bool:
    """Whether asking again in a moment makes sense."""
    return status == 429 or status >= 500 or any(word in code for word in BUSY)


def refused(action: str, code: str, status: int, answer: Mapping[str, Any]) -> AlbDrError:
    """The error for a complete answer of 400 and above. ``action`` is ``alb:ListRules``."""
    message = printable(str(answer.get("Message") or answer.get("message") or ""), longest=300)
    words = f"{action}: {code}" + (f": {message}" if message else "")
    found = _of_us(words, code) or _of_the_world(action, words, code)
    if found is not None:
        return found
    if status == 401:
        hint = "the cloud does not take these credentials"
        return CredentialsError(words, hint=hint, code="ADR-CLOUD-CREDENTIALS")
    if status == 403 or code.startswith(("Forbidden", "NoPermission")):
        return _forbidden(action, words, answer)
    if status == 404 or re.search(r"NotFound|NotExist", code):
        return NotFound(words, hint="is it of this account and region?")
    if is_busy(code, status):
        return Unreachable(words, hint="the cloud is busy or throttles us; try again later")
    return Rejected(words)


def _of_us(words: str, code: str) -> AlbDrError | None:
    """What our own machine must mend."""
    if code.startswith(_CLOCK):
        return CredentialsError(
            words, hint="this machine's clock is wrong; set it", code="ADR-CLOUD-CLOCK"
        )
    if code.startswith("InvalidSecurityToken.Expired"):
        hint = "the temporary token has ended; get a new one"
        return CredentialsError(words, hint=hint, code="ADR-CLOUD-CREDENTIALS")
    if code.startswith(_CREDENTIALS):
        hint = "the access key is wrong, inactive or does not fit its secret"
        return CredentialsError(words, hint=hint, code="ADR-CLOUD-CREDENTIALS")
    return None


def _of_the_world(action: str, words: str, code: str) -> AlbDrError | None:
    """What the region or the account must have."""
    if _NOT_OPEN.search(code):
        product = action.partition(":")[0].upper()
        hint = f"activate {product} for this account in the console"
        return Rejected(words, hint=hint, code="ADR-CLOUD-NOT-OPEN")
    if code == _MANAGED:
        hint = "the cloud keeps this for itself on an ALB that a gateway manages; go on without it"
        return Rejected(words, hint=hint, code="ADR-CLOUD-MANAGED")
    if code.startswith(_WRONG_REGION):
        return BadInput(words, hint="correct region: in the project file")
    if code.startswith(_WRONG_API):
        return Rejected(words, hint="the endpoint serves another product or region")
    return None


def _forbidden(action: str, words: str, answer: Mapping[str, Any]) -> AlbDrError:
    """The hint names the missing RAM action, as the answer does where it can."""
    detail = answer.get("AccessDeniedDetail") or answer.get("accessDeniedDetail") or {}
    missing = detail.get("AuthAction") if isinstance(detail, Mapping) else None
    wanted = printable(str(missing or action), longest=80)
    return Forbidden(
        words, hint=f"grant the RAM action {wanted} (alb-dr check --print-permissions prints all)"
    )


def unreached(action: str, error: BaseException, *, variable: str) -> Unreachable:
    """The error for no complete answer at all: a cut network, a wrong name, silence."""
    text = str(error)
    if re.search(r"Name or service not known|getaddrinfo|NameResolution|No address", text):
        return Unreachable(
            f"{action}: the endpoint's name does not resolve",
            hint=f"is region: right in the project file? {variable} names another endpoint",
        )
    if re.search(r"as json format|has no attribute|not subscriptable", text):
        return garbled(action)
    words = "the connection failed"
    if re.search(r"[Tt]imed? ?out", text):
        words = "no answer in time"
    elif "refused" in text:
        words = "connection refused"
    elif re.search(r"certificate|SSL", text):
        words = "the certificate of the endpoint cannot be trusted"
    return Unreachable(
        f"{action}: {words}", hint=f"is the cloud reachable from here? {variable} names a private "
        "endpoint"
    )  # fmt: skip


def garbled(action: str) -> Unreachable:
    """The error for an answer that is not of the form the API documents."""
    return Unreachable(
        f"{action}: the answer is not what the cloud says",
        hint="is the endpoint really the cloud's, or a proxy's login page?",
    )
