"""Discovery: Fleet, members and vSwitches as the cloud knows them, chosen without guessing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alb_dr.errors import BadInput, NotFound
from alb_dr.model.cloud import FleetDetails, VSwitch
from alb_dr.ports import Cloud, Narrator
from alb_dr.workflows.preflight.cloud_fleet import ASSOCIATED, RUNNING
from alb_dr.workflows.preflight.cloud_network import ENOUGH_ADDRESSES


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMember:
    """A member: ``zone`` is empty when its vSwitches are in several zones."""

    id: str
    name: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """What a project file needs to know of the cloud."""

    fleet: FleetDetails
    members: tuple[FoundMember, ...]
    vswitches: tuple[VSwitch, ...]


def discover(cloud: Cloud, *, fleet_id: str | None, narrator: Narrator) -> Discovered:
    """The account's Fleet, its members, and one usable vSwitch in each of two zones.

    BadInput when there are several Fleets and none is named; NotFound when there is no Fleet, are
    fewer than two healthy members, or no two zones to put an ALB into.
    """
    fleet = _fleet(cloud.fleets(), fleet_id)
    narrator.note(f"Fleet {fleet.name} ({fleet.id}) in {fleet.region}, {fleet.vpc_id}")
    switches = {vswitch.id: vswitch for vswitch in cloud.vswitches(fleet.vpc_id)}
    members = _members(cloud, fleet, switches, narrator)
    chosen = _two_zones(
        tuple(switches.values()),
        supported=cloud.alb_zones(),
        preferred=[member.zone for member in members if member.zone],
        vpc=fleet.vpc_id,
    )
    for vswitch in chosen:
        narrator.note(f"vSwitch {vswitch.id} in {vswitch.zone_id}, {vswitch.free_addresses} free")
    return Discovered(fleet=fleet, members=members, vswitches=chosen)


def _fleet(fleets: Sequence[FleetDetails], wanted: str | None) -> FleetDetails:
    known = ", ".join(f"{f.id} ({f.name}, {f.state})" for f in fleets)
    if wanted is not None:
        for fleet in fleets:
            if wanted in {fleet.id, fleet.name}:
                return fleet
        raise NotFound(f"no Fleet is called {wanted}", hint=f"there are: {known or 'none'}")
    running = [fleet for fleet in fleets if fleet.state == RUNNING]
    if not running:
        raise NotFound(
            "this account has no running Fleet", hint=f"there are: {known}" if known else None
        )
    if len(running) > 1:
        raise BadInput("this account has several Fleets", hint=f"name one with --fleet: {known}")
    return running[0]


def _members(
    cloud: Cloud, fleet: FleetDetails, switches: dict[str, VSwitch], narrator: Narrator
) -> tuple[FoundMember, ...]:
    found = []
    for cluster in cloud.associated(fleet.id):
        if (cluster.association, cluster.state) != (ASSOCIATED, RUNNING):
            words = f"{cluster.state}, {cluster.association}"
            narrator.warn(f"{cluster.name} ({cluster.id}) is left out: it is {words}")
            continue
        ids = cloud.cluster(cluster.id).vswitch_ids
        zones = {switches[id_].zone_id for id_ in ids if id_ in switches}
        zone = zones.pop() if len(zones) == 1 else ""
        found.append(FoundMember(id=cluster.id, name=cluster.name or cluster.id, zone=zone))
        narrator.note(f"member {found[-1].name} ({cluster.id}) {zone}".rstrip())
    if len(found) < 2:
        raise NotFound(
            f"Fleet {fleet.id} has {len(found)} healthy members, two are needed",
            hint="associate clusters with it, and wait until they are running",
        )
    return tuple(found)


def _two_zones(
    vswitches: Sequence[VSwitch], *, supported: Sequence[str], preferred: Sequence[str], vpc: str
) -> tuple[VSwitch, ...]:
    """The vSwitch with most free addresses in each of two zones, the members' zones first."""
    usable = [
        v
        for v in vswitches
        if v.status == "Available"
        and v.free_addresses >= ENOUGH_ADDRESSES
        and v.zone_id in supported
    ]
    best: dict[str, VSwitch] = {}
    for vswitch in sorted(usable, key=lambda v: (-v.free_addresses, v.id)):
        best.setdefault(vswitch.zone_id, vswitch)
    zones = [*dict.fromkeys(z for z in preferred if z in best), *sorted(best)]
    chosen = tuple(best[zone] for zone in list(dict.fromkeys(zones))[:2])
    if len(chosen) < 2:
        raise NotFound(
            f"{vpc} has no usable vSwitches in two zones that ALB supports",
            hint=f"create one with {ENOUGH_ADDRESSES} free addresses in each of two of: "
            f"{', '.join(supported)}",
        )
    return chosen
