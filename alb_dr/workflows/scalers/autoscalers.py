"""Autoscalers of a workload: who they are, what they hold to, whether they undo a drill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from alb_dr.errors import NotFound
from alb_dr.model.manifest import (
    HORIZONTAL_POD_AUTOSCALER,
    SCALED_OBJECT,
    Kind,
    Manifest,
    ResourceId,
)
from alb_dr.ports import KubeReader
from alb_dr.workflows.scalers.obstacles import Obstacle

PAUSED = "autoscaling.keda.sh/paused"
PAUSED_REPLICAS = "autoscaling.keda.sh/paused-replicas"
SCALED_TO_ZERO = "ADR-SCALED-TO-ZERO"
"""The code of an autoscaler that went to 0 by itself."""
PAUSE_KEDA = "--pause-keda"
"""The option that lets a drill pause KEDA."""
WAKE_KEDA = (
    "make KEDA look again: restart keda-operator, or delete and re-create the ScaledObject "
    "(kedacore/keda#5526)"
)
"""What to do about a KEDA that goes on saying that it is paused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaler:
    """A HorizontalPodAutoscaler as it stands. ``of_keda``: KEDA made it and decides its limits."""

    live: Manifest
    least: int
    most: int
    desired: int | None
    of_keda: bool

    def says(self, kind: str) -> str | None:
        """The status of a condition; None when it does not say."""
        return condition(self.live, kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalers:
    """Everything that scales one workload by itself."""

    autoscalers: tuple[Autoscaler, ...] = ()
    scaled_objects: tuple[Manifest, ...] = ()

    @property
    def least(self) -> int | None:
        """The replicas below which an autoscaler would not leave it; None without one."""
        found = [a.least for a in self.autoscalers if not a.of_keda]
        found += [_number(s, "minReplicaCount", 0) for s in self.scaled_objects]
        return max(found, default=0) or None

    @property
    def to_pause(self) -> tuple[ResourceId, ...]:
        """What has to be paused for a drill: every ScaledObject that nobody has paused already."""
        return tuple(s.id for s in self.scaled_objects if not is_held(s))

    @property
    def most(self) -> int:
        """The replicas it may be given; 0 without an autoscaler."""
        found = [a.most for a in self.autoscalers]
        return max([*found, *(_number(s, "maxReplicaCount", 100) for s in self.scaled_objects), 0])


def scalers_of(api: KubeReader, workload: Manifest) -> Scalers:
    """Who scales a workload; nobody where the kinds are not served."""
    return Scalers(
        autoscalers=autoscalers_of(api, workload),
        scaled_objects=scaled_objects_of(api, workload),
    )


def autoscalers_of(api: KubeReader, workload: Manifest) -> tuple[Autoscaler, ...]:
    """The HPAs of a workload; none where the kind is not served."""
    listed = _aimed(api, HORIZONTAL_POD_AUTOSCALER, workload)
    return tuple(_autoscaler(live) for live in listed)


def scaled_objects_of(api: KubeReader, workload: Manifest) -> tuple[Manifest, ...]:
    """The ScaledObjects of a workload; none where KEDA is not installed."""
    return tuple(_aimed(api, SCALED_OBJECT, workload))


def scaler_obstacles(where: str, workload: Manifest, scalers: Scalers) -> Iterator[Obstacle]:
    """What of it is in a drill's way (safety F17-F19)."""
    for scaler in scalers.autoscalers:
        if not scaler.of_keda:
            yield _of_autoscaler(where, workload, scaler)
    for scaled in scalers.scaled_objects:
        yield _of_keda(where, workload, scaled)


def condition(live: Manifest, kind: str) -> str | None:
    """The status of one of an object's conditions; None when it has none of that type."""
    listed = (live.document.get("status") or {}).get("conditions") or []
    return next((str(c.get("status")) for c in listed if c.get("type") == kind), None)


def pause_annotations(scaled: Manifest) -> dict[str, str | None]:
    """The two annotations that pause a ScaledObject as they stand; None for an absent one."""
    return {key: scaled.annotations.get(key) for key in (PAUSED, PAUSED_REPLICAS)}


def _of_autoscaler(where: str, workload: Manifest, scaler: Autoscaler) -> Obstacle:
    id_ = scaler.live.id
    if scaler.least == 0 and scaler.says("ScaledToZero") == "True":
        return Obstacle(
            code=SCALED_TO_ZERO,
            text=f"{where}: {id_} has scaled {workload.id} to 0 by itself",
            hint="there is nothing to rehearse while no load asks for pods",
        )
    if scaler.says("ScalingActive") == "False" and _replicas(workload):
        return Obstacle(
            code="ADR-AUTOSCALER",
            text=f"{where}: {id_} scales {workload.id} and does not work: {_why(scaler.live)}",
            hint=f"kubectl describe hpa -n {id_.namespace} {id_.name}",
            refuses=False,
        )
    return Obstacle(
        code="ADR-AUTOSCALER",
        text=f"{where}: {id_} scales {workload.id}; it is passive at 0",
        hint=f"nothing: a drill scales to 0 and back to what was there, at least to {scaler.least}",
        refuses=False,
        note=True,
    )


def _of_keda(where: str, workload: Manifest, scaled: Manifest) -> Obstacle:
    if is_held(scaled):
        return Obstacle(
            code="ADR-KEDA",
            text=f"{where}: KEDA ({scaled.id}) is paused already, and stays so",
            hint="nothing: a drill leaves it as it is",
            refuses=False,
            note=True,
        )
    if condition(scaled, "Paused") == "True" and not any(pause_annotations(scaled).values()):
        return Obstacle(
            code="ADR-KEDA",
            text=f"{where}: KEDA says that {scaled.id} is paused, and nothing pauses it any more: "
            f"nobody scales {workload.id}",
            hint=WAKE_KEDA,
        )
    return Obstacle(
        code="ADR-KEDA",
        text=f"{where}: KEDA ({scaled.id}) scales {workload.id} and undoes a drill",
        hint="pause it by hand, or drill a workload it does not scale",
        override=PAUSE_KEDA,
    )


def is_held(scaled: Manifest) -> bool:
    """Whether somebody has paused it in a way that leaves 0 replicas alone."""
    asked = pause_annotations(scaled)
    replicas, word = asked[PAUSED_REPLICAS], asked[PAUSED]
    wanted = replicas is None and word is not None and word.lower() not in {"false", "f", "0"}
    return wanted and condition(scaled, "Paused") != "False"


def _aimed(api: KubeReader, kind: Kind, workload: Manifest) -> list[Manifest]:
    """The autoscalers of a kind that aim at the workload; none where the kind is not served."""
    try:
        listed = api.list(kind, namespace=workload.id.namespace)
    except NotFound:
        return []
    return [scaler for scaler in listed if _aims(scaler, workload)]


def _aims(scaler: Manifest, workload: Manifest) -> bool:
    """KEDA leaves out the kind where it is a Deployment."""
    target = _spec(scaler).get("scaleTargetRef") or {}
    kind = target.get("kind") or "Deployment"
    return kind == workload.id.kind.name and target.get("name") == workload.id.name


def _autoscaler(live: Manifest) -> Autoscaler:
    owners = live.metadata.get("ownerReferences") or []
    desired = (live.document.get("status") or {}).get("desiredReplicas")
    return Autoscaler(
        live=live,
        least=_number(live, "minReplicas", 1),
        most=_number(live, "maxReplicas", 1),
        desired=desired if isinstance(desired, int) else None,
        of_keda=any(owner.get("kind") == SCALED_OBJECT.name for owner in owners),
    )


def _why(scaler: Manifest) -> str:
    listed = (scaler.document.get("status") or {}).get("conditions") or []
    found = [c for c in listed if c.get("type") == "ScalingActive"]
    return str(found[0].get("reason", "")) if found else ""


def _number(live: Manifest, field: str, default: int) -> int:
    value = _spec(live).get(field)
    return value if isinstance(value, int) else default


def _replicas(workload: Manifest) -> int:
    return int(_spec(workload).get("replicas", 1))


def _spec(live: Manifest) -> dict[str, Any]:
    return dict(live.document.get("spec") or {})
