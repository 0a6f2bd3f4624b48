"""A zone shift: which zones of an ALB alb-dr took out of DNS, and how far it came."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from alb_dr.model.cloud import AlbZone

SCHEMA = 1


class ZonePhase(StrEnum):
    """How far a zone shift came; each is written before what it names is done."""

    LEAVING = "leaving DNS"
    OUT = "out of DNS"
    RETURNING = "returning into DNS"
    BACK = "back in DNS"

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to bring back."""
        return self is ZonePhase.BACK


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRecord:
    """What stands on the Fleet while zones are out of DNS, and afterwards as evidence.

    ``zones`` are pairs of zone id and vSwitch id. ``beat`` counts its versions.
    """

    shift: str
    alb_id: str
    zones: Sequence[tuple[str, str]]
    phase: ZonePhase
    by: str
    reason: str
    started: str
    why: str = ""
    beat: int = 0
    schema: int = SCHEMA

    @property
    def zone_ids(self) -> tuple[str, ...]:
        """The zones, by id."""
        return tuple(zone for zone, _ in self.zones)

    def dump(self) -> str:
        """The record's text."""
        return json.dumps(asdict(self), sort_keys=True)

    @staticmethod
    def parse(text: str) -> ZoneRecord | None:
        """The record of a text; None for one this version must not touch."""
        try:
            raw = json.loads(text)
            zones = tuple((str(zone), str(vswitch)) for zone, vswitch in raw["zones"])
            record = ZoneRecord(**{**raw, "zones": zones, "phase": ZonePhase(raw["phase"])})
        except (ValueError, TypeError, KeyError):
            return None
        words = (record.shift, record.alb_id, record.by, record.reason, record.started, record.why)
        sound = all(isinstance(word, str) for word in words) and isinstance(record.beat, int)
        return record if sound and zones and record.schema == SCHEMA else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonePlan:
    """What a zone shift would do: the ALB, its zones that go, and the Active ones that stay.

    ``open`` is the record of an earlier shift of the same zones that did not come to its end.
    """

    alb_id: str
    dns_name: str
    going: Sequence[AlbZone]
    staying: Sequence[AlbZone]
    open: ZoneRecord | None = None

    @property
    def words(self) -> str:
        """For a person."""
        going = ", ".join(f"{z.id} ({', '.join(z.addresses) or 'no address'})" for z in self.going)
        return f"{going} of {self.alb_id} out of DNS; {', '.join(z.id for z in self.staying)} stays"
