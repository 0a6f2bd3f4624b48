"""Each check passes in a healthy world, and fails with exactly these words in a spoilt one."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alb_dr.errors import AlbDrError, CredentialsError, ExitCode, Forbidden, NotFound, Unreachable
from alb_dr.model.application import DistributionMethod
from alb_dr.model.checks import Category, Gravity, Outcome
from alb_dr.model.sample import Outcome as Answer
from alb_dr.workflows.preflight.catalogue import CHECKS
from tests.builders import a_topology
from tests.fakes.prober import FakeProber
from tests.fakes.samples import a_sample, columns_of
from tests.unit.workflows.preflight.world import HEALTHY, NOW, World

INGRESSES, ALB_CONFIGS = "ingresses.networking.k8s.io", "albconfigs.alibabacloud.com"
DEPLOYMENTS, SERVICES = "deployments.apps", "services"
Spoil = Callable[[World], Any]
CASES: list[tuple[str, str, Spoil, tuple[str, ...]]] = []


def case(code: str, name: str, *seen: str) -> Callable[[Spoil], Spoil]:
    """A way to spoil the world, and the words of the check that must notice."""

    def keep(spoil: Spoil) -> Spoil:
        CASES.append((code, name, spoil, seen))
        return spoil

    return keep


def project(old: str, new: str) -> Spoil:
    """Another project file."""

    def spoil(world: World) -> None:
        assert old in HEALTHY
        world.topology = a_topology(HEALTHY.replace(old, new))

    return spoil


def failing(match: str, error: AlbDrError) -> Callable[[str], AlbDrError | None]:
    """An API that fails calls that contain a text."""
    return lambda call: error if match in call else None


def workload(spec: dict[str, Any]) -> Spoil:
    """Another pod template in the first member."""

    def spoil(world: World) -> None:
        template = {"spec": {"template": {"spec": spec}}}
        world.one.merge(DEPLOYMENTS, "web-demo", template, "gateway-demo")

    return spoil


def albconfig(patch: dict[str, Any]) -> Spoil:
    """Another live AlbConfig."""
    return lambda world: world.fleet.merge(ALB_CONFIGS, "ackone-gateway-demo", patch)


def status(patch: dict[str, Any]) -> Spoil:
    """Another status of the live AlbConfig."""
    whole = {"status": {"loadBalancer": patch}}
    return lambda w: w.fleet.merge(ALB_CONFIGS, "ackone-gateway-demo", whole, sub="status")


# the project file -------------------------------------------------------------------------------

INGRESS_LINE = "  listenPort: {HTTP: 8001}"
case(
    "ADR-NO-HEALTH-CHECK",
    "off in the file",
    "health checks are off: a zone that dies without removing its endpoints keeps its share of "
    "the traffic",
)(project(INGRESS_LINE, f"{INGRESS_LINE}\n  healthCheck: {{enabled: false}}"))
case(
    "ADR-SLOW-HEALTH-CHECK",
    "slow timing",
    "a dead server may stay in use for 120 s, the objective is 30 s",
)(
    project(
        INGRESS_LINE,
        f"{INGRESS_LINE}\n  healthCheck: {{intervalSeconds: 10, timeoutSeconds: 30, "
        "unhealthyThreshold: 3}",
    )
)
case(
    "ADR-STANDBY-ZERO",
    "weight 0",
    "poc-ack-1 has weight 0 and gets no traffic in active-active mode",
)(project("{poc-ack-1: 20, poc-ack-2: 80}", "{poc-ack-1: 0, poc-ack-2: 100}"))
case(
    "ADR-ROLES",
    "the standby has become the primary",
    "poc-ack-2 is the primary now; the project file says poc-ack-1",
)(
    project(
        "{poc-ack-1: 20, poc-ack-2: 80}", "{poc-ack-1: 80, poc-ack-2: 20}\nmode: primary-secondary"
    )
)
case(
    "ADR-MOVING-REVISION",
    "a branch",
    "application.revision main may move; two runs may deliver two versions",
)(project("revision: v1.2.3", "revision: main"))
case("ADR-ONE-ZONE", "one zone", "all members are in cn-hongkong-b: they fail together")(
    project("zone: cn-hongkong-c", "zone: cn-hongkong-b")
)
case("ADR-ADDRESS-MODE", "dynamic", "gateway.addressAllocatedMode is Dynamic")(
    project("gateway:", "gateway:\n  addressAllocatedMode: Dynamic")
)
case(
    "ADR-DELETION-POLICY",
    "the tutorial's choice",
    "deleting the ApplicationSet would delete the workloads of every member",
    "the ApplicationSet may delete Applications by itself",
)(project("region:", "profile: tutorial\nregion:"))

# the Fleet --------------------------------------------------------------------------------------


@case("ADR-FLEET-API", "no answer", "Fleet: connection refused")
def _(world: World) -> None:
    world.fleet.fail = failing("identity", Unreachable("Fleet: connection refused"))


@case("ADR-CLOCK", "ahead", "this machine's clock is 90 s ahead of the Fleet's")
def _(world: World) -> None:
    world.know(world.fleet, server_time=NOW - timedelta(seconds=90))


@case("ADR-CLOCK", "behind", "this machine's clock is 31 s behind the Fleet's")
def _(world: World) -> None:
    world.know(world.fleet, server_time=NOW + timedelta(seconds=31))


@case("ADR-NOT-A-FLEET", "a member's kubeconfig", "Fleet serves no ManagedCluster: it is no Fleet")
def _(world: World) -> None:
    world.fleet.fail = failing("list managedclusters", NotFound("not served"))


@case(
    "ADR-SAME-CLUSTER",
    "one kubeconfig twice",
    "the kubeconfigs of poc-ack-1 and poc-ack-2 lead to the same cluster",
)
def _(world: World) -> None:
    world.know(world.two, cluster_uid="poc-ack-1")


@case(
    "ADR-SAME-CLUSTER",
    "a member in place of the Fleet",
    "the kubeconfigs of Fleet and poc-ack-1 lead to the same cluster",
)
def _(world: World) -> None:
    world.know(world.one, cluster_uid="Fleet")


@case("ADR-NO-GATEWAY", "not enabled", "the Fleet does not serve AlbConfig")
def _(world: World) -> None:
    world.fleet.fail = failing("list albconfigs", NotFound("not served"))


@case("ADR-NO-GITOPS", "not enabled", "the Fleet does not serve ApplicationSet")
def _(world: World) -> None:
    world.fleet.fail = failing("list applicationsets", NotFound("not served"))


@case("ADR-NO-GITOPS", "no namespace", "namespace argocd does not exist on the Fleet")
def _(world: World) -> None:
    world.topology = a_topology(
        HEALTHY.replace("application:", "application:\n  argocdNamespace: argocd")
    )
    world.fleet.remove("applicationsets.argoproj.io", "appset-web-demo", "argocd")
    world.fleet.remove("namespaces", "argocd")


@case("ADR-POLICY-DIALECT", "none", "the Fleet does not serve application distribution")
def _(world: World) -> None:
    world.fleet.fail = failing("list propagationpolicies", NotFound("not served"))


@case("ADR-NOT-ASSOCIATED", "unknown id", "poc-ack-2 (c2) is not associated with the Fleet")
def _(world: World) -> None:
    world.fleet.remove("managedclusters.cluster.open-cluster-management.io", "c2")


@case(
    "ADR-NOT-ASSOCIATED",
    "not available",
    "poc-ack-1 is associated, but not ManagedClusterJoined, not ManagedClusterConditionAvailable",
)
def _(world: World) -> None:
    world.condition("c1", "HubAcceptedManagedCluster")


@case(
    "ADR-FLEET-ACCESS",
    "no right to create",
    "Fleet: we may not create, patch albconfigs, which `gateway create` needs",
)
def _(world: World) -> None:
    bad = ("review create albconfigs", "review patch albconfigs")
    world.fleet.fail = lambda call: Forbidden("no") if call in bad else None


# the members ------------------------------------------------------------------------------------


@case("ADR-MEMBER-API", "bad token", "poc-ack-1 does not know our credentials (401)")
def _(world: World) -> None:
    error = CredentialsError("poc-ack-1 does not know our credentials (401)")
    world.one.fail = failing("identity", error)


@case("ADR-EXPIRY", "soon", "our credentials for Fleet end in 20 minutes")
def _(world: World) -> None:
    world.know(world.fleet, expires=NOW + timedelta(minutes=20))


@case("ADR-EXPIRY", "past", "our credentials for poc-ack-2 expired at 2026-03-01 11:00 UTC")
def _(world: World) -> None:
    world.know(world.two, expires=NOW - timedelta(hours=1))


@case(
    "ADR-MEMBER-ZONES",
    "by the nodes' labels",
    "every node of every member is in cn-hongkong-d: they fail together",
)
def _(world: World) -> None:
    labels = {"topology.kubernetes.io/zone": "cn-hongkong-d"}
    for api in (world.one, world.two):
        api.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "labels": labels}})


@case(
    "ADR-MEMBER-ACCESS",
    "no right to restore",
    "poc-ack-2: we may not patch deployments in gateway-demo, which `failover drill` needs",
)
def _(world: World) -> None:
    world.two.fail = failing("review patch deployments", Forbidden("no"))


# the application --------------------------------------------------------------------------------


@case(
    "ADR-APPLICATION-SET",
    "an error",
    "ApplicationSet argocd/appset-web-demo: Broken: no such repository",
)
def _(world: World) -> None:
    condition = {
        "type": "ErrorOccurred", "status": "True", "reason": "Broken",
        "message": "no such repository",
    }  # fmt: skip
    patch = {"status": {"conditions": [condition]}}
    name = "applicationsets.argoproj.io"
    world.fleet.merge(name, "appset-web-demo", patch, "argocd", sub="status")


@case(
    "ADR-APPLICATION-SET",
    "deletes its workloads",
    "ApplicationSet argocd/appset-web-demo deletes the workloads when it is deleted",
)
def _(world: World) -> None:
    patch = {"spec": {"syncPolicy": {"preserveResourcesOnDeletion": False}}}
    world.fleet.merge("applicationsets.argoproj.io", "appset-web-demo", patch, "argocd")


@case("ADR-MEMBER-NAMESPACE", "missing", "poc-ack-2 has no namespace gateway-demo")
def _(world: World) -> None:
    real = world.two.get
    world.two.get = lambda id_: None if id_.name == "gateway-demo" else real(id_)  # type: ignore[method-assign]


@case("ADR-SERVICE", "missing", "poc-ack-1 has no Service service1")
def _(world: World) -> None:
    world.one.remove(SERVICES, "service1", "gateway-demo")


@case("ADR-SERVICE", "another port", "poc-ack-1: Service service1 has no port 80")
def _(world: World) -> None:
    ports = {"spec": {"ports": [{"port": 81, "targetPort": 8080}]}}
    world.one.merge(SERVICES, "service1", ports, "gateway-demo")


@case(
    "ADR-SERVICE-FLANNEL", "ClusterIP", "poc-ack-2 uses Flannel and Service service1 is a ClusterIP"
)
def _(world: World) -> None:
    notes = {"flannel.alpha.coreos.com/backend-type": "alloc"}
    metadata = {"name": "n", "annotations": notes}
    world.two.put({"apiVersion": "v1", "kind": "Node", "metadata": metadata})


@case(
    "ADR-SERVICE-NODEPORT",
    "policy Cluster",
    "poc-ack-1: Service service1 is a NodePort with externalTrafficPolicy: Cluster",
)
def _(world: World) -> None:
    world.one.merge(SERVICES, "service1", {"spec": {"type": "NodePort"}}, "gateway-demo")


@case("ADR-WORKLOAD", "not ready", "poc-ack-1: 1 of 2 pods ready")
def _(world: World) -> None:
    patch = {"status": {"readyReplicas": 1}}
    world.one.merge(DEPLOYMENTS, "web-demo", patch, "gateway-demo", sub="status")


@case("ADR-WORKLOAD", "missing", "poc-ack-2: the Deployment does not exist yet")
def _(world: World) -> None:
    world.two.remove(DEPLOYMENTS, "web-demo", "gateway-demo")


@case("ADR-ENDPOINTS", "none", "poc-ack-1: Service service1 has no ready endpoint")
def _(world: World) -> None:
    world.one.remove("endpointslices.discovery.k8s.io", "service1-x", "gateway-demo")


# resilience -------------------------------------------------------------------------------------


@case(
    "ADR-SINGLE-REPLICA",
    "one",
    "poc-ack-2: Deployment gateway-demo/web-demo has a single replica",
)
def _(world: World) -> None:
    world.two.merge(DEPLOYMENTS, "web-demo", {"spec": {"replicas": 1}}, "gateway-demo")


BARE = {
    "containers": [{"name": "web-demo", "image": "x", "readinessProbe": None, "lifecycle": None}]
}
case(
    "ADR-NO-READINESS",
    "neither",
    "poc-ack-1: Deployment gateway-demo/web-demo has neither readiness probe nor readiness gate",
)(workload(BARE))
case("ADR-NO-PRESTOP", "none", "poc-ack-1: Deployment gateway-demo/web-demo has no preStop hook")(
    workload(BARE)
)


def scaler(kind: str, version: str, spec: dict[str, Any]) -> dict[str, Any]:
    """An autoscaler of the workload."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web-demo"}
    metadata = {"name": "auto", "namespace": "gateway-demo"}
    spec = {"scaleTargetRef": target, **spec}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


