"""After a restore: the autoscaler that went passive at 0 works again (safety F17)."""

from __future__ import annotations

from alb_dr.errors import AlbDrError, Forbidden, RestoreIncomplete
from alb_dr.model.manifest import Manifest
from alb_dr.ports import KubeReader
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.scalers.autoscalers import Autoscaler, autoscalers_of

LOOK_S = 0.5
"""Between two looks at the autoscalers."""


def await_autoscalers(api: KubeReader, workload: Manifest, *, deadline: Deadline) -> str | None:
    """Wait until no HPA of the workload is passive because of 0 replicas any more.

    What could not be looked at, in words, for who may not read HPAs: all that was harmed is back,
    but that it is scaled again is not seen. None when it is. RestoreIncomplete when one stays
    passive, and when no look succeeds in time.
    """
    seen = f"kubectl get hpa -n {workload.id.namespace}"
    while True:
        try:
            passive = _passive(api, workload)
        except Forbidden as error:
            return (
                f"{api.label}: whether an HPA scales {workload.id} again is not known: "
                f"{error.message}; look at it: {seen}"
            )
        except AlbDrError as error:
            what = f"whether an HPA scales it again is not known: {error.message}"
        else:
            if passive is None:
                return None
            what = f"but {passive.live.id} does not scale it again"
            seen = f"kubectl describe hpa -n {workload.id.namespace} {passive.live.id.name}"
        if deadline.passed:
            raise RestoreIncomplete(f"{api.label}: {workload.id} has its pods, {what}", hint=seen)
        deadline.pause(LOOK_S)


def _passive(api: KubeReader, workload: Manifest) -> Autoscaler | None:
    """An HPA that still says that scaling is disabled since its target is at 0."""
    for scaler in autoscalers_of(api, workload):
        listed = (scaler.live.document.get("status") or {}).get("conditions") or []
        if any(_is_disabled(entry) for entry in listed):
            return scaler
    return None


def _is_disabled(entry: dict[str, object]) -> bool:
    return (
        entry.get("type") == "ScalingActive"
        and entry.get("status") == "False"
        and entry.get("reason") == "ScalingDisabled"
    )
