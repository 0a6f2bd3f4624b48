"""Kubeconfig files: read, checked, one context chosen; every complaint names file and key."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from alb_dr.errors import CredentialsError
from alb_dr.model.member import KubeAccess

MAX_BYTES = 4_000_000
"""A kubeconfig of more bytes is no kubeconfig (safety F64)."""
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's where there is one: ten times as fast as the one in Python."""
MAX_TOKEN = 65_536
"""Bytes of a bearer token; a longer one is a mistake (safety F67)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecPlugin:
    """A program that prints credentials."""

    command: str
    args: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    api_version: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KubeTarget:
    """Where an API is and what to show it. Never printed: it holds secrets."""

    file: Path
    server: str
    server_name: str | None
    ca: bytes | None
    proxy: str | None
    token: str | None
    client_cert: bytes | None
    client_key: bytes | None
    exec_plugin: ExecPlugin | None


def read_target(access: KubeAccess, environ: Mapping[str, str]) -> KubeTarget:
    """The chosen context of the kubeconfig; CredentialsError in one line when it is unusable."""
    path = _find(access, environ)
    return _Kubeconfig(path, _parse(path)).target(access.context)


def _find(access: KubeAccess, environ: Mapping[str, str]) -> Path:
    if access.kubeconfig is not None:
        return access.kubeconfig
    listed = [Path(p) for p in environ.get("KUBECONFIG", "").split(os.pathsep) if p]
    for path in [*listed, Path.home() / ".kube" / "config"]:
        if path.is_file():
            return path
    raise CredentialsError(
        "no kubeconfig is named and there is none in KUBECONFIG or ~/.kube/config",
        hint="name it in the project file (kubeconfig:) or with --kubeconfig",
    )


def _parse(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CredentialsError(f"{path}: too large for a kubeconfig")
        text = path.read_text(encoding="utf-8")
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=LOADER)):
            raise CredentialsError(f"{path}: YAML aliases are not understood in a kubeconfig")
        content = yaml.load(text, Loader=LOADER)  # noqa: S506  a safe one
    except FileNotFoundError:
        hint = "download it from the console, or correct the path"
        raise CredentialsError(f"kubeconfig {path}: no such file", hint=hint) from None
    except OSError as error:
        raise CredentialsError(f"kubeconfig {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CredentialsError(f"kubeconfig {path}: not UTF-8 text") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise CredentialsError(f"kubeconfig {path}{line}: not YAML") from None
    if not isinstance(content, dict):
        raise CredentialsError(f"kubeconfig {path}: empty, or not a kubeconfig")
    return content


class _Kubeconfig:
    """A parsed kubeconfig and the file it came from, so that complaints can name it."""

    def __init__(self, path: Path, content: dict[str, Any]) -> None:
        self._path = path
        self._content = content

    def _fail(self, key: str, reason: str, hint: str | None = None) -> CredentialsError:
        return CredentialsError(f"kubeconfig {self._path}: {key}: {reason}", hint=hint)

    def _entry(self, section: str, name: object, inner: str) -> dict[str, Any]:
        entries = self._content.get(section)
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and entry.get("name") == name:
                found = entry.get(inner)
                return found if isinstance(found, dict) else {}
        known = [str(e.get("name")) for e in entries or [] if isinstance(e, dict)]
        raise self._fail(section, f"no entry {name!r}", f"there are: {', '.join(known) or 'none'}")

    def target(self, wanted: str | None) -> KubeTarget:
        name = wanted or self._content.get("current-context")
        if not name:
            raise self._fail("current-context", "is absent", "name a context with --context")
        context = self._entry("contexts", name, "context")
        cluster = self._entry("clusters", context.get("cluster"), "cluster")
        user_name = context.get("user")
        user = self._entry("users", user_name, "user") if user_name else {}
        server = cluster.get("server")
        if not isinstance(server, str) or not server.startswith("https://"):
            raise self._fail("clusters[].cluster.server", "must be an https:// address")
        if cluster.get("insecure-skip-tls-verify"):
            raise self._fail(
                "insecure-skip-tls-verify",
                "is refused: whoever answers would get the credentials",
                "put the cluster's certificate-authority-data there instead",
            )
        return KubeTarget(
            file=self._path,
            server=server.rstrip("/"),
            server_name=cluster.get("tls-server-name"),
            ca=self._bytes(cluster, "certificate-authority"),
            proxy=cluster.get("proxy-url"),
            token=self._token(user),
            client_cert=self._bytes(user, "client-certificate"),
            client_key=self._bytes(user, "client-key"),
            exec_plugin=self._plugin(user, str(user_name)),
        )

    def _bytes(self, entry: dict[str, Any], key: str) -> bytes | None:
        if data := entry.get(f"{key}-data"):
            try:
                return base64.b64decode(str(data), validate=True)
            except (binascii.Error, ValueError):
                raise self._fail(f"{key}-data", "is not base64") from None
        if file := entry.get(key):
            return self._read(key, str(file))
        return None

    def _read(self, key: str, file: str) -> bytes:
        try:
            return (self._path.parent / Path(file).expanduser()).read_bytes()
        except OSError as error:
            raise self._fail(key, f"{file}: {error.strerror}") from None

    def _token(self, user: dict[str, Any]) -> str | None:
        token = user.get("token")
        if not token and user.get("tokenFile"):
            token = self._read("tokenFile", str(user["tokenFile"])).decode("ascii", "replace")
        return None if not token else checked_token(str(token).strip(), str(self._path))

    def _plugin(self, user: dict[str, Any], name: str) -> ExecPlugin | None:
        spec = user.get("exec")
        if not isinstance(spec, dict):
            return None
        command = spec.get("command")
        if not isinstance(command, str) or not command:
            raise self._fail(f"users[{name}].user.exec.command", "is absent")
        return ExecPlugin(
            command=command,
            args=tuple(str(a) for a in spec.get("args") or ()),
            env=tuple((str(e["name"]), str(e["value"])) for e in spec.get("env") or ()),
            api_version=str(spec.get("apiVersion") or "client.authentication.k8s.io/v1"),
            user=name,
        )


def checked_token(token: str, origin: str) -> str:
    """The token if it can stand in a header; the error never shows it (safety F67)."""
    if len(token) > MAX_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise CredentialsError(
            f"{origin}: the bearer token holds characters no token has, or is too long",
            hint="it is not shown here; fetch it again",
        )
    return token