@case(
    "ADR-AUTOSCALER",
    "KEDA",
    "poc-ack-2: KEDA (ScaledObject gateway-demo/auto) scales Deployment gateway-demo/web-demo and "
    "undoes a drill",
)
def _(world: World) -> None:
    world.two.put(scaler("ScaledObject", "keda.sh/v1alpha1", {}))


@case(
    "ADR-AUTOSCALER",
    "HPA",
    "poc-ack-1: HorizontalPodAutoscaler gateway-demo/auto scales Deployment gateway-demo/web-demo; "
    "it is passive at 0",
)
def _(world: World) -> None:
    world.one.put(scaler("HorizontalPodAutoscaler", "autoscaling/v2", {"maxReplicas": 4}))


@case("ADR-SELF-HEAL", "on", "Application argocd/c1-web-demo has selfHeal on and undoes a drill")
def _(world: World) -> None:
    world.fleet.put({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": "c1-web-demo", "namespace": "argocd"},
        "spec": {"syncPolicy": {"automated": {"selfHeal": True}}},
    })  # fmt: skip


@case(
    "ADR-BUDGET",
    "one",
    "poc-ack-2: PodDisruptionBudget gateway-demo/keep limits evictions, not scaling: it does not "
    "protect Deployment gateway-demo/web-demo from a drill",
)
def _(world: World) -> None:
    world.two.put({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": "keep", "namespace": "gateway-demo"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web-demo"}}},
    })  # fmt: skip


