"""The shift's record on the Fleet: where it is, and what another terminal asks it for.

One ConfigMap for each Ingress. Creating it is the lock among shifts; it stays as evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

from alb_dr.errors import Conflict, NotFound, Refused
from alb_dr.model.manifest import CONFIG_MAP, Manifest, ResourceId
from alb_dr.model.printable import printable
from alb_dr.model.shift import ShiftRecord, Wish
from alb_dr.model.topology import Topology
from alb_dr.ports import KubeApi, KubeReader
from alb_dr.render.variables import LABELS

RECORD, WISH = "record", "wish"
"""Keys of the ConfigMap: written by the shift; written by whoever asks it for something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The live ConfigMap; ``record`` is None when this version cannot read it."""

    live: Manifest
    record: ShiftRecord | None
    wish: Wish

    @property
    def is_open(self) -> bool:
        """Whether a shift is under way, or was when it was killed; unreadable counts as open."""
        return self.record is None or not self.record.phase.is_over


def record_id(topology: Topology) -> ResourceId:
    """Where the record of the project's Ingress stands."""
    ingress = topology.ingress
    return ResourceId(
        kind=CONFIG_MAP, name=f"alb-dr-shift-{ingress.name}", namespace=ingress.namespace
    )


def read_record(topology: Topology, fleet: KubeReader) -> Recorded | None:
    """The record; None when no shift was ever begun."""
    live = fleet.get(record_id(topology))
    if live is None:
        return None
    data = live.document.get("data") or {}
    wish = str(data.get(WISH, ""))
    return Recorded(
        live=live,
        record=ShiftRecord.parse(str(data.get(RECORD, ""))),
        wish=Wish(wish) if wish in set(Wish) else Wish.NONE,
    )


def begin_record(topology: Topology, record: ShiftRecord, *, fleet: KubeApi) -> None:
    """Write the first record; Refused while another shift's is open, Conflict in a race."""
    found = read_record(topology, fleet)
    refuse_open_shift(found)
    id_ = record_id(topology)
    metadata = {"name": id_.name, "namespace": id_.namespace, "labels": dict(LABELS)}
    document = {
        "apiVersion": CONFIG_MAP.api_version,
        "kind": CONFIG_MAP.name,
        "metadata": metadata,
        "data": {RECORD: record.dump(), WISH: Wish.NONE.value},
    }
    if found is None:
        fleet.create(Manifest(id=id_, document=document))
        return
    document["metadata"] = {**metadata, "resourceVersion": found.live.resource_version}
    fleet.replace(Manifest(id=id_, document=document))


def refuse_open_shift(found: Recorded | None) -> None:
    """Raise Refused while a shift is open."""
    if found is not None and found.is_open:
        raise Refused(
            f"a {record_verb(found)} is open: {record_words(found)}",
            hint="wait for it, or end it: alb-dr ingress abort",
            code="ADR-SHIFT-OPEN",
        )


def record_verb(found: Recorded) -> str:
    """What kind of shift it is: the command that began it."""
    return printable(found.record.verb, longest=20) if found.record is not None else "shift"


def record_words(found: Recorded) -> str:
    """Where a shift is, in one line for a person."""
    record = found.record
    if record is None:
        return f"{found.live.id} cannot be read by this version"
    last = len(record.vectors) - 1
    weights = "/".join(str(weight) for weight in record.vectors[record.step].values())
    words = f"{record.shift} of {record.by}, {record.phase}, step {record.step} of {last}"
    reason = f": {record.why}" if record.why else ""
    # The record is text that anybody with access to the namespace may have written.
    return printable(f"{words} (weights {weights}), begun {record.started}{reason}")


def update_record(topology: Topology, record: ShiftRecord, *, fleet: KubeApi) -> None:
    """Replace the record of the same shift by a newer one; Conflict when another's stands there.

    An earlier write whose answer was lost does not matter: what stands there is read first.
    """
    found = read_record(topology, fleet)
    if found is None or found.record is None or found.record.shift != record.shift:
        raise Conflict(f"{record_id(topology)} is no longer the record of shift {record.shift}")
    text = (found.live.document.get("data") or {})[RECORD]
    operations = [
        {"op": "test", "path": f"/data/{RECORD}", "value": text},
        {"op": "replace", "path": f"/data/{RECORD}", "value": record.dump()},
    ]
    fleet.patch(found.live.id, operations)


def take_wish(topology: Topology, wish: Wish, *, fleet: KubeApi) -> None:
    """Take a wish that was read out of the record; a newer one stays."""
    operations = [
        {"op": "test", "path": f"/data/{WISH}", "value": wish.value},
        {"op": "replace", "path": f"/data/{WISH}", "value": Wish.NONE.value},
    ]
    try:
        fleet.patch(record_id(topology), operations)
    except Conflict:
        # Somebody changed their mind; the next look finds the newer wish.
        return


def make_wish(topology: Topology, wish: Wish, *, fleet: KubeApi) -> Recorded:
    """Ask the open shift for something; NotFound when there is none."""
    found = read_record(topology, fleet)
    if found is None or not found.is_open:
        raise NotFound("no shift is under way", hint="alb-dr status says where the last one ended")
    operations = [
        {"op": "test", "path": "/metadata/uid", "value": found.live.uid},
        {"op": "replace", "path": f"/data/{WISH}", "value": wish.value},
    ]
    fleet.patch(found.live.id, operations)
    return found
