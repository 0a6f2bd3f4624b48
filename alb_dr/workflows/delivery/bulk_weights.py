"""Weights of many Ingresses at once: each in its own guarded patch, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from alb_dr.errors import AlbDrError, BadInput, Interruption, PartlyApplied
from alb_dr.model.manifest import INGRESS, Manifest
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.ports import KubeApi, KubeReader, Narrator
from alb_dr.render.annotations import weights_of
from alb_dr.workflows.delivery.weights import WeightChange, change_weights

SIDE_BY_SIDE = 8
"""Patches under way at a time: an API server's usual share for one client is far above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkChange:
    """What was done to each Ingress, by name."""

    changed: Sequence[str]
    unchanged: Sequence[str]


def weighted_ingresses(
    topology: Topology, *, fleet: KubeReader, namespace: str | None, labels: str
) -> tuple[Manifest, ...]:
    """The Ingresses of the project's gateway that carry weights; BadInput when there is none."""
    wanted = topology.gateway.ingress_class
    found = tuple(
        live
        for live in fleet.list(INGRESS, namespace=namespace, labels=labels)
        if (live.document.get("spec") or {}).get("ingressClassName") == wanted
        and weights_of(live.annotations)
    )
    if not found:
        where = f" in {namespace}" if namespace else ""
        chosen = f" with labels {labels}" if labels else ""
        raise BadInput(
            f"no weighted Ingress of the class {wanted} exists{where}{chosen}",
            hint="look: kubectl get ingress --all-namespaces --show-labels",
        )
    return found


def set_all_weights(
    ingresses: Iterable[Manifest],
    weights: Weights,
    *,
    fleet: KubeApi,
    dry_run: bool,
    narrator: Narrator,
) -> BulkChange:
    """Give every Ingress these weights.

    PartlyApplied names those that could not be changed, with the reason of the first; the error
    itself when none was changed. An Interruption lets the patches under way end, and begins no
    other.
    """
    changed: list[str] = []
    unchanged: list[str] = []
    failed: dict[str, AlbDrError] = {}
    lives = tuple(ingresses)

    def one(live: Manifest) -> WeightChange | AlbDrError:
        try:
            return change_weights(live, weights, fleet=fleet, dry_run=dry_run)
        except AlbDrError as error:
            return error

    pool = ThreadPoolExecutor(SIDE_BY_SIDE)
    try:
        for n, (live, done) in enumerate(zip(lives, pool.map(one, lives), strict=True), start=1):
            narrator.progress(n, len(lives))
            if isinstance(done, AlbDrError):
                failed[str(live.id)] = done
            elif done.written or (dry_run and done.differs):
                changed.append(str(live.id))
            else:
                unchanged.append(str(live.id))
    except Interruption:
        narrator.warn(f"interrupted: {len(changed)} of {len(lives)} Ingresses are known to be done")
        raise
    finally:
        pool.shutdown(cancel_futures=True)
    if failed:
        _raise(failed, changed)
    return BulkChange(changed=tuple(changed), unchanged=tuple(unchanged))


def _raise(failed: dict[str, AlbDrError], changed: Sequence[str]) -> None:
    first = next(iter(failed.values()))
    if not changed:
        raise first
    raise PartlyApplied(
        f"{len(failed)} Ingresses could not be changed; the first: {first.message}",
        applied=changed,
        not_applied=tuple(failed),
        hint="mend the cause and run the same command again; what is done is left alone",
    )
