"""When a credential ends, read without verifying anything."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alb_dr.fleet.expiry import expires

SOON = datetime(2027, 5, 6, 7, 8, 9, tzinfo=UTC)


def a_certificate(until: datetime) -> bytes:
    """A client certificate that ends at an instant."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "operator")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def a_token(claims: object) -> str:
    """A JSON web token with these claims and no real signature."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


@pytest.mark.parametrize("until", [SOON, datetime(2061, 1, 2, 3, 4, 5, tzinfo=UTC)])
def test_a_certificate_says_when_it_ends(until: datetime) -> None:
    assert expires(token=None, client_cert=a_certificate(until)) == until


def test_a_token_says_when_it_ends() -> None:
    assert expires(token=a_token({"exp": SOON.timestamp()}), client_cert=None) == SOON


def test_the_earlier_one_counts() -> None:
    later = a_token({"exp": (SOON + timedelta(days=1)).timestamp()})
    assert expires(token=later, client_cert=a_certificate(SOON)) == SOON


@pytest.mark.parametrize(
    "token",
    [
        "opaque",
        "a.b.c",
        a_token({}),
        a_token([]),
        a_token({"exp": "never"}),
        a_token({"exp": 1e30}),
    ],
)
def test_a_token_that_does_not_say_it_is_no_error(token: str) -> None:
    assert expires(token=token, client_cert=None) is None


@pytest.mark.parametrize(
    "pem",
    [
        b"nothing",
        b"-----BEGIN CERTIFICATE-----\nMAAwAA==\n-----END CERTIFICATE-----",
        a_certificate(SOON)[:120] + b"\n-----END CERTIFICATE-----",
    ],
)
def test_a_certificate_that_cannot_be_read_is_no_error(pem: bytes) -> None:
    assert expires(token=None, client_cert=pem) is None
