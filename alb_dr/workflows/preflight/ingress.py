"""The live Ingress and its neighbours on the same gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.findings import Severity
from alb_dr.model.manifest import INGRESS, INGRESS_CLASS, Manifest
from alb_dr.model.standby import weight_findings
from alb_dr.model.topology import Mode
from alb_dr.render.annotations import HEALTH_CHECK_ENABLED, LISTEN_PORTS, PREFIX, weights_of
from alb_dr.workflows.delivery.gateway import albconfig_id
from alb_dr.workflows.delivery.weights import ingress_id
from alb_dr.workflows.preflight.gateway import complaint, listeners_of, standing
from alb_dr.workflows.preflight.read_once import NotAskedError
from alb_dr.workflows.preflight.scene import Question, Scene, existing
from alb_dr.workflows.project.planning import keepable

ORDER = PREFIX + "order"
DEFAULT_ORDER = 10
"""The order of an Ingress that does not say one (ALB Ingress dictionary)."""


def _live(scene: Scene) -> Manifest:
    return existing(scene.fleet, ingress_id(scene.topology))


def _weights(scene: Scene) -> Iterator[Trouble]:
    live = _live(scene)
    weights = weights_of(live.annotations)
    bad = [f"{m}={w}" for m, w in weights.items() if not (w.isascii() and w.isdecimal())]
    if bad:
        yield Trouble(seen=f"{live.id}: {', '.join(bad)} is no whole number")
        return
    total = sum(int(weight) for weight in weights.values())
    if total != 100:
        yield Trouble(seen=f"{live.id}: the live weights sum to {total}, not 100")
    names = {m.id: m.name for m in scene.topology.members}
    for member in sorted(names.keys() - weights.keys()):
        yield Trouble(seen=f"{live.id} gives {names[member]} no weight")
    for stranger in sorted(weights.keys() - names.keys()):
        yield Trouble(seen=f"{live.id} gives weight to {stranger}, no member of the project file")


def _roles(scene: Scene) -> Iterator[Trouble]:
    if scene.topology.mode is not Mode.PRIMARY_SECONDARY:
        return
    live = weights_of(_live(scene).annotations)
    split = keepable(scene.topology, live)
    if split is None:
        raise NotAskedError("the live weights are no whole split")
    for finding in weight_findings(scene.topology, split):
        serious = finding.severity is not Severity.INFO
        if finding.code == "ADR-ROLES-SWITCHED" or serious:
            yield Trouble(
                seen=finding.text,
                fix=finding.hint,
                gravity=Gravity.WARNING if serious else Gravity.INFO,
            )


def _ports(scene: Scene) -> Iterator[Trouble]:
    live = _live(scene)
    albconfig = existing(scene.fleet, albconfig_id(scene.topology))
    text = str(live.annotations.get(LISTEN_PORTS, ""))
    try:
        wanted = _parsed(text, has_tls=bool((live.document.get("spec") or {}).get("tls")))
    except (ValueError, TypeError, AttributeError):
        yield Trouble(
            seen=f"{live.id}: listen-ports is no list of ports: {text}", fix="alb-dr ingress apply"
        )
        return
    for protocol, port in sorted(wanted - listeners_of(albconfig)):
        yield Trouble(
            seen=f"{live.id} wants {protocol} {port}, {albconfig.id} has no such listener"
        )


def _parsed(text: str, *, has_tls: bool) -> set[tuple[str, int]]:
    """Protocol and port of every entry; without the annotation 80, or 443 with TLS."""
    if not text:
        return {("HTTPS", 443)} if has_tls else {("HTTP", 80)}
    return {(p, int(n)) for entry in json.loads(text) for p, n in entry.items()}


def _class(scene: Scene) -> Iterator[Trouble]:
    live = _live(scene)
    name = (live.document.get("spec") or {}).get("ingressClassName")
    if name != scene.topology.gateway.ingress_class:
        wanted = scene.topology.gateway.ingress_class
        yield Trouble(seen=f"{live.id} names class {name}, the project file says {wanted}")


def _health(scene: Scene) -> Iterator[Trouble]:
    live = _live(scene)
    value = live.annotations.get(HEALTH_CHECK_ENABLED)
    if value != "true":
        yield Trouble(seen=f"{live.id}: {HEALTH_CHECK_ENABLED} is {value or 'absent'}")


def _events(scene: Scene) -> Iterator[Trouble]:
    live = _live(scene)
    note = standing(scene.fleet, live.id, scene)
    if note is not None:
        yield complaint(live.id, note)


def _neighbours(scene: Scene) -> tuple[Manifest, ...]:
    """Other Ingresses on the same ALB, through whatever class."""
    classes = {
        c.id.name
        for c in scene.fleet.list(INGRESS_CLASS)
        if ((c.document.get("spec") or {}).get("parameters") or {}).get("name")
        == scene.topology.gateway.name
    }
    own = ingress_id(scene.topology)
    found = tuple(
        i
        for i in scene.fleet.list(INGRESS)
        if i.id != own and (i.document.get("spec") or {}).get("ingressClassName") in classes
    )
    if not found:
        raise NotAskedError("no other Ingress uses the gateway")
    return found


def _blocked(scene: Scene) -> Iterator[Trouble]:
    for other in _neighbours(scene):
        note = standing(scene.fleet, other.id, scene)
        if note is not None:
            yield complaint(other.id, note)


def _clash(scene: Scene) -> Iterator[Trouble]:
    ingress, live = scene.topology.ingress, scene.fleet.get(ingress_id(scene.topology))
    ours = _rank(live) if live else (DEFAULT_ORDER, ingress.namespace, ingress.name)
    for other in _neighbours(scene):
        if any(
            key.startswith((PREFIX + "canary", PREFIX + "conditions")) for key in other.annotations
        ):
            continue
        if _rank(other) < ours and _covers(other, scene):
            yield Trouble(
                seen=f"{other.id} is asked first and takes requests for "
                f"{ingress.host}{ingress.path}"
            )
        explicit = ORDER in other.annotations and live is not None and ORDER in live.annotations
        if explicit and _rank(other)[0] == ours[0]:
            yield Trouble(seen=f"{other.id} has the same order {ours[0]}", gravity=Gravity.WARNING)


def _rank(ingress: Manifest) -> tuple[int, str, str]:
    """Smaller is asked first: by order, ties by namespace and name."""
    text = str(ingress.annotations.get(ORDER, DEFAULT_ORDER))
    order = int(text) if text.isascii() and text.isdecimal() else DEFAULT_ORDER
    return order, ingress.id.namespace or "", ingress.id.name


def _covers(other: Manifest, scene: Scene) -> bool:
    """Whether one of its rules matches the project's host and path."""
    ingress = scene.topology.ingress
    rules: list[dict[str, Any]] = (other.document.get("spec") or {}).get("rules") or []
    for rule in rules:
        if rule.get("host") not in {None, "", "*", ingress.host}:
            continue
        for path in (rule.get("http") or {}).get("paths") or []:
            text = str(path.get("path") or "/")
            below = text.rstrip("/") + "/"
            prefix = path.get("pathType") == "Prefix"
            if text == ingress.path or (prefix and ingress.path.startswith(below)):
                return True
    return False


