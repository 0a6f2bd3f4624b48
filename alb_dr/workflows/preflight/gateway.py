"""The live gateway: the chain from class to AlbConfig, its members, its listeners, its words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.gateway import AddressAllocatedMode
from alb_dr.model.manifest import INGRESS_CLASS, Manifest, ResourceId
from alb_dr.render.annotations import REMOTE_CLUSTERS
from alb_dr.workflows.delivery.gateway import albconfig_id
from alb_dr.workflows.live.event_advice import advice_for
from alb_dr.workflows.live.events import EventNote, standing_warnings
from alb_dr.workflows.live.readiness import gateway_waits_for
from alb_dr.workflows.preflight.read_once import ReadOnce
from alb_dr.workflows.preflight.scene import Question, Scene, existing

CONTROLLER = "ingress.k8s.alibabacloud/alb"
"""The one controller name the hosted controller listens to."""
STANDING = timedelta(minutes=10)
"""Controllers repeat a standing complaint at least every five minutes; an older one is past."""


def _albconfig(scene: Scene) -> Manifest:
    return existing(scene.fleet, albconfig_id(scene.topology))


def _class(scene: Scene) -> Iterator[Trouble]:
    gateway = scene.topology.gateway
    live = existing(scene.fleet, ResourceId(kind=INGRESS_CLASS, name=gateway.ingress_class))
    spec = live.document.get("spec") or {}
    if spec.get("controller") != CONTROLLER:
        yield Trouble(
            seen=f"{live.id} names controller {spec.get('controller')}, not {CONTROLLER}",
            fix="delete it and run alb-dr gateway create; a class's controller cannot be changed",
        )
    parameters = spec.get("parameters") or {}
    if (parameters.get("kind"), parameters.get("name")) != ("AlbConfig", gateway.name):
        aim = f"{parameters.get('kind')} {parameters.get('name')}" if parameters else "nothing"
        yield Trouble(seen=f"{live.id} points to {aim}, not to AlbConfig {gateway.name}")


def _ready(scene: Scene) -> Iterator[Trouble]:
    live = _albconfig(scene)
    waiting = gateway_waits_for(live, [m.id for m in scene.topology.members])
    if waiting is not None:
        yield Trouble(seen=f"{live.id}: {waiting}")


def _remote(scene: Scene) -> Iterator[Trouble]:
    live = _albconfig(scene)
    text = str(live.annotations.get(REMOTE_CLUSTERS, ""))
    listed = {part.strip() for part in text.split(",") if part.strip()}
    weighted = {member for member, _ in scene.topology.weights}
    names = {m.id: m.name for m in scene.topology.members}
    for member in sorted(weighted - listed):
        yield Trouble(seen=f"{live.id} does not connect {names[member]}, which has a weight")
    for stranger in sorted(listed - weighted):
        yield Trouble(
            seen=f"{live.id} connects {stranger}, no member of the project file",
            fix="add the member to the project file, or run alb-dr gateway create",
            gravity=Gravity.WARNING,
        )
    if " " in text:
        yield Trouble(seen=f"{live.id}: {REMOTE_CLUSTERS} holds a blank", gravity=Gravity.WARNING)


def listeners_of(albconfig: Manifest) -> set[tuple[str, int]]:
    """The live listeners as protocol and port."""
    listed = (albconfig.document.get("spec") or {}).get("listeners") or []
    return {(str(x.get("protocol")), int(x.get("port") or 0)) for x in listed}


def _listeners(scene: Scene) -> Iterator[Trouble]:
    live = _albconfig(scene)
    have = listeners_of(live)
    for wanted in scene.topology.gateway.listeners:
        if (str(wanted.protocol), wanted.port) not in have:
            yield Trouble(seen=f"{live.id} has no listener {wanted.protocol} {wanted.port}")


def _configuration(scene: Scene) -> Iterator[Trouble]:
    live = _albconfig(scene)
    config = (live.document.get("spec") or {}).get("config") or {}
    if config.get("addressAllocatedMode") == str(AddressAllocatedMode.DYNAMIC):
        yield Trouble(seen=f"{live.id} has addressAllocatedMode: Dynamic", gravity=Gravity.WARNING)
    wanted = {z.vswitch_id for z in scene.topology.gateway.zone_mappings}
    have = {str(z.get("vSwitchId")) for z in _mappings(config)}
    if have != wanted:
        yield Trouble(
            seen=f"{live.id} is in {', '.join(sorted(have)) or 'no vSwitch'}, "
            f"the project file says {', '.join(sorted(wanted))}"
        )


def _mappings(config: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return config.get("zoneMappings") or []


def standing(api: ReadOnce, about: ResourceId, scene: Scene) -> EventNote | None:
    """The newest complaint about an object that no success has followed; None without one."""
    newest = next(reversed(standing_warnings(api, about)), None)
    if newest is None or not newest.is_since(scene.clock.now() - STANDING):
        return None
    return newest


def complaint(about: ResourceId, note: EventNote) -> Trouble:
    """A controller's complaint as a trouble, with advice where we know some."""
    known = advice_for(note.message)
    return Trouble(
        seen=f"{about}: {note.words}",
        fix=known.advice if known else None,
        gravity=Gravity.WARNING if known and known.heals else None,
    )


