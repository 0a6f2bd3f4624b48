"""Who else has a say about replicas: HPA, KEDA, Argo CD, rollouts, budgets, guards, stuck pods."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from alb_dr.sandbox.lifecycle import bind
from tests.e2e.conftest import Shell
from tests.e2e.others import as_other

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

VICTIM = "poc-ack-2"
SPACE = "gateway-demo"
WORKLOAD = f"apps/v1/namespaces/{SPACE}/deployments/web-demo"
SCALER = f"autoscaling/v2/namespaces/{SPACE}/horizontalpodautoscalers/web-demo"
MERGE = "application/merge-patch+json"
RECORD = "alb-dr.io/drill"
DRILL = ("failover", "drill", VICTIM, "--yes", "--baseline", "1", "--observe", "3")
CHECK = ("failover", "drill", VICTIM, "--dry-run")


def victim(
    shell: Shell, method: str = "GET", path: str = WORKLOAD, body: Any = None, **more: str
) -> dict[str, Any]:
    """One call to the victim's API, as somebody called ``ops``."""
    manager = more.pop("manager", "ops")
    return as_other(shell, manager, method, path, body, cluster=VICTIM, **more)


def change(shell: Shell, patch: Any, path: str = WORKLOAD, **more: str) -> dict[str, Any]:
    """A merge patch in the victim."""
    return victim(shell, "PATCH", path, patch, content_type=MERGE, **more)


def until(holds: Callable[[], bool], *, seconds: float = 30.0) -> None:
    """Look until something is true."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not true after {seconds} s"
        time.sleep(0.1)


def ready(shell: Shell) -> bool:
    """Whether the victim's two pods are there and no others."""
    live = victim(shell)
    seen = live.get("status") or {}
    settled = seen.get("observedGeneration") == live["metadata"]["generation"]
    counts = [seen.get(k) for k in ("replicas", "readyReplicas", "updatedReplicas")]
    return settled and live["spec"]["replicas"] == 2 and counts == [2, 2, 2]


@pytest.fixture
def demo(tutorial: Shell) -> Iterator[Shell]:
    """The tutorial's world; whatever a test switched on is off afterwards, and two pods run."""
    yield tutorial
    tutorial.ok("sandbox", "fault", "clear")
    tutorial.ok("sandbox", "scaler", "none", VICTIM)
    tutorial.ok("sandbox", "argo", "--self-heal", "off", "--deny", "off")
    tutorial.run("failover", "recover", "--execute")
    change(tutorial, {"spec": {"paused": None, "replicas": 2}})
    until(lambda: ready(tutorial))


def condition(shell: Shell, path: str, kind: str) -> str:
    listed = (victim(shell, path=path).get("status") or {}).get("conditions") or []
    return next((c["status"] for c in listed if c["type"] == kind), "")


def drilling(shell: Shell, *words: str) -> subprocess.Popen[str]:
    """A drill under way whose fault is in force."""
    started = shell.start(*DRILL[:-2], "--observe", "30", *words)
    until(lambda: victim(shell)["spec"]["replicas"] == 0)
    return started


def ended(started: subprocess.Popen[str]) -> tuple[int, str]:
    """The code of a drill and everything it said."""
    out, err = started.communicate(timeout=120)
    return started.returncode, out + err


# HPA -------------------------------------------------------------------------------------------


def test_F17_an_hpa_is_passive_during_a_drill_and_works_again_after_it(demo: Shell) -> None:
    demo.ok("sandbox", "scaler", "hpa", VICTIM, "--min", "2", "--max", "4")
    done = demo.run(*DRILL, "-o", "json", timeout=90)
    assert json.loads(done.stdout)["data"]["outcome"] == "SUCCEEDED", done.stderr
    assert "it is passive at 0" in done.stderr
    assert victim(demo)["spec"]["replicas"] == 2
    assert condition(demo, SCALER, "ScalingActive") == "True"
    assert "HPA 2-4" in demo.ok("sandbox", "status")


