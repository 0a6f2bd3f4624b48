"""What stands in a drill's way: autoscalers, Argo CD, budgets, rollouts, others, guards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alb_dr.errors import AlbDrError, BadInput, Forbidden, NotFound, Refused
from alb_dr.model.manifest import CRON_JOB, KINDS, Manifest
from alb_dr.workflows.guard.state import _is_new, guard_obstacles
from alb_dr.workflows.members.budgets import budget_obstacles
from alb_dr.workflows.members.drill_target import drill_target
from alb_dr.workflows.members.pod_troubles import pod_troubles
from alb_dr.workflows.records.lease import micro_time
from alb_dr.workflows.scalers.argo_sync import (
    Span,
    ingress_obstacles,
    sync_obstacles,
)
from alb_dr.workflows.scalers.autoscalers import (
    PAUSED,
    PAUSED_REPLICAS,
    scaler_obstacles,
    scalers_of,
)
from alb_dr.workflows.scalers.obstacles import Obstacle, refuse
from tests.builders import a_topology
from tests.fakes.argo import a_namespace
from tests.fakes.fleet import runnable
from tests.fakes.kube import FakeKube
from tests.fakes.voice import StillClock, TellTale

Json = dict[str, Any]
SPACE = "gateway-demo"
TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web-demo"}
NOW = StillClock().now()
TEN_MINUTES = Span(begin=NOW, end=NOW + timedelta(minutes=10))


def put(api: FakeKube, kind: str, name: str, *, namespace: str = SPACE, **fields: Any) -> Manifest:
    """Store an object; ``status`` and ``annotations`` may be given as fields."""
    (found,) = [k for k in KINDS if k.name == kind and not k.api_version.startswith("one.")]
    status, owners = fields.pop("status", None), fields.pop("owners", [])
    metadata = {"name": name, "namespace": namespace, **fields.pop("metadata", {})}
    metadata["ownerReferences"] = owners
    document = {"apiVersion": found.api_version, "kind": kind, "metadata": metadata, **fields}
    stored = api.create(Manifest.of(document))
    if status is not None:
        resource = f"{found.plural}.{found.group}" if found.group else found.plural
        client = api.cluster.client("test")
        client.merge(resource, name, {"status": status}, namespace, subresource="status")
    return stored


@pytest.fixture
def member() -> FakeKube:
    """A member that runs the workload, all of it ready."""
    api = FakeKube("poc-ack-1")
    api.create(a_namespace(SPACE))
    api.create(runnable(2))
    ready(api, 2)
    return api


@pytest.fixture
def fleet() -> FakeKube:
    """A Fleet with Argo CD and its default project."""
    api = FakeKube()
    api.create(a_namespace("argocd"))
    return api


def ready(api: FakeKube, pods: int, **more: Any) -> None:
    """Say what the Deployment's controller says of so many ready pods."""
    live = workload(api)
    counts = {"replicas": pods, "readyReplicas": pods, "updatedReplicas": pods}
    status = {"observedGeneration": live.metadata["generation"], **counts, **more}
    client = api.cluster.client("test")
    client.merge("deployments.apps", "web-demo", {"status": status}, SPACE, subresource="status")


def change(api: FakeKube, **spec: Any) -> None:
    api.cluster.client("test").merge("deployments.apps", "web-demo", {"spec": spec}, SPACE)


def workload(api: FakeKube) -> Manifest:
    (found,) = api.list(next(k for k in KINDS if k.name == "Deployment"), namespace=SPACE)
    return found


def scaling(api: FakeKube) -> list[Obstacle]:
    live = workload(api)
    return list(scaler_obstacles("poc-ack-1", live, scalers_of(api, live)))


def refused(*found: Obstacle, overrides: tuple[str, ...] = ()) -> Refused | None:
    try:
        refuse(found, overrides=overrides, narrator=TellTale())
    except Refused as error:
        return error
    return None


# how obstacles refuse --------------------------------------------------------------------------

WALL = Obstacle(code="ADR-REFUSED", text="a wall", hint="go round")
GATE = Obstacle(code="ADR-KEDA", text="a gate", hint="knock", override="--open")
STONE = Obstacle(code="ADR-BUDGET", text="a stone", hint="-", refuses=False)


