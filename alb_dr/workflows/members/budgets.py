"""PodDisruptionBudgets: they limit evictions, and scaling is none (safety F27)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alb_dr.errors import Forbidden, NotFound
from alb_dr.model.manifest import POD_DISRUPTION_BUDGET, Manifest
from alb_dr.ports import KubeReader
from alb_dr.workflows.members.drill_target import pod_labels
from alb_dr.workflows.scalers.obstacles import Obstacle


def budget_obstacles(where: str, workload: Manifest, api: KubeReader) -> Iterator[Obstacle]:
    """A word for each budget over the workload's pods: it protects from less than people think."""
    try:
        listed = api.list(POD_DISRUPTION_BUDGET, namespace=workload.id.namespace)
    except (NotFound, Forbidden):
        return
    for budget in listed:
        if _covers(budget, pod_labels(workload)):
            yield Obstacle(
                code="ADR-BUDGET",
                text=f"{where}: {budget.id} limits evictions, not scaling: it does not protect "
                f"{workload.id} from a drill",
                hint="nothing: a drill scales, and a budget has no say in that",
                refuses=False,
            )


def _covers(budget: Manifest, labels: Mapping[str, Any]) -> bool:
    """Whether a budget selects pods of these labels; an empty selector selects all of them."""
    selector = (budget.document.get("spec") or {}).get("selector")
    if selector is None:
        return False
    exact = (selector.get("matchLabels") or {}).items() <= labels.items()
    return exact and all(_holds(e, labels) for e in selector.get("matchExpressions") or [])


def _holds(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    value, values = labels.get(str(expression.get("key"))), expression.get("values") or []
    match expression.get("operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case _:
            return value is None
