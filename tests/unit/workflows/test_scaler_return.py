"""After a restore the pods are ready and the autoscaler works again; or it is said why not."""

from __future__ import annotations

from typing import Any

import pytest

from alb_dr.errors import Forbidden, RestoreIncomplete, Unreachable
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.recover.marks import await_pods
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale
from tests.unit.workflows.test_obstacles import (
    event,
    hpa,
    member,
    pod,
    put,
    ready,
    waiting,
    workload,
)

__all__ = ["member"]
DISABLED = ("ScalingActive", "False", "ScalingDisabled")


def awaited(api: FakeKube, *, seconds: float = 20) -> str:
    deadline = Deadline(StillClock(), seconds)
    return await_pods(workload(api).id, api=api, deadline=deadline, narrator=TellTale())


def test_F17_an_hpa_that_works_again_ends_the_wait(member: FakeKube) -> None:
    hpa(member, 2, DISABLED)
    looks: list[str] = []

    def wake(call: str) -> None:
        looks.append(call)
        if call == "list horizontalpodautoscalers" and len(looks) == 5:
            active = {"type": "ScalingActive", "status": "True", "reason": "ValidMetricFound"}
            member.cluster.client("hpa").merge(
                "horizontalpodautoscalers.autoscaling",
                "web",
                {"status": {"conditions": [active]}},
                "gateway-demo",
                subresource="status",
            )

    member.fail = wake  # type: ignore[assignment]
    awaited(member)
    assert looks[-3:] == ["list horizontalpodautoscalers"] * 3


def test_F17_an_hpa_that_stays_passive_is_a_restore_that_is_not_whole(member: FakeKube) -> None:
    hpa(member, 2, DISABLED)
    with pytest.raises(RestoreIncomplete, match="does not scale it again"):
        awaited(member)


def test_F17_an_hpa_that_never_worked_is_not_waited_for(member: FakeKube) -> None:
    hpa(member, 2, ("ScalingActive", "False", "FailedGetResourceMetric"))
    awaited(member)


def test_F17_who_may_not_read_autoscalers_says_so_and_waits_for_none(member: FakeKube) -> None:
    hpa(member, 2, DISABLED)
    member.fail = lambda call: Forbidden("no") if "autoscalers" in call else None
    words = awaited(member)
    assert words.startswith("all pods are ready; ")
    assert "whether an HPA scales Deployment gateway-demo/web-demo again is not known: no" in words
    assert "look at it: kubectl get hpa -n gateway-demo" in words


def test_F17_an_hpa_that_cannot_be_seen_for_a_moment_is_looked_at_again(member: FakeKube) -> None:
    hpa(member, 2, ("ScalingActive", "True", "ValidMetricFound"))
    left = [Unreachable("no route")] * 3
    member.fail = lambda call: left.pop() if left and "autoscalers" in call else None
    assert awaited(member) == "all pods are ready"
    assert left == []


def test_F17_an_hpa_that_is_never_seen_is_no_restore_that_is_proven(member: FakeKube) -> None:
    hpa(member, 2, DISABLED)
    member.fail = lambda call: Unreachable("no route") if "autoscalers" in call else None
    with pytest.raises(RestoreIncomplete, match="is not known: no route") as caught:
        awaited(member)
    assert caught.value.hint == "kubectl get hpa -n gateway-demo"


@pytest.mark.parametrize("quota", [False, True])
def test_F25_pods_that_do_not_become_ready_are_explained(member: FakeKube, quota: bool) -> None:
    ready(member, 2, readyReplicas=0)
    if quota:
        live: Any = workload(member)
        owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web-demo", "uid": live.uid}
        put(member, "ReplicaSet", "web-demo-1", owners=[owner], spec={"replicas": 2})
        event(member, "ReplicaSet", "web-demo-1", "FailedCreate", "exceeded quota")
    else:
        pod(member, "a", **waiting("ImagePullBackOff", "demo: not found"))
    with pytest.raises(RestoreIncomplete) as caught:
        awaited(member)
    wanted = "FailedCreate: exceeded quota" if quota else "ImagePullBackOff: demo: not found"
    assert f"its pods are not ready: 0 of 2 pods ready; {wanted}" in caught.value.message


def test_F17_a_watch_that_ends_before_an_hpa_works_again_is_incomplete(member: FakeKube) -> None:
    hpa(member, 2, DISABLED)
    with pytest.raises(RestoreIncomplete, match="does not scale it again"):
        awaited(member, seconds=400)
