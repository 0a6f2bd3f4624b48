"""Autoscalers of the demo in a member: what ``alb-dr sandbox scaler`` makes and takes away."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from alb_dr.errors import BadInput
from alb_dr.sandbox.clients import KubeClient
from alb_dr.sandbox.controllers.autoscaler import DEPLOYMENTS, IDLE, SCALERS
from alb_dr.sandbox.controllers.keda import BOUNCE, SCALED_OBJECTS, UNPAUSE
from alb_dr.sandbox.kube.status import Json

NAME, NAMESPACE = "web-demo", "gateway-demo"
"""The demo's Deployment; its autoscaler has the same name."""


class ScalerKind(StrEnum):
    """Who scales the demo."""

    HPA = "hpa"
    KEDA = "keda"
    NONE = "none"


class Unpause(StrEnum):
    """When KEDA takes a pause back that was ended; two of them are reported bugs."""

    PROMPT = "prompt"
    LATE = "late"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalerOptions:
    """One autoscaler. ``idle``: without load, so that it wants its least number."""

    kind: ScalerKind
    least: int = 1
    most: int = 5
    idle: bool = False
    unpause: Unpause = Unpause.PROMPT
    bounce: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.least <= self.most or self.most < 1:
            raise BadInput("--min is from 0 to --max, and --max is at least 1")

    @staticmethod
    def of(raw: dict[str, Any]) -> ScalerOptions:
        """The options that came over the control channel."""
        kinds = {"kind": ScalerKind(raw["kind"]), "unpause": Unpause(raw["unpause"])}
        return ScalerOptions(**{**raw, **kinds})


def set_scaler(member: KubeClient, options: ScalerOptions) -> None:
    """Let this autoscaler, and no other of the sandbox's, scale the demo."""
    if member.get("namespaces", NAMESPACE) is None:
        raise BadInput("the demo is not distributed yet", hint="alb-dr distribute apply")
    wanted = {ScalerKind.HPA: SCALERS, ScalerKind.KEDA: SCALED_OBJECTS}.get(options.kind)
    for resource in (SCALERS, SCALED_OBJECTS):
        # Made anew, so that nothing of its former conduct is left.
        member.delete(resource, NAME, NAMESPACE)
    if wanted == SCALED_OBJECTS:
        member.create(wanted, _scaled_object(options))
    elif wanted is not None:
        member.create(wanted, _autoscaler(options))


def scaler_of(member: KubeClient) -> str:
    """What scales the demo, in words; empty when nothing does."""
    for resource, words in ((SCALERS, "HPA"), (SCALED_OBJECTS, "KEDA")):
        live = member.get(resource, NAME, NAMESPACE)
        if live is not None:
            spec = live["spec"]
            least = spec.get("minReplicas", spec.get("minReplicaCount"))
            most = spec.get("maxReplicas", spec.get("maxReplicaCount"))
            return f"{words} {least}-{most}"
    return ""


def replicas_of(member: KubeClient) -> int | None:
    """How many pods of the demo are wanted; None while it is not distributed."""
    live = member.get(DEPLOYMENTS, NAME, NAMESPACE)
    return int(live["spec"].get("replicas", 1)) if live is not None else None


def _autoscaler(options: ScalerOptions) -> Json:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": _metadata({IDLE: "true"} if options.idle else {}),
        "spec": {
            "scaleTargetRef": _target(),
            "minReplicas": options.least,
            "maxReplicas": options.most,
        },
    }


def _scaled_object(options: ScalerOptions) -> Json:
    conduct = {UNPAUSE: str(options.unpause), **({BOUNCE: "true"} if options.bounce else {})}
    trigger = {"type": "cron", "metadata": {"desiredReplicas": str(max(1, options.least))}}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": _metadata(conduct),
        "spec": {
            "scaleTargetRef": _target(),
            "minReplicaCount": options.least,
            "maxReplicaCount": options.most,
            "triggers": [trigger],
        },
    }


def _metadata(annotations: dict[str, str]) -> Json:
    return {"name": NAME, "namespace": NAMESPACE, "annotations": annotations}


def _target() -> Json:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME}
