"""What comes over the wire: documents, dates, waits, and what the network throws, in words."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from alb_dr.model.printable import printable

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse


def transport_errors() -> tuple[type[BaseException], ...]:
    """Everything the network can throw."""
    from urllib3.exceptions import HTTPError

    return (HTTPError, OSError)


def never_sent(error: BaseException) -> bool:
    """Whether the request cannot have reached the server."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

    return isinstance(error, NewConnectionError | ConnectTimeoutError)


def untrusted(error: BaseException) -> bool:
    """Whether the server showed a certificate that the kubeconfig's authority did not sign."""
    from urllib3.exceptions import SSLError

    reasons = (error, *error.args, error.__cause__, error.__context__)
    wrong = any(isinstance(reason, ssl.SSLCertVerificationError) for reason in reasons)
    return wrong or (isinstance(error, SSLError) and "CERTIFICATE_VERIFY" in str(error))


def failure_words(error: BaseException) -> str:
    """What went wrong, without addresses of objects or header values."""
    from urllib3 import exceptions as e

    named: list[tuple[tuple[type[BaseException], ...], str]] = [
        ((e.NameResolutionError,), "its name cannot be resolved"),
        ((e.NewConnectionError, ConnectionRefusedError), "the connection was refused"),
        ((e.ConnectTimeoutError,), "no connection within the time limit"),
        ((e.ReadTimeoutError, TimeoutError), "no answer within the time limit"),
        (
            (e.SSLError,),
            f"TLS: {printable(str(error.args[-1] if error.args else ''), longest=160)}",
        ),
        ((e.IncompleteRead,), "the answer was cut off"),
        ((e.ProtocolError, ConnectionError), "the connection was cut"),
        ((e.ProxyError,), "the proxy refused"),
    ]
    return next((words for kinds, words in named if isinstance(error, kinds)), "network failure")


def json_object(body: bytes) -> dict[str, Any] | None:
    """The Kubernetes document in a body; None when it is none (NaN included)."""

    def refuse(constant: str) -> Callable[[], None]:
        raise ValueError(constant)

    try:
        document = json.loads(body, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) and document.get("kind") else None


def server_date(response: BaseHTTPResponse) -> datetime | None:
    """The server's clock, from its Date header."""
    try:
        return parsedate_to_datetime(response.headers.get("Date", "")).astimezone(UTC)
    except ValueError:
        return None


def retry_after_s(text: str | None, now: datetime) -> float:
    """Seconds the server asks us to wait; 0 for nothing, nonsense and the past (safety F33)."""
    if not text:
        return 0.0
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0
