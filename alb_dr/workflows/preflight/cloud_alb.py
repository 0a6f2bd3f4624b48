"""The cloud's word on the live ALB: its state, listeners, the weights of its own rules."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.errors import NotFound
from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.cloud import ForwardingRule, LoadBalancer, ZoneState
from alb_dr.render.annotations import weights_of
from alb_dr.workflows.delivery.gateway import address_of, albconfig_id
from alb_dr.workflows.delivery.weights import ingress_id
from alb_dr.workflows.preflight.read_once import NotAskedError
from alb_dr.workflows.preflight.scene import Question, Scene, existing


def _alb_id(scene: Scene) -> str:
    albconfig = existing(scene.fleet, albconfig_id(scene.topology))
    alb_id = address_of(scene.topology, albconfig).alb_id
    if not alb_id:
        raise NotAskedError("the gateway has no ALB yet")
    return alb_id


def _load_balancer(scene: Scene) -> LoadBalancer:
    alb_id = _alb_id(scene)
    return scene.cloud.ask(("alb", alb_id), lambda c: c.load_balancer(alb_id))


def _state(scene: Scene) -> Iterator[Trouble]:
    try:
        alb = _load_balancer(scene)
    except NotFound:
        yield Trouble(
            seen=f"{_alb_id(scene)} does not exist in the cloud",
            fix="somebody deleted it: alb-dr gateway delete, then alb-dr gateway create",
        )
        return
    if alb.status != "Active":
        yield Trouble(seen=f"{alb.id} is {alb.status}")
    for lock in alb.locks:
        yield Trouble(seen=f"{alb.id} is locked: {lock}", fix="see the console's reason")
    for zone in alb.zones:
        if zone.state not in {ZoneState.ACTIVE, ""}:
            yield Trouble(
                seen=f"zone {zone.id} of {alb.id} is {zone.state}",
                fix="if alb-dr shifted it: alb-dr failover back; else see the console",
                gravity=Gravity.WARNING,
            )
    if alb.edition == "Basic":
        yield Trouble(
            seen=f"{alb.id} is of the Basic edition", fix="upgrade it to Standard in the console"
        )


def _listeners(scene: Scene) -> Iterator[Trouble]:
    alb_id = _alb_id(scene)
    found = scene.cloud.ask(("listeners", alb_id), lambda c: c.listeners(alb_id))
    live = {(x.protocol, x.port): x for x in found}
    for wanted in scene.topology.gateway.listeners:
        listener = live.get((str(wanted.protocol), wanted.port))
        if listener is None:
            yield Trouble(seen=f"{alb_id} has no listener {wanted.protocol} {wanted.port}")
        elif listener.status != "Running":
            yield Trouble(
                seen=f"listener {wanted.protocol} {wanted.port} of {alb_id} is {listener.status}"
            )


def _rules(scene: Scene) -> list[ForwardingRule]:
    """The rules for the project's host and path; found by their conditions on every read."""
    alb_id, ingress = _alb_id(scene), scene.topology.ingress
    existing(scene.fleet, ingress_id(scene.topology))
    found = scene.cloud.ask(("rules", alb_id), lambda c: c.rules(alb_id))
    return [r for r in found if ingress.host in r.hosts and ingress.path in r.paths]


def _weights(scene: Scene) -> Iterator[Trouble]:
    rules, ingress = _rules(scene), scene.topology.ingress
    if not rules:
        yield Trouble(seen=f"the ALB has no rule for {ingress.host}{ingress.path}")
        return
    live = existing(scene.fleet, ingress_id(scene.topology))
    wanted = sorted(int(w) for w in weights_of(live.annotations).values() if w.isdecimal())
    for rule in rules:
        if len(rule.groups) < 2 and sum(w > 0 for w in wanted) > 1:
            raise NotAskedError("the ALB keeps all members in one server group")
        have = sorted(weight for _, weight in rule.groups)
        # A member of weight 0 may be left out of the rule.
        if [w for w in have if w] != [w for w in wanted if w]:
            yield Trouble(
                seen=f"{rule.id} has the weights {_words(have)}, the Ingress says {_words(wanted)}"
            )


def _words(weights: list[int]) -> str:
    return ", ".join(map(str, weights))


def _groups(scene: Scene) -> tuple[tuple[str, bool, bool], ...]:
    ids = tuple(sorted({group for rule in _rules(scene) for group, _ in rule.groups}))
    if not ids:
        raise NotAskedError("the ALB has no rule for the Ingress yet")
    groups = scene.cloud.ask(("groups", ids), lambda c: c.server_groups(ids))
    return tuple((g.id, g.cross_zone, g.health_check) for g in groups)


def _cross_zone(scene: Scene) -> Iterator[Trouble]:
    for group, cross_zone, _ in _groups(scene):
        if not cross_zone:
            yield Trouble(seen=f"server group {group} has cross-zone forwarding off")


def _health(scene: Scene) -> Iterator[Trouble]:
    for group, _, health_check in _groups(scene):
        if not health_check:
            yield Trouble(seen=f"server group {group} has health checks off")


QUESTIONS = (
    Question(
        check=Check(
            code="ADR-ALB-STATE",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="the ALB is active and not locked",
            fix="wait; Configuring and Provisioning pass by themselves",
            why="An ALB that is locked for money or security, deleted behind the AlbConfig's back "
            "or of the Basic edition does not serve, whatever the Fleet says.",
            retry_s=300,
        ),
        ask=_state,
    ),
    Question(
        check=Check(
            code="ADR-ALB-LISTENERS",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="the ALB's listeners run",
            fix="alb-dr gateway create; wait while they are Provisioning or Configuring",
            why="The AlbConfig's status names HTTPS listeners only, so whether an HTTP listener "
            "runs can only be asked of the cloud, or seen by a request.",
            retry_s=120,
        ),
        ask=_listeners,
    ),
    Question(
        check=Check(
            code="ADR-ALB-WEIGHTS",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="the ALB's own rule has the Ingress's weights",
            fix="wait a moment; then look for an Ingress in error, which blocks all rules",
            why="Accepted by the Fleet is not yet in effect. The ALB's forwarding rule holds the "
            "weights that count; it is found by host and path, never by name or priority.",
            retry_s=120,
        ),
        ask=_weights,
    ),
    Question(
        check=Check(
            code="ADR-CROSS-ZONE",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="the ALB forwards across zones",
            fix="turn cross-zone forwarding on for the server group",
            why="With it off an ALB node uses only servers of its own zone: for two clusters of "
            "one zone each, the loss of a cluster takes that zone's clients with it.",
        ),
        ask=_cross_zone,
    ),
    Question(
        check=Check(
            code="ADR-ALB-HEALTH",
            category=Category.CLOUD,
            gravity=Gravity.WARNING,
            title="the ALB's server groups have health checks on",
            fix="say ingress.healthCheck.enabled: true and run alb-dr ingress apply",
            why="What the annotation asks for and what the server group has may differ; only "
            "the latter finds a dead zone.",
        ),
        ask=_health,
    ),
)
"""What the cloud says of the live ALB; not asked before it exists."""