def test_an_obstacle_refuses_unless_its_own_override_was_given() -> None:
    error = refused(GATE)
    assert error is not None
    assert (error.code, error.message, error.hint) == ("ADR-KEDA", "a gate", "knock; or --open")
    assert refused(GATE, overrides=("--open",)) is None
    assert refused(GATE, overrides=("--other",)) is not None
    assert refused(WALL, overrides=("", "--open")) is not None
    assert refused(STONE) is None


def test_what_does_not_refuse_is_said() -> None:
    voice = TellTale()
    note = Obstacle(code="ADR-BUDGET", text="a leaf", hint="-", refuses=False, note=True)
    refuse((STONE, note), overrides=(), narrator=voice)
    assert (voice.warnings, voice.notes) == (["a stone"], ["a leaf"])


# autoscalers -----------------------------------------------------------------------------------


def hpa(api: FakeKube, least: int, *conditions: tuple[str, str, str], **more: Any) -> None:
    listed = [{"type": t, "status": s, "reason": r} for t, s, r in conditions]
    spec = {"scaleTargetRef": TARGET, "minReplicas": least, "maxReplicas": 9}
    put(
        api,
        "HorizontalPodAutoscaler",
        more.pop("name", "web"),
        spec=spec,
        status={"conditions": listed, "desiredReplicas": 2},
        **more,
    )


def test_F17_an_hpa_is_no_obstacle_and_its_least_number_is_known(member: FakeKube) -> None:
    hpa(member, 3, ("ScalingActive", "True", "ValidMetricFound"))
    (found,) = scaling(member)
    assert (found.refuses, found.note) == (False, True)
    assert "at least to 3" in found.hint
    scalers = scalers_of(member, workload(member))
    assert (scalers.least, scalers.most) == (3, 9)


def test_F17_an_hpa_that_does_not_work_is_warned_of(member: FakeKube) -> None:
    hpa(member, 1, ("ScalingActive", "False", "FailedGetResourceMetric"))
    (found,) = scaling(member)
    assert "does not work: FailedGetResourceMetric" in found.text
    assert (found.refuses, found.note) == (False, False)


def test_F17_scalers_of_other_workloads_are_nobodys_business(member: FakeKube) -> None:
    other = {"scaleTargetRef": {**TARGET, "name": "other"}, "maxReplicas": 2}
    put(member, "HorizontalPodAutoscaler", "other", spec=other)
    stateful = {"scaleTargetRef": {**TARGET, "kind": "StatefulSet"}}
    put(member, "ScaledObject", "other", spec=stateful)
    assert scaling(member) == []
    assert scalers_of(member, workload(member)).least is None


def test_F18_an_hpa_that_went_to_zero_leaves_nothing_to_rehearse(member: FakeKube) -> None:
    hpa(member, 0, ("ScaledToZero", "True", "ScaledToZero"))
    (found,) = scaling(member)
    error = refused(found, overrides=("--pause-keda",))
    assert error is not None
    assert error.code == "ADR-SCALED-TO-ZERO"
    change(member, replicas=0)
    said = target_error(member)
    assert said is not None
    assert (said.exit_code, said.code) == (6, "ADR-SCALED-TO-ZERO")


def keda(api: FakeKube, *, paused: str | None = None, said: str | None = None, **more: str) -> None:
    annotations = {PAUSED: paused, **more} if paused is not None else dict(more)
    status = {"conditions": [{"type": "Paused", "status": said}]} if said else {}
    spec = {"scaleTargetRef": {"name": "web-demo"}, "minReplicaCount": 2}
    put(
        api,
        "ScaledObject",
        "web",
        metadata={"annotations": annotations},
        spec=spec,
        status=status,
    )


def test_F19_a_keda_that_still_says_paused_scales_nobody_and_refuses(member: FakeKube) -> None:
    keda(member, said="True")
    (found,) = scaling(member)
    error = refused(found, overrides=("--pause-keda",))
    assert error is not None
    assert "nothing pauses it any more" in error.message
    assert "restart keda-operator" in (error.hint or "")


def test_F19_keda_refuses_unless_it_may_be_paused(member: FakeKube) -> None:
    keda(member)
    owners = [{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "web", "uid": "u"}]
    hpa(member, 2, name="keda-hpa-web", owners=owners)
    (found,) = scaling(member)
    error = refused(found)
    assert error is not None
    assert error.code == "ADR-KEDA"
    assert "--pause-keda" in (error.hint or "")
    assert refused(found, overrides=("--pause-keda",)) is None
    assert scalers_of(member, workload(member)).least == 2


