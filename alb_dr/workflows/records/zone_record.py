"""The record of zones out of DNS: on the Fleet, so that any machine can see and undo it.

One ConfigMap for each Ingress, beside the shift's; it stays as evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from alb_dr.errors import Conflict
from alb_dr.model.manifest import CONFIG_MAP, Manifest, ResourceId
from alb_dr.model.printable import printable
from alb_dr.model.topology import Topology
from alb_dr.model.zone_shift import ZoneRecord
from alb_dr.ports import KubeApi, KubeReader
from alb_dr.render.variables import LABELS

RECORD = "record"
"""The key of the ConfigMap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedZones:
    """The live ConfigMap; ``record`` is None when this version cannot read it."""

    live: Manifest
    record: ZoneRecord | None

    @property
    def is_open(self) -> bool:
        """Whether zones are out of DNS, or may be; unreadable counts as that."""
        return self.record is None or not self.record.phase.is_over


def zone_record_id(topology: Topology) -> ResourceId:
    """Where the record of the project's Ingress stands."""
    ingress = topology.ingress
    name = f"alb-dr-zones-{ingress.name}"
    return ResourceId(kind=CONFIG_MAP, name=name, namespace=ingress.namespace)


def read_zones(topology: Topology, fleet: KubeReader) -> RecordedZones | None:
    """The record; None when no zone was ever shifted."""
    live = fleet.get(zone_record_id(topology))
    if live is None:
        return None
    text = str((live.document.get("data") or {}).get(RECORD, ""))
    return RecordedZones(live=live, record=ZoneRecord.parse(text))


def write_zones(topology: Topology, record: ZoneRecord, *, fleet: KubeApi) -> ZoneRecord:
    """Write the record, its beat one higher: over a finished one, or over its own last version.

    Conflict when another's stands there, or when somebody wrote it since we looked.
    """
    found = read_zones(topology, fleet)
    newer = replace(record, beat=record.beat + 1)
    if found is not None and found.is_open and not _is_last(found.record, record):
        raise Conflict(
            f"the record of shifted zones was changed by somebody else: {zone_words(found)}",
            hint="look again: alb-dr failover status",
        )
    id_ = zone_record_id(topology)
    metadata = {"name": id_.name, "namespace": id_.namespace, "labels": dict(LABELS)}
    if found is not None:
        metadata["resourceVersion"] = found.live.resource_version
    document = {
        "apiVersion": CONFIG_MAP.api_version,
        "kind": CONFIG_MAP.name,
        "metadata": metadata,
        "data": {RECORD: newer.dump()},
    }
    manifest = Manifest(id=id_, document=document)
    if found is None:
        fleet.create(manifest)
    else:
        fleet.replace(manifest)
    return newer


def _is_last(live: ZoneRecord | None, ours: ZoneRecord) -> bool:
    """Whether the live record is the version ours was made from; or ours, its answer lost."""
    return live is not None and live.shift == ours.shift and live.beat - ours.beat in {0, 1}


def zone_words(found: RecordedZones) -> str:
    """What is out of DNS, in one line for a person."""
    record = found.record
    if record is None:
        return f"{found.live.id} cannot be read by this version"
    zones = ", ".join(record.zone_ids)
    words = f"{zones} of {record.alb_id} {record.phase}, by {record.by} since {record.started}"
    reason = f": {record.why or record.reason}" if record.why or record.reason else ""
    # The record is text that anybody with access to the namespace may have written.
    return printable(f"zone {words}{reason}")
