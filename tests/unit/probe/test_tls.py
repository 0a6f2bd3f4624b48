"""HTTPS: the certificate is checked against the Host, and SNI says it."""

from __future__ import annotations

import datetime
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alb_dr.model.load import ClosedLoad
from alb_dr.model.sample import Outcome
from tests.fakes.probing import a_target, probe
from tests.fakes.raw_server import RawServer, answering, http

HOST = "alb.ingress.alibaba.com"
LOAD = ClosedLoad(requests=4, concurrency=2)


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for a name, its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "t")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / f"{name}.pem"
    path.write_bytes(pem)
    return path


class Secure:
    """A TLS server that remembers the names it was asked for."""

    def __init__(self, pem: Path) -> None:
        self.names: list[str | None] = []
        self.server = RawServer(answering(http("poc-ack-1")))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self.server.tls = context


@pytest.fixture
def secure(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Secure]:
    """A server whose certificate is for the requested name and is trusted."""
    pem = certificate(tmp_path, getattr(request, "param", HOST))
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    secure = Secure(pem)
    yield secure
    secure.server.close()


@pytest.mark.parametrize("reuse", [False, True])
def test_a_good_certificate_is_accepted_and_sni_is_the_host(secure: Secure, reuse: bool) -> None:
    samples, health = probe(a_target(secure.server.port, tls=True, reuse=reuse), LOAD)
    assert {(s.outcome, s.member) for s in samples} == {(Outcome.OK, 0)}
    assert set(secure.names) == {HOST}
    assert health.connections == (2 if reuse else 4)


@pytest.mark.parametrize("secure", ["somebody.else.example"], indirect=True)
def test_F43_a_certificate_of_somebody_else_fails(secure: Secure) -> None:
    samples, _ = probe(a_target(secure.server.port, tls=True), LOAD)
    assert {s.outcome for s in samples} == {Outcome.TLS}


def test_F43_an_unknown_authority_fails_unless_the_named_flag_says_otherwise(
    secure: Secure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    samples, _ = probe(a_target(secure.server.port, tls=True), LOAD)
    assert {s.outcome for s in samples} == {Outcome.TLS}
    samples, _ = probe(a_target(secure.server.port, tls=True, insecure=True), LOAD)
    assert {s.outcome for s in samples} == {Outcome.OK}


def test_plain_text_on_a_tls_port_is_a_tls_failure() -> None:
    server = RawServer(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad\r\n\r\n"))
    try:
        samples, _ = probe(a_target(server.port, tls=True), LOAD)
    finally:
        server.close()
    assert {s.outcome for s in samples} == {Outcome.TLS}


def test_a_handshake_that_never_ends_is_a_timeout() -> None:
    silence = threading.Event()
    server = RawServer(lambda _connection: (silence.wait(3), None)[1])
    try:
        samples, _ = probe(a_target(server.port, tls=True, timeout_s=0.3), LOAD)
    finally:
        silence.set()
        server.close()
    assert {s.outcome for s in samples} == {Outcome.TIMEOUT}
