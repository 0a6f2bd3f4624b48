"""Pausing KEDA for a drill: both annotations, one guarded patch, and a pause that ends (F19)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alb_dr.errors import Conflict, Forbidden, Refused, RestoreIncomplete, Unreachable
from alb_dr.model.manifest import DEPLOYMENT, SCALED_OBJECT, Manifest, ResourceId
from alb_dr.model.pause_record import PauseRecord
from alb_dr.sandbox.controllers.keda import BOUNCE, UNPAUSE, KedaController
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.faults.fault import FaultSetting
from alb_dr.workflows.faults.keda import ScaleUnderKeda
from alb_dr.workflows.guard.sweeper import sweep
from alb_dr.workflows.live.field_owners import changed_at
from alb_dr.workflows.records.drill_record import ANNOTATION, LABEL
from alb_dr.workflows.scalers.autoscalers import PAUSED, PAUSED_REPLICAS
from alb_dr.workflows.scalers.keda_pause import (
    OBEY_S,
    await_paused,
    await_resumed,
    end_pauses,
    hold,
    open_pauses,
    pause,
    resume,
    unheld,
)
from tests.builders import a_topology
from tests.fakes.argo import a_namespace
from tests.fakes.fleet import runnable
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale

SPACE = "gateway-demo"
ID = ResourceId(kind=SCALED_OBJECT, name="web-demo", namespace=SPACE)
WORKLOAD = ResourceId(kind=DEPLOYMENT, name="web-demo", namespace=SPACE)
NOW = StillClock().now()
RECORD = PauseRecord(
    drill="7f3a",
    former={},
    replicas=3,
    deadline=(NOW + timedelta(minutes=10)).isoformat(),
    by="ann",
)


class Member(FakeKube):
    """A member where KEDA looks whenever it is told to."""

    def __init__(self, **annotations: str) -> None:
        super().__init__("poc-ack-1")
        self.create(a_namespace(SPACE))
        self.create(runnable(3))
        self.seconds = 0.0
        keda = self.cluster.client("keda-operator")
        self._keda = KedaController(keda, lambda: self.seconds)
        metadata = {"name": ID.name, "namespace": SPACE, "annotations": annotations}
        spec = {"scaleTargetRef": {"name": "web-demo"}, "minReplicaCount": 2}
        document = {"apiVersion": SCALED_OBJECT.api_version, "kind": "ScaledObject"}
        self.create(Manifest.of({**document, "metadata": metadata, "spec": spec}))
        self.look()

    def look(self) -> None:
        """KEDA looks twice, so that it also sees what it did."""
        for _ in range(2):
            asyncio.run(self._keda.reconcile())  # type: ignore[arg-type]

    def scale(self, wanted: int) -> None:
        patch = {"spec": {"replicas": wanted}}
        self.cluster.client("drill").merge("deployments.apps", "web-demo", patch, SPACE)

    @property
    def replicas(self) -> int:
        live = self.get(WORKLOAD)
        assert live is not None
        return int(live.document["spec"]["replicas"])

    @property
    def scaled(self) -> Manifest:
        live = self.get(ID)
        assert live is not None
        return live

    def annotate(self, **annotations: str | None) -> None:
        """Somebody else's doing."""
        named = {"paused": PAUSED, "replicas": PAUSED_REPLICAS}
        patch = {"metadata": {"annotations": {named[k]: v for k, v in annotations.items()}}}
        self.cluster.client("other").merge("scaledobjects.keda.sh", ID.name, patch, SPACE)


class Ticking(StillClock):
    """A clock on which KEDA looks whenever somebody waits."""

    def __init__(self, member: Member) -> None:
        super().__init__()
        self._member = member

    def sleep(self, seconds: float) -> None:
        """KEDA's time goes on, too."""
        self._member.seconds += max(seconds, 1.0)
        self._member.look()


