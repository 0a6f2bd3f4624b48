"""The fault proxy does what its toxics say."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator

import pytest

from alb_dr.sandbox.kube.cluster import EmbeddedCluster
from alb_dr.sandbox.pki import make_pki, server_context
from tests.faults.proxy import FaultProxy
from tests.faults.toxics import ANY, Effect, Rule, Toxic

PATH = "/api/v1/namespaces/default"
CREATE = "/api/v1/namespaces"


Pair = tuple[EmbeddedCluster, FaultProxy]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """An embedded API in a thread, and the proxy before it."""
    folder = tmp_path_factory.mktemp("pki")
    pki = make_pki(folder)
    made = EmbeddedCluster("c")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    serving = made.serve(host="127.0.0.1", port=0, tls=server_context(pki), tokens={"t": "admin"})
    port = asyncio.run_coroutine_threadsafe(serving, loop).result(10)
    proxy = FaultProxy(folder / "proxy", f"https://127.0.0.1:{port}", pki.ca)
    yield made, proxy
    proxy.close()
    asyncio.run_coroutine_threadsafe(made.stop_serving(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(5)
    loop.close()


def ask(
    proxy: FaultProxy, method: str = "GET", path: str = PATH, body: object = None, wait_s: float = 2
) -> tuple[int, bytes]:
    """One call with a plain client."""
    trusted = ssl.create_default_context(cafile=str(proxy.ca))
    address = proxy.url.removeprefix("https://")
    connection = http.client.HTTPSConnection(address, timeout=wait_s, context=trusted)
    headers = {"Authorization": "Bearer t", "Content-Type": "application/json"}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def arm(proxy: FaultProxy, effect: Effect, method: str = "GET", **more: object) -> None:
    toxic = Toxic(fault="F0", effect=effect, **more)  # type: ignore[arg-type]
    proxy.arm(Rule(method=method, path="/api.*", toxic=toxic))


def test_without_a_rule_it_passes_everything_on(
    cluster: Pair,
) -> None:
    proxy = cluster[1]
    proxy.arm(None)
    status, body = ask(proxy)
    assert (status, json.loads(body)["metadata"]["name"]) == (200, "default")
    assert proxy.seen == [("GET", PATH)]


@pytest.mark.parametrize("effect", [Effect.RESET, Effect.HALF, Effect.DOWN])
def test_a_cut_is_a_cut(cluster: Pair, effect: Effect) -> None:
    arm(cluster[1], effect)
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(cluster[1])


def test_a_hang_lasts_until_the_client_gives_up(
    cluster: Pair,
) -> None:
    arm(cluster[1], Effect.HANG)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        ask(cluster[1], wait_s=0.5)
    assert time.monotonic() - began >= 0.5
    cluster[1].arm(None)  # lets go of the call that hangs


def test_what_is_committed_and_dropped_is_there(
    cluster: Pair,
) -> None:
    made, proxy = cluster
    arm(proxy, Effect.COMMIT_DROP, "POST")
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dropped"}}
    with pytest.raises((OSError, http.client.HTTPException)):
        ask(proxy, "POST", CREATE, document)
    assert made.client("test").get("namespaces", "dropped") is not None


def test_another_certificate_is_not_trusted(cluster: Pair) -> None:
    arm(cluster[1], Effect.OTHER_CERTIFICATE)
    with pytest.raises((ConnectionError, http.client.HTTPException, ssl.SSLError)):
        ask(cluster[1])
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(cluster[1])


def test_a_stale_read_answers_what_was(cluster: Pair) -> None:
    made, proxy = cluster
    arm(proxy, Effect.STALE)
    first = ask(proxy)
    made.client("test").merge("namespaces", "default", {"metadata": {"labels": {"new": "1"}}})
    assert ask(proxy) == first
    proxy.arm(None)
    assert ask(proxy) != first


def test_a_status_names_its_code_and_when_to_come_back(
    cluster: Pair,
) -> None:
    arm(cluster[1], Effect.STATUS, status=429, retry_after="5")
    status, body = ask(cluster[1])
    assert (status, json.loads(body)["code"]) == (429, 429)


def test_a_toxic_that_strikes_once_strikes_the_nth_call_only(
    cluster: Pair,
) -> None:
    proxy = cluster[1]
    toxic = Toxic(fault="F0", effect=Effect.STATUS, status=503, once=True)
    proxy.arm(Rule(method="GET", path="/api.*", toxic=toxic, nth=2))
    assert [ask(proxy)[0] for _ in range(3)] == [200, 503, 200]
    assert proxy.struck


def test_every_fault_of_the_api_has_a_toxic() -> None:
    numbers = {toxic.fault for toxic in ANY}
    assert {"F31", "F32", "F33", "F34", "F35", "F37", "F40", "F41", "F43", "F44"} <= numbers
