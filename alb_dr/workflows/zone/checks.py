"""What must hold before a zone of an ALB leaves DNS. Reads only."""

from __future__ import annotations

from collections.abc import Sequence

from alb_dr.errors import BadInput, Conflict, NotFound, Refused
from alb_dr.model.cloud import AlbZone, LoadBalancer, ZoneState
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.model.zone_shift import ZoneRecord
from alb_dr.ports import KubeReader, Narrator
from alb_dr.workflows.delivery.gateway import address_of, albconfig_id
from alb_dr.workflows.records.zone_record import RecordedZones, zone_words

FIXED = "Fixed"
"""The only address mode whose zones can be shifted (the API's page says: static addresses)."""


def alb_id_of(topology: Topology, fleet: KubeReader) -> str:
    """The id of the gateway's ALB; NotFound before it has one."""
    live = fleet.get(albconfig_id(topology))
    found = address_of(topology, live).alb_id if live is not None else None
    if not found:
        raise NotFound("the gateway has no ALB yet", hint="make it: alb-dr gateway create")
    return found


def zones_of(topology: Topology, away: Sequence[MemberCluster]) -> tuple[str, ...]:
    """The zones of the members the traffic leaves, as the project file says.

    BadInput for a member without a zone, Refused when one that stays lives in one of them.
    """
    for member in topology.members:
        if member.zone is None:
            raise BadInput(
                f"the project file does not say in which zone {member.name} is",
                hint=f"add zone: to member {member.name}",
                code="ADR-ZONE-UNKNOWN",
            )
    gone = {member.id for member in away}
    going = dict.fromkeys(str(member.zone) for member in away)
    for member in topology.members:
        if member.id not in gone and member.zone in going:
            raise Refused(
                f"{member.name}, which stays, is in zone {member.zone} too",
                hint="leave out --zone: the weights alone move the traffic",
                code="ADR-ZONE-SHARED",
            )
    return tuple(going)


def check_alb(alb: LoadBalancer, going: Sequence[str]) -> None:
    """Refused when the ALB's addresses are not static, or it has none in one of the zones."""
    if alb.address_mode != FIXED:
        seen = alb.address_mode or "the cloud does not say which"
        raise Refused(
            f"{alb.id} does not have Fixed addresses ({seen}); only their zones can be shifted",
            hint="leave out --zone; the mode is chosen when the gateway is made "
            "(gateway.addressAllocatedMode)",
            code="ADR-ZONE-DYNAMIC",
        )
    for zone in going:
        if alb.zone(zone) is None:
            have = ", ".join(z.id for z in alb.zones) or "none"
            raise Refused(
                f"{alb.id} has no address in zone {zone}; its zones: {have}",
                hint="compare members[].zone and gateway.zoneMappings in the project file",
                code="ADR-ZONE-UNKNOWN",
            )


def check_states(
    alb: LoadBalancer, going: Sequence[str], ours: ZoneRecord | None
) -> tuple[AlbZone, ...]:
    """The zones that stay in DNS; Refused when there would be none.

    Conflict when a zone that is to go is not Active and not out by our own hand.
    """
    staying = tuple(z for z in alb.zones if z.id not in going and z.state == ZoneState.ACTIVE)
    if not staying:
        raise Refused(
            f"no other zone of {alb.id} is Active; its name would lead nowhere",
            hint="this refusal cannot be overridden",
            code="ADR-ZONE-LAST",
        )
    mine = set(ours.zone_ids) if ours is not None else set()
    for zone in alb.zones:
        if zone.id in going and zone.state != ZoneState.ACTIVE and zone.id not in mine:
            raise Conflict(
                f"zone {zone.id} of {alb.id} is {zone.state or 'in an unknown state'} already, "
                "and not by alb-dr",
                hint="who shifted it brings it back: the console shows it",
                code="ADR-ZONE-STATE",
            )
    return staying


def check_record(found: RecordedZones | None, going: Sequence[str]) -> ZoneRecord | None:
    """The open record of a shift of the same zones; Refused when others are out."""
    if found is None or not found.is_open:
        return None
    record = found.record
    if record is None or set(record.zone_ids) != set(going):
        raise Refused(
            f"zones are out of DNS already: {zone_words(found)}",
            hint="bring them back first: alb-dr failover back",
            code="ADR-ZONES-OUT",
        )
    return record


def warn_of_drift(
    topology: Topology, alb: LoadBalancer, going: Sequence[str], narrator: Narrator
) -> None:
    """Say when the file names another vSwitch for a zone than the ALB has; the ALB's is used."""
    for mapping in topology.gateway.zone_mappings:
        zone = alb.zone(mapping.zone_id or "")
        if zone is not None and zone.id in going and zone.vswitch_id != mapping.vswitch_id:
            narrator.warn(
                f"zone {zone.id} of {alb.id} is on {zone.vswitch_id}, "
                f"the project file says {mapping.vswitch_id}"
            )
