"""Which proxy leads to an API server: the kubeconfig's, else the environment's, else none."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

NAMES = ("HTTPS_PROXY", "https_proxy")
EXCEPTIONS = ("NO_PROXY", "no_proxy")
"""Environment variables as curl and kubectl read them; an API server is always https."""


def proxy_of(server: str, named: str | None, environ: Mapping[str, str]) -> str | None:
    """The proxy's URL for a server, or None; ``named`` is the kubeconfig's (safety F45)."""
    if named:
        return named
    found = next((environ[name] for name in NAMES if environ.get(name)), None)
    spared = next((environ[name] for name in EXCEPTIONS if environ.get(name)), "")
    if found is None or _is_spared(server, spared):
        return None
    return found if "://" in found else f"http://{found}"


def _is_spared(server: str, spared: str) -> bool:
    """Whether the list of exceptions names the host, a domain it is in, or everything."""
    parts = urlsplit(server)
    host, named = parts.hostname or "", f"{parts.hostname}:{parts.port}"
    for each in (word.strip().lower() for word in spared.split(",")):
        domain = each.removeprefix("*").removeprefix(".")
        if each == "*" or (domain and (domain in {host, named} or host.endswith(f".{domain}"))):
            return True
    return False


def shown(proxy: str) -> str:
    """The proxy's address without the password that may stand in it."""
    parts = urlsplit(proxy)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