QUESTIONS = (
    Question(
        check=Check(
            code="ADR-INGRESS-EVENT",
            category=Category.INGRESS,
            gravity=Gravity.ERROR,
            title="the controller does not complain about the Ingress",
            fix="kubectl get events; look its words up in the vendor's documentation",
            why="What the controller cannot build it says in an event on the Ingress and keeps "
            "the former rules. Known complaints carry advice.",
            retry_s=300,
        ),
        ask=_events,
    ),
    Question(
        check=Check(
            code="ADR-WEIGHTS",
            category=Category.INGRESS,
            gravity=Gravity.ERROR,
            title="the live weights sum to 100 and name exactly the members",
            fix="alb-dr ingress set-weights",
            why="All cluster-weight annotations of an Ingress must sum to 100. Annotations merge: "
            "the weight of a former member stays behind when somebody applies a new file.",
        ),
        ask=_weights,
    ),
    Question(
        check=Check(
            code="ADR-ROLES",
            category=Category.INGRESS,
            gravity=Gravity.WARNING,
            title="primary and standby have the roles of the project file",
            fix="alb-dr failover back, or alb-dr failover switchover",
            why="In primary-secondary mode one member carries more than half. After a switchover "
            "it is another one than the project file says, which is no fault but worth knowing "
            "before a drill; with live weights of 100 and 0 nobody takes over by itself.",
        ),
        ask=_roles,
    ),
    Question(
        check=Check(
            code="ADR-LISTEN-PORTS",
            category=Category.INGRESS,
            gravity=Gravity.ERROR,
            title="the Ingress names ports that the gateway listens on",
            fix="alb-dr gateway create, or correct ingress.listenPort",
            why="The annotation listen-ports of the Ingress and the listeners of the AlbConfig "
            "must agree; a port without a listener blocks the Ingress.",
        ),
        ask=_ports,
    ),
    Question(
        check=Check(
            code="ADR-CLASS-NAME",
            category=Category.INGRESS,
            gravity=Gravity.ERROR,
            title="the Ingress names the gateway's class",
            fix="alb-dr ingress apply",
            why="An Ingress of another class is served by another gateway, or by nobody.",
        ),
        ask=_class,
    ),
    Question(
        check=Check(
            code="ADR-LIVE-HEALTH-CHECK",
            category=Category.INGRESS,
            gravity=Gravity.WARNING,
            title="the live Ingress has health checks on",
            fix="alb-dr ingress apply",
            why="Only the exact text true turns ALB's health checks on. Without them a zone that "
            "dies keeps its share of the requests.",
        ),
        ask=_health,
    ),
    Question(
        check=Check(
            code="ADR-NEIGHBOUR-BLOCKS",
            category=Category.INGRESS,
            gravity=Gravity.ERROR,
            title="no other Ingress on the same ALB is in error",
            fix="mend or delete that Ingress; it blocks the rules of all others",
            why="One Ingress the controller cannot build blocks rule updates of the whole ALB: "
            "weights that are changed meanwhile do not take effect until it is mended.",
            retry_s=120,
        ),
        ask=_blocked,
    ),
    Question(
        check=Check(
            code="ADR-ORDER-CLASH",
            category=Category.INGRESS,
            gravity=Gravity.ERROR,
            title="no other Ingress takes our requests",
            fix="give that Ingress a greater order annotation, or another host or path",
            why="ALB asks rules by order, ties by namespace and name; the first match wins and "
            "there is no longest-prefix rule. A catch-all that is asked first takes everything.",
        ),
        ask=_clash,
    ),
)
"""What must be true of the live Ingress; not asked before it exists."""
