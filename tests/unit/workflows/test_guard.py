"""The guard restores what is past its deadline, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alb_dr.errors import Forbidden, NotFound, RestoreIncomplete
from alb_dr.model.drill import DrillRecord
from alb_dr.model.manifest import DEPLOYMENT, EVENT, Manifest, ResourceId
from alb_dr.workflows.guard.sweeper import Swept, is_alive, sweep
from alb_dr.workflows.live.expiry import expires_at
from alb_dr.workflows.records.drill_record import (
    ANNOTATION,
    LABEL,
    extend_patch,
    fire_patch,
    record_of,
    replicas_of,
)
from tests.builders import a_deployment
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale

SPACE = "gateway-demo"
ID = ResourceId(kind=DEPLOYMENT, name="web-demo", namespace=SPACE)
NOW = StillClock().now()


@pytest.fixture
def member() -> FakeKube:
    kube = FakeKube("poc-ack-1")
    name: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}}
    kube.create(Manifest.of(name))
    kube.create(a_deployment())
    return kube


def record(**changes: Any) -> DrillRecord:
    whole = DrillRecord(
        drill="7f3a",
        replicas=3,
        deadline=(NOW - timedelta(minutes=1)).isoformat(),
        reason="test",
        by="ann",
    )
    return replace(whole, **changes)


def fire(member: FakeKube, given: DrillRecord) -> None:
    live = member.get(ID)
    assert live is not None
    member.patch(ID, fire_patch(live, replace(given, replicas=replicas_of(live))))


def swept(member: FakeKube) -> tuple[Swept, ...]:
    return sweep(member, namespace=SPACE, clock=StillClock(), narrator=TellTale())


def wants(member: FakeKube) -> int:
    live = member.get(ID)
    assert live is not None
    return replicas_of(live)


def test_a_drill_past_its_deadline_is_taken_back_and_an_event_says_so(member: FakeKube) -> None:
    before = wants(member)
    fire(member, record())
    assert wants(member) == 0
    (done,) = swept(member)
    assert (done.drill, done.done) == ("7f3a", "restore")
    assert wants(member) == before
    live = member.get(ID)
    assert live is not None
    assert ANNOTATION not in live.annotations
    assert LABEL not in live.labels
    (event,) = member.list(EVENT, namespace=SPACE)
    assert "the guard put it back" in event.document["message"]


def test_a_drill_under_way_is_left_alone(member: FakeKube) -> None:
    fire(member, record(deadline=(NOW + timedelta(minutes=1)).isoformat()))
    (done,) = swept(member)
    assert done.done.startswith("under way until")
    assert wants(member) == 0


def written(minutes: float, *, time: str | None = None) -> list[dict[str, Any]]:
    """What the API keeps of a record that was written so long ago, by its own clock."""
    at = (NOW - timedelta(minutes=minutes)).isoformat()
    fields = {"f:metadata": {"f:annotations": {f"f:{ANNOTATION}": {}}}}
    return [{"manager": "alb-dr", "time": time or at, "fieldsV1": fields}]


@pytest.mark.parametrize(
    ("owners", "is_left"),
    [
        (written(31), False),
        (written(29), True),
        (written(31, time="soon"), True),
        (written(31, time="2026-03-01T00:00:00"), True),
        ([{"manager": "alb-dr", "fieldsV1": written(31)[0]["fieldsV1"]}], True),
        ([], True),
    ],
)
def test_F46_a_deadline_by_a_clock_that_is_years_ahead_is_not_waited_for(
    member: FakeKube, owners: list[dict[str, Any]], is_left: bool
) -> None:
    far = (NOW + timedelta(days=3650)).isoformat()
    marked = a_deployment(annotations={ANNOTATION: record(deadline=far).dump()})
    metadata = {**marked.document["metadata"], "managedFields": owners}
    target = Manifest(id=ID, document={**marked.document, "metadata": metadata})
    due = expires_at(target, far)
    assert due is not None
    assert (due > NOW) is is_left


@pytest.mark.parametrize("deadline", ["", "soon", "2026-03-01T12:00:00"])
def test_a_deadline_that_cannot_be_read_is_nobodys_licence(member: FakeKube, deadline: str) -> None:
    fire(member, record(deadline=deadline))
    (done,) = swept(member)
    assert done.done == "without a deadline, left alone"
    assert wants(member) == 0


def test_a_record_of_a_newer_version_is_left_alone(member: FakeKube) -> None:
    fire(member, record(schema=99))
    (done,) = swept(member)
    assert (done.drill, done.done) == (None, "unreadable, left alone")


def test_F5_a_drill_that_moves_its_deadline_on_at_that_instant_is_left_alone(
    member: FakeKube,
) -> None:
    fire(member, record())
    later = (NOW + timedelta(minutes=5)).isoformat()

    def extend(call: str) -> None:
        if call == f"patch {ID}":
            member.fail = lambda _call: None
            live = member.get(ID)
            assert live is not None
            found = record_of(live)
            assert isinstance(found, DrillRecord)
            member.patch(ID, extend_patch(live, replace(found, deadline=later)))

    member.fail = extend  # type: ignore[assignment]
    (done,) = swept(member)
    assert done.done == "under way again"
    assert wants(member) == 0


def test_F30_a_second_guard_finds_nothing_to_do(member: FakeKube) -> None:
    fire(member, record())
    swept(member)
    assert swept(member) == ()


def test_what_could_not_be_put_back_is_said_after_everything_was_tried(member: FakeKube) -> None:
    fire(member, record())
    refused = Forbidden("no", hint="nothing was changed")
    member.fail = lambda call: refused if call.startswith("patch") else None
    with pytest.raises(RestoreIncomplete) as left:
        swept(member)
    member.fail = lambda _: None
    (done,) = swept(member)
    assert done.done == "restore"
    assert str(left.value.hint).endswith("alb-dr failover recover --execute")


def test_its_heartbeat_tells_whether_it_lives(member: FakeKube) -> None:
    assert not is_alive(member, namespace=SPACE, clock=StillClock())
    swept(member)
    assert is_alive(member, namespace=SPACE, clock=StillClock())
    later = StillClock(NOW + timedelta(minutes=5))
    assert not is_alive(member, namespace=SPACE, clock=later)
    sweep(member, namespace=SPACE, clock=later, narrator=TellTale())
    assert is_alive(member, namespace=SPACE, clock=later)


def test_a_namespace_that_does_not_exist_is_no_namespace_without_drills(member: FakeKube) -> None:
    fire(member, record())
    with pytest.raises(NotFound, match="wrong-ns") as left:
        sweep(member, namespace="wrong-ns", clock=StillClock(), narrator=TellTale())
    assert left.value.exit_code == 13
    assert "--namespace" in str(left.value.hint)
    assert wants(member) == 0


def test_F29_a_heartbeat_that_is_not_found_keeps_the_guard_from_no_restore(
    member: FakeKube,
) -> None:
    fire(member, record())
    member.fail = lambda call: NotFound("no") if call.startswith("create Lease") else None
    (done,) = swept(member)
    assert done.done == "restore"
    assert wants(member) > 0


def test_a_heartbeat_that_went_between_two_calls_says_nothing_about_the_namespace(
    member: FakeKube,
) -> None:
    swept(member)
    member.fail = lambda call: NotFound("no") if call.startswith("replace Lease") else None
    assert swept(member) == ()


def test_F29_what_the_guard_may_not_write_or_see_keeps_it_from_no_restore(member: FakeKube) -> None:
    fire(member, record())
    heard = TellTale()

    def strict(call: str) -> Forbidden | None:
        closed = ("list ingresses", "get Lease", "create Event")
        return Forbidden("no") if call.startswith(closed) else None

    member.fail = strict
    (done,) = sweep(member, namespace=SPACE, clock=StillClock(), narrator=heard)
    assert done.done == "restore"
    assert wants(member) > 0
    assert "the heartbeat could not be written: no" in heard.warnings
    assert any("no event was left" in words for words in heard.notes)


def test_F24_what_rollout_undo_brings_back_is_no_open_drill(member: FakeKube) -> None:
    """It brings back annotations alone: no label, and the replicas stay as they are."""
    live = member.get(ID)
    assert live is not None
    before = replicas_of(live)
    old = replace(record(), replicas=before + 1).dump()
    member.patch(
        ID,
        [
            {"op": "add", "path": "/metadata/annotations", "value": live.annotations},
            {"op": "add", "path": "/metadata/annotations/alb-dr.io~1drill", "value": old},
        ],
    )
    assert swept(member) == ()
    assert wants(member) == before