@case(
    "ADR-GUARD",
    "not installed",
    "poc-ack-1: no guard is installed; a drill relies on this machine",
)
def _(world: World) -> None:
    world.one.remove("leases.coordination.k8s.io", "alb-dr-guard", "gateway-demo")


@case(
    "ADR-GUARD",
    "silent",
    "poc-ack-1: the guard is installed, but has not looked for 180 s: it is suspended",
)
def _(world: World) -> None:
    world.one.remove("leases.coordination.k8s.io", "alb-dr-guard", "gateway-demo")
    world.one.put({
        "apiVersion": "batch/v1", "kind": "CronJob",
        "metadata": {"name": "alb-dr-guard", "namespace": "gateway-demo"},
        "spec": {"suspend": True, "schedule": "* * * * *"},
    })  # fmt: skip


@case(
    "ADR-CAPACITY",
    "too few pods",
    "without poc-ack-1 each pod has to carry 2.0 times what the busiest carries today",
    "without poc-ack-2 each pod has to carry 2.0 times what the busiest carries today",
)
def _(world: World) -> None:
    project("{poc-ack-1: 20, poc-ack-2: 80}", "{poc-ack-1: 50, poc-ack-2: 50}")(world)


@case("ADR-CAPACITY", "nothing left", "without poc-ack-2 there is no pod left")
def _(world: World) -> None:
    patch = {"status": {"readyReplicas": 0}}
    world.one.merge(DEPLOYMENTS, "web-demo", patch, "gateway-demo", sub="status")