def test_F18_an_hpa_that_went_to_zero_leaves_nothing_to_rehearse(demo: Shell) -> None:
    demo.ok("sandbox", "scaler", "hpa", VICTIM, "--min", "0", "--idle")
    until(lambda: condition(demo, SCALER, "ScaledToZero") == "True")
    said = demo.refused(6, *CHECK)
    assert "ADR-SCALED-TO-ZERO" in said
    left = demo.ok("sandbox", "scaler", "none", VICTIM)
    assert "its replicas stay at 0" in left
    assert "alb-dr sandbox argo --commit" in left
    demo.ok("sandbox", "argo", "--commit")
    until(lambda: victim(demo)["spec"]["replicas"] == 2)
    assert "replicas stay at 2" in demo.ok("sandbox", "scaler", "none", VICTIM)


# KEDA ------------------------------------------------------------------------------------------


def test_F19_keda_refuses_a_drill_that_may_not_pause_it(demo: Shell) -> None:
    demo.ok("sandbox", "scaler", "keda", VICTIM)
    said = demo.refused(6, *CHECK)
    assert "ADR-KEDA" in said
    assert "--pause-keda" in said
    found = demo.run("check", "--only", "ADR-AUTOSCALER", "-o", "short").stdout
    assert "KEDA (ScaledObject gateway-demo/web-demo) scales" in found


SCALED = f"keda.sh/v1alpha1/namespaces/{SPACE}/scaledobjects/web-demo"


def is_unpaused(shell: Shell) -> bool:
    """Whether nothing of a pause stands on the ScaledObject."""
    metadata = victim(shell, path=SCALED)["metadata"]
    left = {**(metadata.get("annotations") or {}), **(metadata.get("labels") or {})}
    return not [key for key in left if key.startswith(("autoscaling.keda.sh/", "alb-dr.io/"))]


@pytest.mark.parametrize("manner", [(), ("--unpause", "late"), ("--bounce",)])
def test_F19_a_drill_may_pause_keda_and_ends_the_pause(
    demo: Shell, manner: tuple[str, ...]
) -> None:
    demo.ok("sandbox", "scaler", "keda", VICTIM, "--min", "2", *manner)
    done = demo.run(*DRILL, "--pause-keda", "-o", "json", timeout=90)
    assert json.loads(done.stdout)["data"]["outcome"] == "SUCCEEDED", done.stderr
    assert "KEDA scales again" in done.stderr
    assert victim(demo)["spec"]["replicas"] == 2
    assert is_unpaused(demo)
    assert condition(demo, SCALED, "Paused") == "False"


def test_F19_a_pause_that_does_not_end_is_said_with_code_11(demo: Shell) -> None:
    demo.ok("sandbox", "scaler", "keda", VICTIM, "--min", "2", "--unpause", "never")
    done = demo.run(*DRILL, "--pause-keda", "--restore-timeout", "6", timeout=90)
    assert done.returncode == 11, done.stderr
    assert "KEDA still says that it is paused" in done.stderr
    assert victim(demo)["spec"]["replicas"] == 2
    assert is_unpaused(demo)


def test_F19_a_drill_killed_under_a_pause_is_put_back_and_the_pause_ended(demo: Shell) -> None:
    demo.ok("sandbox", "scaler", "keda", VICTIM, "--min", "2")
    started = drilling(demo, "--pause-keda", "--no-watchdog")
    started.kill()
    started.communicate(timeout=10)
    assert not is_unpaused(demo)
    assert demo.data("failover", "status")["paused"] == [f"ScaledObject {SPACE}/web-demo"]
    assert "a drill's pause is still open" in demo.refused(6, *CHECK, "--pause-keda")
    demo.ok("failover", "recover", "--execute", timeout=90)
    assert victim(demo)["spec"]["replicas"] == 2
    assert is_unpaused(demo)
    assert demo.data("failover", "status")["open"] == []