def drilled(member: Member) -> None:
    """Everything a drill does until the fault is in force."""
    pause(member, ID, RECORD)
    assert await_paused(member, ID, deadline=Deadline(Ticking(member), OBEY_S))
    member.scale(0)
    hold(member, ID, "7f3a", 0)
    member.look()
    assert member.replicas == 0


def put_back(member: Member) -> None:
    """Everything a restore does, and the wait for KEDA."""
    hold(member, ID, "7f3a", 3)
    member.scale(3)
    resume(member, ID, "7f3a")
    clock = Ticking(member)
    await_resumed(member, ID, deadline=Deadline(clock, 20))


def is_clean(member: Member) -> bool:
    scaled = member.scaled
    return ANNOTATION not in scaled.annotations and LABEL not in scaled.labels


def test_F19_a_paused_keda_leaves_the_drill_alone_and_works_again_afterwards() -> None:
    member = Member()
    drilled(member)
    assert member.scaled.annotations[PAUSED] == "true"
    assert member.scaled.annotations[PAUSED_REPLICAS] == "0"
    put_back(member)
    assert member.replicas == 3
    assert {PAUSED, PAUSED_REPLICAS}.isdisjoint(member.scaled.annotations)
    assert is_clean(member)
    member.scale(0)
    member.look()
    assert member.replicas == 2


def test_F19_the_pause_itself_scales_nothing() -> None:
    """Before the drill's own patch, 0 replicas without a record would be nobody's."""
    member = Member()
    pause(member, ID, RECORD)
    member.look()
    assert member.replicas == 3


def test_F19_a_keda_that_obeys_only_both_annotations_is_held(  # kedacore/keda#5165
) -> None:
    member = Member(**{BOUNCE: "true"})
    drilled(member)
    member.look()
    assert member.replicas == 0
    put_back(member)
    assert member.replicas == 3


def test_F19_a_pause_that_ends_late_is_waited_for() -> None:
    member = Member(**{UNPAUSE: "late"})
    drilled(member)
    put_back(member)
    assert member.replicas == 3


def test_F19_a_pause_that_never_ends_is_said_and_the_pods_are_there() -> None:
    member = Member(**{UNPAUSE: "never"})
    drilled(member)
    with pytest.raises(RestoreIncomplete, match="KEDA still says that it is paused") as caught:
        put_back(member)
    assert "5526" in (caught.value.hint or "")
    assert member.replicas == 3
    assert is_clean(member)


def test_F19_former_annotations_come_back() -> None:
    member = Member(**{PAUSED: "false", PAUSED_REPLICAS: "3"})
    drilled(member)
    put_back(member)
    assert member.scaled.annotations[PAUSED] == "false"
    assert member.scaled.annotations[PAUSED_REPLICAS] == "3"


def test_F19_what_somebody_else_changed_meanwhile_stays() -> None:
    member = Member()
    drilled(member)
    member.annotate(replicas="7")
    resume(member, ID, "7f3a")
    assert member.scaled.annotations[PAUSED_REPLICAS] == "7"
    assert PAUSED not in member.scaled.annotations
    assert is_clean(member)


def test_F19_a_pause_of_another_drill_is_not_ended_and_not_taken_over() -> None:
    member = Member()
    pause(member, ID, RECORD)
    resume(member, ID, "0000")
    hold(member, ID, "0000", 0)
    assert member.scaled.annotations[PAUSED_REPLICAS] == "3"
    with pytest.raises(Conflict):
        pause(member, ID, RECORD)


def test_F19_a_write_of_keda_in_between_is_looked_at_again() -> None:
    member = Member()
    seen: list[str] = []

    def interfere(call: str) -> None:
        if call.startswith("patch") and not seen:
            seen.append(call)
            member.annotate(replicas="5")

    member.fail = interfere  # type: ignore[assignment]
    pause(member, ID, RECORD)
    (found,) = open_pauses(member)
    assert found.record is not None
    assert found.record.former == {PAUSED: None, PAUSED_REPLICAS: "5"}


