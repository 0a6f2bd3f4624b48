"""From a kubeconfig to a port. Connecting reads the file; the first call contacts the server."""

from __future__ import annotations

import os
from collections.abc import Mapping

from alb_dr.fleet.kubeconfig import read_target
from alb_dr.fleet.objects import Confirm, KubeCluster
from alb_dr.fleet.transport import Transport
from alb_dr.model.member import KubeAccess
from alb_dr.model.settings import Settings
from alb_dr.ports import Clock


def load() -> None:
    """Import what the first call would import, before threads do it at the same time."""
    import kubernetes.client.configuration
    import kubernetes.client.rest  # noqa: F401


def connect(
    access: KubeAccess,
    *,
    label: str,
    settings: Settings,
    clock: Clock,
    environ: Mapping[str, str] = os.environ,
    confirm: Confirm | None = None,
) -> KubeCluster:
    """The API that ``access`` names; CredentialsError when its kubeconfig is unusable.

    ``confirm`` sees which cluster it is before the first write.
    """
    target = read_target(access, environ)
    transport = Transport(
        target,
        label=label,
        timeout_s=settings.call_timeout_s,
        clock=clock,
        reread=lambda: read_target(access, environ),
    )
    return KubeCluster(transport, clock=clock, confirm=confirm)
