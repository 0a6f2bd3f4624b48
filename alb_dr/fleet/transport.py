"""The one door to a Kubernetes API: deadlines, own retries, no redirects, a size cap."""

from __future__ import annotations

import json
import logging
import os
import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from alb_dr.errors import AlbDrError, CredentialsError, OutcomeUnknown, Unreachable
from alb_dr.fleet.exec_plugin import run_plugin
from alb_dr.fleet.expiry import expires
from alb_dr.fleet.failures import TYPED_PATCH, failure
from alb_dr.fleet.kubeconfig import KubeTarget
from alb_dr.fleet.proxies import proxy_of
from alb_dr.fleet.tls import client_context
from alb_dr.fleet.wire import (
    failure_words,
    json_object,
    never_sent,
    retry_after_s,
    server_date,
    transport_errors,
    untrusted,
)
from alb_dr.model.manifest import Kind
from alb_dr.model.printable import printable
from alb_dr.ports import Clock

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

UNTRUSTED = "is this the cluster it was? its certificate is not of the kubeconfig's authority"
log = logging.getLogger(__name__)
_IMPORTING = threading.Lock()
"""Threads that import one package at the same time may see half of it."""

MAX_BODY = 32 * 1024 * 1024
"""Bytes of one answer; a larger one is refused (safety F40)."""
CONNECT_TIMEOUT_S = 5.0
"""Longest a connection may take to be made."""
KEPT_CONNECTIONS = 32
"""Connections kept for reuse: more than ever ask at a time, so that none is dropped with noise."""
RETRIED_STATUS = frozenset({429, 500, 502, 503, 504})
"""Answers that may be better a moment later."""
BACKOFF_S = (0.1, 0.3, 0.8, 1.5, 3.0)
"""Pauses between tries of a read, each multiplied by 0.5 to 1.5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: what it asks for, and what to call it in a message."""

    method: str
    path: str
    what: str
    kind: Kind | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    content_type: str = "application/json"
    asks: bool = False
    """A POST that only asks: a review."""

    @property
    def stores_nothing(self) -> bool:
        """Whether repeating it is harmless: it reads, asks, or is only tried (dry run)."""
        return self.asks or self.method == "GET" or "dryRun" in self.query


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete, parsed answer of less than 300."""

    status: int
    document: dict[str, Any]
    date: datetime | None


class Transport:
    """Calls to one API server. Built on the official client's connection pool.

    The official client alone has no time-out, sleeps through any Retry-After, follows redirects
    with the body of a PATCH, and goes on anonymously when a credential plugin fails; each of
    those is decided here instead.
    """

    def __init__(
        self,
        target: KubeTarget,
        *,
        label: str,
        timeout_s: float,
        clock: Clock,
        reread: Callable[[], KubeTarget] | None = None,
    ) -> None:
        """``reread`` reads the kubeconfig again, for credentials that somebody else renews."""
        self._target = target
        self._reread = reread
        self.label = label
        self._timeout_s = timeout_s
        self._clock = clock
        self._random = random.Random()  # noqa: S311  jitter, not secrecy
        self._token: str | None = None
        self._pool: Any = None
        self._connecting = threading.Lock()
        self._expires: datetime | None = None

    @property
    def server(self) -> str:
        """The address of the API server."""
        return self._target.server

    @property
    def ca(self) -> bytes:
        """The certificate authority the server is checked against; empty for the system's."""
        return self._target.ca or b""

    @property
    def proxy(self) -> str | None:
        """The proxy through which calls go, if any."""
        return proxy_of(self.server, self._target.proxy, os.environ)

    @property
    def expires(self) -> datetime | None:
        """When the credential in use ends; known after the first call, None if it does not say."""
        return self._expires

    def call(self, call: Call, *, timeout_s: float | None = None) -> Answer:
        """Make one call. Reads are repeated until the deadline; writes are sent once.

        Raises OutcomeUnknown when a write's answer was lost: the caller must look what happened.
        """
        end = self._clock.monotonic() + (timeout_s or self._timeout_s)
        tries = iter(BACKOFF_S)
        renewed = False
        seen: AlbDrError | None = None
        while True:
            try:
                return self._once(call, end)
            except _TryAgainError as again:
                if seen is not None and self._clock.monotonic() >= end:
                    # The time ran out in a repetition: what came before it says more.
                    raise seen from None
                seen = again.error
                if again.status == 401 and not renewed and self._renew():
                    renewed = True
                    continue
                pause = self._pause(again, next(tries, None))
                if not again.harmless or pause is None:
                    raise again.error from None
                if self._clock.monotonic() + pause >= end:
                    raise again.error from None
                log.debug("%s %s again in %.1f s", call.method, call.path, pause)
                self._clock.sleep(pause)

    def stream(self, call: Call, *, timeout_s: float) -> Iterator[dict[str, Any]]:
        """The events of a watch, until the server or the deadline ends it.

        Raises Unreachable when the connection breaks; the watcher starts again from a list.
        """
        end = self._clock.monotonic() + timeout_s
        try:
            response = self._send(call, end, read_timeout_s=timeout_s)
            if response.status >= 300:
                raise self._failed(call, response, end)
            buffer = b""
            while self._clock.monotonic() < end:
                chunk = response.read1(65_536)
                if not chunk:
                    return
                buffer += chunk
                if len(buffer) > MAX_BODY:
                    raise Unreachable(f"{self.label}: {call.what}: an event is too large")
                *lines, buffer = buffer.split(b"\n")
                yield from (json.loads(line) for line in lines if line.strip())
        except ValueError:
            raise self._unusable(call, b"an event that is not JSON") from None
        except transport_errors() as error:
            words = f"{self.label}: {call.what}: {failure_words(error)}"
            if untrusted(error):
                raise CredentialsError(words, hint=UNTRUSTED) from None
            raise Unreachable(words) from None
        finally:
            self._drop_response(locals().get("response"))

    @staticmethod
    def _drop_response(response: BaseHTTPResponse | None) -> None:
        if response is not None:
            response.close()
            response.release_conn()

    def _once(self, call: Call, end: float) -> Answer:
        try:
            response = self._send(call, end)
        except transport_errors() as error:
            raise self._lost(call, error) from None
        try:
            body = self._read(response, end)
        except transport_errors() as error:
            raise self._lost(call, error) from None
        finally:
            self._drop_response(response)
        log.debug("%s %s %s %d", self.label, call.method, call.path, response.status)
        return self._answer(call, response, body)

    def _answer(self, call: Call, response: BaseHTTPResponse, body: bytes) -> Answer:
        document = json_object(body)
        if response.status >= 300:
            raise self._refused(call, response, document)
        if document is None:
            raise _TryAgainError(self._unusable(call, body), harmless=call.stores_nothing)
        return Answer(status=response.status, document=document, date=server_date(response))

    def _refused(
        self, call: Call, response: BaseHTTPResponse, document: dict[str, Any] | None
    ) -> Exception:
        status = document if document is not None and document.get("kind") == "Status" else {}
        if 300 <= response.status < 400:
            return Unreachable(
                f"{self.label}: {call.what}: the server wants to redirect us; not followed",
                hint="the kubeconfig's server address is not the API server itself",
            )
        if document is None and response.status not in {401, 403, 404, *RETRIED_STATUS}:
            return self._unusable(call, f"HTTP {response.status}, not JSON".encode())
        error = failure(response.status, status, what=call.what, label=self.label, kind=call.kind)
        if response.status == 401:
            error = self._unknown_to_it(error)
        retried = response.status in RETRIED_STATUS and TYPED_PATCH not in str(error)
        if not (retried or response.status == 401):
            return error
        # 429 is refused before anything is done, so even a write may be repeated; a 5xx of a
        # write may have been committed.
        harmless = call.stores_nothing or response.status == 429
        if not harmless and response.status != 401:
            error = OutcomeUnknown(error.message, hint=error.hint)
        return _TryAgainError(
            error,
            harmless=harmless and response.status != 401,
            status=response.status,
            retry_after=response.headers.get("Retry-After"),
        )

    def _failed(self, call: Call, response: BaseHTTPResponse, end: float) -> AlbDrError:
        document = json_object(self._read(response, end)) or {}
        return failure(response.status, document, what=call.what, label=self.label, kind=call.kind)

    def _pause(self, again: _TryAgainError, step: float | None) -> float | None:
        if step is None:
            return None
        jittered = step * (0.5 + self._random.random())
        return max(jittered, retry_after_s(again.retry_after, self._clock.now()))

    def _lost(self, call: Call, error: BaseException) -> Exception:
        words = f"{self.label}: {call.what}: {failure_words(error)}"
        if untrusted(error):
            return CredentialsError(words, hint=UNTRUSTED)
        if call.stores_nothing or never_sent(error):
            hint = f"is {self.server} reachable from here? nothing was changed"
            return _TryAgainError(Unreachable(words, hint=hint), harmless=True)
        hint = "the write may have happened; look before repeating it"
        return _TryAgainError(OutcomeUnknown(words, hint=hint), harmless=False)

    def _unusable(self, call: Call, body: bytes) -> Unreachable:
        seen = printable(body[:80].decode("utf-8", "replace"), longest=80) or "nothing"
        error = Unreachable if call.stores_nothing else OutcomeUnknown
        return error(
            f"{self.label}: {call.what}: the answer is not what an API server says: {seen}",
            hint=f"is {self.server} really the API server, or a proxy's login page?",
        )

    def _read(self, response: BaseHTTPResponse, end: float) -> bytes:
        from urllib3.exceptions import ReadTimeoutError

        parts: list[bytes] = []
        size = 0
        while chunk := response.read1(65_536):
            parts.append(chunk)
            size += len(chunk)
            if size > MAX_BODY:
                raise Unreachable(
                    f"{self.label}: an answer of more than {MAX_BODY >> 20} MiB was cut off"
                )
            if self._clock.monotonic() > end:
                raise ReadTimeoutError(self._manager(), None, "the answer drips")
        return b"".join(parts)

    def _send(
        self, call: Call, end: float, *, read_timeout_s: float | None = None
    ) -> BaseHTTPResponse:
        manager = self._manager()
        from urllib3 import Timeout

        left = max(0.05, end - self._clock.monotonic())
        body = None if call.body is None else json.dumps(call.body).encode()
        headers = {"Accept": "application/json", "User-Agent": "alb-dr"}
        if body is not None:
            headers["Content-Type"] = call.content_type
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        query = f"?{urlencode(call.query)}" if call.query else ""
        response: BaseHTTPResponse = manager.request(
            call.method,
            f"{self.server}{call.path}{query}",
            body=body,
            headers=headers,
            timeout=Timeout(connect=min(CONNECT_TIMEOUT_S, left), read=read_timeout_s or left),
            retries=False,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )
        return response

    def _manager(self) -> Any:
        with self._connecting:
            if self._pool is None:
                self._pool = self._connect()
            return self._pool

    def _connect(self) -> Any:
        """The official client's pool, with our TLS context and no retries of its own."""
        with _IMPORTING:
            from kubernetes.client.configuration import Configuration
            from kubernetes.client.rest import RESTClientObject

        target = self._target
        cert, key, token = target.client_cert, target.client_key, target.token
        if target.exec_plugin is not None:
            given = run_plugin(target.exec_plugin, os.environ)
            cert, key = given.client_cert or cert, given.client_key or key
            token = given.token or token
        configuration = Configuration(
            host=target.server, retries=False, connection_pool_maxsize=KEPT_CONNECTIONS
        )
        configuration.proxy, configuration.no_proxy = self.proxy, None
        configuration.tls_server_name = target.server_name
        pool = RESTClientObject(configuration).pool_manager
        pool.connection_pool_kw["ssl_context"] = client_context(
            ca=target.ca, client_cert=cert, client_key=key, origin=str(target.file)
        )
        for name in ("ca_certs", "cert_file", "key_file", "ca_cert_data", "cert_reqs"):
            pool.connection_pool_kw.pop(name, None)
        self._token = token
        self._expires = expires(token=token, client_cert=cert)
        return pool

    def _renew(self) -> bool:
        """Fetch credentials again after a 401; False when there are no others (safety F35)."""
        if self._target.exec_plugin is None:
            if self._reread is None:
                return False
            found = self._reread()
            if (found.token, found.client_cert) == (self._target.token, self._target.client_cert):
                return False
            self._target = found
        self._pool = None
        return True

    def _unknown_to_it(self, error: AlbDrError) -> AlbDrError:
        """The error of a 401, with the end of our credentials if that is why."""
        if self._expires is None or self._expires > self._clock.now():
            return error
        ended = self._expires.isoformat(timespec="seconds")
        return CredentialsError(f"{self.label}: our credentials ended at {ended}", hint=error.hint)


class _TryAgainError(Exception):
    """A failed try, the error it means, and whether repeating the call is harmless."""

    def __init__(
        self,
        error: AlbDrError,
        *,
        harmless: bool,
        status: int = 0,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.harmless = harmless
        self.status = status
        self.retry_after = retry_after
