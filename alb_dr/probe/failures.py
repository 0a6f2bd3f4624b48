"""Failures: what a failed connection says about the gateway, and what about this machine."""

from __future__ import annotations

import errno
import ssl

from alb_dr.model.sample import Outcome

_BY_ERRNO = {
    errno.ECONNREFUSED: Outcome.REFUSED,
    errno.EHOSTUNREACH: Outcome.REFUSED,
    errno.EHOSTDOWN: Outcome.REFUSED,
    errno.ECONNRESET: Outcome.RESET,
    errno.ECONNABORTED: Outcome.RESET,
    errno.EPIPE: Outcome.RESET,
    errno.ENOTCONN: Outcome.RESET,
    errno.ETIMEDOUT: Outcome.TIMEOUT,
    errno.EPROTO: Outcome.PROTOCOL,
}
"""Everything that is not here failed on this machine: no descriptors, ports, memory or route."""


def outcome_of(error: BaseException) -> Outcome:
    """The class of a failed connection.

    A TLS handshake that the other side cuts is a TLS failure; an unknown errno is blamed on this
    machine, so that it makes the run invalid instead of the gateway guilty (safety F80).
    """
    if isinstance(error, ssl.SSLError):
        return Outcome.TLS
    if isinstance(error, TimeoutError):
        return Outcome.TIMEOUT
    if isinstance(error, ConnectionError) and error.errno is None:
        return Outcome.RESET
    if isinstance(error, OSError) and error.errno is not None:
        return _BY_ERRNO.get(error.errno, Outcome.LOCAL)
    return Outcome.LOCAL


def outcome_of_status(status: int) -> Outcome:
    """The class of a complete answer, by its status alone."""
    if 200 <= status < 300:
        return Outcome.OK
    if 300 <= status < 400:
        return Outcome.REDIRECT
    if 400 <= status < 500:
        return Outcome.CLIENT_ERROR
    if 500 <= status < 600:
        return Outcome.SERVER_ERROR
    return Outcome.PROTOCOL