@pytest.mark.parametrize(
    ("paused", "said", "more", "leaves_alone"),
    [
        ("true", "True", {}, True),
        ("true", None, {}, True),
        ("yes please", "True", {}, True),
        ("false", "False", {}, False),
        ("true", "False", {}, False),
        ("true", "True", {PAUSED_REPLICAS: "3"}, False),
        (None, "True", {PAUSED_REPLICAS: "3"}, False),
    ],
)
def test_F19_a_pause_counts_if_zero_is_left_alone(
    member: FakeKube, paused: str | None, said: str | None, more: dict[str, str], leaves_alone: bool
) -> None:
    keda(member, paused=paused, said=said, **more)
    assert (refused(*scaling(member)) is None) is leaves_alone


def test_an_api_without_these_kinds_has_no_autoscalers(member: FakeKube) -> None:
    member.fail = lambda call: NotFound("no") if call == "list scaledobjects" else None
    assert scaling(member) == []


# Argo CD ---------------------------------------------------------------------------------------

RESOURCES = [{"kind": "Deployment", "namespace": SPACE, "name": "web-demo"}]
DENY = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["*"]}


def application(
    fleet: FakeKube, name: str = "c1-web-demo", *, status: Json | None = None, **spec: Any
) -> None:
    synced = {"sync": {"status": "Synced", "revision": "a"}, "resources": RESOURCES}
    fields = {"project": "default", "destination": {"name": "c1-poc-ack-1", "namespace": SPACE}}
    fields["syncPolicy"] = {"automated": {"selfHeal": True}}
    put(
        fleet,
        "Application",
        name,
        namespace="argocd",
        spec={**fields, **spec},
        status={**synced, **(status or {})},
    )


def project(fleet: FakeKube, *windows: Json) -> None:
    put(fleet, "AppProject", "default", namespace="argocd", spec={"syncWindows": list(windows)})


def syncing(fleet: FakeKube) -> list[Obstacle]:
    topology = a_topology()
    return list(sync_obstacles(topology, topology.members[0], fleet, span=TEN_MINUTES))


def codes(found: list[Obstacle]) -> list[str]:
    return [o.code for o in found if o.refuses]


def test_F20_self_heal_refuses_and_has_no_override(fleet: FakeKube) -> None:
    application(fleet)
    (found,) = syncing(fleet)
    assert found.override == ""
    error = refused(found, overrides=("--pause-keda",))
    assert error is not None
    assert error.code == "ADR-SELF-HEAL"
    assert "Application itself is no place" in (error.hint or "")


@pytest.mark.parametrize(
    "automated", [None, {}, {"selfHeal": False}, {"selfHeal": True, "enabled": False}]
)
def test_F20_without_self_heal_nothing_is_in_the_way(
    fleet: FakeKube, automated: Json | None
) -> None:
    application(fleet, syncPolicy={"automated": automated} if automated is not None else {})
    assert syncing(fleet) == []


def test_F20_a_deny_window_that_lasts_lets_the_drill_begin(fleet: FakeKube) -> None:
    application(fleet)
    project(fleet, DENY)
    (found,) = syncing(fleet)
    assert refused(found) is None
    assert "a sync window holds it back" in found.text


@pytest.mark.parametrize(
    "window",
    [
        {**DENY, "schedule": "0 12 * * *", "duration": "5m"},
        {**DENY, "applications": ["other"]},
        {**DENY, "schedule": "whenever"},
        {**DENY, "kind": "allow"},
    ],
)
def test_F20_a_window_too_short_or_for_others_or_unreadable_is_none(
    fleet: FakeKube, window: Json
) -> None:
    application(fleet)
    project(fleet, window)
    assert codes(syncing(fleet)) == ["ADR-SELF-HEAL"]


def test_F20_a_project_that_may_not_be_read_holds_nothing_back(fleet: FakeKube) -> None:
    application(fleet)
    project(fleet, DENY)
    fleet.fail = lambda call: Forbidden("no") if call.startswith("get AppProject") else None
    assert codes(syncing(fleet)) == ["ADR-SELF-HEAL"]


