"""The invariants of safety §3.10, checked on what was recorded; each violation names its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from alb_dr.errors import ExitCode
from alb_dr.model.drill import DrillRecord
from alb_dr.render.annotations import weights_of
from alb_dr.workflows.records.drill_record import ANNOTATION, LABEL
from tests.histories import writes
from tests.histories.people import PERSON
from tests.histories.play import Played
from tests.histories.programs import READ_ONLY, drill_id
from tests.histories.simulation import Process
from tests.histories.store import Doc, Revision, key_of
from tests.histories.world import LOCK, MEMBERS, REPLICAS, ROUTE, WORKLOAD

OPEN = int(ExitCode.RESTORE_INCOMPLETE)
NOTHING_DONE = frozenset({2, 3, 4, 5, 6, 12, 13})
"""Codes that say that nothing was harmed; a drill that fired ends otherwise."""
TAMPERED_S = 15.0
"""A drill whose lock a person took away notices it at its next renewal and its next look."""
LAST_MOMENT_S = 1.0
"""Between a drill's last look at what it holds and its end others may put that back."""


def violations(played: Played) -> list[str]:
    """What was violated, a line each: the invariant's number, a colon, what happened."""
    checks = (
        no_bugs(played),
        restored(played),
        never_both_at_zero(played),
        one_open_drill(played),
        writes.tested(played.world.history),
        writes.legitimate(played.world.history),
        weights_sum(played),
        journals(played),
        codes_agree(played),
        reads_only(played),
        no_leftovers(played),
    )
    return list(chain.from_iterable(checks))


def no_bugs(played: Played) -> Iterator[str]:
    """No command ends by an error nobody foresaw, and every command ends."""
    for process in played.processes:
        if process.error is not None:
            yield f"bug: {process.name} ended by {process.error!r}"
        elif process.code is None and not process.dead:
            yield f"bug: {process.name} ({played.commands[process.name]}) never ended"


def revisions_of(played: Played, member: str) -> list[Revision]:
    """The stored changes of a member's workload."""
    label = played.world.members[member].label
    return [
        r
        for r in played.world.history.revisions
        if r.api == label and r.key == key_of(WORKLOAD) and r.by != "controller"
    ]


def touched(played: Played, member: str) -> bool:
    """Whether a person changed a member's workload."""
    return any(r.by == PERSON for r in revisions_of(played, member))


def marks(document: Doc | None) -> str:
    """The record a workload carries."""
    metadata: dict[str, Any] = (document or {}).get("metadata") or {}
    return str((metadata.get("annotations") or {}).get(ANNOTATION, ""))


def drill_of(document: Doc | None) -> str | None:
    """The drill whose record a workload carries."""
    text = marks(document)
    record = DrillRecord.parse(text) if text else None
    return record.drill if record is not None else None


def restored(played: Played) -> Iterator[str]:
    """I1: at the end everything is as it was, unless a person meddled, and that is said."""
    last = [p for p in played.processes if p.name.startswith("last-")][-1]
    for member in MEMBERS:
        live = played.world.workload(member)
        marked = bool(marks(live)) or LABEL in (
            ((live or {}).get("metadata") or {}).get("labels") or {}
        )
        if touched(played, member):
            if marks(live) and last.code == 0:
                yield f"I1: {member} still carries a record, and recover says all is well"
        elif live is None or live["spec"]["replicas"] != REPLICAS[member] or marked:
            spec = (live or {}).get("spec")
            yield f"I1: {member} is not as it was: {(spec or {}).get('replicas')}, marked {marked}"
    yield from _weights_restored(played, last.code)
    if "(guards alone)" in played.exits:
        yield from _by_guards(played)


def _weights_restored(played: Played, code: int | None) -> Iterator[str]:
    """I1: the Ingress, too, is as it was, unless a person moved weights."""
    changes = [r for r in played.world.history.revisions if r.key == key_of(ROUTE)]
    if not changes or any(r.by == PERSON for r in changes):
        return
    first, live = changes[0].before, played.world.fleet.find(key_of(ROUTE))
    if _marked(first) != _marked(live):
        yield f"I1: the Ingress is not as it was: {_marked(live)} (recover said {code})"


def _marked(document: Doc | None) -> tuple[Any, Any]:
    metadata = (document or {}).get("metadata") or {}
    return metadata.get("annotations") or {}, metadata.get("labels") or {}


def _by_guards(played: Played) -> Iterator[str]:
    """I1, M2: the guards alone put back what nobody meddled with."""
    alone = played.exits["(guards alone)"]
    for member in MEMBERS:
        before = [r for r in revisions_of(played, member) if r.order <= alone]
        if before and marks(before[-1].after) and not touched(played, member):
            yield f"I1: the guards alone left {member} marked"


def never_both_at_zero(played: Played) -> Iterator[str]:
    """I2: our hand never brings both members to 0; a tampered lock is noticed at once."""
    yield from _together(played, "I2", "both members are at 0 by our hand")


def one_open_drill(played: Played) -> Iterator[str]:
    """I3: no two drills of one Ingress are open at once: two members, two records."""
    for member in MEMBERS:
        owner: str | None = None
        for revision in revisions_of(played, member):
            drill = drill_of(revision.after)
            if revision.by != PERSON and owner and drill and drill != owner:
                yield f"I3: {revision.by} put drill {drill} over drill {owner} on {member}"
            owner = drill


