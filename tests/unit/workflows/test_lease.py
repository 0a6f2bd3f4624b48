"""The lock of a drill: one holder, replaced only when it is dead by our own clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from alb_dr.errors import Conflict, Interruption, Unreachable
from alb_dr.model.manifest import INGRESS, LEASE, NAMESPACE, Manifest, ResourceId
from alb_dr.workflows.records.lease import DURATION_S, DrillLock, micro_time, renewed_at
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale

ID = ResourceId(kind=LEASE, name="alb-dr-12345678", namespace="gateway-demo")


@pytest.fixture
def fleet() -> FakeKube:
    kube = FakeKube()
    name = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gateway-demo"}}
    kube.create(Manifest(id=ResourceId(kind=NAMESPACE, name="gateway-demo"), document=name))
    return kube


def lock(fleet: FakeKube, clock: StillClock | None = None) -> DrillLock:
    return DrillLock(ID, fleet=fleet, clock=clock or StillClock(), narrator=TellTale())


def test_F8_one_of_two_holds_and_the_other_is_told_whom(fleet: FakeKube) -> None:
    lock(fleet).acquire(holder="ann@bastion-2", drill="7f3a")
    with pytest.raises(Conflict) as caught:
        lock(fleet).acquire(holder="bob", drill="9c1d")
    assert caught.value.code == "ADR-LOCKED"
    assert "7f3a of ann@bastion-2" in caught.value.message


def test_a_released_lock_is_gone_and_free(fleet: FakeKube) -> None:
    first = lock(fleet)
    first.acquire(holder="ann", drill="1")
    first.release()
    assert fleet.get(ID) is None
    lock(fleet).acquire(holder="bob", drill="2")


def test_a_signal_while_the_lock_is_taken_leaves_none(fleet: FakeKube) -> None:
    class Interrupted(DrillLock):
        """A signal comes when the write has happened and before its answer is kept."""

        def _keep(self, held: Manifest) -> None:
            raise Interruption(2)

    taken = Interrupted(ID, fleet=fleet, clock=StillClock(), narrator=TellTale())
    with pytest.raises(Interruption):
        taken.acquire(holder="ann", drill="1")
    assert fleet.get(ID) is None


def test_a_lock_of_another_is_not_removed_by_who_could_not_have_it(fleet: FakeKube) -> None:
    lock(fleet).acquire(holder="ann", drill="1")
    with pytest.raises(Conflict):
        lock(fleet).acquire(holder="bob", drill="2")
    assert fleet.get(ID) is not None


def test_a_dead_holder_is_replaced_after_a_whole_duration_of_our_own(fleet: FakeKube) -> None:
    lock(fleet).acquire(holder="ann", drill="1")
    later = StillClock(StillClock().now() + timedelta(hours=1))
    began = later.monotonic()
    lock(fleet, later).acquire(holder="bob", drill="2")
    assert later.monotonic() - began >= DURATION_S
    live = fleet.get(ID)
    assert live is not None
    assert live.document["spec"]["holderIdentity"] == "bob"


def test_F46_a_holder_whose_clock_is_wrong_but_who_lives_is_left_alone(fleet: FakeKube) -> None:
    wrong = StillClock()
    ann = lock(fleet, wrong)
    ann.acquire(holder="ann", drill="1")

    class Waiting(StillClock):
        """While we wait, the holder renews."""

        def sleep(self, seconds: float) -> None:
            super().sleep(seconds)
            wrong.sleep(seconds)
            ann.renew()

    with pytest.raises(Conflict):
        lock(fleet, Waiting(StillClock().now() + timedelta(hours=1))).acquire(
            holder="bob", drill="2"
        )


def test_F9_a_holder_that_was_replaced_learns_it_at_its_next_renewal(fleet: FakeKube) -> None:
    ann = lock(fleet)
    ann.acquire(holder="ann", drill="1")
    later = StillClock(StillClock().now() + timedelta(hours=1))
    lock(fleet, later).acquire(holder="bob", drill="2")
    said = [ann.renew() for _ in range(15)]
    assert "somebody else took the lock of this drill" in said
    ann.release()
    assert fleet.get(ID) is not None, "what is not ours is not released"


def test_F32_a_renewal_whose_answer_a_signal_cut_off_is_still_ours(fleet: FakeKube) -> None:
    """The next one conflicts with it; the lock is kept, and given back at the end."""
    clock = StillClock()
    held = lock(fleet, clock)
    held.acquire(holder="ann", drill="1")
    replace = fleet.replace

    def cut_off(manifest: Manifest) -> Manifest:
        replace(manifest)
        raise Interruption(2)

    fleet.replace = cut_off  # type: ignore[method-assign]  # as the docstring says
    clock.sleep(DURATION_S / 2)
    with pytest.raises(Interruption):
        held.renew()
    fleet.replace = replace  # type: ignore[method-assign]
    assert held.renew() is None
    assert held.is_held
    held.release()
    assert fleet.get(ID) is None


def test_F5_a_lock_that_expired_meanwhile_is_lost_and_not_renewed(fleet: FakeKube) -> None:
    clock = StillClock()
    ann = lock(fleet, clock)
    ann.acquire(holder="ann", drill="1")
    before = fleet.get(ID)
    clock.sleep(31.0)
    assert "this process stood still for 3" in str(ann.renew())
    assert fleet.get(ID) == before, "nothing was written"


def test_F5_F9_a_lock_taken_over_while_we_slept_is_not_given_back(fleet: FakeKube) -> None:
    ann = lock(fleet)
    ann.acquire(holder="ann", drill="1")
    later = StillClock(StillClock().now() + timedelta(hours=1))
    lock(fleet, later).acquire(holder="bob", drill="2")
    ann.release()  # without having looked: it slept
    left = fleet.get(ID)
    assert left is not None
    assert left.annotations["alb-dr.io/drill"] == "2"


def test_a_renewal_that_fails_is_forgiven_for_two_thirds_of_the_duration(fleet: FakeKube) -> None:
    ann = lock(fleet)
    ann.acquire(holder="ann", drill="1")
    failing: Callable[[str], Unreachable] = lambda _: Unreachable("cut")  # noqa: E731
    fleet.fail = failing
    said = [ann.renew() for _ in range(30)]
    first = next(n for n, words in enumerate(said) if words)
    assert first >= 5
    assert "could not be renewed: cut" in str(said[first])


@pytest.mark.parametrize("micro", [0, 1, 500_000, 999_999])
def test_F47_times_have_six_digits_always(micro: int) -> None:
    text = micro_time(datetime(2026, 3, 1, 12, 0, 0, micro, tzinfo=UTC))
    assert re.fullmatch(r"2026-03-01T12:00:00\.\d{6}Z", text)
    document = {"spec": {"renewTime": text}}
    found = renewed_at(Manifest(id=ResourceId(kind=INGRESS, name="x"), document=document))
    assert found == datetime(2026, 3, 1, 12, 0, 0, micro, tzinfo=UTC)


def given_back_when_looked_at(fleet: FakeKube) -> None:
    """The holder ends in the very moment in which somebody reads the lock."""

    def gone(call: str) -> None:
        if call.startswith("get Lease"):
            fleet.fail = lambda _call: None
            fleet.delete(ID)

    fleet.fail = gone


def test_a_lock_given_back_in_the_very_moment_is_taken(fleet: FakeKube) -> None:
    lock(fleet).acquire(holder="ann", drill="7f3a")
    given_back_when_looked_at(fleet)
    mine = lock(fleet)
    mine.acquire(holder="bob", drill="9c1d")
    assert mine.is_held


@pytest.mark.parametrize("spec", [{}, {"renewTime": "yesterday"}])
def test_a_renewal_nobody_can_read_is_none(spec: dict[str, str]) -> None:
    assert renewed_at(Manifest(id=ID, document={"spec": spec})) is None


def test_a_lock_without_a_holder_is_taken_over_at_once(fleet: FakeKube) -> None:
    lock(fleet).acquire(holder="ann", drill="7f3a")
    live = fleet.get(ID)
    assert live is not None
    fleet.replace(Manifest(id=ID, document={**live.document, "spec": {"holderIdentity": ""}}))
    clock, said = StillClock(), TellTale()
    mine = DrillLock(ID, fleet=fleet, clock=clock, narrator=said)
    mine.acquire(holder="bob", drill="9c1d")
    assert mine.is_held
    assert said.warnings == []


def test_an_emergency_takes_a_lock_that_was_given_back_in_the_very_moment(fleet: FakeKube) -> None:
    lock(fleet).acquire(holder="ann", drill="7f3a")
    given_back_when_looked_at(fleet)
    mine = lock(fleet)
    assert mine.seize(holder="bob", drill="9c1d", over=None) is None
    assert mine.is_held