# the gateway ------------------------------------------------------------------------------------


@case(
    "ADR-GATEWAY-EVENT",
    "a known complaint",
    "AlbConfig ackone-gateway-demo: FailedBuildModel: empty load balancer zone mapping",
)
def _(world: World) -> None:
    world.complain("AlbConfig", "ackone-gateway-demo", "empty load balancer zone mapping")


case(
    "ADR-GATEWAY-READY",
    "a member is not connected",
    "AlbConfig ackone-gateway-demo: alb-1 is not connected to c2 yet",
)(status({"subClusters": ["c1"]}))


@case(
    "ADR-INGRESS-CLASS",
    "another AlbConfig",
    "IngressClass alb points to AlbConfig other, not to AlbConfig ackone-gateway-demo",
)
def _(world: World) -> None:
    patch = {"spec": {"parameters": {"name": "other"}}}
    world.fleet.merge("ingressclasses.networking.k8s.io", "alb", patch)


@case(
    "ADR-INGRESS-CLASS",
    "another controller",
    "IngressClass alb names controller nginx, not ingress.k8s.alibabacloud/alb",
    "IngressClass alb points to nothing, not to AlbConfig ackone-gateway-demo",
)
def _(world: World) -> None:
    world.fleet.remove("ingressclasses.networking.k8s.io", "alb")
    world.fleet.put({
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
        "metadata": {"name": "alb"}, "spec": {"controller": "nginx"},
    })  # fmt: skip


