"""Kubeconfigs and credential plugins: unusable ones are one line; no plugin leads to anonymity."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from alb_dr.errors import CredentialsError
from alb_dr.fleet.exec_plugin import run_plugin
from alb_dr.fleet.kubeconfig import ExecPlugin, read_target
from alb_dr.model.member import KubeAccess


def a_kubeconfig(tmp_path: Path, **user: object) -> Path:
    """A kubeconfig with one context and this user."""
    path = tmp_path / "config"
    document = {
        "clusters": [{"name": "k", "cluster": {"server": "https://127.0.0.1:6443"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u"}}],
        "current-context": "c",
    }
    path.write_text(yaml.safe_dump(document))
    return path


def target(path: Path, context: str | None = None):  # type: ignore[no-untyped-def]
    """What alb-dr reads from a kubeconfig."""
    return read_target(KubeAccess(kubeconfig=path, context=context), {})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda t: "", "empty"),
        (lambda t: "a: [", "not YAML"),
        (lambda t: "a: &x [1]\nb: *x", "aliases"),
        (lambda t: t.replace("current-context: c", ""), "current-context: is absent"),
        (lambda t: t.replace("current-context: c", "current-context: d"), "no entry 'd'"),
        (lambda t: t.replace("https://", "http://"), "must be an https:// address"),
        (
            lambda t: t.replace("server:", "insecure-skip-tls-verify: true\n    server:"),
            "is refused",
        ),
        (lambda t: t.replace("cluster: k", "cluster: z"), "no entry 'z'"),
    ],
)
def test_F64_F43_an_unusable_kubeconfig_is_one_line(tmp_path: Path, change, reason: str) -> None:  # type: ignore[no-untyped-def]
    path = a_kubeconfig(tmp_path, token="t")
    path.write_text(change(path.read_text()))
    with pytest.raises(CredentialsError) as caught:
        target(path)
    assert reason in caught.value.message
    assert "\n" not in caught.value.message


def test_F64_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(CredentialsError, match=str(path)):
            target(path)


@pytest.mark.parametrize("token", ["sec\nret", "sec\0ret", "s" * 1_000_000, "séc"])
def test_F67_a_strange_token_is_refused_and_not_shown(tmp_path: Path, token: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        target(a_kubeconfig(tmp_path, token=token))
    assert "sec" not in caught.value.message
    assert "ssss" not in caught.value.message


def a_plugin(command: str, *args: str) -> ExecPlugin:
    """A credential plugin of a kubeconfig."""
    version = "client.authentication.k8s.io/v1"
    return ExecPlugin(command=command, args=args, env=(), api_version=version, user="admin")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo hunter2 >&2; exit 3", "exited 3"),
        ("echo nonsense", "printed no ExecCredential"),
        ("echo '{\"status\": {}}'", "printed neither a token nor a certificate"),
        ("read line; exit 7", "exited 7"),
    ],
)
def test_F66_a_plugin_without_credentials_ends_it(
    script: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CredentialsError) as caught:
        run_plugin(a_plugin("/bin/sh", "-c", script), {"PATH": "/bin:/usr/bin"})
    assert caught.value.code == "ADR-ANONYMOUS"
    assert reason in caught.value.message
    assert "hunter2" not in caught.value.message + capfd.readouterr().err


def test_F66_a_plugin_that_hangs_is_given_up() -> None:
    began = time.monotonic()
    with pytest.raises(CredentialsError, match="did not end within"):
        run_plugin(a_plugin("/bin/sleep", "30"), {}, timeout_s=0.3)
    assert time.monotonic() - began < 5


def test_F66_only_known_programs_run_without_a_path() -> None:
    with pytest.raises(CredentialsError, match="is not allowed to run"):
        run_plugin(a_plugin("sh", "-c", "true"), {"PATH": "/bin:/usr/bin"})


def test_a_plugin_gives_its_token() -> None:
    script = 'echo \'{"status": {"token": "abc"}}\''
    given = run_plugin(a_plugin("/bin/sh", "-c", script), {"PATH": "/bin"})
    assert given.token == "abc"
