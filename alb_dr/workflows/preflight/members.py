"""The members: their APIs answer, our credentials last, they are in different zones."""

from __future__ import annotations

import os
import stat
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


def _private(scene: Scene) -> Iterator[Trouble]:
    topology = scene.topology
    accesses = [topology.fleet, *(member.access for member in topology.members)]
    files = dict.fromkeys(a.kubeconfig for a in accesses if a.kubeconfig is not None)
    if not files:
        raise NotAskedError("the project file names no kubeconfig")
    for path in files:
        try:
            found = path.stat()
        except OSError:
            # A missing file is the business of the API's own check.
            continue
        mode = stat.S_IMODE(found.st_mode)
        if found.st_uid not in {os.geteuid(), 0}:
            yield Trouble(
                seen=f"{path} belongs to another user (uid {found.st_uid}), who may change it",
                fix=f"copy it: install -m 600 {path} {path}.mine",
            )
        if mode & (stat.S_IWGRP | stat.S_IWOTH):
            yield Trouble(
                seen=f"others may write {path} (mode {mode:o}): it could run any program",
                fix=f"chmod 600 {path}",
                gravity=Gravity.ERROR,
            )
        elif mode & (stat.S_IRGRP | stat.S_IROTH):
            yield Trouble(seen=f"others may read {path} (mode {mode:o})", fix=f"chmod 600 {path}")


QUESTIONS = (
    Question(
        check=Check(
            code="ADR-KUBECONFIG-MODE",
            category=Category.FLEET,
            gravity=Gravity.WARNING,
            title="nobody else may read or write the kubeconfigs",
            fix="chmod 600 on each of them",
            why="A kubeconfig holds credentials, and may name a program that is run to get some: "
            "whoever can write it can run anything as you, whoever can read it can act as you.",
            pre=True,
        ),
        ask=_private,
    ),
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