REMOTE = "alb.ingress.kubernetes.io/remote-clusters"
case(
    "ADR-REMOTE-CLUSTERS",
    "one too few, one too many",
    "AlbConfig ackone-gateway-demo does not connect poc-ack-2, which has a weight",
    "AlbConfig ackone-gateway-demo connects c9, no member of the project file",
)(albconfig({"metadata": {"annotations": {REMOTE: "c1,c9"}}}))
case(
    "ADR-REMOTE-CLUSTERS",
    "a blank",
    f"AlbConfig ackone-gateway-demo: {REMOTE} holds a blank",
)(albconfig({"metadata": {"annotations": {REMOTE: "c1, c2"}}}))
case("ADR-LISTENERS", "none", "AlbConfig ackone-gateway-demo has no listener HTTP 8001")(
    albconfig({"spec": {"listeners": [{"port": 8002, "protocol": "HTTP"}]}})
)
case(
    "ADR-GATEWAY-DRIFT",
    "other vSwitches, changing addresses",
    "AlbConfig ackone-gateway-demo has addressAllocatedMode: Dynamic",
    "AlbConfig ackone-gateway-demo is in vsw-1, vsw-9, the project file says vsw-1, vsw-2",
)(
    albconfig({
        "spec": {"config": {
            "addressAllocatedMode": "Dynamic",
            "zoneMappings": [{"vSwitchId": "vsw-1"}, {"vSwitchId": "vsw-9"}],
        }}
    })
)  # fmt: skip

# the Ingress ------------------------------------------------------------------------------------


@case(
    "ADR-INGRESS-EVENT",
    "an unknown complaint",
    "Ingress gateway-demo/web-demo: FailedBuildModel: something new",
)
def _(world: World) -> None:
    world.complain("Ingress", "web-demo", "something new", space="gateway-demo")


