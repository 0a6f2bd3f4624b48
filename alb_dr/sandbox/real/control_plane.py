"""A real Kubernetes control plane on this machine: etcd and kube-apiserver, for one run.

Both listen on loopback only, keep everything below one folder, and end with whoever started them.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from alb_dr.errors import BadInput, Unreachable
from alb_dr.sandbox.pki import Pki, make_pki
from alb_dr.sandbox.processes import die_with_parent

ASSETS = "KUBEBUILDER_ASSETS"
"""The environment variable that names the folder of the binaries, as envtest has it."""
BINARIES = ("etcd", "kube-apiserver")
HOST = "127.0.0.1"
ADMIN = "admin"
"""The user in ``system:masters``; every other user may do what RBAC objects allow."""
START_S = 90.0
"""Longest a control plane may take to say that it is ready."""
END_S = 10.0
"""Longest a process may take to end before it is killed."""
POLL_S = 0.1
"""Pause between two questions whether it is ready."""
SERVICE_RANGE = "10.96.0.0/16"
LOG_LINES = 5
"""Lines of a process's log that are shown when it fails."""


def binaries(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The folder with both binaries; None when the variable names no such folder."""
    folder = Path(environ.get(ASSETS) or "/nonexistent")
    found = all(os.access(folder / name, os.X_OK) for name in BINARIES)
    return folder.resolve() if found else None


class ControlPlane:
    """One API server with its own etcd. A context manager: started within, gone after it."""

    def __init__(
        self, assets: Path, folder: Path, *, tokens: Mapping[str, str], pki: Pki | None = None
    ) -> None:
        """``tokens`` are bearer tokens and the users they stand for; ``pki`` None: make one."""
        self._assets = assets
        self._folder = folder
        self._tokens = dict(tokens)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._pki = pki
        self._etcd_port = 0
        self.port = 0

    @property
    def address(self) -> str:
        """Where the API server listens."""
        return f"https://{HOST}:{self.port}"

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that were started."""
        return tuple(process.pid for process in self._processes)

    @property
    def ca(self) -> bytes:
        """The PEM text of the authority that signed the server's certificate."""
        if self._pki is None:
            raise BadInput("the control plane has not been started")
        return self._pki.ca.read_bytes()

    def __enter__(self) -> Self:
        self.launch()
        try:
            until = time.monotonic() + START_S
            while not self.ready():
                self.check(late=time.monotonic() > until)
                time.sleep(POLL_S)
        except BaseException:
            self.stop()
            raise
        return self

    def launch(self) -> None:
        """Start both; ``ready`` and ``check`` tell how it goes."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._pki = self._pki or make_pki(self._folder)
        self._etcd_port, peer, self.port = _free_ports(3)
        self._spawn("etcd", _etcd_flags(self._folder / "etcd.data", self._etcd_port, peer))
        self.launch_api()

    def launch_api(self) -> None:
        """Start the API server beside its etcd, on the port it had."""
        if self._pki is None:
            raise BadInput("the control plane has not been started")
        self._spawn("kube-apiserver", self._api_flags(self._pki, self._etcd_port))

    def stop_api(self) -> None:
        """End the API server at once, as an outage does; what is stored is kept."""
        process = self._processes.pop()
        process.kill()
        process.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _spawn(self, name: str, flags: Sequence[str]) -> None:
        with (self._folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [str(self._assets / name), *flags],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", ""), "HOME": str(self._folder)},
                preexec_fn=die_with_parent,  # noqa: PLW1509  one system call, no locks
            )
        self._processes.append(process)

    def _api_flags(self, pki: Pki, etcd_port: int) -> list[str]:
        users = self._folder / "tokens.csv"
        rows = [
            f"{token},{user},{user}{',system:masters' if user == ADMIN else ''}"
            for token, user in self._tokens.items()
        ]
        users.touch(mode=0o600)
        users.write_text("\n".join(rows) + "\n")
        return [
            f"--etcd-servers=http://{HOST}:{etcd_port}",
            f"--bind-address={HOST}",
            f"--advertise-address={HOST}",
            f"--secure-port={self.port}",
            f"--cert-dir={self._folder / 'certs'}",
            f"--tls-cert-file={pki.server}",
            f"--tls-private-key-file={pki.server}",
            f"--token-auth-file={users}",
            "--authorization-mode=RBAC",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={pki.server}",
            f"--service-account-signing-key-file={pki.server}",
            # Nobody here makes the accounts that pods would otherwise need.
            "--disable-admission-plugins=ServiceAccount",
            # There is no service network on which others could use what it would write.
            "--endpoint-reconciler-type=none",
        ]

    def check(self, *, late: bool = False) -> None:
        """Unreachable, with their last words, when a process has ended or it took too long."""
        ended = any(process.poll() is not None for process in self._processes)
        if ended or late:
            what = "ended at once" if ended else f"was not ready after {START_S:.0f} s"
            raise Unreachable(
                f"the control plane {what}: {self._last_words()}",
                hint=f"is {ASSETS} a folder of envtest binaries for this machine?",
            )

    def ready(self) -> bool:
        """Whether the API server says so."""
        context = ssl.create_default_context(cadata=self.ca.decode())
        connection = http.client.HTTPSConnection(HOST, self.port, timeout=5, context=context)
        token = next(t for t, user in self._tokens.items() if user == ADMIN)
        try:
            connection.request("GET", "/readyz", headers={"Authorization": f"Bearer {token}"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _last_words(self) -> str:
        lines: list[str] = []
        for name in BINARIES:
            log = self._folder / f"{name}.log"
            if log.exists():
                text = log.read_text(errors="replace")
                lines += [f"{name}: {line}" for line in text.splitlines()[-LOG_LINES:]]
        return " | ".join(lines) or "it said nothing"

    def stop(self) -> None:
        """End what was started, the API server before its store."""
        while self._processes:
            _end(self._processes.pop())


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _etcd_flags(data: Path, client: int, peer: int) -> list[str]:
    clients, peers = f"http://{HOST}:{client}", f"http://{HOST}:{peer}"
    return [
        f"--data-dir={data}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
    ]


def _free_ports(count: int) -> list[int]:
    """Ports nobody listens on now; all are held until the last is found."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()
