"""TLS contexts made in memory: no key of ours stays in a temporary folder."""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path

from alb_dr.errors import CredentialsError


def client_context(
    *, ca: bytes | None, client_cert: bytes | None, client_key: bytes | None, origin: str
) -> ssl.SSLContext:
    """A context that verifies the server, and shows our certificate if there is one.

    ``origin`` is the file the material came from, for complaints.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if ca is not None:
            context.load_verify_locations(cadata=ca.decode("ascii"))
        else:
            # Reading the system's authorities takes a tenth of a second, so only when needed.
            context.load_default_certs()
        if client_cert is not None and client_key is not None:
            _load_chain(context, client_cert + b"\n" + client_key)
    except (ssl.SSLError, ValueError):
        raise CredentialsError(
            f"{origin}: its certificates or key cannot be used", hint="fetch the kubeconfig again"
        ) from None
    return context


def _load_chain(context: ssl.SSLContext, material: bytes) -> None:
    """OpenSSL reads key files only; an anonymous one in memory leaves nothing behind."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("alb-dr", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, material)
            context.load_cert_chain(f"/proc/self/fd/{descriptor}")
        finally:
            os.close(descriptor)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chain.pem"
        file.touch(mode=0o600)
        file.write_bytes(material)
        context.load_cert_chain(file)
