"""Waiting for the application says why a member does not have it."""

from __future__ import annotations

from typing import Any

import pytest

from alb_dr.errors import DeadlineExceeded
from alb_dr.model.manifest import Manifest
from alb_dr.workflows.delivery.distribute import await_distribution, workload_id
from alb_dr.workflows.live.readiness import application_waits_for
from tests.fakes.argo import an_application
from tests.fakes.voice import StillClock, TellTale
from tests.unit.workflows.preflight.world import World


def synced_once(*, heals: bool) -> Manifest:
    """An Application whose workload somebody deleted after its first sync."""
    found: dict[str, Any] = an_application("c1", "poc-ack-1")
    found["spec"]["syncPolicy"]["automated"] = {"selfHeal": True} if heals else {}
    found["status"] = {
        "sync": {"status": "OutOfSync"},
        "health": {"status": "Missing"},
        "operationState": {"phase": "Succeeded"},
    }
    return Manifest.of(found)


def test_what_nobody_will_sync_again_is_said() -> None:
    words = "OutOfSync, Missing; selfHeal is off, so it must be synced by hand"
    assert application_waits_for(synced_once(heals=False)) == words
    assert application_waits_for(synced_once(heals=True)) == "OutOfSync, Missing"


def test_a_workload_that_does_not_come_is_explained_by_its_application() -> None:
    world = World()
    found = synced_once(heals=False)
    world.fleet.put(dict(found.document))
    status, name = {"status": found.document["status"]}, "applications.argoproj.io"
    world.fleet.merge(name, found.id.name, status, "argocd", sub="status")
    id_ = workload_id(world.topology)
    world.one.remove("deployments.apps", id_.name, id_.namespace or "")
    with pytest.raises(DeadlineExceeded) as caught:
        await_distribution(
            world.topology,
            fleet=world.fleet,
            members={"c1": world.one, "c2": world.two},
            clock=StillClock(),
            narrator=TellTale(),
            timeout_s=9,
        )
    said = "poc-ack-1: the Deployment does not exist yet; its Application: OutOfSync, Missing; "
    assert said in caught.value.message
    assert caught.value.hint == "alb-dr distribute status"
