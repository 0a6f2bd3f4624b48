"""TLS: the context of HTTPS probes. The certificate is checked against the Host."""

from __future__ import annotations

import ssl

from alb_dr.model.gateway import Protocol
from alb_dr.model.load import Target


def tls_context(target: Target) -> ssl.SSLContext | None:
    """The context for this target; None for plain HTTP.

    ``insecure`` checks nothing; it exists for ``verify`` against a rehearsal, never for a drill.
    """
    if target.address.protocol is not Protocol.HTTPS:
        return None
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if target.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def server_name(target: Target) -> str:
    """What SNI says and the certificate must hold: the Host without its port."""
    host = target.address.host or target.address.dns_name
    name, colon, port = host.rpartition(":")
    return name.strip("[]") if colon and port.isdigit() else host
