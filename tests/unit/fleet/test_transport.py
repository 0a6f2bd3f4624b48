"""The transport against a bad API: no hang, no blind retry, no redirect, one usable error."""

from __future__ import annotations

import json
import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from alb_dr.clock import RealClock
from alb_dr.errors import (
    AlbDrError,
    Conflict,
    CredentialsError,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Unreachable,
)
from alb_dr.fleet.connect import connect
from alb_dr.fleet.objects import KubeCluster
from alb_dr.model.manifest import ALB_CONFIG, CONFIG_MAP, Manifest, ResourceId
from alb_dr.model.member import KubeAccess
from alb_dr.model.settings import Settings
from alb_dr.sandbox.pki import make_pki

TOKEN = "canary-3f9a"
ID = ResourceId(kind=CONFIG_MAP, name="a", namespace="b")
DOCUMENT = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "b", "uid": "u", "resourceVersion": "1"},
    "data": {"k": "v"},
}
Script = Callable[[BaseHTTPRequestHandler, int], None]


@contextmanager
def an_api(tmp_path: Path, script: Script, *, timeout_s: float = 2.0) -> Iterator[KubeCluster]:
    """A TLS server that answers by a script (given the number of the request), and our client."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            seen.append(f"{self.command} {self.path}")
            script(self, len(seen))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    pki = make_pki(tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki.server)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    kubeconfig = tmp_path / "kubeconfig"
    address = f"https://127.0.0.1:{server.server_address[1]}"
    cluster = {"server": address, "certificate-authority": str(pki.ca)}
    kubeconfig.write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": "k", "cluster": cluster}],
                "users": [{"name": "u", "user": {"token": TOKEN}}],
                "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
                "current-context": "c",
            }
        )
    )
    settings = Settings(call_timeout_s=timeout_s)
    access = KubeAccess(kubeconfig=kubeconfig)
    api = connect(access, label="Fleet", settings=settings, clock=RealClock(), environ={})
    api.seen = seen  # type: ignore[attr-defined]  # what the server was asked, for the tests
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def reply(handler: BaseHTTPRequestHandler, status: int, body: object, **headers: str) -> None:
    """One complete answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def status_of(code: int, message: str, **details: object) -> dict[str, object]:
    """A Status document."""
    return {"kind": "Status", "code": code, "message": message, "details": details}


def always(status: int, body: object, **headers: str) -> Script:
    """The same answer to every request."""
    return lambda handler, _: reply(handler, status, body, **headers)


def hang(handler: BaseHTTPRequestHandler, _: int) -> None:
    """No answer until the client gives up."""
    handler.connection.settimeout(10)
    with suppress(OSError):
        handler.connection.recv(1)
    handler.close_connection = True


def half(handler: BaseHTTPRequestHandler, _: int) -> None:
    """A body that ends before it should."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"kind": "Conf')
    handler.close_connection = True


def drip(handler: BaseHTTPRequestHandler, _: int) -> None:
    """A byte now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _n in range(100):
        try:
            handler.wfile.write(b" ")
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.1)


@pytest.mark.parametrize(
    ("script", "kind", "reason"),
    [
        (hang, Unreachable, "no answer within the time limit"),
        (half, Unreachable, "cut"),
        (drip, Unreachable, "within the time limit"),
        (always(200, b"<html>log in</html>"), Unreachable, "<html>log in</html>"),
        (always(200, b""), Unreachable, "nothing"),
        (always(200, b'{"kind": "ConfigMap", "x": NaN}'), Unreachable, "not what an API server"),
        (always(200, b"x" * 33 * 1024 * 1024), Unreachable, "MiB"),
        (always(307, b"", Location="https://127.0.0.1:1/"), Unreachable, "redirect"),
        (always(401, status_of(401, "Unauthorized")), CredentialsError, "401"),
        (always(403, status_of(403, "User x cannot get y")), Forbidden, "User x cannot get y"),
        (always(500, status_of(500, "etcd is sad")), Unreachable, "etcd is sad"),
        (always(503, b"no backend"), Unreachable, "HTTP 503"),
        (always(429, status_of(429, "slow down"), Retry_After="3600"), Unreachable, "slow down"),
        (always(429, status_of(429, "slow down"), Retry_After="-1"), Unreachable, "slow down"),
        (always(429, status_of(429, "slow down"), Retry_After="soon"), Unreachable, "slow down"),
    ],
)
def test_F31_F33_F34_F40_F44_a_bad_answer_is_one_error_before_the_deadline(
    tmp_path: Path, script: Script, kind: type[AlbDrError], reason: str
) -> None:
    with an_api(tmp_path, script, timeout_s=1.0) as api:
        began = time.monotonic()
        with pytest.raises(kind) as caught:
            api.get(ID)
        assert time.monotonic() - began < 4
    assert reason in caught.value.message
    assert TOKEN not in caught.value.message + str(caught.value.hint)
    assert "\n" not in caught.value.message


