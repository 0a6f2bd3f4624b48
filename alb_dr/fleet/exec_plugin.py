"""Credential plugins: run by ourselves, with limits, and never silently without credentials."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from alb_dr.errors import CredentialsError
from alb_dr.fleet.kubeconfig import ExecPlugin, checked_token

ALLOWED = frozenset(
    {
        "ack-ram-authenticator",
        "ack-ram-tool",
        "aliyun",
        "aws",
        "gke-gcloud-auth-plugin",
        "kubelogin",
    }
)
"""Programs a kubeconfig may name without a path. Any command in the file would be executed."""
VARIABLE = "ALB_DR_EXEC_PLUGINS"
"""Environment variable with more allowed names, separated by commas."""
TIMEOUT_S = 30.0
"""A plugin that takes longer is waiting for somebody (safety F66)."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PluginCredentials:
    """What a plugin printed. Never printed again."""

    token: str | None
    client_cert: bytes | None
    client_key: bytes | None


def run_plugin(
    plugin: ExecPlugin, environ: Mapping[str, str], *, timeout_s: float = TIMEOUT_S
) -> PluginCredentials:
    """Run the plugin with closed stdin; CredentialsError when it gives no credentials.

    Its stderr is not shown: it may contain tokens.
    """
    program = _program(plugin, environ)
    info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": {}}
    env = {**environ, **dict(plugin.env), "KUBERNETES_EXEC_INFO": json.dumps(info)}
    # The output goes to a file: a grandchild that keeps a pipe open must not keep us waiting.
    with tempfile.TemporaryFile() as output:
        try:
            running = subprocess.Popen(
                [program, *plugin.args],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise _no_credentials(plugin, f"cannot be run: {error.strerror}") from None
        try:
            code = running.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise _no_credentials(plugin, f"did not end within {timeout_s:g} s") from None
        finally:
            _end(running)
        if code != 0:
            raise _no_credentials(plugin, f"exited {code}")
        output.seek(0)
        return _credentials(plugin, output.read(1_000_000))


def _end(running: subprocess.Popen[bytes]) -> None:
    """Whatever is left of a plugin's session goes with it: it may hold our credentials."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def _program(plugin: ExecPlugin, environ: Mapping[str, str]) -> str:
    more = {name.strip() for name in environ.get(VARIABLE, "").split(",")}
    if Path(plugin.command).is_absolute():
        return plugin.command
    if plugin.command not in ALLOWED | more or os.sep in plugin.command:
        raise CredentialsError(
            f'kubeconfig user "{plugin.user}": program {plugin.command!r} is not allowed to run',
            hint=f"if you trust it: {VARIABLE}={plugin.command}, or write its absolute path",
            code="ADR-PLUGIN",
        )
    found = shutil.which(plugin.command, path=environ.get("PATH"))
    if found is None:
        raise _no_credentials(plugin, "is not installed")
    return found


def _credentials(plugin: ExecPlugin, output: bytes) -> PluginCredentials:
    try:
        status = json.loads(output)["status"]
        token = status.get("token")
        cert, key = status.get("clientCertificateData"), status.get("clientKeyData")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _no_credentials(plugin, "printed no ExecCredential") from None
    if not token and not (cert and key):
        raise _no_credentials(plugin, "printed neither a token nor a certificate")
    return PluginCredentials(
        token=checked_token(str(token), f"plugin {plugin.command}") if token else None,
        client_cert=str(cert).encode() if cert else None,
        client_key=str(key).encode() if key else None,
    )


def _no_credentials(plugin: ExecPlugin, reason: str) -> CredentialsError:
    return CredentialsError(
        f'kubeconfig user "{plugin.user}": exec plugin `{Path(plugin.command).name}` {reason}; '
        "no credentials were sent",
        hint="run the plugin by hand; its output is hidden here because it may contain tokens",
        code="ADR-ANONYMOUS",
    )