@pytest.mark.parametrize("path", [{"jsonPointers": ["/spec/replicas"]},
                                  {"jqPathExpressions": [".spec.replicas"]}])  # fmt: skip
def test_F20_self_heal_that_ignores_replicas_is_only_warned_of(fleet: FakeKube, path: Json) -> None:
    application(fleet, ignoreDifferences=[{"group": "apps", "kind": "Deployment", **path}])
    (found,) = syncing(fleet)
    assert not found.refuses
    assert "ignores replicas" in found.text


def test_F20_an_application_by_another_name_is_found_by_what_it_manages(fleet: FakeKube) -> None:
    """Also for a workload that is distributed by policy."""
    application(fleet, "somebody-elses")
    assert codes(syncing(fleet)) == ["ADR-SELF-HEAL"]


@pytest.mark.parametrize(
    "destination",
    [
        {"name": "c2-poc-ack-2", "namespace": SPACE},
        {"server": "https://kubernetes.default.svc", "namespace": SPACE},
        {"name": "in-cluster", "namespace": SPACE},
    ],
)
def test_F20_an_application_that_leads_elsewhere_is_not(fleet: FakeKube, destination: Json) -> None:
    application(fleet, "somebody-elses", destination=destination)
    assert syncing(fleet) == []


def test_F20_an_address_may_be_the_members(fleet: FakeKube) -> None:
    application(fleet, "x", destination={"server": "https://10.0.0.1:6443", "namespace": SPACE})
    assert codes(syncing(fleet)) == ["ADR-SELF-HEAL"]


@pytest.mark.parametrize(
    "status",
    [
        {"operationState": {"phase": "Running"}},
        {
            "sync": {"status": "OutOfSync", "revision": "b"},
            "operationState": {"phase": "Succeeded", "syncResult": {"revision": "a"}},
        },
    ],
)
def test_F21_a_sync_under_way_or_about_to_come_refuses(fleet: FakeKube, status: Json) -> None:
    application(fleet, syncPolicy={"automated": {}}, status=status)
    assert codes(syncing(fleet)) == ["ADR-SYNC-PENDING"]


def test_F21_drift_of_a_revision_that_is_synced_already_does_not(fleet: FakeKube) -> None:
    state = {"phase": "Succeeded", "syncResult": {"revision": "a"}}
    drifted = {"sync": {"status": "OutOfSync", "revision": "a"}, "operationState": state}
    application(fleet, syncPolicy={"automated": {}}, status=drifted)
    assert syncing(fleet) == []


def over_ingress(fleet: FakeKube, **spec: Any) -> list[Obstacle]:
    """What is in the way of the weights when an Application puts the Ingress onto the Fleet."""
    topology = a_topology()
    ingress = {"kind": "Ingress", "namespace": SPACE, "name": topology.ingress.name}
    here = {"server": "https://kubernetes.default.svc", "namespace": SPACE}
    application(fleet, "ingresses", destination=here, status={"resources": [ingress]}, **spec)
    return list(ingress_obstacles(topology, fleet, span=TEN_MINUTES))


def test_F20_an_application_that_heals_the_ingress_is_in_the_way_of_its_weights(
    fleet: FakeKube,
) -> None:
    (found,) = over_ingress(fleet)
    assert refused(found) is not None
    assert "undoes every change of the weights" in found.text
    assert "RespectIgnoreDifferences" in found.hint


def test_F20_a_deny_window_holds_an_application_over_the_ingress_back(fleet: FakeKube) -> None:
    project(fleet, DENY)
    (found,) = over_ingress(fleet)
    assert found.note
    assert refused(found) is None


WEIGHTS = [f"/metadata/annotations/alb.ingress.kubernetes.io~1cluster-weight.c{n}" for n in (1, 2)]


@pytest.mark.parametrize(
    ("ignored", "spared"),
    [
        ({"kind": "Ingress", "jsonPointers": WEIGHTS}, True),
        ({"kind": "*", "jqPathExpressions": [".metadata.annotations"]}, True),
        ({"kind": "Ingress", "jsonPointers": WEIGHTS[:1]}, False),
        ({"kind": "Deployment", "jsonPointers": WEIGHTS}, False),
    ],
)
def test_F20_weights_that_are_no_difference_to_argo_cd_may_be_changed(
    fleet: FakeKube, ignored: Json, spared: bool
) -> None:
    (found,) = over_ingress(fleet, ignoreDifferences=[ignored])
    assert (refused(found) is None) is spared