def test_F34_a_read_is_tried_again(tmp_path: Path) -> None:
    def flaky(handler: BaseHTTPRequestHandler, n: int) -> None:
        reply(handler, *((503, status_of(503, "not yet")) if n < 3 else (200, DOCUMENT)))

    with an_api(tmp_path, flaky) as api:
        assert api.get(ID) is not None


def test_F33_a_short_retry_after_is_obeyed(tmp_path: Path) -> None:
    def busy(handler: BaseHTTPRequestHandler, n: int) -> None:
        if n == 1:
            reply(handler, 429, status_of(429, "busy"), Retry_After="1")
        else:
            reply(handler, 200, DOCUMENT)

    with an_api(tmp_path, busy, timeout_s=5) as api:
        began = time.monotonic()
        api.get(ID)
        assert time.monotonic() - began >= 1


def test_F32_a_write_whose_answer_is_lost_is_recognised_as_done(tmp_path: Path) -> None:
    """The patch was committed, the reply was cut: looking shows its effect, nothing is repeated."""

    def commit_then_drop(handler: BaseHTTPRequestHandler, n: int) -> None:
        if handler.command == "PATCH":
            assert n == 1, "a patch that took effect must not be sent again"
            handler.close_connection = True
            return
        reply(handler, 200, {**DOCUMENT, "data": {"k": "new"}})

    with an_api(tmp_path, commit_then_drop) as api:
        operations = [
            {"op": "test", "path": "/data/k", "value": "v"},
            {"op": "replace", "path": "/data/k", "value": "new"},
        ]
        assert api.patch(ID, operations).document["data"] == {"k": "new"}
        assert [s.split()[0] for s in api.seen] == ["PATCH", "GET"]  # type: ignore[attr-defined]


def test_F32_a_write_that_did_not_happen_is_sent_once_more(tmp_path: Path) -> None:
    def drop_first(handler: BaseHTTPRequestHandler, n: int) -> None:
        if n == 1:
            handler.close_connection = True
        elif handler.command == "GET":
            reply(handler, 200, DOCUMENT)
        else:
            reply(handler, 200, {**DOCUMENT, "data": {"k": "new"}})

    with an_api(tmp_path, drop_first) as api:
        operations = [{"op": "replace", "path": "/data/k", "value": "new"}]
        assert api.patch(ID, operations).document["data"] == {"k": "new"}
        assert [s.split()[0] for s in api.seen] == ["PATCH", "GET", "PATCH"]  # type: ignore[attr-defined]


def test_F32_an_outcome_that_stays_unknown_is_said(tmp_path: Path) -> None:
    def never(handler: BaseHTTPRequestHandler, _: int) -> None:
        if handler.command == "GET":
            reply(handler, 200, DOCUMENT)
        else:
            handler.close_connection = True

    with an_api(tmp_path, never) as api, pytest.raises(OutcomeUnknown, match="patching"):
        api.patch(ID, [{"op": "replace", "path": "/data/k", "value": "new"}])


def test_F32_a_write_that_is_only_tried_has_no_outcome_to_be_unknown(tmp_path: Path) -> None:
    def never(handler: BaseHTTPRequestHandler, _: int) -> None:
        handler.close_connection = True

    with an_api(tmp_path, never) as api, pytest.raises(Unreachable) as caught:
        api.apply(Manifest.of(DOCUMENT), dry_run=True)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert "nothing was changed" in (caught.value.hint or "")
    assert {seen.split()[0] for seen in api.seen} == {"PATCH"}  # type: ignore[attr-defined]