case("ADR-WEIGHTS", "no number", "Ingress gateway-demo/web-demo: c1=many is no whole number")(
    lambda w: w.annotate(**{"cluster-weight.c1": "many"})
)
case(
    "ADR-WEIGHTS",
    "a former member",
    "Ingress gateway-demo/web-demo: the live weights sum to 110, not 100",
    "Ingress gateway-demo/web-demo gives weight to c9, no member of the project file",
)(lambda w: w.annotate(**{"cluster-weight.c9": "10"}))
case(
    "ADR-WEIGHTS",
    "a member left out",
    "Ingress gateway-demo/web-demo gives poc-ack-1 no weight",
)(lambda w: w.annotate(**{"cluster-weight.c1": None, "cluster-weight.c2": "100"}))
case(
    "ADR-LISTEN-PORTS",
    "no listener",
    "Ingress gateway-demo/web-demo wants HTTPS 443, AlbConfig ackone-gateway-demo has no such "
    "listener",
)(lambda w: w.annotate(**{"listen-ports": '[{"HTTP": 8001}, {"HTTPS": 443}]'}))
case(
    "ADR-LISTEN-PORTS",
    "not JSON",
    "Ingress gateway-demo/web-demo: listen-ports is no list of ports: 8001",
)(lambda w: w.annotate(**{"listen-ports": "8001"}))
case(
    "ADR-LISTEN-PORTS",
    "absent means 80",
    "Ingress gateway-demo/web-demo wants HTTP 80, AlbConfig ackone-gateway-demo has no such "
    "listener",
)(lambda w: w.annotate(**{"listen-ports": None}))
case(
    "ADR-CLASS-NAME",
    "another",
    "Ingress gateway-demo/web-demo names class nginx, the project file says alb",
)(
    lambda w: w.fleet.merge(
        INGRESSES, "web-demo", {"spec": {"ingressClassName": "nginx"}}, "gateway-demo"
    )
)
case(
    "ADR-LIVE-HEALTH-CHECK",
    "True is not true",
    "Ingress gateway-demo/web-demo: alb.ingress.kubernetes.io/healthcheck-enabled is True",
)(lambda w: w.annotate(**{"healthcheck-enabled": "True"}))


@case(
    "ADR-NEIGHBOUR-BLOCKS",
    "in error",
    "Ingress gateway-demo/other: FailedBuildModel: prefix path shouldn't contain wildcards",
)
def _(world: World) -> None:
    message = "prefix path shouldn't contain wildcards"
    world.complain("Ingress", "other", message, space="gateway-demo")


@case(
    "ADR-ORDER-CLASH",
    "a catch-all with a smaller name",
    "Ingress gateway-demo/catch-all is asked first and takes requests for "
    "alb.ingress.alibaba.com/svc1",
)
def _(world: World) -> None:
    world.neighbour("/", name="catch-all")


@case("ADR-ORDER-CLASH", "the same order", "Ingress gateway-demo/zz has the same order 7")
def _(world: World) -> None:
    world.annotate(order="7")
    world.neighbour("/zz", name="zz", order="7")


# traffic ----------------------------------------------------------------------------------------

case(
    "ADR-NEW-DOMAIN",
    "of the new kind",
    "alb-1.cn-hongkong.alb.aliyuncsslb.com may refuse to be called by this name",
)(status({"dnsname": "alb-1.cn-hongkong.alb.aliyuncsslb.com"}))


@case(
    "ADR-NO-ANSWER",
    "503 and silence",
    "of 3 requests to http://alb-1.test:8001/svc1: 2 answered 503, 1 timeout",
)
def _(world: World) -> None:
    bad = [a_sample(outcome=Answer.SERVER_ERROR), a_sample(outcome=Answer.SERVER_ERROR)]
    world.prober = FakeProber(columns_of([*bad, a_sample(outcome=Answer.TIMEOUT)]))


@case("ADR-NO-ANSWER", "no address", "alb-1.test does not resolve")
def _(world: World) -> None:
    class Lost(FakeProber):
        def start(self, *_: Any) -> Any:
            raise Unreachable("alb-1.test does not resolve")

    world.prober = Lost()


KUBERNETES = [check.code for check in CHECKS if check.category is not Category.CLOUD]


@pytest.mark.parametrize("code", KUBERNETES)
def test_a_check_passes_in_a_healthy_world(code: str) -> None:
    result = World().ask(code)
    assert (result.outcome, result.troubles, result.reason) == (Outcome.PASSED, (), "")


@pytest.mark.parametrize(
    ("code", "name", "spoil", "seen"), CASES, ids=[f"{c[0]} {c[1]}" for c in CASES]
)
def test_a_check_fails_with_its_words(
    code: str, name: str, spoil: Spoil, seen: tuple[str, ...]
) -> None:
    world = World()
    spoil(world)
    result = world.ask(code)
    assert tuple(trouble.seen for trouble in result.troubles) == seen, result.reason
    assert result.outcome is Outcome.FAILED
    assert all(result.fix_of(trouble) for trouble in result.troubles)


