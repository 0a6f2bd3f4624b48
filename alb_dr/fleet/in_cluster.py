"""The API of the cluster this process runs in as a pod: its service account's token and CA."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from alb_dr.errors import CredentialsError
from alb_dr.fleet.kubeconfig import KubeTarget
from alb_dr.fleet.objects import KubeCluster
from alb_dr.fleet.transport import Transport
from alb_dr.model.settings import Settings
from alb_dr.ports import Clock

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where Kubernetes puts a pod's credentials."""


def connect_in_cluster(
    *,
    settings: Settings,
    clock: Clock,
    environ: Mapping[str, str] = os.environ,
    account: Path = ACCOUNT,
) -> KubeCluster:
    """The cluster's own API; CredentialsError outside of a pod."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST"), environ.get("KUBERNETES_SERVICE_PORT")
    try:
        token = (account / "token").read_text(encoding="utf-8").strip()
        ca = (account / "ca.crt").read_bytes()
    except OSError:
        token, ca = "", b""
    if not (host and port and token):
        raise CredentialsError(
            "this is no pod of a cluster",
            hint="name the cluster's kubeconfig with --kubeconfig FILE",
        )
    shown = f"[{host}]" if ":" in host else host
    target = KubeTarget(
        file=account / "token",
        server=f"https://{shown}:{port}",
        server_name=None,
        ca=ca,
        proxy=None,
        token=token,
        client_cert=None,
        client_key=None,
        exec_plugin=None,
    )
    transport = Transport(
        target, label="this cluster", timeout_s=settings.call_timeout_s, clock=clock
    )
    return KubeCluster(transport, clock=clock)
