"""F45: which proxy an API server is reached through is decided in one place, and shown."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from alb_dr.errors import Unreachable
from alb_dr.fleet.proxies import proxy_of, shown
from tests.fakes.raw_server import RawServer, read_request
from tests.unit.fleet.test_transport import DOCUMENT, ID, always, an_api

SERVER = "https://fleet.example.com:6443"
PROXY = "http://proxy.example.com:3128"


@pytest.mark.parametrize(
    ("named", "environ", "wanted"),
    [
        (None, {}, None),
        (None, {"HTTPS_PROXY": PROXY}, PROXY),
        (None, {"https_proxy": PROXY}, PROXY),
        (None, {"HTTPS_PROXY": "proxy.example.com:3128"}, PROXY),
        (None, {"HTTP_PROXY": PROXY}, None),
        (None, {"HTTPS_PROXY": ""}, None),
        (None, {"HTTPS_PROXY": PROXY, "NO_PROXY": "fleet.example.com"}, None),
        (None, {"HTTPS_PROXY": PROXY, "NO_PROXY": ".example.com"}, None),
        (None, {"HTTPS_PROXY": PROXY, "no_proxy": "*"}, None),
        (None, {"HTTPS_PROXY": PROXY, "NO_PROXY": "other.example.com"}, PROXY),
        ("http://named:1", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, "http://named:1"),
    ],
)
def test_F45_the_proxy_is_that_of_the_kubeconfig_or_of_the_environment(
    named: str | None, environ: dict[str, str], wanted: str | None
) -> None:
    assert proxy_of(SERVER, named, environ) == wanted


def test_F45_a_proxy_is_shown_without_its_password() -> None:
    assert shown("http://me:canary-3f9a@proxy.example.com:3128/x") == PROXY


def test_F45_calls_go_through_the_proxy_unless_the_host_is_spared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []

    def refuse(connection: socket.socket) -> None:
        asked.append(read_request(connection).split(b"\r\n")[0])
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    proxy = RawServer(refuse)
    try:
        with an_api(tmp_path, always(200, DOCUMENT), timeout_s=1) as api:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv("NO_PROXY", "")
            with pytest.raises(Unreachable):
                api.get(ID)
            assert asked[0].startswith(b"CONNECT 127.0.0.1:")
        asked.clear()
        with an_api(tmp_path, always(200, DOCUMENT), timeout_s=1) as api:
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            assert api.get(ID) is not None
        assert asked == []
    finally:
        proxy.close()