def test_F19_a_keda_that_does_not_obey_is_noticed() -> None:
    member = Member()
    pause(member, ID, RECORD)
    assert not await_paused(member, ID, deadline=Deadline(StillClock(), OBEY_S))


def test_F19_a_pause_left_behind_is_ended_when_its_drill_is_over() -> None:
    """As recover and the guard do: not while the drill is open, the guard only after its time."""
    member = Member()
    pause(member, ID, RECORD)
    assert end_pauses(member, open_drills={"7f3a"}) == ()
    assert end_pauses(member, open_drills=(), only="0000") == ()
    assert end_pauses(member, open_drills=(), now=NOW) == ()
    (ended,) = end_pauses(member, open_drills=(), now=NOW + timedelta(hours=1))
    assert (ended.live.id, ended.drill) == (ID, "7f3a")
    assert is_clean(member)
    assert end_pauses(member, open_drills=()) == ()


def test_F46_a_pause_by_a_clock_that_is_years_ahead_is_ended_all_the_same() -> None:
    member = Member()
    pause(member, ID, replace(RECORD, deadline=(NOW + timedelta(days=3650)).isoformat()))
    written = changed_at(member.scaled, "metadata", "annotations", ANNOTATION)
    assert written is not None
    early, late = (written + timedelta(minutes=m) for m in (29, 31))
    assert end_pauses(member, open_drills=(), now=early) == ()
    assert [p.live.id for p in end_pauses(member, open_drills=(), now=late)] == [ID]
    assert is_clean(member)


def test_F19_whoever_restores_lets_go_of_zero_first_and_ends_the_pause_after() -> None:
    member = Member()
    drilled(member)
    with unheld(member, namespace=SPACE, drill="7f3a"):
        member.look()
        assert member.replicas == 3
        assert member.scaled.annotations[PAUSED] == "true"
    assert is_clean(member)


def test_F19_without_a_right_to_scaled_objects_there_is_nothing_to_end() -> None:
    member = Member()
    member.fail = lambda call: Forbidden("no") if call == "list scaledobjects" else None
    with unheld(member, namespace=SPACE, drill="7f3a"):
        pass
    assert end_pauses(member, open_drills=()) == ()


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "{}",
        '{"drill": "a", "former": [], "replicas": 3, "deadline": "x", "by": "b", "schema": 1}',
        '{"drill": "a", "former": {}, "replicas": 0, "deadline": "x", "by": "b", "schema": 1}',
        '{"drill": "a", "former": {"x": 1}, "replicas": 3, "deadline": "", "by": "", "schema": 1}',
        '{"drill": "a", "former": {}, "replicas": 3, "deadline": "x", "by": "b", "schema": 2}',
        '{"drill": 1, "former": {}, "replicas": 3, "deadline": "x", "by": "b", "schema": 1}',
    ],
)
def test_F19_a_record_nobody_can_read_is_left_for_a_person(text: str) -> None:
    assert PauseRecord.parse(text) is None
    member = Member()
    change: dict[str, Any] = {"annotations": {ANNOTATION: text}, "labels": {LABEL: "true"}}
    client = member.cluster.client("other")
    client.merge("scaledobjects.keda.sh", ID.name, {"metadata": change}, SPACE)
    with pytest.raises(RestoreIncomplete, match="cannot read"):
        end_pauses(member, open_drills=())
    with pytest.raises(RestoreIncomplete, match="cannot read"):
        resume(member, ID, "7f3a")
    assert member.scaled.annotations[ANNOTATION] == text


def test_F19_without_a_readable_deadline_only_a_person_ends_a_pause() -> None:
    member = Member()
    text = PauseRecord(drill="a", former={}, replicas=3, deadline="soon", by="b").dump()
    change: dict[str, Any] = {"annotations": {ANNOTATION: text}, "labels": {LABEL: "true"}}
    client = member.cluster.client("other")
    client.merge("scaledobjects.keda.sh", ID.name, {"metadata": change}, SPACE)
    assert end_pauses(member, open_drills=(), now=NOW + timedelta(days=9)) == ()
    assert [p.live.id for p in end_pauses(member, open_drills=())] == [ID]