def test_every_check_has_a_failing_case() -> None:
    assert set(KUBERNETES) - {"ADR-KUBECONFIG-MODE"} == {c[0] for c in CASES}


@pytest.mark.parametrize(
    ("mode", "words", "gravity"),
    [
        (0o644, "others may read {} (mode 644)", Gravity.WARNING),
        (0o620, "others may write {} (mode 620): it could run any program", Gravity.ERROR),
        (0o606, "others may write {} (mode 606): it could run any program", Gravity.ERROR),
    ],
)
def test_a_kubeconfig_that_others_may_use_is_named(
    tmp_path: Path, mode: int, words: str, gravity: Gravity
) -> None:
    file = tmp_path / "fleet.kubeconfig"
    file.touch()
    file.chmod(mode)
    world = World()
    fleet = dataclasses.replace(world.topology.fleet, kubeconfig=file)
    world.topology = dataclasses.replace(world.topology, fleet=fleet)
    result = world.ask("ADR-KUBECONFIG-MODE")
    (trouble,) = result.troubles
    assert trouble.seen == words.format(file)
    assert (result.gravity, result.fix_of(trouble)) == (gravity, f"chmod 600 {file}")
    file.chmod(0o600)
    assert world.ask("ADR-KUBECONFIG-MODE").outcome is Outcome.PASSED


def test_the_older_distribution_api_is_recognised() -> None:
    world = World()
    real = world.fleet.list

    def listed(kind: Any, **rest: Any) -> Any:
        if kind.plural != "propagationpolicies":
            return real(kind, **rest)
        if kind.api_version.startswith("policy."):
            raise NotFound("not served")
        return ()

    world.fleet.list = listed  # type: ignore[method-assign]
    (trouble,) = world.ask("ADR-POLICY-DIALECT").troubles
    assert trouble.seen == "the Fleet serves the older one.alibabacloud.com/v1alpha1"


def test_a_missing_right_that_only_a_deletion_needs_is_a_warning() -> None:
    world = World()
    world.fleet.fail = failing("review delete", Forbidden("no"))
    result = world.ask("ADR-FLEET-ACCESS")
    assert result.gravity is Gravity.WARNING
    assert not result.breaks


def test_advice_of_a_known_complaint_is_the_fix() -> None:
    world = World()
    world.complain("AlbConfig", "ackone-gateway-demo", "ZoneMappings.2.ZoneId is duplicated")
    result = world.ask("ADR-GATEWAY-EVENT")
    assert result.fix_of(result.troubles[0]) == "choose vSwitches in different zones"


def test_a_complaint_that_heals_by_itself_is_a_warning() -> None:
    world = World()
    world.complain("AlbConfig", "ackone-gateway-demo", "VipStatusNotSupport")
    assert world.ask("ADR-GATEWAY-EVENT").gravity is Gravity.WARNING


def test_a_complaint_followed_by_a_success_is_past() -> None:
    world = World()
    world.complain("AlbConfig", "ackone-gateway-demo", "empty load balancer zone mapping")
    about = {
        "apiVersion": "alibabacloud.com/v1",
        "kind": "AlbConfig",
        "name": "ackone-gateway-demo",
    }
    world.fleet.put({
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "good", "namespace": "default"},
        "involvedObject": about, "type": "Normal", "reason": "SuccessfullyReconciled",
        "message": "", "lastTimestamp": "2026-03-01T11:59:30Z",
    })  # fmt: skip
    assert world.ask("ADR-GATEWAY-EVENT").outcome is Outcome.PASSED


def test_a_complaint_of_an_hour_ago_is_past() -> None:
    world = World()
    world.complain("AlbConfig", "ackone-gateway-demo", "empty load balancer zone mapping")
    world.clock.sleep(3600)
    assert world.ask("ADR-GATEWAY-EVENT").outcome is Outcome.PASSED


