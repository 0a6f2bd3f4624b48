"""Signatures: every request is verified as the cloud does it (ACS3-HMAC-SHA256)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from alb_dr.sandbox.cloud.problem import Problem

ALGORITHM = "ACS3-HMAC-SHA256"
SKEW = timedelta(minutes=15)
"""How far a request's date may be from the server's clock."""
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=([^,]+),SignedHeaders=([a-z0-9;_-]+),Signature=([0-9a-f]{{64}})"
)
_REQUIRED = frozenset({"host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce"})
"""Headers that must be covered by the signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A key the stand-in knows. With ``token`` it is a temporary one, and the token must fit."""

    id: str
    secret: str
    token: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """What a signature covers: names of headers are in lower case, the query is decoded."""

    method: str
    path: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes


class Verifier:
    """Knows the keys, and remembers nonces so that a request cannot be sent twice."""

    def __init__(self, *keys: AccessKey) -> None:
        self._keys = {key.id: key for key in keys}
        self._nonces: dict[str, datetime] = {}

    def verify(self, request: SignedRequest, *, now: datetime) -> None:
        """Problem, with the cloud's own code, when the request must not be answered."""
        found = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if found is None:
            raise Problem(400, "IncompleteSignature", "The request signature is incomplete.")
        key_id, names, signature = found[1], found[2].split(";"), found[3]
        if not set(names) >= _REQUIRED or any(name not in request.headers for name in names):
            raise Problem(400, "IncompleteSignature", "A header that must be signed is not.")
        key = self._keys.get(key_id)
        if key is None:
            message = "Specified access key is not found."
            raise Problem(404, "InvalidAccessKeyId.NotFound", message)
        self._check_date(request, now)
        wanted = signature_of(request, names, key.secret)
        digest = hashlib.sha256(request.body).hexdigest()
        if request.headers.get("x-acs-content-sha256", digest) != digest or not (
            hmac.compare_digest(wanted, signature)
        ):
            message = "Specified signature does not match our calculation."
            raise Problem(400, "SignatureDoesNotMatch", message)
        if request.headers.get("x-acs-security-token", "") != key.token:
            message = "Specified SecurityToken is expired or does not fit the key."
            raise Problem(400, "InvalidSecurityToken.Expired", message)
        self._check_nonce(request.headers["x-acs-signature-nonce"], now)

    @staticmethod
    def _check_date(request: SignedRequest, now: datetime) -> None:
        try:
            sent = datetime.strptime(request.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%S%z")
        except ValueError:
            raise Problem(400, "InvalidTimeStamp.Format", "x-acs-date is no instant.") from None
        if abs(sent - now) > SKEW:
            message = "Specified time stamp or date value is expired."
            raise Problem(400, "InvalidTimeStamp.Expired", message)

    def _check_nonce(self, nonce: str, now: datetime) -> None:
        self._nonces = {n: at for n, at in self._nonces.items() if now - at < 2 * SKEW}
        if nonce in self._nonces:
            raise Problem(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces[nonce] = now


def signature_of(request: SignedRequest, names: Sequence[str], secret: str) -> str:
    """The hexadecimal signature over the named headers."""
    query = "&".join(f"{_encoded(k)}={_encoded(v)}" for k, v in sorted(request.query))
    canonical = "\n".join(
        [
            request.method,
            request.path,
            query,
            "".join(f"{name}:{request.headers[name].strip()}\n" for name in names),
            ";".join(names),
            hashlib.sha256(request.body).hexdigest(),
        ]
    )
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