# the fault and the guard -----------------------------------------------------------------------


def fault(member: Member, clock: StillClock, voice: TellTale | None = None) -> ScaleUnderKeda:
    """The fault of a drill on this member."""
    topology = a_topology()
    live = member.get(WORKLOAD)
    assert live is not None
    return ScaleUnderKeda(
        FaultSetting(
            drill="7f3a",
            topology=topology,
            victim=topology.members[0],
            workload=live,
            ingress=live,
            member=member,
            fleet=FakeKube(),
            clock=clock,
            narrator=voice or TellTale(),
            deadline=RECORD.deadline,
            reason="test",
            by="ann",
            least=2,
            to_pause=(ID,),
        )
    )


def test_F19_nothing_is_scaled_while_keda_does_not_say_that_it_is_paused() -> None:
    member, clock = Member(), StillClock()
    found = fault(member, clock)
    with pytest.raises(Refused, match="KEDA does not say that it is paused"):
        found.harm()
    assert member.replicas == 3
    found.take_back(Deadline(clock, 5))
    assert is_clean(member)
    assert {PAUSED, PAUSED_REPLICAS}.isdisjoint(member.scaled.annotations)


def test_F19_a_pause_that_cannot_be_ended_yet_is_tried_again() -> None:
    member, voice = Member(), TellTale()
    clock = Ticking(member)
    found = fault(member, clock, voice)
    found.harm()
    refusals = iter([Unreachable("away"), Unreachable("away")])
    member.fail = lambda c: next(refusals, None) if c == f"get {ID}" and not wants(member) else None
    member.scale(3)
    found.take_back(Deadline(clock, 60))
    assert is_clean(member)


def wants(member: Member) -> bool:
    """Whether the workload is still at 0, read past the port."""
    live = member.cluster.client("x").get("deployments.apps", "web-demo", SPACE)
    return bool(live and live["spec"]["replicas"] == 0)


def test_F19_a_pause_that_cannot_be_ended_at_all_is_incomplete() -> None:
    member = Member()
    clock = Ticking(member)
    found = fault(member, clock)
    found.harm()
    member.look()
    member.fail = lambda call: Unreachable("away") if call == f"get {ID}" else None
    with pytest.raises(RestoreIncomplete, match="is still paused: away") as caught:
        found.take_back(Deadline(clock, 5))
    assert "recover --execute" in (caught.value.hint or "")
    assert member.replicas == 3


def test_F19_the_guard_ends_a_pause_whose_time_has_passed() -> None:
    member = Member()
    pause(member, ID, replace(RECORD, deadline=(NOW - timedelta(minutes=1)).isoformat()))
    (swept,) = sweep(member, namespace=SPACE, clock=StillClock(), narrator=TellTale())
    assert (swept.workload, swept.drill, swept.done) == (ID, "7f3a", "pause ended")
    assert is_clean(member)


def test_F19_the_guard_puts_a_drill_under_a_pause_back_and_ends_the_pause() -> None:
    member = Member()
    clock = Ticking(member)
    fault(member, clock).harm()
    late = StillClock(NOW + timedelta(hours=1))
    (swept,) = sweep(member, namespace=SPACE, clock=late, narrator=TellTale())
    assert swept.done == "restore"
    assert member.replicas == 3
    assert is_clean(member)


def test_F19_the_guard_says_when_it_cannot_read_a_pause() -> None:
    member, voice = Member(), TellTale()
    change: dict[str, Any] = {"annotations": {ANNOTATION: "?"}, "labels": {LABEL: "true"}}
    client = member.cluster.client("other")
    client.merge("scaledobjects.keda.sh", ID.name, {"metadata": change}, SPACE)
    with pytest.raises(RestoreIncomplete, match="cannot read"):
        sweep(member, namespace=SPACE, clock=StillClock(), narrator=voice)
    assert voice.warnings


