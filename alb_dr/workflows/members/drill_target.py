"""The target of a drill: it exists, it is what serves, it is steady, it has something to lose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alb_dr.errors import BadInput, Forbidden, NotFound, Refused
from alb_dr.model.manifest import (
    DAEMON_SET,
    DEPLOYMENT,
    ROLLOUT,
    SERVICE,
    STATEFUL_SET,
    Manifest,
    ResourceId,
)
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeReader
from alb_dr.workflows.delivery.distribute import workload_id
from alb_dr.workflows.live.readiness import workload_waits_for
from alb_dr.workflows.records.drill_record import replicas_of
from alb_dr.workflows.scalers.autoscalers import SCALED_TO_ZERO, scaler_obstacles, scalers_of

CANDIDATES = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET, ROLLOUT)
"""Kinds that may run what a Service leads to; only the first can be drilled."""


def drill_target(topology: Topology, api: KubeReader) -> Manifest:
    """The live workload, when it can be drilled; BadInput or Refused otherwise."""
    id_ = workload_id(topology)
    live = api.get(id_)
    if live is None:
        raise BadInput(
            f"{api.label}: {id_} does not exist",
            hint=f"in that namespace are: {_candidates(api, id_)}",
            code="ADR-TARGET",
        )
    _check_service(topology, live, api)
    _check_steady(live, api)
    return live


def _candidates(api: KubeReader, id_: ResourceId) -> str:
    found = [w.id for w in _workloads(api, id_.namespace)]
    names = [f"{i.kind.name} {i.name}" for i in found if i.kind == DEPLOYMENT]
    names += [f"{i.kind.name} {i.name} (cannot be drilled)" for i in found if i.kind != DEPLOYMENT]
    return ", ".join(names) or "no workloads at all"


def _workloads(api: KubeReader, namespace: str | None) -> Iterator[Manifest]:
    """Whatever may run pods there; kinds that are not served or not for us to see are left out."""
    for kind in CANDIDATES:
        try:
            yield from api.list(kind, namespace=namespace)
        except (NotFound, Forbidden):
            continue


def _check_service(topology: Topology, live: Manifest, api: KubeReader) -> None:
    """Scaling to 0 takes nothing away when others serve, too, or when it does not serve at all."""
    service = topology.ingress.backend.service
    found = api.get(ResourceId(kind=SERVICE, name=service, namespace=topology.ingress.namespace))
    selector = _selector(found)
    if not selector or live.id.namespace != topology.ingress.namespace:
        return
    if not _selects(selector, live):
        wanted = ",".join(f"{k}={v}" for k, v in sorted(selector.items()))
        raise BadInput(
            f"{api.label}: Service {service} does not lead to the pods of {live.id}",
            hint=f"it selects {wanted}; candidates: {_candidates(api, live.id)}",
            code="ADR-TARGET",
        )
    others = [
        str(w.id)
        for w in _workloads(api, live.id.namespace)
        if w.id != live.id and _selects(selector, w) and _wants_pods(w)
    ]
    if others:
        raise BadInput(
            f"{api.label}: Service {service} leads to {', '.join(others)}, too, which would go on "
            "serving",
            hint="a drill scales one Deployment; let the Service select only that one",
            code="ADR-TARGET",
        )


def _selector(service: Manifest | None) -> Mapping[str, str]:
    spec = service.document.get("spec") or {} if service is not None else {}
    found: Mapping[str, str] = spec.get("selector") or {}
    return found


def _selects(selector: Mapping[str, str], workload: Manifest) -> bool:
    return selector.items() <= pod_labels(workload).items()


def pod_labels(workload: Manifest) -> Mapping[str, Any]:
    """The labels of a workload's pods."""
    template = (workload.document.get("spec") or {}).get("template") or {}
    found: Mapping[str, Any] = (template.get("metadata") or {}).get("labels") or {}
    return found


def _wants_pods(workload: Manifest) -> bool:
    return workload.id.kind == DAEMON_SET or replicas_of(workload) > 0


def _check_steady(live: Manifest, api: KubeReader) -> None:
    if replicas_of(live) == 0:
        raise _at_zero(live, api)
    if (live.document.get("spec") or {}).get("paused"):
        raise Refused(
            f"{api.label}: {live.id} is paused",
            hint="resume it: kubectl rollout resume",
            code="ADR-ROLLOUT",
        )
    waiting = workload_waits_for(live) or _mid_rollout(live)
    if waiting is not None:
        raise Refused(
            f"{api.label}: {live.id} is not steady: {waiting}",
            hint="wait until it is, then drill",
            code="ADR-ROLLOUT",
        )


def _at_zero(live: Manifest, api: KubeReader) -> Refused:
    """Nothing to rehearse; an autoscaler that went there by itself is named."""
    for obstacle in scaler_obstacles(api.label, live, scalers_of(api, live)):
        if obstacle.code == SCALED_TO_ZERO:
            return Refused(obstacle.text, hint=obstacle.hint, code=obstacle.code)
    return Refused(
        f"{api.label}: {live.id} is at 0 already; there is nothing to rehearse",
        hint="scale it up, or drill another member",
        code="ADR-AT-ZERO",
    )


def _mid_rollout(live: Manifest) -> str | None:
    """Old pods besides the new ones: the rollout is not over, though enough pods are ready."""
    status = live.document.get("status") or {}
    pods, updated = int(status.get("replicas") or 0), int(status.get("updatedReplicas") or 0)
    return f"{pods - updated} pods of an older template are left" if pods > updated else None
