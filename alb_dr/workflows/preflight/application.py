"""The application in every member: its namespace, its Service and who can reach it, its pods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alb_dr.errors import NotFound
from alb_dr.model.checks import Category, Check, Gravity, Trouble
from alb_dr.model.manifest import (
    ENDPOINT_SLICE,
    NAMESPACE,
    NODE,
    SERVICE,
    Manifest,
    ResourceId,
)
from alb_dr.model.member import MemberCluster
from alb_dr.workflows.delivery.distribute import application_set_id, workload_id
from alb_dr.workflows.delivery.policy import by_policy
from alb_dr.workflows.live.readiness import application_set_problem, workload_waits_for
from alb_dr.workflows.preflight.read_once import NotAskedError, ReadOnce
from alb_dr.workflows.preflight.scene import Question, Scene, existing

FLANNEL = "flannel.alpha.coreos.com/"
"""Flannel writes annotations with this prefix on every node it serves."""


def _distributed(scene: Scene) -> None:
    """NotAskedError while nothing was distributed at all: then a lack is no news."""
    space = ResourceId(kind=NAMESPACE, name=scene.topology.ingress.namespace)
    if all(api.get(space) is None for _, api in scene.answering()):
        raise NotAskedError("nothing is distributed yet")


def _namespace(scene: Scene) -> Iterator[Trouble]:
    _distributed(scene)
    name = scene.topology.ingress.namespace
    for member, api in scene.answering():
        if api.get(ResourceId(kind=NAMESPACE, name=name)) is None:
            yield Trouble(seen=f"{member.name} has no namespace {name}")


def _service_of(scene: Scene, api: ReadOnce) -> Manifest | None:
    ingress = scene.topology.ingress
    return api.get(
        ResourceId(kind=SERVICE, name=ingress.backend.service, namespace=ingress.namespace)
    )


def _services(scene: Scene) -> Iterator[tuple[MemberCluster, ReadOnce, dict[str, Any]]]:
    for member, api in scene.answering():
        live = _service_of(scene, api)
        if live is not None:
            yield member, api, dict(live.document.get("spec") or {})


def _service(scene: Scene) -> Iterator[Trouble]:
    _distributed(scene)
    backend = scene.topology.ingress.backend
    for member, api in scene.answering():
        live = _service_of(scene, api)
        if live is None:
            yield Trouble(seen=f"{member.name} has no Service {backend.service}")
            continue
        ports = [p.get("port") for p in (live.document.get("spec") or {}).get("ports") or []]
        if backend.port not in ports:
            have = ", ".join(map(str, ports)) or "none"
            yield Trouble(
                seen=f"{member.name}: Service {backend.service} has no port {backend.port}",
                fix=f"say ingress.service.port as the Service does: {have}",
            )


def _flannel(scene: Scene) -> Iterator[Trouble]:
    _distributed(scene)
    for member, api, spec in _services(scene):
        if spec.get("type", "ClusterIP") == "ClusterIP" and _uses_flannel(api):
            name = scene.topology.ingress.backend.service
            yield Trouble(seen=f"{member.name} uses Flannel and Service {name} is a ClusterIP")


def _uses_flannel(api: ReadOnce) -> bool:
    return any(key.startswith(FLANNEL) for node in api.list(NODE) for key in node.annotations)


def _node_port(scene: Scene) -> Iterator[Trouble]:
    _distributed(scene)
    for member, _, spec in _services(scene):
        policy = spec.get("externalTrafficPolicy", "Cluster")
        if spec.get("type") in {"NodePort", "LoadBalancer"} and policy == "Cluster":
            name = scene.topology.ingress.backend.service
            yield Trouble(
                seen=f"{member.name}: Service {name} is a {spec['type']} with "
                "externalTrafficPolicy: Cluster"
            )


def _workload(scene: Scene) -> Iterator[Trouble]:
    _distributed(scene)
    for member, api in scene.answering():
        waiting = workload_waits_for(api.get(workload_id(scene.topology)))
        if waiting is not None:
            yield Trouble(seen=f"{member.name}: {waiting}")


def _endpoints(scene: Scene) -> Iterator[Trouble]:
    _distributed(scene)
    ingress = scene.topology.ingress
    label = f"kubernetes.io/service-name={ingress.backend.service}"
    for member, api in scene.answering():
        slices = api.list(ENDPOINT_SLICE, namespace=ingress.namespace, labels=label)
        ready = [
            endpoint
            for found in slices
            for endpoint in found.document.get("endpoints") or []
            if (endpoint.get("conditions") or {}).get("ready") is not False
        ]
        if not ready and _service_of(scene, api) is not None:
            yield Trouble(
                seen=f"{member.name}: Service {ingress.backend.service} has no ready endpoint"
            )


def _application_set(scene: Scene) -> Iterator[Trouble]:
    if by_policy(scene.topology):
        raise NotAskedError("the project does not distribute by GitOps")
    try:
        live = existing(scene.fleet, application_set_id(scene.topology))
    except NotFound:
        raise NotAskedError("the Fleet does not serve ApplicationSet") from None
    problem = application_set_problem(live)
    if problem is not None:
        yield Trouble(seen=f"{live.id}: {problem}")
    policy = (live.document.get("spec") or {}).get("syncPolicy") or {}
    if policy.get("preserveResourcesOnDeletion") is not True:
        yield Trouble(
            seen=f"{live.id} deletes the workloads when it is deleted",
            fix="say profile: safe and run alb-dr distribute apply",
            gravity=Gravity.WARNING,
        )


QUESTIONS = (
    Question(
        check=Check(
            code="ADR-APPLICATION-SET",
            category=Category.APPLICATION,
            gravity=Gravity.ERROR,
            title="the live ApplicationSet generates, and preserves what it made",
            fix="mend what it says, then alb-dr distribute status",
            why="An ApplicationSet with an error generates nothing and keeps old Applications as "
            "they are. One without preserveResourcesOnDeletion takes the workloads of every "
            "member with it when somebody deletes it.",
            retry_s=120,
        ),
        ask=_application_set,
    ),
    Question(
        check=Check(
            code="ADR-MEMBER-NAMESPACE",
            category=Category.APPLICATION,
            gravity=Gravity.ERROR,
            title="every member has the Ingress's namespace",
            fix="alb-dr distribute apply; ingress.namespace must be the Services' namespace",
            why="The Ingress on the Fleet finds the Services of the members by namespace and "
            "name, so its namespace must exist under the same name in each of them.",
            retry_s=300,
        ),
        ask=_namespace,
    ),
    Question(
        check=Check(
            code="ADR-SERVICE",
            category=Category.APPLICATION,
            gravity=Gravity.ERROR,
            title="every member has the Service with the right port",
            fix="alb-dr distribute apply; compare ingress.service with the Service",
            why="A Service or port that is missing in one member makes the controller refuse the "
            "whole Ingress (`backend not found`), for all members.",
            retry_s=300,
        ),
        ask=_service,
    ),
    Question(
        check=Check(
            code="ADR-SERVICE-FLANNEL",
            category=Category.APPLICATION,
            gravity=Gravity.ERROR,
            title="ALB can reach the Service: no ClusterIP on Flannel",
            fix="make it a NodePort with externalTrafficPolicy: Local, or use Terway",
            why="With Terway pods have addresses of the VPC and a ClusterIP works. With Flannel "
            "they have not: the controller refuses a ClusterIP (`just support eni mode`). "
            "Flannel is recognised by the annotations it writes on nodes.",
        ),
        ask=_flannel,
    ),
    Question(
        check=Check(
            code="ADR-SERVICE-NODEPORT",
            category=Category.APPLICATION,
            gravity=Gravity.WARNING,
            title="only nodes with pods are registered with ALB",
            fix="say externalTrafficPolicy: Local in the Service",
            why="With externalTrafficPolicy: Cluster every node is registered whatever the pods "
            "do, so scaling to 0 removes nothing: requests go to nodes without pods and fail "
            "until health checks notice. With Local only nodes that have pods are registered.",
        ),
        ask=_node_port,
    ),
    Question(
        check=Check(
            code="ADR-WORKLOAD",
            category=Category.APPLICATION,
            gravity=Gravity.ERROR,
            title="every member runs the workload, all pods ready",
            fix="alb-dr distribute status says what each member lacks",
            why="A member whose pods are not ready gets its share of traffic and cannot answer "
            "it, and it cannot take over another member's share.",
            retry_s=300,
        ),
        ask=_workload,
    ),
    Question(
        check=Check(
            code="ADR-ENDPOINTS",
            category=Category.APPLICATION,
            gravity=Gravity.ERROR,
            title="the Service has ready endpoints in every member",
            fix="compare the Service's selector with the pods' labels",
            why="ALB sends requests to endpoints, not to Deployments: a selector that fits no "
            "pod leaves a member without any, however many pods are ready.",
            retry_s=120,
        ),
        ask=_endpoints,
    ),
)
"""What must be true of the application in the members."""