def test_F37_the_printed_rights_suffice_to_pause_keda(demo: Shell) -> None:
    printed = demo.data("check", "--print-permissions")
    demo.ok("sandbox", "scaler", "keda", VICTIM, "--min", "2")
    bind(demo.folder, {"fleet": printed["fleet"], "member": printed["member"]})
    try:
        assert demo.data(*DRILL, "--pause-keda", timeout=90)["outcome"] == "SUCCEEDED"
        fewer = [
            {**role, "rules": [r for r in role["rules"] if not pauses(r)]}
            for role in printed["member"]
        ]
        bind(demo.folder, {"fleet": printed["fleet"], "member": fewer})
        said = demo.refused(4, *CHECK, "--pause-keda")
        assert "its pause could not be ended" in said
    finally:
        bind(demo.folder, None)


def pauses(rule: dict[str, Any]) -> bool:
    """Whether it is the right to patch ScaledObjects."""
    return rule["resources"] == ["scaledobjects"] and "patch" in rule["verbs"]


# Argo CD ---------------------------------------------------------------------------------------


def test_F20_self_heal_refuses_a_drill_and_check_says_so(demo: Shell) -> None:
    demo.ok("sandbox", "argo", "--self-heal", "on")
    until(lambda: "ADR-SELF-HEAL" in demo.run(*CHECK).stderr)
    demo.refused(6, *CHECK)
    found = demo.run("check", "--only", "ADR-SELF-HEAL", "-o", "short").stdout
    assert "has selfHeal on and undoes a drill" in found


def test_F20_a_deny_window_holds_self_heal_back_for_a_drill(demo: Shell) -> None:
    demo.ok("sandbox", "argo", "--self-heal", "on", "--deny", "2h")
    until(lambda: "a sync window holds it back" in demo.run(*CHECK).stderr)
    assert demo.data(*DRILL, timeout=90)["outcome"] == "SUCCEEDED"
    assert victim(demo)["spec"]["replicas"] == 2


def test_F20_a_window_shorter_than_the_drill_is_none(demo: Shell) -> None:
    demo.ok("sandbox", "argo", "--self-heal", "on", "--deny", "1m")
    # It begins anew every minute, so that it never ends: one that ends is made by hand.
    windows = [{"kind": "deny", "schedule": "0 0 1 1 *", "duration": "1m", "applications": ["*"]}]
    path = "argoproj.io/v1alpha1/namespaces/argocd/appprojects/default"
    as_other(demo, "admin", "PATCH", path, {"spec": {"syncWindows": windows}}, content_type=MERGE)
    until(lambda: "ADR-SELF-HEAL" in demo.run(*CHECK).stderr)
    demo.refused(6, *CHECK)


def test_F21_a_commit_during_a_drill_ends_it_and_argo_cd_is_named(demo: Shell) -> None:
    started = drilling(demo)
    demo.ok("sandbox", "argo", "--commit")
    code, said = ended(started)
    assert code == 10, said
    assert "argocd-controller" in said
    assert demo.data("failover", "status")["open"] == []


def test_F22_a_person_who_scales_during_a_drill_is_not_overruled(demo: Shell) -> None:
    started = drilling(demo)
    change(demo, {"spec": {"replicas": 1}}, manager="kubectl-ann")
    code, said = ended(started)
    assert code == 10, said
    assert "kubectl-ann" in said
    assert victim(demo)["spec"]["replicas"] == 1
    assert demo.data("failover", "status")["open"] == []


# rollouts --------------------------------------------------------------------------------------


def test_F15_a_paused_deployment_is_not_drilled(demo: Shell) -> None:
    change(demo, {"spec": {"paused": True}})
    assert "is paused" in demo.refused(6, *CHECK)


def test_F15_a_rollout_that_hangs_is_not_drilled(demo: Shell) -> None:
    demo.ok("sandbox", "fault", "no-image", VICTIM)
    template = {"metadata": {"labels": {"version": "next"}}}
    change(demo, {"spec": {"template": template}})
    until(lambda: len(pods(demo)) > 2)
    said = demo.refused(6, *CHECK)
    assert "is not steady" in said
    change(demo, {"spec": {"template": {"metadata": {"labels": {"version": None}}}}})


def pods(shell: Shell) -> list[dict[str, Any]]:
    """The victim's pods; the core group is not below /apis, so what makes them is asked."""
    listed = victim(shell, path=f"apps/v1/namespaces/{SPACE}/replicasets")["items"]
    return [r for r in listed for _ in range((r.get("status") or {}).get("replicas") or 0)]


