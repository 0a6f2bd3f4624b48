"""Capacity of the members: how many pods each has or may have, and whether they can carry more."""

from __future__ import annotations

from collections.abc import Mapping

from alb_dr.errors import Refused
from alb_dr.model.manifest import Manifest
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.ports import KubeReader, Narrator
from alb_dr.stats.capacity import busiest, growth
from alb_dr.workflows.delivery.distribute import workload_id
from alb_dr.workflows.scalers.autoscalers import scalers_of


def ready_pods(workload: Manifest | None) -> int:
    """The pods of a Deployment that are ready."""
    return int(
        ((workload.document.get("status") or {}) if workload else {}).get("readyReplicas") or 0
    )


def most_pods(api: KubeReader, workload: Manifest) -> int:
    """How many pods it may have: what an autoscaler allows, else what is ready."""
    return max(ready_pods(workload), scalers_of(api, workload).most)


def refuse_overload(
    topology: Topology,
    start: Weights,
    target: Weights,
    *,
    members: Mapping[str, KubeReader],
    headroom: float,
    narrator: Narrator,
) -> None:
    """Refused when a member that gets more traffic has too few pods for it.

    The busiest pod of today is known to carry its load; each pod may have to carry ``headroom``
    times that. What an autoscaler may add counts.
    """
    busy = [m for m in topology.members if start[m.id] or target[m.id]]
    live = {m.id: members[m.id].get(workload_id(topology)) for m in busy}
    today = busiest((weight, ready_pods(live[m])) for m, weight in start if weight)
    for member in busy:
        workload = live[member.id]
        if target[member.id] <= start[member.id] or workload is None:
            continue
        pods = most_pods(members[member.id], workload)
        factor = growth(target[member.id], pods, today)
        words = (
            f"each of the {pods} pods of {member.name} would carry {factor:.2g} times what the "
            "busiest pod carries now"
        )
        if factor > headroom:
            raise Refused(
                words,
                hint=f"scale {member.name} up first, or say that it bears it: "
                f"--headroom {factor + 0.05:.1f} (now {headroom:g})",
                code="ADR-CAPACITY",
            )
        if factor > 1:
            narrator.note(words)