def test_one_dead_member_is_one_line_and_the_rest_is_asked_of_the_others() -> None:
    world = World()
    world.two.fail = lambda _call: Unreachable("poc-ack-2: connection refused")
    assert world.ask("ADR-MEMBER-API").troubles[0].cause is ExitCode.UNREACHABLE
    assert world.ask("ADR-SERVICE").outcome is Outcome.PASSED
    assert "identity" not in world.two.calls


def test_a_dead_fleet_is_asked_once() -> None:
    world = World()
    asked: list[str] = []

    def dead(call: str) -> AlbDrError:
        asked.append(call)
        return Unreachable("Fleet: connection refused")

    world.fleet.fail = dead
    scene = world.scene()
    assert not scene.fleet.answers()
    result = dataclasses.replace(scene)
    assert not result.fleet.answers()
    assert asked == ["identity"]


def test_what_is_forbidden_is_unknown_and_never_a_pass() -> None:
    world = World()
    world.one.fail = failing("list nodes", Forbidden("poc-ack-1: listing nodes: forbidden"))
    result = world.ask("ADR-SERVICE-FLANNEL")
    assert (result.outcome, result.reason) == (
        Outcome.UNKNOWN,
        "poc-ack-1: listing nodes: forbidden",
    )


def test_nothing_distributed_yet_is_no_failure() -> None:
    world = World()
    for api in (world.one, world.two):
        api.get = lambda _id: None  # type: ignore[method-assign]
    result = world.ask("ADR-SERVICE")
    assert (result.outcome, result.reason) == (Outcome.SKIPPED, "nothing is distributed yet")


def by_policy(world: World) -> None:
    """A project that distributes by policy."""
    application = dataclasses.replace(world.topology.application, method=DistributionMethod.POLICY)
    world.topology = dataclasses.replace(world.topology, application=application)


def test_distributing_by_policy_needs_the_api_and_no_gitops() -> None:
    world = World()
    by_policy(world)
    assert world.ask("ADR-NO-GITOPS").outcome is Outcome.SKIPPED
    assert world.ask("ADR-POLICY-DIALECT").outcome is Outcome.PASSED
    world.fleet.fail = failing("list propagationpolicies", NotFound("not served"))
    assert world.ask("ADR-POLICY-DIALECT").breaks


def test_F36_a_credential_that_ends_within_a_drill_is_said_beforehand() -> None:
    world = World()
    world.know(world.two, expires=NOW + timedelta(minutes=59))
    assert world.ask("ADR-EXPIRY").outcome is Outcome.FAILED
    world.know(world.two, expires=NOW + timedelta(minutes=61))
    assert world.ask("ADR-EXPIRY").outcome is Outcome.PASSED


@pytest.mark.parametrize("verb", ["get", "list", "patch"])
def test_F37_a_missing_right_to_restore_breaks(verb: str) -> None:
    world = World()
    world.one.fail = failing(f"review {verb} deployments", Forbidden("no"))
    assert world.ask("ADR-MEMBER-ACCESS").breaks


def test_F55_a_weight_that_another_manager_left_is_seen_in_the_merged_object() -> None:
    world = World()
    world.annotate(**{"cluster-weight.cgone": "5"})
    assert world.ask("ADR-WEIGHTS").breaks


def test_F63_two_kubeconfigs_of_one_cluster_break_whatever_their_addresses() -> None:
    world = World()
    world.know(world.one, cluster_uid="same", server="https://10.0.0.1:6443")
    world.know(world.two, cluster_uid="same", server="https://public.example:6443")
    assert world.ask("ADR-SAME-CLUSTER").breaks


def test_a_kubeconfig_of_another_user_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "fleet.kubeconfig"
    file.touch(mode=0o600)
    if os.geteuid() == 0:
        os.chown(file, 54_321, -1)
    else:
        # Only root may give a file away; to be somebody else comes to the same.
        monkeypatch.setattr("os.geteuid", lambda: file.stat().st_uid + 1)
    owner = file.stat().st_uid
    world = World()
    fleet = dataclasses.replace(world.topology.fleet, kubeconfig=file)
    world.topology = dataclasses.replace(world.topology, fleet=fleet)
    assert [t.seen for t in world.ask("ADR-KUBECONFIG-MODE").troubles] == [
        f"{file} belongs to another user (uid {owner}), who may change it"
    ]
