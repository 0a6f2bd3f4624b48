"""The members: their APIs answer, our credentials last, they are in different zones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from alb_dr.errors import AlbDrError
from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.manifest import NODE
from alb_dr.model.member import MemberCluster
from alb_dr.workflows.preflight.read_once import NotAskedError, ReadOnce
from alb_dr.workflows.preflight.scene import Question, Scene

LAST_S = timedelta(hours=1)
"""Credentials that end sooner may end within a drill of 30 minutes (safety G12: twice as long)."""
ZONE_LABEL = "topology.kubernetes.io/zone"


def _answer(scene: Scene) -> Iterator[Trouble]:
    for member in scene.topology.members:
        api = scene.members[member.id]
        if api.answers():
            continue
        try:
            api.identity()
        except AlbDrError as error:
            yield Trouble(seen=error.message, fix=error.hint, cause=error.exit_code)


def _expiry(scene: Scene) -> Iterator[Trouble]:
    known = 0
    for api in (scene.fleet, *scene.members.values()):
        if not api.answers():
            continue
        expires = api.identity().expires
        if expires is None:
            continue
        known += 1
        left = expires - scene.clock.now()
        if left < timedelta():
            yield Trouble(
                seen=f"our credentials for {api.label} expired at {expires:%Y-%m-%d %H:%M} UTC",
                gravity=Gravity.ERROR,
            )
        elif left < LAST_S:
            minutes = left.total_seconds() / 60
            yield Trouble(seen=f"our credentials for {api.label} end in {minutes:.0f} minutes")
    if not known:
        raise NotAskedError("no credential says when it ends")


def _zones(scene: Scene) -> Iterator[Trouble]:
    zones = {m.name: _zones_of(m, api) for m, api in scene.answering()}
    known = {name: found for name, found in zones.items() if found}
    if len(known) < len(scene.topology.members):
        raise NotAskedError("not every member's zones are known")
    for zone in sorted(set().union(*known.values())):
        if all(found == {zone} for found in known.values()):
            yield Trouble(seen=f"every node of every member is in {zone}: they fail together")


def _zones_of(member: MemberCluster, api: ReadOnce) -> set[str]:
    """The zones of its nodes; the project file's word when no node says it."""
    try:
        nodes = api.list(NODE)
    except AlbDrError:
        nodes = ()
    found = {str(node.labels[ZONE_LABEL]) for node in nodes if ZONE_LABEL in node.labels}
    return found or ({member.zone} if member.zone else set())


QUESTIONS = (
    Question(
        check=Check(
            code="ADR-MEMBER-API",
            category=Category.MEMBERS,
            gravity=Gravity.FATAL,
            title="every member's API answers and knows us",
            fix="fetch the member's kubeconfig again, and make sure its server can be reached",
            why="Drills and checks read and scale the workload in the members themselves. While "
            "a member's API does not answer, its endpoints cannot be seen by the gateway either.",
            pre=True,
            retry_s=300,
        ),
        ask=_answer,
    ),
    Question(
        check=Check(
            code="ADR-EXPIRY",
            category=Category.MEMBERS,
            gravity=Gravity.WARNING,
            title="our credentials outlast a drill",
            fix="fetch the kubeconfig again",
            why="A token or client certificate that ends in the middle of a drill takes away the "
            "right to restore. It should last an hour: twice the longest drill.",
            pre=True,
        ),
        ask=_expiry,
    ),
    Question(
        check=Check(
            code="ADR-MEMBER-ZONES",
            category=Category.MEMBERS,
            gravity=Gravity.ERROR,
            title="no single zone holds every member's nodes",
            fix="use clusters whose nodes are in different zones",
            why="The whole point is to survive the loss of a zone. The nodes' label "
            "topology.kubernetes.io/zone says where they are; members[].zone counts for clusters "
            "whose nodes do not say it.",
            pre=True,
        ),
        ask=_zones,
    ),
)
"""What must be true of the members' clusters."""