def test_F20_an_application_without_self_heal_leaves_the_weights_alone(fleet: FakeKube) -> None:
    assert over_ingress(fleet, syncPolicy={"automated": {}}) == []


def test_a_fleet_without_argo_cd_syncs_nothing(fleet: FakeKube) -> None:
    fleet.fail = lambda call: NotFound("no") if call == "list applications" else None
    assert syncing(fleet) == []


# the target ------------------------------------------------------------------------------------


def target_error(member: FakeKube) -> AlbDrError | None:
    try:
        drill_target(a_topology(), member)
    except (BadInput, Refused) as error:
        return error
    return None


def service(member: FakeKube, **selector: str) -> None:
    put(member, "Service", "service1", spec={"selector": selector, "ports": [{"port": 80}]})


def another(member: FakeKube, kind: str, name: str, *, app: str = "web-demo", **spec: Any) -> None:
    labels = {"app": app}
    pods = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "b"}]}}
    fields = {"selector": {"matchLabels": labels}, "template": pods, **spec}
    put(member, kind, name, spec=fields)


def test_a_steady_workload_that_serves_alone_is_a_target(member: FakeKube) -> None:
    service(member, app="web-demo")
    another(member, "Deployment", "neighbour", app="other")
    another(member, "StatefulSet", "asleep", replicas=0)
    assert target_error(member) is None


def test_F15_at_zero_is_refused(member: FakeKube) -> None:
    change(member, replicas=0)
    ready(member, 0)
    error = target_error(member)
    assert error is not None
    assert (error.exit_code, error.code) == (6, "ADR-AT-ZERO")


def test_F15_at_zero_beside_an_hpa_that_did_not_do_it_is_refused(member: FakeKube) -> None:
    hpa(member, 1, ("ScalingActive", "False", "FailedGetScale"))
    change(member, replicas=0)
    ready(member, 0)
    error = target_error(member)
    assert error is not None
    assert error.code == "ADR-AT-ZERO"


def test_F15_replicas_that_were_never_set_are_one(member: FakeKube) -> None:
    change(member, replicas=None)
    ready(member, 1)
    assert target_error(member) is None
    assert workload(member).document["spec"]["replicas"] == 1


@pytest.mark.parametrize(
    ("spec", "status", "said"),
    [
        ({"paused": True}, {}, "is paused"),
        ({}, {"observedGeneration": 0}, "has not looked at it yet"),
        ({}, {"updatedReplicas": 1}, "2 of 2 pods ready"),
        ({}, {"readyReplicas": 1}, "1 of 2 pods ready"),
        ({}, {"replicas": 3}, "1 pods of an older template are left"),
    ],
)
def test_F15_paused_or_mid_rollout_is_refused(
    member: FakeKube, spec: Json, status: Json, said: str
) -> None:
    change(member, **spec)
    ready(member, 2, **status)
    error = target_error(member)
    assert error is not None
    assert (error.exit_code, error.code) == (6, "ADR-ROLLOUT")
    assert said in error.message


def test_F16_a_missing_target_lists_what_is_there(member: FakeKube) -> None:
    member.cluster.client("test").delete("deployments.apps", "web-demo", SPACE)
    another(member, "Deployment", "web-demo-v2")
    another(member, "StatefulSet", "store")
    error = target_error(member)
    assert error is not None
    assert (error.exit_code, error.code) == (2, "ADR-TARGET")
    assert "Deployment web-demo-v2, StatefulSet store (cannot be drilled)" in (error.hint or "")


def test_F16_a_service_that_leads_elsewhere_is_no_target(member: FakeKube) -> None:
    service(member, app="other")
    error = target_error(member)
    assert error is not None
    assert (error.exit_code, error.code) == (2, "ADR-TARGET")
    assert "it selects app=other; candidates: Deployment web-demo" in (error.hint or "")


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_F16_a_service_that_leads_to_others_too_is_no_target(member: FakeKube, kind: str) -> None:
    service(member, app="web-demo")
    another(member, kind, "canary")
    error = target_error(member)
    assert error is not None
    assert error.exit_code == 2
    assert f"leads to {kind} gateway-demo/canary, too" in error.message


