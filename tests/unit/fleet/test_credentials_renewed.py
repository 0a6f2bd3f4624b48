"""F35: credentials that ended are fetched again once; what cannot be renewed is said."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml

from alb_dr.clock import RealClock
from alb_dr.errors import CredentialsError
from alb_dr.fleet.connect import connect
from alb_dr.fleet.exec_plugin import run_plugin
from alb_dr.fleet.kubeconfig import ExecPlugin
from alb_dr.model.member import KubeAccess
from alb_dr.model.settings import Settings
from tests.unit.fleet.test_expiry import a_token
from tests.unit.fleet.test_transport import DOCUMENT, ID, TOKEN, an_api, reply, status_of


def only(token: str, seen: list[str]) -> object:
    """An API that knows one token."""

    def answer(handler: BaseHTTPRequestHandler, _: int) -> None:
        shown = (handler.headers.get("Authorization") or "").removeprefix("Bearer ")
        seen.append(shown)
        known = shown == token
        reply(handler, 200 if known else 401, DOCUMENT if known else status_of(401, "no"))

    return answer


def with_user(kubeconfig: Path, user: dict[str, object]) -> None:
    document = yaml.safe_load(kubeconfig.read_text())
    document["users"][0]["user"] = user
    kubeconfig.write_text(yaml.safe_dump(document))


def test_F35_a_token_that_was_renewed_on_disk_is_read_again(tmp_path: Path) -> None:
    seen: list[str] = []
    with an_api(tmp_path, only("second", seen)) as api:  # type: ignore[arg-type]
        with_user(tmp_path / "kubeconfig", {"token": "second"})
        assert api.get(ID) is not None
    assert seen == [TOKEN, "second"]


def test_F35_a_token_that_was_not_renewed_is_shown_once(tmp_path: Path) -> None:
    seen: list[str] = []
    with (
        an_api(tmp_path, only("second", seen)) as api,  # type: ignore[arg-type]
        pytest.raises(CredentialsError, match="401"),
    ):
        api.get(ID)
    assert seen == [TOKEN]


def test_F35_a_plugin_is_asked_again_once(tmp_path: Path) -> None:
    seen: list[str] = []
    plugin = tmp_path / "plugin"
    plugin.write_text(
        "#!/bin/sh\n"
        f"echo x >> {tmp_path}/asked\n"
        f"n=$(wc -l < {tmp_path}/asked)\n"
        """echo '{"kind": "ExecCredential", "status": {"token": "'token-$n'"}}'\n"""
    )
    plugin.chmod(0o755)
    version = "client.authentication.k8s.io/v1"
    with an_api(tmp_path, only("token-2", seen)):  # type: ignore[arg-type]
        kubeconfig = tmp_path / "kubeconfig"
        with_user(kubeconfig, {"exec": {"apiVersion": version, "command": str(plugin)}})
        access = KubeAccess(kubeconfig=kubeconfig)
        api = connect(access, label="Fleet", settings=Settings(), clock=RealClock())
        assert api.get(ID) is not None
    assert seen == ["token-1", "token-2"]


def test_F35_credentials_that_ended_say_so(tmp_path: Path) -> None:
    seen: list[str] = []
    ended = datetime.now(UTC) - timedelta(hours=1)
    with an_api(tmp_path, only("another", seen)):  # type: ignore[arg-type]
        with_user(tmp_path / "kubeconfig", {"token": a_token({"exp": ended.timestamp()})})
        access = KubeAccess(kubeconfig=tmp_path / "kubeconfig")
        api = connect(access, label="Fleet", settings=Settings(), clock=RealClock())
        with pytest.raises(CredentialsError, match="our credentials ended at 20") as caught:
            api.get(ID)
    assert seen[0] not in caught.value.message


def test_F66_what_a_plugin_started_ends_with_it(tmp_path: Path) -> None:
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {tmp_path}/child\nsleep 60\n")
    plugin.chmod(0o755)
    asked = ExecPlugin(command=str(plugin), args=(), env=(), api_version="v1", user="u")
    with pytest.raises(CredentialsError, match="did not end"):
        run_plugin(asked, os.environ, timeout_s=1)
    child = int((tmp_path / "child").read_text())
    end = time.monotonic() + 5
    while _runs(child) and time.monotonic() < end:
        time.sleep(0.01)  # the kernel takes a moment
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
