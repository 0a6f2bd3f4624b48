"""The request: its bytes, made once a run, and what may not be put into them."""

from __future__ import annotations

import re

from alb_dr import __version__
from alb_dr.errors import BadInput
from alb_dr.model.load import Target

USER_AGENT = f"alb-dr/{__version__}"
"""How our requests name themselves in the access log of the gateway (safety F82)."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_PATH = re.compile(r"/[\x21-\x7e]*", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9._~*\[\]:-]+", re.ASCII)
_OURS = {
    "host": "use --host",
    "connection": "use --reuse",
    "content-length": "a probe has no body",
    "transfer-encoding": "a probe has no body",
    "upgrade": "a probe speaks HTTP/1.1 only",
}


def request_bytes(target: Target, *, keep: bool) -> bytes:
    """One GET as it goes over the wire; ``keep`` wants the connection to stay open.

    Raises BadInput for a header, host or path that would break out of its line (safety F77).
    """
    address = target.address
    host = address.host or address.dns_name
    if not _HOST.fullmatch(host):
        raise BadInput(f"host {host!r} cannot be put into a request")
    if not _PATH.fullmatch(address.path):
        raise BadInput(f"path {address.path!r} cannot be put into a request")
    lines = [f"GET {address.path} HTTP/1.1", f"Host: {host}", f"User-Agent: {_agent(target)}"]
    names = {name.lower() for name in target.headers}
    if "accept" not in names:
        lines.append("Accept: */*")
    if not keep:
        lines.append("Connection: close")
    lines += [_line(n, v) for n, v in target.headers.items() if n.lower() != "user-agent"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _agent(target: Target) -> str:
    """Our name; a wanted User-Agent stands before it but does not replace it."""
    for name, value in target.headers.items():
        if name.lower() == "user-agent":
            return f"{_line(name, value).partition(': ')[2]} {USER_AGENT}"
    return USER_AGENT


def _line(name: str, value: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise BadInput(f"{name!r} is no header name")
    if name.lower() in _OURS:
        raise BadInput(f"header {name} cannot be chosen", hint=_OURS[name.lower()])
    if not _VALUE.fullmatch(value):
        raise BadInput(f"the value of header {name} has characters that a header cannot hold")
    return f"{name}: {value}"