# budgets, guards, pods -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "covers"),
    [
        ({"matchLabels": {"app": "web-demo"}}, True),
        ({"matchLabels": {"app": "other"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web-demo"]}]}, True),
        (
            {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web-demo"]}]},
            False,
        ),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({}, True),
        (None, False),
    ],
)
def test_F27_a_budget_is_explained_and_never_refuses(
    member: FakeKube, selector: Json | None, covers: bool
) -> None:
    put(member, "PodDisruptionBudget", "keep", spec={"minAvailable": 1, "selector": selector})
    found = list(budget_obstacles("poc-ack-1", workload(member), member))
    assert bool(found) is covers
    assert refused(*found) is None
    assert all("limits evictions, not scaling" in o.text for o in found)


def guarding(member: FakeKube, *, after_s: float = 600) -> list[Obstacle]:
    """What stands in the way so long after the objects of the test were stored."""
    clock = StillClock(datetime.now(UTC) + timedelta(seconds=after_s))
    return list(guard_obstacles("poc-ack-1", member, namespace=SPACE, clock=clock))


def installed(member: FakeKube, **spec: Any) -> None:
    put(member, "CronJob", "alb-dr-guard", spec={"schedule": "* * * * *", **spec})


def guard_pod(member: FakeKube, **status: Any) -> None:
    spec = {"serviceAccountName": "alb-dr-guard", "containers": [{"name": "guard", "image": "x"}]}
    put(member, "Pod", "alb-dr-guard-1", spec=spec, status=status)


def beat(member: FakeKube, *, after_s: float) -> None:
    when = datetime.now(UTC) + timedelta(seconds=after_s)
    put(member, "Lease", "alb-dr-guard", spec={"renewTime": micro_time(when)})


def test_F29_a_guard_that_beats_is_no_obstacle(member: FakeKube) -> None:
    installed(member)
    beat(member, after_s=540)
    assert guarding(member) == []


def test_F29_no_guard_is_only_said(member: FakeKube) -> None:
    (found,) = guarding(member)
    assert not found.refuses
    assert "no guard is installed" in found.text


def waiting(reason: str, message: str) -> Json:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"containerStatuses": [{"name": "guard", "state": state}]}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (waiting("ImagePullBackOff", "no such image"), "ImagePullBackOff: no such image"),
        ({"phase": "Succeeded"}, "it may not write Leases"),
        (
            {"containerStatuses": [{"state": {"terminated": {"exitCode": 4}}}]},
            "it ended with code 4",
        ),
    ],
)
def test_F29_a_silent_guard_refuses_and_says_why(member: FakeKube, status: Json, said: str) -> None:
    installed(member)
    guard_pod(member, **status)
    beat(member, after_s=0)
    (found,) = guarding(member)
    assert "has not looked for 180 s" in found.text
    assert said in found.text
    assert refused(found, overrides=("--no-guard poc-ack-2",)) is not None
    assert refused(found, overrides=("--no-guard poc-ack-1",)) is None


def test_F29_a_guard_that_was_just_installed_is_waited_for(member: FakeKube) -> None:
    installed(member)
    (found,) = guarding(member, after_s=120)
    assert found.text == "poc-ack-1: the guard was installed just now and has not looked yet"
    assert found.hint.startswith("wait a minute")
    assert refused(found) is not None
    (found,) = guarding(member, after_s=190)
    assert "has not looked for 180 s: nothing is known of why" in found.text


def test_F29_a_heartbeat_of_the_guard_before_does_not_make_a_new_one_silent(
    member: FakeKube,
) -> None:
    installed(member)
    beat(member, after_s=-600)
    (found,) = guarding(member, after_s=30)
    assert "has not looked yet" in found.text


def test_F29_what_keeps_a_new_guard_from_looking_is_told(member: FakeKube) -> None:
    installed(member)
    guard_pod(member, **waiting("ImagePullBackOff", "no such image"))
    (found,) = guarding(member, after_s=30)
    assert found.text.endswith("has not looked yet: ImagePullBackOff: no such image")


