"""The toxics of the fault proxy: what can happen to one call, by the fault's number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What the proxy does with a call."""

    HANG = "hang"
    """Take the request, answer nothing."""
    COMMIT_DROP = "commit-drop"
    """Pass it on, then cut the connection instead of answering."""
    RESET = "reset"
    """Cut the connection; nothing is passed on."""
    HALF = "half"
    """Pass it on, then cut the answer in the middle."""
    DRIP = "drip"
    """Pass it on, then answer a byte at a time."""
    DELAY = "delay"
    """Answer 0.2 s late."""
    STATUS = "status"
    """Refuse with a status code."""
    BODY = "body"
    """Answer 200 with something else."""
    HUGE = "huge"
    """Answer 200 with 100 MB."""
    GZIP_BOMB = "gzip-bomb"
    """Answer 200 with a small body that unpacks to 100 MB."""
    REDIRECT = "redirect"
    """Answer 307 to another server."""
    OTHER_CERTIFICATE = "other-certificate"
    """Cut, and show a certificate of another authority from then on."""
    STALE = "stale"
    """Answer a read with what the same read was answered first."""
    DOWN = "down"
    """From this call on, accept nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toxic:
    """One fault: its number in the catalogue, its effect, and the effect's particulars."""

    fault: str
    effect: Effect
    status: int = 200
    retry_after: str | None = None
    body: bytes = b""
    content_type: str = "application/json"
    once: bool = False

    @property
    def name(self) -> str:
        """How the matrix calls it."""
        words = [self.fault, str(self.effect)]
        if self.effect is Effect.STATUS:
            words = [
                self.fault,
                str(self.status),
                *([self.retry_after] if self.retry_after else []),
            ]
        if self.effect is Effect.BODY:
            words.append(self.body[:12].decode(errors="replace") or "nothing")
        return " ".join(filter(None, words)) + (" once" if self.once else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which call a toxic meets: method, path pattern, and from which of these calls on."""

    method: str
    path: str
    toxic: Toxic
    nth: int = 1

    def matches(self, method: str, path: str) -> bool:
        """Whether it is about this call."""
        return method == self.method and re.fullmatch(self.path, path) is not None


def _status(fault: str, code: int, retry_after: str | None = None, *, once: bool = False) -> Toxic:
    return Toxic(fault=fault, effect=Effect.STATUS, status=code, retry_after=retry_after, once=once)


ANY = (
    Toxic(fault="F31", effect=Effect.HANG),
    Toxic(fault="F32", effect=Effect.RESET),
    Toxic(fault="F32", effect=Effect.RESET, once=True),
    _status("F33", 429, "5"),
    _status("F33", 429, "3600"),
    _status("F33", 429, "-1", once=True),
    _status("F33", 429, "Mon, 01 Jan 2001 00:00:00 GMT", once=True),
    _status("F33", 429, "soon", once=True),
    *(_status("F34", code) for code in (500, 502, 503, 504)),
    _status("F34", 503, once=True),
    _status("F35", 401),
    _status("F37", 403),
    Toxic(fault="F40", effect=Effect.HALF),
    Toxic(fault="F40", effect=Effect.DRIP),
    Toxic(fault="F40", effect=Effect.BODY, body=b"<html>log in</html>", content_type="text/html"),
    Toxic(fault="F40", effect=Effect.BODY),
    Toxic(fault="F40", effect=Effect.BODY, body=b'{"kind": "Lamp", "x": NaN}'),
    Toxic(fault="F40", effect=Effect.HUGE),
    Toxic(fault="F40", effect=Effect.GZIP_BOMB),
    Toxic(fault="F41", effect=Effect.DOWN),
    Toxic(fault="F43", effect=Effect.OTHER_CERTIFICATE),
    Toxic(fault="F44", effect=Effect.REDIRECT),
    Toxic(fault="F31", effect=Effect.DELAY),
)
"""What can happen to every call."""
READS = (Toxic(fault="F38", effect=Effect.STALE),)
WATCHES = (_status("F39", 410, once=True), _status("F39", 410))
WRITES = (
    Toxic(fault="F32", effect=Effect.COMMIT_DROP, once=True),
    _status("F38", 409),
    _status("F38", 422),
)


def toxics_for(method: str, path: str) -> tuple[Toxic, ...]:
    """The faults that make sense for a call."""
    if "watch=true" in path:
        return (*ANY, *WATCHES)
    return (*ANY, *READS) if method == "GET" else (*ANY, *WRITES)
