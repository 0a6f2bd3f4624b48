"""After a restore: the autoscaler that went passive at 0 works again (safety F17)."""

from __future__ import annotations

from alb_dr.errors import AlbDrError, RestoreIncomplete
from alb_dr.model.manifest import HORIZONTAL_POD_AUTOSCALER, Manifest
from alb_dr.ports import KubeReader
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.scalers.autoscalers import Autoscaler, scalers_of


def await_autoscalers(api: KubeReader, workload: Manifest, *, deadline: Deadline) -> None:
    """Wait until no HPA of the workload is passive because of 0 replicas any more.

    RestoreIncomplete when one stays so. Who may not read them has no autoscaler to wait for.
    """
    try:
        passive = _passive(api, workload)
    except AlbDrError:
        return
    if passive is None:
        return
    for _ in api.watch(
        HORIZONTAL_POD_AUTOSCALER,
        namespace=workload.id.namespace,
        name=passive.live.id.name,
        timeout_s=max(1.0, deadline.left_s),
    ):
        passive = _passive(api, workload)
        if passive is None:
            return
        if deadline.passed:
            break
    raise RestoreIncomplete(
        f"{api.label}: {workload.id} has its pods, but {passive.live.id} does not scale it again",
        hint=f"kubectl describe hpa -n {workload.id.namespace} {passive.live.id.name}",
    )


def _passive(api: KubeReader, workload: Manifest) -> Autoscaler | None:
    """An HPA that still says that scaling is disabled since its target is at 0."""
    for scaler in scalers_of(api, workload).autoscalers:
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
