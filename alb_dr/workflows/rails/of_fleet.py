"""Guard rails about the Fleet: kill switch, open drills, weights, the gateway, our rights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from alb_dr.errors import Forbidden, Refused
from alb_dr.model.manifest import (
    ALB_CONFIG,
    CONFIG_MAP,
    DEPLOYMENT,
    INGRESS,
    LEASE,
    Kind,
    Manifest,
    ResourceId,
)
from alb_dr.ports import KubeApi, KubeReader
from alb_dr.render.annotations import HEALTH_CHECK_ENABLED, weights_of
from alb_dr.workflows.delivery.distribute import workload_id
from alb_dr.workflows.delivery.weights import ingress_id
from alb_dr.workflows.faults.by_name import DRAIN, SCALE
from alb_dr.workflows.live.readiness import sub_clusters
from alb_dr.workflows.rails.scene import RailScene
from alb_dr.workflows.records.away import away_of, away_words
from alb_dr.workflows.records.drill_record import WAIT_OR_RECOVER
from alb_dr.workflows.records.fleet_record import read_records, record_words
from alb_dr.workflows.records.kill_switch import (
    outside_window,
    read_switch,
    switch_id,
    switched_off,
    unreadable_window,
)
from alb_dr.workflows.records.lease import lease_id
from alb_dr.workflows.records.shift_record import read_record, refuse_open_shift
from alb_dr.workflows.recover.marks import open_drills, open_weights
from alb_dr.workflows.scalers.keda_pause import open_pauses

MEND_WINDOW = (
    "mend it there: data window like 'Mon-Fri 09:00-16:30', timezone like Asia/Hong_Kong; "
    "without a window drills may begin at any hour"
)


def kill_switch(scene: RailScene) -> Manifest | None:
    """The switch; Refused while it forbids drills (G1). To override is to turn it."""
    namespace = ingress_id(scene.topology).namespace
    switch = read_switch(scene.fleet, namespace)
    off = switched_off(switch)
    if switch is None and scene.rules.strict:
        off = f"{switch_id(namespace)} does not exist, and --strict wants it"
    if off is not None:
        raise Refused(
            off,
            hint="who may allow drills says so there: data drills: allowed",
            code="ADR-KILL-SWITCH",
        )
    return switch


def window(scene: RailScene, switch: Manifest | None) -> None:
    """Refused at an hour at which no drill may begin (G2)."""
    words = outside_window(switch, scene.clock.now())
    if words is not None:
        hint = "wait for it" if unreadable_window(switch) is None else MEND_WINDOW
        raise Refused(words, hint=hint, code="ADR-DRILL-WINDOW")


def nothing_open(scene: RailScene, *, but: str | None = None) -> None:
    """Refused while a shift, a record or a mark is open anywhere (G4, F10). No override.

    ``but`` is the drill that asks: asked again behind the lock and its own record, this keeps
    two drills apart even when somebody took the lock away in between. Both may then refuse.
    """
    refuse_open_shift(read_record(scene.topology, scene.fleet))
    refuse_open_marks(scene.fleet, scene.members, namespace=ingress_id(scene.topology).namespace)
    refuse_open_records(scene.fleet, namespace=ingress_id(scene.topology).namespace, but=but)


def refuse_open_records(
    fleet: KubeReader, *, namespace: str | None, but: str | None = None
) -> None:
    """Refused while a drill other than ``but`` is on record as open, also before its harm."""
    for found in read_records(fleet, namespace):
        if found.is_open and found.drill != but:
            raise Refused(
                f"a drill is still open: {record_words(found)}",
                hint=WAIT_OR_RECOVER,
                code="ADR-DRILL-OPEN",
            )


def refuse_open_marks(
    fleet: KubeReader, members: Mapping[str, KubeReader], *, namespace: str | None
) -> None:
    """Refused while any workload or Ingress carries the record of a drill."""
    for api in members.values():
        for pause in open_pauses(api):
            raise Refused(
                f"{pause.member}: a drill's pause is still open on {pause.live.id}",
                hint="end it first: alb-dr failover recover --execute",
                code="ADR-DRILL-OPEN",
            )
    marks = [found for api in members.values() for found in open_drills(api)]
    for found in (*marks, *open_weights(fleet, namespace=namespace)):
        raise Refused(
            f"{found.member}: {found.words}",
            hint=WAIT_OR_RECOVER,
            code="ADR-DRILL-OPEN",
        )


def nothing_away(scene: RailScene, ingress: Manifest) -> None:
    """Refused while traffic is away from a member: what is left is no rehearsal of every day.

    Somebody moved it for a reason, and whoever carries it all now would be the drill's victim, or
    its only survivor.
    """
    away = away_of(ingress)
    if away is not None:
        raise Refused(
            away_words(scene.topology, away),
            hint="bring it back first: alb-dr failover back",
            code="ADR-TRAFFIC-AWAY",
        )


def sound_weights(scene: RailScene, ingress: Manifest) -> None:
    """Refused unless the live weights are a split and somebody but the victim has some (G7)."""
    weights = weights_of(ingress.annotations)
    try:
        total = sum(int(weight) for weight in weights.values())
        others = sum(int(weight) for m, weight in weights.items() if m != scene.victim.id)
    except ValueError:
        raise Refused(
            "a live weight is no number", hint="alb-dr ingress set-weights", code="ADR-LIVE-WEIGHTS"
        ) from None
    if total != 100:
        raise Refused(
            f"the live weights sum to {total}",
            hint="alb-dr ingress set-weights",
            code="ADR-LIVE-WEIGHTS",
        )
    if others == 0:
        raise Refused(
            f"only {scene.victim.name} has weight: a member of weight 0 does not take over by "
            "itself",
            hint="give the others some weight first, for example 1",
            code="ADR-SURVIVOR-ZERO",
        )


def connected(scene: RailScene) -> None:
    """Refused while the gateway does not list every member (G8)."""
    id_ = ResourceId(kind=ALB_CONFIG, name=scene.topology.gateway.name)
    live = scene.fleet.get(id_)
    known = sub_clusters(live.document.get("status") or {}) if live is not None else ()
    missing = [m.name for m in scene.topology.members if m.id not in known]
    if missing:
        raise Refused(
            f"{id_} is not connected to {', '.join(missing)}",
            hint="alb-dr gateway status",
            code="ADR-NOT-CONNECTED",
        )


def health_checks(scene: RailScene, ingress: Manifest) -> None:
    """Warn where nothing but removed endpoints would ever take a member out (G8)."""
    if ingress.annotations.get(HEALTH_CHECK_ENABLED) != "true":
        scene.narrator.warn(
            "the Ingress turns no health checks on: a real zone failure, which removes no "
            "endpoints, would not be noticed by the ALB"
        )


def rights(scene: RailScene) -> None:
    """The rights to restore are asked for before all others (G11, F37). No override."""
    for api, verb, kind, name in _needed(scene):
        namespace = ingress_id(scene.topology).namespace
        if kind == DEPLOYMENT:
            namespace = workload_id(scene.topology).namespace
        if not api.review(verb, kind, namespace=namespace, name=name):
            what = f"{kind.plural}/{name}" if name else kind.plural
            raise Forbidden(
                f"{api.label}: we may not {verb} {what} in {namespace}; the drill or its restore "
                "would fail half-way",
                hint="alb-dr check --print-permissions prints the rights a drill needs",
            )


def _needed(scene: RailScene) -> Iterator[tuple[KubeApi, str, Kind, str | None]]:
    """API, verb, kind, name; what a restore needs first."""
    workload = workload_id(scene.topology).name
    if scene.fault == SCALE:
        for verb in ("get", "patch"):
            yield scene.api, verb, DEPLOYMENT, workload
    if scene.fault == DRAIN or scene.rules.ramp:
        for verb in ("get", "patch"):
            yield scene.fleet, verb, INGRESS, ingress_id(scene.topology).name
    for verb in ("get", "list", "create", "update"):
        yield scene.fleet, verb, CONFIG_MAP, None
    for verb in ("get", "create", "update"):
        yield scene.fleet, verb, LEASE, lease_id(scene.topology).name if verb != "create" else None


def credentials(scene: RailScene, expiries: Mapping[str, datetime]) -> None:
    """Refused when a credential ends before the restore is sure to be over (G12, F36)."""
    wanted = scene.clock.now() + timedelta(seconds=2 * scene.rules.longest_s)
    for label, expires in expiries.items():
        if expires < wanted:
            left = (expires - scene.clock.now()).total_seconds()
            raise Refused(
                f"{label}: the credential ends in {left:.0f} s, a drill may need it for twice "
                f"{scene.rules.longest_s:g} s",
                hint="fetch the kubeconfig again, or say a shorter --expires-in",
                code="ADR-DRILL-EXPIRES",
            )
