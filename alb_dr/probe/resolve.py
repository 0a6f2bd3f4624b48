"""Resolve: the addresses of a gateway's name, as this machine sees them."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

from alb_dr.errors import BadInput, Refused, Unreachable
from alb_dr.within import within

MOST_HOSTS_BYTES = 1 << 20
"""Read of a hosts file at most."""
MOST_ADDRESSES = 64
"""Addresses probed at most; an ALB has one to a few for each zone."""
TIMEOUT_S = 10.0
"""Longest wait for the name server; the resolver's own patience can be minutes."""
METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "169.254.169.254", "fd00:ec2::254")
)
"""Addresses that hand out credentials of this machine: Alibaba Cloud ECS first (safety F48)."""

_HINT = (
    "names of new ALBs may not be callable directly: point a domain at it (CNAME), "
    "or give --connect-to HOST:PORT"
)


def addresses_of(name: str, hosts: Path | None = None) -> tuple[str, ...]:
    """Every IP address of ``name``, in the resolver's order, without duplicates.

    ``hosts`` is a file like /etc/hosts; what it names is not asked of anybody.
    ``localhost`` and ``*.localhost`` are 127.0.0.1 without asking anybody: most resolvers do not
    know them (RFC 6761 §6.3 asks us to). Raises Unreachable when nothing resolves, Refused for an
    address that no gateway can have.
    """
    bare = name.removeprefix("[").removesuffix("]").rstrip(".").lower()
    if not bare:
        raise BadInput("the gateway has no name to connect to", hint=_HINT)
    named = _in_hosts(bare, hosts) if hosts is not None else ()
    if not named and (bare == "localhost" or bare.endswith(".localhost")):
        return ("127.0.0.1",)
    found = named or _literal(bare) or _lookup(bare)
    for address in found:
        _refuse_forbidden(name, address)
    return found[:MOST_ADDRESSES]


def host_and_port(text: str) -> tuple[str, int]:
    """The parts of ``HOST:PORT``; an IPv6 address stands in brackets. Raises BadInput."""
    host, colon, port = text.rpartition(":")
    bare = host.startswith("[") and host.endswith("]")
    if not colon or not host or (":" in host and not bare) or not port.isascii():
        raise BadInput(f"{text!r} is not HOST:PORT", hint="like 10.0.0.1:80 or [2001:db8::1]:443")
    if not port.isdigit() or not 0 < int(port) < 65_536:
        raise BadInput(f"port {port!r} of {text!r} is outside 1 to 65535")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _in_hosts(name: str, path: Path) -> tuple[str, ...]:
    """The addresses a hosts file gives a name; read anew each time, since it may change."""
    try:
        with path.open(encoding="utf-8") as file:
            lines = file.read(MOST_HOSTS_BYTES).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise BadInput(
            f"{path} cannot be read: {why}", hint="correct gateway.hostsFile in the project file"
        ) from None
    words = [line.partition("#")[0].lower().split() for line in lines]
    found = [w[0] for w in words if name in w[1:]]
    for address in found:
        if not _literal(address):
            raise BadInput(f"{path}: {address!r} is no IP address")
    return tuple(dict.fromkeys(found))


def _literal(text: str) -> tuple[str, ...]:
    try:
        return (str(ipaddress.ip_address(text)),)
    except ValueError:
        return ()


def _lookup(name: str) -> tuple[str, ...]:
    def ask() -> list[str]:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        return [str(entry[4][0]) for entry in found]

    why = "the name server knows no address"
    try:
        if addresses := within(TIMEOUT_S, ask):
            return tuple(dict.fromkeys(addresses))
    except TimeoutError:
        why = f"no answer within {TIMEOUT_S:g} s"
    except (OSError, UnicodeError) as error:
        why = str(error)
    raise Unreachable(f"{name} does not resolve: {why}", hint=_HINT)


def _refuse_forbidden(name: str, text: str) -> None:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if address in METADATA or address.is_link_local:
        what = "a link-local or metadata address"
    elif address.is_multicast or address.is_unspecified:
        what = "no address of a host"
    else:
        return
    raise Refused(
        f"{name} resolves to {text}, {what}; nothing was sent",
        hint="somebody may have poisoned the name: ask your name server, or give --connect-to",
        code="ADR-FORBIDDEN-ADDRESS",
    )