def test_F44_a_redirected_write_is_not_sent_elsewhere(tmp_path: Path) -> None:
    with an_api(tmp_path, always(307, b"", Location="https://127.0.0.1:1/")) as api:
        with pytest.raises(Unreachable, match="redirect"):
            api.apply(Manifest.of(DOCUMENT))
        assert len(api.seen) == 1  # type: ignore[attr-defined]


def test_F38_a_failed_test_is_a_conflict(tmp_path: Path) -> None:
    message = "the server rejected our request due to an error in our request"
    with an_api(tmp_path, always(422, status_of(422, message))) as api:
        with pytest.raises(Conflict, match="changed by somebody else"):
            api.patch(ID, [{"op": "test", "path": "/data/k", "value": "x"}])


def test_F52_a_conflict_names_field_and_manager(tmp_path: Path) -> None:
    cause = {"reason": "FieldManagerConflict", "field": ".data.k", "message": 'conflict with "ops"'}
    answer = status_of(409, 'Apply failed with 1 conflict: conflict with "ops"', causes=[cause])
    with an_api(tmp_path, always(409, answer)) as api, pytest.raises(Conflict) as caught:
        api.apply(Manifest.of(DOCUMENT))
    assert '.data.k: conflict with "ops"' in caught.value.message


def test_a_typing_error_is_not_retried(tmp_path: Path) -> None:
    answer = status_of(500, "failed to create typed patch object (...): expected string")
    with an_api(tmp_path, always(500, answer)) as api:
        with pytest.raises(Rejected):
            api.apply(Manifest.of(DOCUMENT))
        assert len(api.seen) == 1  # type: ignore[attr-defined]


def test_F58_a_missing_kind_names_what_to_enable(tmp_path: Path) -> None:
    answer = status_of(404, "the server could not find the requested resource")
    with an_api(tmp_path, always(404, answer)) as api, pytest.raises(NotFound) as caught:
        api.list(ALB_CONFIG)
    assert "multi-cluster gateway" in str(caught.value.hint)


def test_F58_an_unknown_group_is_answered_in_plain_text(tmp_path: Path) -> None:
    """A real API server says this, without a Status, for a group nobody serves."""
    with an_api(tmp_path, always(404, b"404 page not found\n")) as api:
        assert api.get(ResourceId(kind=ALB_CONFIG, name="g")) is None
        with pytest.raises(NotFound) as caught:
            api.list(ALB_CONFIG)
    assert "multi-cluster gateway" in str(caught.value.hint)


def test_F43_a_server_of_another_authority_is_not_trusted(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with an_api(tmp_path, always(200, DOCUMENT), timeout_s=1) as api:
        make_pki(other)
        text = (tmp_path / "kubeconfig").read_text()
        (tmp_path / "kubeconfig").write_text(
            text.replace(str(tmp_path / "ca.crt"), str(other / "ca.crt"))
        )
        stranger = connect(
            KubeAccess(kubeconfig=tmp_path / "kubeconfig"),
            label="Fleet",
            settings=Settings(call_timeout_s=1),
            clock=RealClock(),
            environ={},
        )
        with pytest.raises(CredentialsError, match="TLS"):
            stranger.get(ID)
        del api


def test_F73_server_text_is_printed_without_escapes(tmp_path: Path) -> None:
    answer = status_of(403, "no \x1b[31mred\x1b[0m \u202egnp.exe")
    with an_api(tmp_path, always(403, answer)) as api, pytest.raises(Forbidden) as caught:
        api.get(ID)
    assert "\x1b" not in caught.value.message
    assert "\u202e" not in caught.value.message


def test_many_threads_share_one_api_in_silence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    together = threading.Barrier(24)

    def meet(handler: BaseHTTPRequestHandler, _: int) -> None:
        together.wait(10)
        reply(handler, 200, DOCUMENT)

    with an_api(tmp_path, meet, timeout_s=15.0) as api:
        with ThreadPoolExecutor(24) as threads:
            found = list(threads.map(lambda _: api.get(ID), range(24)))
    assert [m.document for m in found if m is not None] == [DOCUMENT] * 24
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []
