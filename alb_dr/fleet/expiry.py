"""When a credential ends: the notAfter of a certificate, the exp of a token. Nothing is verified.

The server judges credentials; this only reads the instant, so that a person is warned in time.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime

_PEM = re.compile(
    rb"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----", re.ASCII
)
_SEQUENCE, _UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x30, 0x17, 0x18, 0xA0
_FIELDS_BEFORE_VALIDITY = 3
"""Serial number, signature algorithm and issuer stand before the validity (RFC 5280 §4.1)."""


def expires(*, token: str | None, client_cert: bytes | None) -> datetime | None:
    """The earliest instant either of them names, UTC; None when neither names one."""
    found = [
        instant
        for instant in (
            _token_expiry(token) if token else None,
            _certificate_expiry(client_cert) if client_cert else None,
        )
        if instant is not None
    ]
    return min(found, default=None)


def _token_expiry(token: str) -> datetime | None:
    """The ``exp`` of a JSON web token (RFC 7519 §4.1.4); None for any other token."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


def _certificate_expiry(pem: bytes) -> datetime | None:
    """The notAfter of the first certificate; None when it cannot be read."""
    found = _PEM.search(pem)
    if found is None:
        return None
    try:
        return _not_after(base64.b64decode(found[1]))
    except (ValueError, IndexError, binascii.Error):
        return None


def _not_after(der: bytes) -> datetime:
    certificate = _content(der, _SEQUENCE)
    fields = _content(certificate, _SEQUENCE)
    if fields[0] == _VERSION:
        fields = _rest(fields)
    for _ in range(_FIELDS_BEFORE_VALIDITY):
        fields = _rest(fields)
    last = _rest(_content(fields, _SEQUENCE))
    text = _content(last, last[0]).decode("ascii")
    # Years of two digits below 50 are of this century (RFC 5280 §4.1.2.5.1).
    if last[0] == _UTC_TIME:
        text = ("20" if int(text[:2]) < 50 else "19") + text
    elif last[0] != _GENERALIZED_TIME:
        raise ValueError("neither kind of time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _header(der: bytes) -> tuple[int, int]:
    """Where the content of the first element starts and ends."""
    length, start = der[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(der[2:start], "big")
    if start + length > len(der):
        raise ValueError("cut off")
    return start, start + length


def _content(der: bytes, tag: int) -> bytes:
    if der[0] != tag:
        raise ValueError("another element")
    start, end = _header(der)
    return der[start:end]


def _rest(der: bytes) -> bytes:
    return der[_header(der)[1] :]
