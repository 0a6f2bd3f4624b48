"""One door to the SDKs: a client per product on first use, time-outs, retries, our errors."""

from __future__ import annotations

import importlib
import logging
import os
import random
import threading
from collections.abc import Callable, Mapping
from typing import Any

from alb_dr.cloud.credentials import load_credential
from alb_dr.cloud.endpoints import VARIABLES, endpoint_of
from alb_dr.cloud.failures import garbled, is_busy, refused, unreached
from alb_dr.errors import AlbDrError
from alb_dr.ports import Clock
from alb_dr.within import within

log = logging.getLogger(__name__)

PACKAGES: Mapping[str, str] = {
    "alb": "alibabacloud_alb20200616",
    "vpc": "alibabacloud_vpc20160428",
    "ecs": "alibabacloud_ecs20140526",
    "adcp": "alibabacloud_adcp20220101",
    "cs": "alibabacloud_cs20151215",
}
"""Product to the SDK package of its one API version."""
SIGNED = frozenset({"alb", "vpc", "ecs", "adcp"})
"""Products whose every answer has a RequestId (the SDKs' models); the clusters' own has none."""
CONNECT_S = 3.0
"""Longest a connection may take to be made."""
BACKOFF_S = (0.2, 0.6, 1.5, 3.0)
"""Pauses between tries, each multiplied by 0.5 to 1.5."""


class Sdk:
    """The SDK clients of one account and region."""

    def __init__(
        self,
        *,
        region: str,
        clock: Clock,
        timeout_s: float,
        environ: Mapping[str, str] = os.environ,
        credential: Callable[[], Any] = load_credential,
    ) -> None:
        self._region = region
        self._clock = clock
        self._timeout_s = timeout_s
        self._environ = environ
        self._find_credential = credential
        self._random = random.Random()  # noqa: S311  jitter, not secrecy
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._credential: Any = None

    @property
    def region(self) -> str:
        """The region every call is about."""
        return self._region

    def load(self) -> None:
        """Load every product and the credentials; CredentialsError without usable ones."""
        for product in PACKAGES:
            self._client(product)

    def models(self, product: str) -> Any:
        """The request classes of a product."""
        with self._lock:
            return importlib.import_module(f"{PACKAGES[product]}.models")

    def call(
        self, action: str, send: Callable[[Any, Any], Any], *, passed: str | None = None
    ) -> dict[str, Any]:
        """Ask once, and again while the cloud is busy and time is left; the answer's document.

        ``action`` is ``product:Action``; ``send`` gets the product's client and the runtime
        options. ``passed`` is the error code that means success (a dry run has one); then the
        answer is empty. Raises the errors of :mod:`alb_dr.errors` only.
        """
        client = self._client(action.partition(":")[0])
        end = self._clock.monotonic() + self._timeout_s
        pauses = iter(BACKOFF_S)
        while True:
            try:
                body = self._sent(client, send, end)
                answer = body.to_map() if body is not None else None
            except Exception as error:  # noqa: BLE001  the SDKs raise many unrelated classes
                if passed is not None and getattr(error, "code", None) == passed:
                    return {}
                failed, again = self._judged(action, error)
                pause = next(pauses, None)
                if not again or pause is None:
                    raise failed from None
                pause *= 0.5 + self._random.random()
                if self._clock.monotonic() + pause >= end:
                    raise failed from None
                log.debug("%s again in %.1f s", action, pause)
                self._clock.sleep(pause)
            else:
                log.debug("%s answered", action)
                if not isinstance(answer, dict) or _is_foreign(action, answer):
                    raise garbled(action)
                return answer

    def _sent(self, client: Any, send: Callable[[Any, Any], Any], end: float) -> Any:
        """The body of one answer; TimeoutError when it is not whole at ``end``.

        The SDK's own limit is for silence, and an answer that trickles in is never silent.
        """
        runtime = self._runtime(end)
        return within(end - self._clock.monotonic(), lambda: send(client, runtime).body)

    def _judged(self, action: str, error: Exception) -> tuple[AlbDrError, bool]:
        """The error it means, and whether asking again makes sense. A bug of ours is raised."""
        from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
        from darabonba.exceptions import UnretryableException

        if isinstance(error, AlibabaCloudException):
            code, status = str(error.code), int(error.status_code or 0)
            data = error.data if isinstance(error.data, Mapping) else {}
            failed = refused(action, code, status, data)
            return failed, is_busy(code, status)
        if isinstance(error, (UnretryableException, OSError)):
            product = action.partition(":")[0]
            return unreached(action, error, variable=VARIABLES[product]), True
        raise error

    def _runtime(self, end: float) -> Any:
        from darabonba.runtime import RuntimeOptions

        left_ms = max(50, int((end - self._clock.monotonic()) * 1000))
        return RuntimeOptions(
            connect_timeout=min(int(CONNECT_S * 1000), left_ms), read_timeout=left_ms
        )

    def _client(self, product: str) -> Any:
        # One lock: threads that import one package at the same time may see half of it.
        with self._lock:
            if product not in self._clients:
                self._clients[product] = self._made(product)
            return self._clients[product]

    def _made(self, product: str) -> Any:
        if self._credential is None:
            self._credential = self._find_credential()
        from alibabacloud_tea_openapi.utils_models import Config

        module = importlib.import_module(f"{PACKAGES[product]}.client")
        config = Config(credential=self._credential, region_id=self._region)
        endpoint = endpoint_of(product, self._environ)
        if endpoint is not None:
            config.endpoint, config.protocol = endpoint.address, endpoint.protocol
        return module.Client(config)


def _is_foreign(action: str, answer: Mapping[str, Any]) -> bool:
    """Whether it is JSON of somebody else: its SDK model would read that as empty."""
    return action.partition(":")[0] in SIGNED and not answer.get("RequestId")
