"""What the official client does by itself, and what ours does instead (safety 4.2).

Each test shows the plain client misbehave first: when a newer one does better, the test says so.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import kubernetes
import pytest
import urllib3
import yaml
from kubernetes.client.exceptions import ApiException

from alb_dr.clock import RealClock
from alb_dr.errors import AlbDrError, CredentialsError, Unreachable
from alb_dr.fleet.connect import connect
from alb_dr.model.manifest import LEASE, Manifest, ResourceId
from alb_dr.model.member import KubeAccess
from alb_dr.model.settings import Settings
from alb_dr.workflows.records.lease import micro_time
from tests.unit.fleet.test_transport import DOCUMENT, ID, always, an_api

PATIENCE_S = 1.0


@contextmanager
def plain(kubeconfig: Path) -> Iterator[kubernetes.client.CoreV1Api]:
    """The official client as its documentation has it."""
    api = kubernetes.config.new_client_from_config(str(kubeconfig))
    try:
        yield kubernetes.client.CoreV1Api(api)
    finally:
        api.rest_client.pool_manager.clear()


def read(core: kubernetes.client.CoreV1Api, **more: Any) -> object:
    """The one read of these tests, by the plain client."""
    return core.read_namespaced_config_map("a", "b", _preload_content=False, **more)


def test_F31_the_plain_client_waits_for_ever_ours_does_not(tmp_path: Path) -> None:
    over = threading.Event()

    def silent(handler: BaseHTTPRequestHandler, _: int) -> None:
        over.wait(30)
        handler.close_connection = True

    with an_api(tmp_path, silent, timeout_s=PATIENCE_S) as api:
        with plain(tmp_path / "kubeconfig") as core:
            waiting = threading.Thread(target=_quietly, args=(read, core), daemon=True)
            waiting.start()
            waiting.join(2 * PATIENCE_S)
            assert waiting.is_alive(), "the plain client has a time-out now"
            with pytest.raises(Unreachable):
                api.get(ID)
            over.set()
            waiting.join(30)


def _quietly(call: Any, *args: Any) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011  the server goes away under it at the end
        call(*args)


def test_F33_the_plain_client_sleeps_beyond_its_time_out_ours_does_not(tmp_path: Path) -> None:
    script = always(429, {"kind": "Status", "code": 429}, Retry_After="1")
    with an_api(tmp_path, script, timeout_s=0.5) as api, plain(tmp_path / "kubeconfig") as core:
        began = time.monotonic()
        with pytest.raises((ApiException, urllib3.exceptions.HTTPError)):
            read(core, _request_timeout=0.5)
        assert time.monotonic() - began > 2, "the plain client obeys its time-out now"
        began = time.monotonic()
        with pytest.raises(Unreachable):
            api.get(ID)
        assert time.monotonic() - began < 2


def test_F44_the_plain_client_follows_a_redirect_ours_does_not(tmp_path: Path) -> None:
    seen: list[str] = []

    def elsewhere(handler: BaseHTTPRequestHandler, _: int) -> None:
        seen.append(handler.path)
        if handler.path.startswith("/elsewhere"):
            always(200, DOCUMENT)(handler, 0)
        else:
            always(307, b"", Location="/elsewhere")(handler, 0)

    with an_api(tmp_path, elsewhere) as api:
        with plain(tmp_path / "kubeconfig") as core:
            read(core)
        assert any(path.startswith("/elsewhere") for path in seen), "it follows no more"
        seen.clear()
        with pytest.raises(Unreachable, match="redirect"):
            api.get(ID)
        assert not any(path.startswith("/elsewhere") for path in seen)


def test_F66_the_plain_client_goes_on_anonymously_ours_does_not(tmp_path: Path) -> None:
    seen: list[str | None] = []

    def note(handler: BaseHTTPRequestHandler, _: int) -> None:
        seen.append(handler.headers.get("Authorization"))
        always(200, DOCUMENT)(handler, 0)

    with an_api(tmp_path, note):
        plugin = tmp_path / "aliyun"
        plugin.write_text("#!/bin/sh\necho canary-3f9a >&2\nexit 3\n")
        plugin.chmod(0o755)
        kubeconfig = tmp_path / "kubeconfig"
        document = yaml.safe_load(kubeconfig.read_text())
        version = "client.authentication.k8s.io/v1"
        document["users"][0]["user"] = {"exec": {"apiVersion": version, "command": str(plugin),
                                                 "interactiveMode": "Never"}}  # fmt: skip
        kubeconfig.write_text(yaml.safe_dump(document))
        with plain(kubeconfig) as core:
            read(core)
        assert seen == [None], "the plain client stops without credentials now"
        ours = connect(
            KubeAccess(kubeconfig=kubeconfig), label="Fleet", settings=Settings(), clock=RealClock()
        )
        with pytest.raises(CredentialsError) as caught:
            ours.get(ID)
        assert "canary-3f9a" not in caught.value.message + str(caught.value.hint)
        assert seen == [None]


def test_F67_the_plain_client_prints_a_broken_token_ours_does_not(tmp_path: Path) -> None:
    with an_api(tmp_path, always(200, DOCUMENT)):
        kubeconfig = tmp_path / "kubeconfig"
        document = yaml.safe_load(kubeconfig.read_text())
        document["users"][0]["user"]["token"] = "canary-3f9a\nX-Evil: 1"
        kubeconfig.write_text(yaml.safe_dump(document))
        with plain(kubeconfig) as core, pytest.raises(ValueError, match="canary-3f9a"):
            read(core)
        with pytest.raises(AlbDrError) as caught:
            connect(
                KubeAccess(kubeconfig=kubeconfig),
                label="Fleet",
                settings=Settings(),
                clock=RealClock(),
            ).get(ID)
        assert "canary-3f9a" not in caught.value.message + str(caught.value.hint)


_HOLD = """
    import sys, time
    from pathlib import Path
    {use}
    print("ready", flush=True)
    time.sleep(60)
