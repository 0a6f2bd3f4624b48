"""The project file: what it says that its writer may regret. Contacts nobody."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.config.advice import advice
from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.gateway import AddressAllocatedMode
from alb_dr.workflows.preflight.scene import Ask, Question, Scene

SLOW_DETECTION_S = 30
"""A dead server that stays in use longer than the default recovery time objective allows."""


def _advised(code: str) -> Ask:
    """The advice with this code, as troubles."""

    def ask(scene: Scene) -> Iterator[Trouble]:
        for finding in advice(scene.topology):
            if finding.code == code:
                yield Trouble(seen=finding.text, fix=finding.hint)

    return ask


def _detection(scene: Scene) -> Iterator[Trouble]:
    health = scene.topology.ingress.health_check
    slowest = health.detection_s[1]
    limit = min(SLOW_DETECTION_S, scene.topology.objectives.rto_s)
    if health.enabled and slowest > limit:
        yield Trouble(
            seen=f"a dead server may stay in use for {slowest} s, the objective is {limit:g} s"
        )


def _address_mode(scene: Scene) -> Iterator[Trouble]:
    if scene.topology.gateway.address_allocated_mode is AddressAllocatedMode.DYNAMIC:
        yield Trouble(seen="gateway.addressAllocatedMode is Dynamic")


def _deletion(scene: Scene) -> Iterator[Trouble]:
    application = scene.topology.application
    if not application.preserve_on_deletion:
        yield Trouble(seen="deleting the ApplicationSet would delete the workloads of every member")
    if not application.create_update_only:
        yield Trouble(
            seen="the ApplicationSet may delete Applications by itself", fix="say profile: safe"
        )


QUESTIONS = (
    Question(
        check=Check(
            code="ADR-NO-HEALTH-CHECK",
            category=Category.PROJECT,
            gravity=Gravity.WARNING,
            title="ALB health checks are on",
            fix="say ingress.healthCheck.enabled: true",
            why="Health checks are off in ALB Ingress unless the annotation is exactly true. "
            "Without them only the removal of endpoints moves traffic, and a zone that dies "
            "removes nothing: it keeps its share of the requests, and they fail.",
            pre=True,
        ),
        ask=_advised("ADR-NO-HEALTH-CHECK"),
    ),
    Question(
        check=Check(
            code="ADR-SLOW-HEALTH-CHECK",
            category=Category.PROJECT,
            gravity=Gravity.WARNING,
            title="health checks find a dead server in time",
            fix="shorten ingress.healthCheck intervalSeconds, timeoutSeconds, unhealthyThreshold",
            why="A silent server is found after (interval + timeout) x unhealthy threshold "
            "seconds. Longer than the recovery time objective (or 30 s) means that no failure "
            "of a zone can meet the objective.",
            pre=True,
        ),
        ask=_detection,
    ),
    Question(
        check=Check(
            code="ADR-STANDBY-ZERO",
            category=Category.PROJECT,
            gravity=Gravity.WARNING,
            title="every member has some weight",
            fix="give the standby a small weight, for example 1",
            why="ALB never chooses a server of weight 0 and does not check its health, so a "
            "standby of weight 0 takes over only when a person changes the weights.",
            pre=True,
        ),
        ask=_advised("ADR-STANDBY-ZERO"),
    ),
    Question(
        check=Check(
            code="ADR-MOVING-REVISION",
            category=Category.PROJECT,
            gravity=Gravity.INFO,
            title="the application's revision is pinned",
            fix="name a commit or a version tag in application.revision",
            why="A branch moves: two drills may drill two versions, and a commit in the middle "
            "of a drill makes Argo CD sync, which undoes the drill.",
            pre=True,
        ),
        ask=_advised("ADR-MOVING-REVISION"),
    ),
    Question(
        check=Check(
            code="ADR-ONE-ZONE",
            category=Category.PROJECT,
            gravity=Gravity.WARNING,
            title="the project file puts the members into different zones",
            fix="associate a cluster of another zone, or correct members[].zone",
            why="Members that share one zone fail together, and then the gateway has nobody "
            "left to send requests to.",
            pre=True,
        ),
        ask=_advised("ADR-ONE-ZONE"),
    ),
    Question(
        check=Check(
            code="ADR-ADDRESS-MODE",
            category=Category.PROJECT,
            gravity=Gravity.WARNING,
            title="the ALB keeps one fixed address per zone",
            fix="say gateway.addressAllocatedMode: Fixed before the gateway is created",
            why="Some regions refuse Dynamic with an order error, and the addresses of a Dynamic "
            "ALB change under load, so monitoring by zone does not work.",
            pre=True,
        ),
        ask=_address_mode,
    ),
    Question(
        check=Check(
            code="ADR-DELETION-POLICY",
            category=Category.PROJECT,
            gravity=Gravity.WARNING,
            title="the workloads outlive the ApplicationSet",
            fix="say application.preserveResourcesOnDeletion: true (the default of profile: safe)",
            why="Without preserveResourcesOnDeletion a deleted ApplicationSet takes the "
            "workloads of every member with it; without applicationsSync: create-update a "
            "generator error does the same. Whole estates were lost this way.",
            pre=True,
        ),
        ask=_deletion,
    ),
)
"""What the file alone says."""