def _events(scene: Scene) -> Iterator[Trouble]:
    live = _albconfig(scene)
    note = standing(scene.fleet, live.id, scene)
    if note is not None:
        yield complaint(live.id, note)


QUESTIONS = (
    Question(
        check=Check(
            code="ADR-GATEWAY-EVENT",
            category=Category.GATEWAY,
            gravity=Gravity.ERROR,
            title="the controller does not complain about the AlbConfig",
            fix="kubectl get events -n default; look its words up in the vendor's documentation",
            why="The API accepts every typo in an AlbConfig; what is wrong with it appears only "
            "as an event. Known complaints carry advice: `alb-dr explain` with their id.",
            retry_s=600,
        ),
        ask=_events,
    ),
    Question(
        check=Check(
            code="ADR-GATEWAY-READY",
            category=Category.GATEWAY,
            gravity=Gravity.ERROR,
            title="the gateway has an ALB, a DNS name and every member",
            fix="alb-dr gateway wait; creation takes one to three minutes",
            why="A gateway is ready when its status has an id, a DNS name and every wanted cluster "
            "in subClusters. The columns for ports stay empty for HTTP listeners.",
            retry_s=600,
        ),
        ask=_ready,
    ),
    Question(
        check=Check(
            code="ADR-INGRESS-CLASS",
            category=Category.GATEWAY,
            gravity=Gravity.ERROR,
            title="the IngressClass points to the AlbConfig",
            fix="alb-dr gateway create",
            why="The chain is Ingress, IngressClass, AlbConfig. A class with another controller "
            "or without parameters is served by nobody, and nobody says so.",
        ),
        ask=_class,
    ),
    Question(
        check=Check(
            code="ADR-REMOTE-CLUSTERS",
            category=Category.GATEWAY,
            gravity=Gravity.ERROR,
            title="the gateway connects exactly the members that have weights",
            fix="alb-dr gateway create",
            why="A member with a weight that the AlbConfig does not connect gets no traffic, and "
            "what becomes of its share is documented nowhere.",
        ),
        ask=_remote,
    ),
    Question(
        check=Check(
            code="ADR-LISTENERS",
            category=Category.GATEWAY,
            gravity=Gravity.ERROR,
            title="the gateway has every listener of the project file",
            fix="alb-dr gateway create",
            why="Listeners are never made from an Ingress: one that is missing in the AlbConfig "
            "makes the controller refuse every Ingress that names it.",
        ),
        ask=_listeners,
    ),
    Question(
        check=Check(
            code="ADR-GATEWAY-DRIFT",
            category=Category.GATEWAY,
            gravity=Gravity.ERROR,
            title="the live gateway is in the project file's vSwitches, with fixed addresses",
            fix="put the live values into the project file, or delete the gateway and create it",
            why="vSwitches and address type are read only when the ALB is created; changing them "
            "later does nothing, in silence.",
        ),
        ask=_configuration,
    ),
)
"""What must be true of the live gateway; not asked before it exists."""