"""
_PLAIN = """
    import kubernetes
    kubernetes.config.load_kube_config(sys.argv[1])
"""
_OURS = """
    from alb_dr.clock import RealClock
    from alb_dr.fleet.connect import connect
    from alb_dr.model.manifest import CONFIG_MAP, ResourceId
    from alb_dr.model.member import KubeAccess
    from alb_dr.model.settings import Settings
    access = KubeAccess(kubeconfig=Path(sys.argv[1]))
    api = connect(access, label="Fleet", settings=Settings(), clock=RealClock())
    api.get(ResourceId(kind=CONFIG_MAP, name="a", namespace="b"))
"""


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
def test_the_plain_client_leaves_keys_behind_ours_does_not(
    tmp_path: Path, signum: signal.Signals
) -> None:
    with an_api(tmp_path, always(200, DOCUMENT)):
        kubeconfig = tmp_path / "kubeconfig"
        document = yaml.safe_load(kubeconfig.read_text())
        # The server's own certificate and key serve as the client's: nobody checks them here.
        pem = base64.b64encode((tmp_path / "server.pem").read_bytes()).decode()
        document["users"][0]["user"] |= {"client-certificate-data": pem, "client-key-data": pem}
        kubeconfig.write_text(yaml.safe_dump(document))
        assert _left_behind(tmp_path, _PLAIN, kubeconfig, signum), "it leaves nothing any more"
        assert not _left_behind(tmp_path, _OURS, kubeconfig, signum)


def _left_behind(folder: Path, use: str, kubeconfig: Path, signum: signal.Signals) -> list[str]:
    """Files with a private key in the temporary folder of a process that a signal ended."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        program = textwrap.dedent(_HOLD.format(use=use.strip("\n").lstrip()))
        with subprocess.Popen(
            [sys.executable, "-c", program, str(kubeconfig)],
            env={**os.environ, "TMPDIR": place},
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.send_signal(signum)
            process.wait(10)
        files = [path for path in Path(place).rglob("*") if path.is_file()]
        return [str(path) for path in files if b"PRIVATE KEY" in path.read_bytes()]


def test_F47_the_plain_client_drops_a_fraction_of_zero_ours_does_not() -> None:
    from datetime import UTC, datetime

    instant = datetime(2026, 3, 1, 12, tzinfo=UTC)
    spec = kubernetes.client.V1LeaseSpec(renew_time=instant)
    written = kubernetes.client.ApiClient().sanitize_for_serialization(spec)
    assert "." not in str(written["renewTime"]), "the plain client writes the fraction now"
    lease = Manifest(
        id=ResourceId(kind=LEASE, name="x"), document={"spec": {"renewTime": micro_time(instant)}}
    )
    assert lease.document["spec"]["renewTime"] == "2026-03-01T12:00:00.000000Z"


def test_ours_keeps_no_discovery_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    with an_api(tmp_path, always(200, DOCUMENT)) as api:
        api.get(ID)
    assert list((tmp_path / "tmp").iterdir()) == []