def _together(played: Played, number: str, words: str) -> Iterator[str]:
    """Spans in which both workloads carry our record at 0."""
    history = played.world.history
    down: dict[str, bool] = dict.fromkeys(MEMBERS, False)
    labels = {played.world.members[m].label: m for m in MEMBERS}
    since: float | None = None
    for revision in history.revisions:
        member = labels.get(revision.api)
        if member is None or revision.key != key_of(WORKLOAD):
            continue
        spec = (revision.after or {}).get("spec") or {}
        down[member] = bool(marks(revision.after)) and spec.get("replicas") == 0
        if all(down.values()):
            since = revision.at if since is None else since
        elif since is not None:
            if not _excused(played, since, revision.at):
                yield f"{number}: {words} from {since:.1f} to {revision.at:.1f} s"
            since = None


def _excused(played: Played, since: float, until: float) -> bool:
    """A person took the lock away, or made the record: then it must be over soon."""
    people = [r for r in played.world.history.revisions if r.by == PERSON]
    revived = any(r.key == key_of(WORKLOAD) for r in people)
    unlocked = any(r.key == key_of(LOCK) for r in people) and until - since <= TAMPERED_S
    return revived or unlocked


def weights_sum(played: Played) -> Iterator[str]:
    """I5: in every stored revision of the Ingress the weights sum to 100."""
    for revision in played.world.history.revisions:
        if revision.key == key_of(ROUTE) and revision.after is not None:
            weights = weights_of(revision.after["metadata"].get("annotations") or {})
            if sum(int(w) for w in weights.values()) != 100:
                yield f"I5: {revision.by} stored weights {weights}"


def journals(played: Played) -> Iterator[str]:
    """I7: every journal is without a gap, and intent comes before effect."""
    for process in played.processes:
        path = played.folder / process.name / "ledger.jsonl"
        if path.exists():
            yield from writes.journal(path, process, played.world.history)


def codes_agree(played: Played) -> Iterator[str]:
    """I8: a drill that ended by itself says by its code whether it is open."""
    for process in played.processes:
        if played.commands[process.name] != "drill" or process.code is None:
            continue
        ended = played.exits[process.name]
        drill = drill_id(process)
        carried = [m for m in MEMBERS if _carries(played, m, drill, ended)]
        carried += ["the Ingress"] if _route_carries(played, drill, ended) else []
        meddled = any(touched(played, m) for m in MEMBERS)
        if process.code in NOTHING_DONE and process.name in fired_by(played):
            yield f"I8: {process.name} fired, but ended with {process.code}: {process.said}"
        if carried and process.code != OPEN and not meddled:
            yield f"I8: {process.name} ended with {process.code}, but its record is on {carried}"
        late = _put_back_late(played, drill, process)
        excused = meddled or late or _ready_troubled(played)
        if process.code == OPEN and not carried and not excused:
            yield f"I8: {process.name} says open, but nothing is: {process.said}"


def fired_by(played: Played) -> set[str]:
    """The processes whose drill did its harm."""
    return {
        r.by
        for m in MEMBERS
        for r in revisions_of(played, m)
        if r.by != PERSON and writes.kind_of(r) == "fire"
    }


def _route_carries(played: Played, drill: str, order: int) -> bool:
    """Whether the Ingress carried the record of a drill of the weights."""
    found = [
        r for r in played.world.history.revisions if r.key == key_of(ROUTE) and r.order <= order
    ]
    return bool(found) and f'"{drill}"' in marks(found[-1].after)


def _put_back_late(played: Played, drill: str, process: Process) -> bool:
    """Whether another took the record off the Ingress after the drill's last look at it."""
    removed = [
        r
        for r in played.world.history.revisions
        if r.key == key_of(ROUTE)
        and r.by not in {process.name, PERSON}
        and f'"{drill}"' in marks(r.before)
        and f'"{drill}"' not in marks(r.after)
    ]
    return any(0 <= process.ended_at - r.at < LAST_MOMENT_S for r in removed)


def _carries(played: Played, member: str, drill: str, order: int) -> bool:
    found = [r for r in revisions_of(played, member) if r.order <= order]
    return bool(found) and drill_of(found[-1].after) == drill


def _ready_troubled(played: Played) -> bool:
    """Whether pods, traffic or an API were in trouble: then open also means not proven."""
    kinds = {"broken", "outage", "trouble", "stop"}
    return any(act.kind in kinds or act.what == "weights" for act in played.scenario.acts)


def reads_only(played: Played) -> Iterator[str]:
    """I9: a command that only looks writes nothing."""
    for request in played.world.history.requests:
        if played.commands.get(request.by) in READ_ONLY:
            yield f"I9: {request.by} ({played.commands[request.by]}) sent {request.verb}"


def no_leftovers(played: Played) -> Iterator[str]:
    """I10: after recover the objects are those before, evidence apart."""
    last = [p for p in played.processes if p.name.startswith("last-")][-1]
    if last.code != 0:
        return
    for api in played.world.apis:
        gone = {key_of(WORKLOAD)} if any(touched(played, m) for m in MEMBERS) else set()
        new = set(api.objects) - played.world.before[api.label]
        left = {k for k in new if not writes.is_evidence(api.objects[k])}
        missing = played.world.before[api.label] - set(api.objects) - gone
        if left or missing:
            yield f"I10: {api.label}: left over {sorted(left)}, missing {sorted(missing)}"
