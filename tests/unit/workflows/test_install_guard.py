"""Installing the guard: what was and was not written is said of every member."""

from __future__ import annotations

import pytest

from alb_dr.errors import PartlyApplied, Rejected, Unreachable
from alb_dr.model.manifest import ManifestSet
from alb_dr.model.plan import Action
from alb_dr.render.library import template_library
from alb_dr.render.manifests import render_guard
from alb_dr.workflows.delivery.apply import ApplyChoices
from alb_dr.workflows.guard.install import install
from tests.builders import a_topology
from tests.fakes.argo import a_namespace
from tests.fakes.fleet import writes
from tests.fakes.kube import FakeKube
from tests.fakes.voice import TellTale

GONE = Unreachable("poc-ack-2: no answer", hint="is it reachable? nothing was changed")
IMAGE = f"registry.example/alb-dr@sha256:{'0' * 64}"


@pytest.fixture
def members() -> dict[str, FakeKube]:
    found = {name: FakeKube(name) for name in ("poc-ack-1", "poc-ack-2", "poc-ack-3")}
    for api in found.values():
        api.create(a_namespace("gateway-demo"))
        api.calls.clear()
    return found


@pytest.fixture
def guard() -> ManifestSet:
    return render_guard(a_topology(), template_library(), image=IMAGE)


def do(guard: ManifestSet, members: dict[str, FakeKube], **choices: bool):  # type: ignore[no-untyped-def]
    """Install it, with nobody listening."""
    return install(guard, members=members, choices=ApplyChoices(**choices), narrator=TellTale())


def of(name: str, guard: ManifestSet) -> tuple[str, ...]:
    """All objects of the guard in one member, as failures name them."""
    return tuple(f"{name}: {manifest.id}" for manifest in guard)


def test_every_member_gets_every_object(guard: ManifestSet, members: dict[str, FakeKube]) -> None:
    done = do(guard, members)
    assert list(done) == list(members)
    assert {c.action for each in done.values() for c in each.changes} == {Action.CREATE}


def test_F51_a_member_that_does_not_answer_is_listed_with_all_that_come_after_it(
    guard: ManifestSet, members: dict[str, FakeKube]
) -> None:
    members["poc-ack-2"].fail = lambda _: GONE
    with pytest.raises(PartlyApplied, match="before this failed: poc-ack-2: no answer") as caught:
        do(guard, members)
    assert caught.value.applied == of("poc-ack-1", guard)
    assert caught.value.not_applied == (*of("poc-ack-2", guard), *of("poc-ack-3", guard))
    assert caught.value.hint == "is it reachable? running the same command again is safe"
    assert writes(members["poc-ack-3"]) == []


def test_F51_a_member_that_fails_half_way_is_on_both_lists(
    guard: ManifestSet, members: dict[str, FakeKube]
) -> None:
    quota = Rejected("quota")
    members["poc-ack-2"].fail = lambda call: quota if call.startswith("apply CronJob") else None
    with pytest.raises(PartlyApplied, match="could not be applied: quota") as caught:
        do(guard, members)
    *written, missing = of("poc-ack-2", guard)
    assert caught.value.applied == (*of("poc-ack-1", guard), *written)
    assert caught.value.not_applied == (missing, *of("poc-ack-3", guard))


def test_without_a_write_a_failure_stays_as_it_is(
    guard: ManifestSet, members: dict[str, FakeKube]
) -> None:
    members["poc-ack-2"].fail = lambda _: GONE
    with pytest.raises(Unreachable):
        do(guard, members, dry_run=True)
    do(guard, {"poc-ack-1": members["poc-ack-1"]})
    with pytest.raises(Unreachable):
        do(guard, members)