def test_F19_under_keda_the_workload_goes_to_zero_and_comes_back() -> None:
    member, voice = Member(), TellTale()
    clock = Ticking(member)
    found = fault(member, clock, voice)
    assert found.harm() == "poc-ack-1 scaled from 3 to 0, KEDA is paused"
    member.look()
    assert member.replicas == 0
    assert member.scaled.annotations[PAUSED_REPLICAS] == "0"
    assert found.take_back(Deadline(clock, 20)) == "put back"
    assert member.replicas == 3
    assert is_clean(member)


def test_F19_a_restore_that_cannot_be_done_still_lets_keda_work_again() -> None:
    member, voice = Member(), TellTale()
    clock = Ticking(member)
    found = fault(member, clock, voice)
    found.harm()
    member.delete(WORKLOAD)
    with pytest.raises(RestoreIncomplete, match="does not exist any more"):
        found.take_back(Deadline(clock, 5))
    assert is_clean(member)


def test_F19_a_keda_held_at_another_number_is_only_warned_of() -> None:
    member, voice = Member(), TellTale()
    clock = Ticking(member)
    found = fault(member, clock, voice)
    found.harm()
    refusals = iter([Unreachable("away")])
    member.fail = lambda call: next(refusals, None) if call == f"patch {ID}" else None
    found.take_back(Deadline(clock, 20))
    assert any("is paused at another number: away" in words for words in voice.warnings)
    assert is_clean(member)


@pytest.mark.parametrize(
    "step",
    [
        lambda member: pause(member, ID, RECORD),
        lambda member: hold(member, ID, "7f3a", 0),
        lambda member: resume(member, ID, "7f3a"),
    ],
    ids=["pause", "hold", "resume"],
)
def test_F38_a_scaled_object_that_keeps_changing_is_given_up(
    step: Callable[[Member], None], request: pytest.FixtureRequest
) -> None:
    member = Member()
    if "pause]" not in request.node.name:
        pause(member, ID, RECORD)
    member.fail = lambda call: Conflict("changed") if call.startswith("patch") else None
    with pytest.raises((Conflict, RestoreIncomplete), match="keeps changing"):
        step(member)


def test_F19_a_pause_that_is_gone_or_holds_that_number_already_is_not_touched() -> None:
    member = Member()
    hold(member, ID, "7f3a", 0)
    pause(member, ID, RECORD)
    hold(member, ID, "7f3a", 3)
    assert not [call for call in member.calls[-1:] if call.startswith("patch")]
    resume(member, ID, "another")
    assert not is_clean(member)
    resume(member, ID, "7f3a")
    resume(member, ID, "7f3a")
    assert is_clean(member)


def test_F19_the_restore_is_proven_when_keda_scales_again() -> None:
    member = Member()
    clock = Ticking(member)
    found = fault(member, clock)
    found.harm()
    found.take_back(Deadline(clock, 20))
    controller = member.cluster.client("deployment-controller")
    generation = (live := member.get(WORKLOAD)) is not None and live.metadata["generation"]
    counts = dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas", "availableReplicas"), 3)
    status = {"status": {**counts, "observedGeneration": generation}}
    controller.merge("deployments.apps", "web-demo", status, SPACE, subresource="status")
    words = found.prove(Deadline(clock, 20))
    assert words == "all pods are ready, KEDA scales again"


def test_F19_a_pause_whose_record_was_garbled_is_incomplete() -> None:
    member = Member()
    clock = Ticking(member)
    found = fault(member, clock)
    found.harm()
    patch = {"metadata": {"annotations": {ANNOTATION: "{}"}}}
    member.cluster.client("other").merge("scaledobjects.keda.sh", ID.name, patch, SPACE)
    with pytest.raises(RestoreIncomplete):
        found.take_back(Deadline(clock, 20))
    assert member.replicas == 3