def test_F16_a_service_that_leads_to_others_too_is_no_target(demo: Shell) -> None:
    live = victim(demo)
    other = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "canary", "namespace": SPACE},
        "spec": {**live["spec"], "replicas": 1},
    }
    collection = f"apps/v1/namespaces/{SPACE}/deployments"
    victim(demo, "POST", collection, other)
    try:
        said = demo.refused(2, *CHECK)
        assert "leads to Deployment gateway-demo/canary, too" in said
    finally:
        victim(demo, "DELETE", f"{collection}/canary")


def test_F24_a_record_that_a_rollback_revived_is_asked_about(demo: Shell) -> None:
    """Annotations of a Deployment are copied to its ReplicaSet and never taken away there."""
    assert demo.data(*DRILL, timeout=90)["outcome"] == "SUCCEEDED"
    kept = victim(demo, path=f"apps/v1/namespaces/{SPACE}/replicasets")["items"]
    (stale,) = {r["metadata"]["annotations"].get(RECORD) for r in kept} - {None}
    # What `kubectl rollout undo` writes: the ReplicaSet's annotations in place of the live ones.
    change(demo, {"metadata": {"annotations": {RECORD: stale}}, "spec": {"replicas": 0}})
    try:
        said = demo.run("failover", "recover", "--execute", timeout=90)
        assert victim(demo)["spec"]["replicas"] == 0, said.stderr
    finally:
        change(demo, {"metadata": {"annotations": {RECORD: None}}, "spec": {"replicas": 2}})


# pods ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("no-image", "ImagePullBackOff"),
        ("no-node", "Unschedulable"),
        ("no-quota", "exceeded quota"),
    ],
)
def test_F25_pods_that_do_not_come_back_are_explained(demo: Shell, fault: str, reason: str) -> None:
    started = drilling(demo, "--restore-timeout", "4", "--no-watchdog")
    demo.ok("sandbox", "fault", fault, VICTIM)
    started.terminate()
    code, said = ended(started)
    assert code == 11, said
    assert reason in said
    assert victim(demo)["spec"]["replicas"] == 2


def test_F27_a_budget_is_explained_and_does_not_stop_a_drill(demo: Shell) -> None:
    path = f"policy/v1/namespaces/{SPACE}/poddisruptionbudgets"
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "keep", "namespace": SPACE},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web-demo"}}},
    }
    victim(demo, "POST", path, budget)
    try:
        done = demo.run(*CHECK)
        assert done.returncode == 0
        assert "limits evictions, not scaling" in done.stderr
    finally:
        victim(demo, "DELETE", f"{path}/keep")


def test_F28_pods_that_do_not_end_do_not_hide_that_the_member_is_gone(demo: Shell) -> None:
    demo.ok("sandbox", "fault", "pods-stay", VICTIM)
    done = demo.run(*DRILL, "-o", "json", timeout=90)
    assert json.loads(done.stdout)["data"]["outcome"] == "SUCCEEDED", done.stderr
    assert "the fault is in force" in done.stderr


# the guard -------------------------------------------------------------------------------------


def test_F29_a_guard_that_is_installed_and_silent_refuses_until_it_beats(demo: Shell) -> None:
    demo.ok("failover", "install-guard", "--image", f"registry.example/alb-dr@sha256:{'0' * 64}")
    said = demo.refused(6, *CHECK)
    assert "ADR-GUARD" in said
    assert "has not looked yet" in said
    leases = f"coordination.k8s.io/v1/namespaces/{SPACE}/leases"
    beat = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "alb-dr-guard", "namespace": SPACE},
        "spec": {"renewTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"},
    }
    victim(demo, "POST", leases, beat)
    assert demo.run(*CHECK).returncode == 0
    victim(demo, "DELETE", f"{leases}/alb-dr-guard")
    victim(demo, "DELETE", f"batch/v1/namespaces/{SPACE}/cronjobs/alb-dr-guard")