def test_F29_a_guard_whose_age_nobody_knows_is_not_new(member: FakeKube) -> None:
    installed(member)
    (live,) = member.list(CRON_JOB)
    metadata = {k: v for k, v in live.metadata.items() if k != "creationTimestamp"}
    ageless = Manifest(id=live.id, document={**live.document, "metadata": metadata})
    assert _is_new(live, NOW)
    assert not _is_new(ageless, NOW)


def test_F29_nobody_waits_for_a_suspended_guard(member: FakeKube) -> None:
    installed(member, suspend=True)
    (found,) = guarding(member, after_s=30)
    assert "it is suspended" in found.text
    assert "wait" not in found.hint


def test_F29_a_guard_whose_pods_cannot_be_made_says_why(member: FakeKube) -> None:
    installed(member)
    event(member, "CronJob", "alb-dr-guard", "FailedCreate", "serviceaccount not found")
    (found,) = guarding(member)
    assert "FailedCreate: serviceaccount not found" in found.text


def test_F29_what_happened_to_the_guards_pod_is_told(member: FakeKube) -> None:
    installed(member)
    guard_pod(member, phase="Pending")
    event(member, "Pod", "alb-dr-guard-1", "FailedScheduling", "no node fits")
    (found,) = guarding(member)
    assert "FailedScheduling: no node fits" in found.text


def test_F29_a_suspended_guard_says_so_though_its_pods_may_not_be_seen(member: FakeKube) -> None:
    installed(member, suspend=True)
    member.fail = lambda call: Forbidden("no right") if call.startswith("list pods") else None
    (found,) = guarding(member)
    assert "it is suspended" in found.text


def test_F29_pods_of_others_say_nothing_of_a_guard(member: FakeKube) -> None:
    installed(member)
    other = {"serviceAccountName": "default", "containers": [{"name": "web", "image": "x"}]}
    put(member, "Pod", "other", spec=other, status={"phase": "Succeeded"})
    guard_pod(member, phase="Running", containerStatuses=[{"state": {"running": {}}}])
    (found,) = guarding(member)
    assert "nothing is known of why" in found.text


def test_F29_a_guard_that_may_not_be_looked_at_is_only_said(member: FakeKube) -> None:
    member.fail = lambda call: Forbidden("no right") if call.startswith("get CronJob") else None
    (found,) = guarding(member)
    assert not found.refuses
    assert "cannot be seen: no right" in found.text


def event(member: FakeKube, kind: str, name: str, reason: str, message: str) -> None:
    about = {"kind": kind, "name": name, "namespace": SPACE}
    fields = {"involvedObject": about, "type": "Warning", "reason": reason, "message": message}
    put(member, "Event", f"{name}.1", **fields)


def pod(member: FakeKube, name: str, **status: Any) -> None:
    metadata = {"labels": {"app": "web-demo"}}
    spec = {"containers": [{"name": "web-demo", "image": "demo"}]}
    put(member, "Pod", name, metadata=metadata, spec=spec, status=status)


def test_F25_why_pods_are_not_ready_is_told_by_themselves_and_by_events(member: FakeKube) -> None:
    unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    pod(member, "a", conditions=[{**unscheduled, "message": "no node has room"}])
    pod(member, "b", **waiting("ImagePullBackOff", "demo: not found"))
    pod(member, "c", conditions=[{"type": "Ready", "status": "True"}])
    event(member, "Pod", "c", "Unhealthy", "long ago")
    event(member, "Pod", "b", "Failed", "pull failed")
    assert pod_troubles(member, workload(member)) == (
        "Unschedulable: no node has room",
        "ImagePullBackOff: demo: not found",
        "Failed: pull failed",
    )


def test_F25_pods_that_were_never_made_are_explained_by_their_replica_set(member: FakeKube) -> None:
    live = workload(member)
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": live.id.name, "uid": live.uid}
    put(member, "ReplicaSet", "web-demo-1", owners=[owner], spec={"replicas": 2})
    event(member, "ReplicaSet", "web-demo-1", "FailedCreate", "exceeded quota")
    assert pod_troubles(member, live) == ("FailedCreate: exceeded quota",)


def test_F25_an_api_that_does_not_say_leaves_no_reasons(member: FakeKube) -> None:
    member.fail = lambda call: Forbidden("no") if call == "list pods" else None
    assert pod_troubles(member, workload(member)) == ()
