"""The scene of a check: lazily connected APIs, so that one unusable kubeconfig is one line."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from alb_dr.cli.context import Context
from alb_dr.errors import AlbDrError

if TYPE_CHECKING:
    from alb_dr.model.member import KubeAccess
    from alb_dr.ports import Cloud, KubeApi, ZoneSwitch
    from alb_dr.workflows.preflight.read_once import ReadOnce
    from alb_dr.workflows.preflight.scene import Scene


def scene_of(context: Context) -> Scene:
    """A fresh look at the world of the project file."""
    from alb_dr.workflows.delivery.policy import with_dialect
    from alb_dr.workflows.preflight.cloud_once import CloudOnce
    from alb_dr.workflows.preflight.scene import Scene

    topology, fleet = context.topology, _api(context, "Fleet", context.topology.fleet)
    with suppress(AlbDrError):
        # In vain when the Fleet does not answer or serves no policies: checks of their own say so.
        topology = with_dialect(topology, fleet)
    return Scene(
        topology=topology,
        fleet=fleet,
        members={m.id: _api(context, m.name, m.access) for m in topology.members},
        cloud=CloudOnce(lambda: _cloud(context)),
        clock=context.clock,
        prober=context.prober,
    )


def _cloud(context: Context) -> Cloud:
    """The project's cloud, to read. A Fleet on this machine has none, whatever credentials there
    are."""
    _refuse_local(context)
    timeout_s = context.config.settings.call_timeout_s
    return cloud_of(context, context.topology.region, timeout_s=timeout_s)


def cloud_to_change(context: Context) -> tuple[Cloud, ZoneSwitch]:
    """The project's cloud, and the switch of its ALB's zones; errors as of ``cloud_of``."""
    from alb_dr.cloud.connect import connect_both

    _refuse_local(context)
    return connect_both(
        region=context.topology.region,
        clock=context.clock,
        timeout_s=context.config.settings.call_timeout_s,
        environ=context.environ,
    )


def _refuse_local(context: Context) -> None:
    from alb_dr.errors import BadInput

    topology = context.topology
    if not context.environ.get("ALB_DR_ENDPOINT_ALB") and _is_local(topology.fleet, context):
        raise BadInput(
            "the Fleet is on this machine",
            hint='eval "$(alb-dr sandbox cloud)" leads to the stand-in cloud',
            code="ADR-NO-CLOUD",
        )


def _is_local(access: KubeAccess, context: Context) -> bool:
    """Whether a kubeconfig leads to this machine."""
    from urllib.parse import urlsplit

    from alb_dr.errors import CredentialsError
    from alb_dr.fleet.kubeconfig import read_target

    try:
        server = read_target(access, context.environ).server
    except CredentialsError:
        return False
    return urlsplit(server).hostname in {"127.0.0.1", "::1", "localhost"}


def cloud_of(context: Context, region: str, *, timeout_s: float) -> Cloud:
    """The cloud of a region; an error of code ADR-NO-CLOUD where there is none to ask."""
    from alb_dr.cloud.connect import connect

    return connect(region=region, clock=context.clock, timeout_s=timeout_s, environ=context.environ)


def _api(context: Context, label: str, access: KubeAccess) -> ReadOnce:
    from alb_dr.workflows.preflight.read_once import ReadOnce

    def connect() -> KubeApi:
        from alb_dr.fleet.connect import connect

        settings, clock = context.config.settings, context.clock
        return connect(access, label=label, settings=settings, clock=clock)

    return ReadOnce(label, connect)
