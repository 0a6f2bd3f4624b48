"""The zone shift: the addresses of a member's zone out of DNS and back, through the cloud's API.

It moves the access layer, not the weights, and is the opt-in half of a switchover. Unconfirmed is
whether the cloud lets anybody do it on an ALB that the Fleet's gateway manages: so every change is
asked for as a dry run first, is looked for afterwards, and nothing else is assumed.

Whoever uses it holds the Ingress's lock. The record on the Fleet says what is meant before it is
done; the cloud's own word on a zone's state is the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from alb_dr.errors import (
    AlbDrError,
    Conflict,
    Interruption,
    NotFound,
    RestoreIncomplete,
    Unreachable,
)
from alb_dr.model.cloud import AlbZone, LoadBalancer, ZoneState
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.model.zone_shift import ZonePhase, ZonePlan, ZoneRecord
from alb_dr.ports import Clock, Cloud, Journal, KubeApi, Narrator, ZoneSwitch
from alb_dr.workflows.deadline import Alive, Deadline, nothing
from alb_dr.workflows.records.book import Book
from alb_dr.workflows.records.zone_record import read_zones, write_zones
from alb_dr.workflows.zone.checks import (
    alb_id_of,
    check_alb,
    check_record,
    check_states,
    warn_of_drift,
    zones_of,
)

LOOK_S = 1.0
"""Between two looks at a zone's state."""
BACK = "alb-dr failover back"
"""What undoes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonePorts:
    """Everything a zone shift touches. ``timeout_s`` is the longest wait for one zone."""

    fleet: KubeApi
    cloud: Cloud
    switch: ZoneSwitch
    clock: Clock
    narrator: Narrator
    journal: Journal
    shield: Callable[[], AbstractContextManager[None]]
    operator: str
    timeout_s: float


class ZoneShift:
    """Zones of the project's ALB out of DNS, and back."""

    def __init__(self, topology: Topology, ports: ZonePorts) -> None:
        self._topology = topology
        self._ports = ports
        self._book = Book(ports.journal, ports.narrator)

    # out ---------------------------------------------------------------------------------------

    def plan(self, away: Sequence[MemberCluster]) -> ZonePlan:
        """What taking out the zones of these members would do, the cloud's dry run included.

        Changes nothing. Raises BadInput, Refused or Conflict when it must not be done, Rejected
        (ADR-CLOUD-MANAGED) when the cloud denies it for this ALB, and what the cloud's API raises.
        """
        ports = self._ports
        going = zones_of(self._topology, away)
        ours = check_record(read_zones(self._topology, ports.fleet), going)
        alb = ports.cloud.load_balancer(alb_id_of(self._topology, ports.fleet))
        check_alb(alb, going)
        staying = check_states(alb, going, ours)
        warn_of_drift(self._topology, alb, going, ports.narrator)
        zones = tuple(zone for zone in alb.zones if zone.id in going)
        for zone in zones:
            if zone.state == ZoneState.ACTIVE:
                ports.switch.start_shift(alb.id, zone, token=self._token(zone, "dry"), dry_run=True)
        return ZonePlan(
            alb_id=alb.id, dns_name=alb.dns_name, going=zones, staying=staying, open=ours
        )

    def start(
        self, plan: ZonePlan, *, shift_id: str, reason: str, alive: Alive = nothing
    ) -> ZoneRecord:
        """Take the planned zones out of DNS, one by one, and wait until each is out.

        What is out already is left so. When nothing left DNS the record is closed; otherwise it
        stays open and ``cancel`` undoes it. An interruption brings back what went.
        """
        self._look_again(plan)
        record = plan.open or ZoneRecord(
            shift=shift_id,
            alb_id=plan.alb_id,
            zones=tuple((zone.id, zone.vswitch_id) for zone in plan.going),
            phase=ZonePhase.LEAVING,
            by=self._ports.operator,
            reason=reason,
            started=self._ports.clock.now().isoformat(timespec="seconds"),
        )
        self._book.intend("zones out", alb=plan.alb_id, zones=list(record.zone_ids))
        try:
            record = self._write(replace(record, phase=ZonePhase.LEAVING, why=""))
            for zone in plan.going:
                with self._ports.narrator.phase(f"taking zone {zone.id} out of DNS"):
                    self._move(record, zone.id, out=True, alive=alive)
            self._ports.narrator.note(f"{plan.dns_name} leads to {_named(plan.staying)} only")
            return self._write(replace(record, phase=ZonePhase.OUT))
        except Interruption:
            with self._ports.shield():
                self._take_back(record.shift)
            raise
        except AlbDrError as error:
            self._settle(record.shift, error)
            raise

    def _look_again(self, plan: ZonePlan) -> None:
        """The state just before the write must allow what the plan's state allowed."""
        alb = self._ports.cloud.load_balancer(plan.alb_id)
        check_states(alb, [zone.id for zone in plan.going], plan.open)

    def _take_back(self, shift: str) -> None:
        """Undo what this very shift began, if it came as far as its record."""
        found = self._open_record()
        if found is not None and found.shift == shift:
            self._return(found, self._present(found))

    def _settle(self, shift: str, error: AlbDrError) -> None:
        """After a failure: close the record when every zone is still in DNS, else say why."""
        phase = ZonePhase.LEAVING
        try:
            record = self._open_record()
            if record is None or record.shift != shift:
                return
            alb = self._ports.cloud.load_balancer(record.alb_id)
            states = [self._zone(alb, zone).state for zone in record.zone_ids]
            if all(state == ZoneState.ACTIVE for state in states):
                phase = ZonePhase.BACK
            self._write(replace(record, phase=phase, why=error.message))
        except AlbDrError as another:
            self._ports.narrator.warn(f"the record of the zones is behind: {another.message}")
        if phase is not ZonePhase.BACK:
            self._ports.narrator.warn(f"a zone may be out of DNS; {BACK} brings it back")

    # back --------------------------------------------------------------------------------------

    def plan_back(self) -> ZoneRecord | None:
        """What there is to bring back, the cloud's dry run included; None for nothing.

        Changes nothing. Conflict when the record cannot be read.
        """
        record = self._open_record()
        if record is None:
            return None
        for zone in self._present(record):
            if zone.state == ZoneState.SHIFTED:
                token = self._token(zone, "dry-back")
                self._ports.switch.cancel_shift(record.alb_id, zone, token=token, dry_run=True)
        return record

    def cancel(self, alive: Alive = nothing) -> ZoneRecord | None:
        """Bring every zone back that alb-dr took out, and wait for it; None for nothing to do.

        Safe to repeat, from any machine. Raises RestoreIncomplete when a zone was asked back and
        did not come; every other error means that nothing was asked.
        """
        record = self._open_record()
        if record is None:
            return None
        present = self._present(record)
        with self._ports.shield():
            self._book.note("zones back", alb=record.alb_id, zones=list(record.zone_ids))
            record = self._write(replace(record, phase=ZonePhase.RETURNING, why=""))
            return self._return(record, present, alive)

    def _open_record(self) -> ZoneRecord | None:
        found = read_zones(self._topology, self._ports.fleet)
        if found is None or not found.is_open:
            return None
        if found.record is None:
            raise Conflict(
                f"{found.live.id} cannot be read by this version",
                hint="bring the zones back in the console, then delete the ConfigMap",
            )
        return found.record

    def _present(self, record: ZoneRecord) -> tuple[AlbZone, ...]:
        """The record's zones that the ALB still has; none when it is gone."""
        try:
            alb = self._ports.cloud.load_balancer(record.alb_id)
        except NotFound:
            gone = f"{record.alb_id} is gone; there is nothing to bring back"
            self._ports.narrator.note(gone)
            return ()
        return tuple(z for z in alb.zones if z.id in record.zone_ids)

    def _return(
        self, record: ZoneRecord, present: Sequence[AlbZone], alive: Alive = nothing
    ) -> ZoneRecord:
        for zone in present:
            with self._ports.narrator.phase(f"bringing zone {zone.id} back into DNS"):
                try:
                    self._move(record, zone.id, out=False, alive=alive)
                except AlbDrError as error:
                    raise RestoreIncomplete(
                        f"zone {zone.id} of {record.alb_id} is not back in DNS: {error.message}",
                        hint=f"do this now: {BACK}",
                    ) from error
        return self._write(replace(record, phase=ZonePhase.BACK))

    # one zone ----------------------------------------------------------------------------------

    def _move(self, record: ZoneRecord, zone_id: str, *, out: bool, alive: Alive) -> None:
        """Move one zone, looking before and after; what another asked for already is waited for."""
        wanted = ZoneState.SHIFTED if out else ZoneState.ACTIVE
        origin = ZoneState.ACTIVE if out else ZoneState.SHIFTED
        deadline = Deadline(self._ports.clock, self._ports.timeout_s)
        asked = False
        while True:
            alb = self._ports.cloud.load_balancer(record.alb_id)
            zone = self._zone(alb, zone_id)
            if zone.state == wanted:
                self._book.note("zone seen", zone=zone_id, state=zone.state)
                return
            if zone.state == origin and not asked:
                if out:
                    check_states(alb, record.zone_ids, record)
                # Cut short, the request might still be on its way when we look whether it was sent.
                with self._ports.shield():
                    self._ask(record.alb_id, zone, out=out)
                asked = True
                continue
            if zone.state == ZoneState.STOPPED:
                raise Conflict(
                    f"zone {zone_id} of {record.alb_id} is Stopped, which alb-dr never asked for",
                    hint="the console says why",
                    code="ADR-ZONE-STATE",
                )
            if deadline.passed:
                what = f"zone {zone_id} is not {'out of' if out else 'back in'} DNS"
                raise deadline.exceeded(what, f"it is {zone.state}", hint=f"{BACK} undoes it")
            alive()
            self._ports.clock.sleep(LOOK_S)

    def _ask(self, alb_id: str, zone: AlbZone, *, out: bool) -> None:
        """Ask the cloud once. Without an answer, what it did is seen at the next look."""
        switch = self._ports.switch
        move = switch.start_shift if out else switch.cancel_shift
        token = self._token(zone, "out" if out else "back")
        try:
            move(alb_id, zone, token=token)
        except Unreachable as error:
            seen = self._zone(self._ports.cloud.load_balancer(alb_id), zone.id)
            if seen.state == zone.state:
                raise
            self._ports.narrator.warn(f"{error.message}; it was done all the same")

    def _token(self, zone: AlbZone, what: str) -> str:
        """For the cloud to know a request that is sent twice; unlike those of other moments."""
        return f"alb-dr-{what}-{zone.id}-{self._ports.clock.now().timestamp():.6f}"[:64]

    @staticmethod
    def _zone(alb: LoadBalancer, zone_id: str) -> AlbZone:
        found = alb.zone(zone_id)
        if found is None:
            raise Conflict(f"{alb.id} has no zone {zone_id} any more", code="ADR-ZONE-STATE")
        return found

    def _write(self, record: ZoneRecord) -> ZoneRecord:
        return write_zones(self._topology, record, fleet=self._ports.fleet)


def _named(zones: Sequence[AlbZone]) -> str:
    return ", ".join(zone.id for zone in zones)
