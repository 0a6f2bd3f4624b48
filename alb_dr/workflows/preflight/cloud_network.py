"""The cloud's word on the network: the gateway's vSwitches and the members' security groups."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.cloud import VSwitch
from alb_dr.model.gateway import ZoneMapping
from alb_dr.workflows.preflight.cloud_fleet import found_fleet
from alb_dr.workflows.preflight.read_once import NotAskedError
from alb_dr.workflows.preflight.scene import Question, Scene
from alb_dr.workflows.preflight.security_groups import closed_ports

ENOUGH_ADDRESSES = 8
"""Free addresses an ALB needs in each vSwitch (ALB documentation, health-check sources)."""


def _known(scene: Scene) -> Iterator[tuple[ZoneMapping, VSwitch]]:
    """The gateway's vSwitches that exist; NotAskedError when none does."""
    found = [
        (mapping, vswitch)
        for mapping in scene.topology.gateway.zone_mappings
        if (vswitch := scene.cloud.vswitch(mapping.vswitch_id)) is not None
    ]
    if not found:
        raise NotAskedError("none of the gateway's vSwitches exists")
    yield from found


def _exist(scene: Scene) -> Iterator[Trouble]:
    fleet = scene.cloud.fleet_of(scene.topology)
    for mapping in scene.topology.gateway.zone_mappings:
        found = scene.cloud.vswitch(mapping.vswitch_id)
        if found is None:
            yield Trouble(seen=f"{mapping.vswitch_id} does not exist in {scene.topology.region}")
            continue
        if found.status != "Available":
            yield Trouble(seen=f"{found.id} is {found.status}", fix="wait until it is Available")
        if fleet is not None and found.vpc_id != fleet.vpc_id:
            yield Trouble(
                seen=f"{found.id} is in {found.vpc_id}, the Fleet is in {fleet.vpc_id}",
                fix="name vSwitches of the Fleet's VPC; others are dropped in silence",
            )


def _two_zones(scene: Scene) -> Iterator[Trouble]:
    known = list(_known(scene))
    for mapping, vswitch in known:
        if mapping.zone_id is not None and mapping.zone_id != vswitch.zone_id:
            yield Trouble(
                seen=f"{vswitch.id} is in {vswitch.zone_id}, the project file says "
                f"{mapping.zone_id}",
                fix="correct gateway.zoneMappings[].zoneId",
            )
    zones = [vswitch.zone_id for _, vswitch in known]
    for zone in sorted({zone for zone in zones if zones.count(zone) > 1}):
        names = " and ".join(v.id for _, v in known if v.zone_id == zone)
        yield Trouble(seen=f"{names} are both in {zone}")


def _alb_zones(scene: Scene) -> Iterator[Trouble]:
    known = list(_known(scene))
    supported = scene.cloud.alb_zones()
    for _, vswitch in known:
        if vswitch.zone_id not in supported:
            yield Trouble(
                seen=f"{vswitch.id} is in {vswitch.zone_id}, which ALB does not support",
                fix=f"use vSwitches in: {', '.join(supported)}",
            )


def _addresses(scene: Scene) -> Iterator[Trouble]:
    for _, vswitch in _known(scene):
        if vswitch.free_addresses < ENOUGH_ADDRESSES:
            yield Trouble(
                seen=f"{vswitch.id} has {vswitch.free_addresses} free addresses, ALB needs "
                f"{ENOUGH_ADDRESSES}"
            )


def _admitted(scene: Scene) -> Iterator[Trouble]:
    found_fleet(scene)
    known = list(_known(scene))
    for member in scene.topology.members:
        group_id = scene.cloud.cluster(member.id).security_group_id
        if not group_id:
            continue
        group = scene.cloud.security_group(group_id)
        for _, vswitch in known:
            spans = closed_ports(group.rules, vswitch.cidr)
            if spans:
                words = ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in spans[:3])
                more = ", ..." if len(spans) > 3 else ""
                yield Trouble(
                    seen=f"{member.name}: {group_id} does not admit TCP {words}{more} from "
                    f"{vswitch.cidr} ({vswitch.id})",
                    fix=f"add an inbound rule to {group_id}: Accept, all, -1/-1, {vswitch.cidr}, "
                    "priority 1",
                )


QUESTIONS = (
    Question(
        check=Check(
            code="ADR-VSWITCH",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="the gateway's vSwitches exist, in the Fleet's VPC",
            fix="correct gateway.zoneMappings[].vSwitchId",
            why="A vSwitch of another VPC is dropped by the controller in silence; when fewer "
            "than two are left it complains about the size of zoneMappings.",
            pre=True,
            retry_s=60,
        ),
        ask=_exist,
    ),
    Question(
        check=Check(
            code="ADR-VSWITCH-ZONES",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="the gateway's vSwitches are in different zones",
            fix="name one vSwitch in each of two zones",
            why="An ALB needs two zones, and refuses two vSwitches in one of them.",
            pre=True,
        ),
        ask=_two_zones,
    ),
    Question(
        check=Check(
            code="ADR-ALB-ZONES",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="ALB supports the zones of the gateway's vSwitches",
            fix="name vSwitches in zones that ALB supports",
            why="Not every zone of a region has ALB. In a zone without it the instance cannot be "
            "created, and the controller drops the vSwitch.",
            pre=True,
        ),
        ask=_alb_zones,
    ),
    Question(
        check=Check(
            code="ADR-VSWITCH-ADDRESSES",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="the gateway's vSwitches have free addresses",
            fix="use a larger vSwitch, or free some addresses",
            why="ALB takes addresses from each vSwitch for itself and for health checks, and more "
            "when it grows; eight should be free.",
            pre=True,
        ),
        ask=_addresses,
    ),
    Question(
        check=Check(
            code="ADR-SECURITY-GROUP",
            category=Category.CLOUD,
            gravity=Gravity.ERROR,
            title="the members' security groups admit the gateway's vSwitches",
            fix="add an inbound rule for each vSwitch's address block, all ports",
            why="ALB reaches pods from addresses of its vSwitches. Rules are asked by priority, "
            "Drop before Accept at a draw, and what no rule accepts is dropped: each port and "
            "address is evaluated like that.",
            pre=True,
        ),
        ask=_admitted,
    ),
)
"""What the cloud says of the network."""
