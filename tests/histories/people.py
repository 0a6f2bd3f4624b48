"""What people do to the objects of a drill meanwhile, each under the name ``person``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alb_dr.model.manifest import Manifest
from alb_dr.render.annotations import weight_key
from alb_dr.workflows.records.drill_record import ANNOTATION, LABEL
from tests.histories.store import Doc, Store, key_of
from tests.histories.world import LOCK, MEMBERS, REPLICAS, ROUTE, WORKLOAD, World

PERSON = "person"


def does(world: World, what: str, member: str) -> None:
    """Let a person do one thing."""
    _DEEDS[what](world, member)


def _edit(store: Store, change: Callable[[Doc], Doc]) -> None:
    live = store.find(key_of(WORKLOAD))
    if live is not None:
        store.replace(Manifest(id=WORKLOAD, document=change(live)), by=PERSON)


def _scaled(replicas: int) -> Callable[[World, str], None]:
    def deed(world: World, member: str) -> None:
        _edit(
            world.members[member],
            lambda live: {**live, "spec": {**live["spec"], "replicas": replicas}},
        )

    return deed


def _delete(world: World, member: str) -> None:
    world.members[member].delete(WORKLOAD, None, by=PERSON)


def _recreate(world: World, member: str) -> None:
    """The same name, another object; as a deployment tool makes it."""
    store = world.members[member]
    live = store.find(key_of(WORKLOAD))
    if live is None:
        return
    store.delete(WORKLOAD, None, by=PERSON)
    metadata = {k: live["metadata"][k] for k in ("name", "namespace")}
    spec = {**live["spec"], "replicas": REPLICAS[member]}
    fresh = {k: v for k, v in live.items() if k != "status"}
    store.create(
        Manifest(id=WORKLOAD, document={**fresh, "metadata": metadata, "spec": spec}), by=PERSON
    )


def _with_marks(live: Doc, annotation: str | None, label: str | None) -> Doc:
    metadata = dict(live["metadata"])
    for name, key, value in (
        ("annotations", ANNOTATION, annotation),
        ("labels", LABEL, label),
    ):
        kept = {k: v for k, v in (metadata.get(name) or {}).items() if k != key}
        metadata[name] = {**kept, key: value} if value is not None else kept
    return {**live, "metadata": metadata}


def _undo(world: World, member: str) -> None:
    """``kubectl rollout undo`` puts back the annotations of another revision."""
    _edit(world.members[member], lambda live: _with_marks(live, None, None))


def _revive(world: World, member: str) -> None:
    """The annotations of a revision made during a drill come back, with its 0 replicas."""
    text = next((t for t in reversed(_records(world, member)) if t), None)
    if text is not None:
        _edit(
            world.members[member],
            lambda live: {
                **_with_marks(live, text, "true"),
                "spec": {**live["spec"], "replicas": 0},
            },
        )


def _records(world: World, member: str) -> list[str]:
    """Every record the workload ever carried."""
    label = world.members[member].label
    found = []
    for revision in world.history.revisions:
        if revision.api == label and revision.key == key_of(WORKLOAD) and revision.after:
            annotations = revision.after["metadata"].get("annotations") or {}
            found.append(annotations.get(ANNOTATION, ""))
    return found


def _garble(world: World, member: str) -> None:
    live = world.workload(member)
    if live is not None and ANNOTATION in (live["metadata"].get("annotations") or {}):
        _edit(world.members[member], lambda doc: _with_marks(doc, '{"schema": 99}', "true"))


def _unlabel(world: World, member: str) -> None:
    """Only the label goes; the record stays."""
    live = world.workload(member)
    text = ((live or {"metadata": {}})["metadata"].get("annotations") or {}).get(ANNOTATION)
    _edit(world.members[member], lambda doc: _with_marks(doc, text, None))


def _weights(world: World, member: str) -> None:
    """Somebody moves weight, to a sum of 100 as it must be."""
    share = 30 if member == MEMBERS[0] else 60
    live = world.fleet.find(key_of(ROUTE))
    if live is None:
        return
    wanted = {MEMBERS[0]: str(share), MEMBERS[1]: str(100 - share)}
    annotations: dict[str, Any] = dict(live["metadata"].get("annotations") or {})
    annotations |= {weight_key(m): weight for m, weight in wanted.items()}
    metadata = {**live["metadata"], "annotations": annotations}
    world.fleet.replace(Manifest(id=ROUTE, document={**live, "metadata": metadata}), by=PERSON)


def _steal_lock(world: World, _member: str) -> None:
    live = world.fleet.find(key_of(LOCK))
    if live is not None:
        spec = {**live["spec"], "holderIdentity": PERSON}
        world.fleet.replace(Manifest(id=LOCK, document={**live, "spec": spec}), by=PERSON)


def _delete_lock(world: World, _member: str) -> None:
    world.fleet.delete(LOCK, None, by=PERSON)


_DEEDS: dict[str, Callable[[World, str], None]] = {
    "scale-up": _scaled(5),
    "scale-down": _scaled(1),
    "to-zero": _scaled(0),
    "delete": _delete,
    "recreate": _recreate,
    "undo": _undo,
    "revive": _revive,
    "garble": _garble,
    "unlabel": _unlabel,
    "weights": _weights,
    "steal-lock": _steal_lock,
    "delete-lock": _delete_lock,
}
