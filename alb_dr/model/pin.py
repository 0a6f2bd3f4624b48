"""Pins: requests with one header go to one member, whatever the weights say, for a while."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from alb_dr.errors import BadInput

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}", re.ASCII)
_VALUE = re.compile(r"[A-Za-z0-9._:/@+-]{1,128}", re.ASCII)
_RESERVED = frozenset(
    {"host", "cookie", "connection", "content-length", "transfer-encoding", "upgrade"}
)
"""Headers that have a meaning of their own on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One header with its value, the member it leads to (by id), when that ends (UTC), and why."""

    member: str
    header: str
    value: str
    expires: datetime
    reason: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.header) or self.header.lower() in _RESERVED:
            raise BadInput(
                f"{self.header!r} cannot be a pin's header", hint="like X-Cluster=poc-ack-2"
            )
        if not _VALUE.fullmatch(self.value):
            raise BadInput(
                f"{self.value!r} cannot be a pin's value",
                hint="letters, digits and . _ : / @ + - only, 128 at most",
            )

    def leads_like(self, other: Pin) -> bool:
        """Whether both are about the same header with the same value."""
        return (self.header.lower(), self.value) == (other.header.lower(), other.value)


def parse_header(text: str) -> tuple[str, str]:
    """Name and value of ``X-Cluster=poc-ack-2``."""
    name, sign, value = text.partition("=")
    if not sign:
        raise BadInput(f"{text!r} is no header with a value", hint="like X-Cluster=poc-ack-2")
    return name.strip(), value.strip()
