"""From the file's parts to the model's nouns."""

from __future__ import annotations

from pathlib import Path

from alb_dr.config.schema import (
    ApplicationPart,
    GatewayPart,
    HealthCheckPart,
    IngressPart,
    MemberPart,
    PolicyPart,
    ProjectPart,
)
from alb_dr.model.application import (
    Application,
    DistributionMethod,
    IdentityRule,
    IdentitySource,
    PolicyWorkload,
    WorkloadRef,
)
from alb_dr.model.gateway import (
    AddressAllocatedMode,
    AddressType,
    Gateway,
    Listener,
    Protocol,
    ZoneMapping,
)
from alb_dr.model.ingress import Backend, HealthCheck, PathType, WeightedIngress
from alb_dr.model.member import KubeAccess, MemberCluster
from alb_dr.model.topology import Mode, Objectives, Profile, Topology
from alb_dr.model.weights import Weights


def topology_of(project: ProjectPart, *, folder: Path) -> Topology:
    """The Topology of a checked project; relative paths are relative to ``folder``."""
    ids = {key: m.id for m in project.members for key in (m.name, m.id)}
    given = {ids[name]: weight for name, weight in project.weights.items()}
    profile = Profile(project.profile)
    return Topology(
        fleet=KubeAccess(
            kubeconfig=_path(project.fleet.kubeconfig, folder), context=project.fleet.context
        ),
        region=project.region,
        members=tuple(_member(m, folder) for m in project.members),
        gateway=_gateway(project.gateway, folder),
        ingress=_ingress(project.ingress),
        application=_application(project.application, project.ingress.namespace, profile),
        weights=Weights(tuple((m.id, given[m.id]) for m in project.members)),
        mode=Mode(project.mode),
        profile=profile,
        objectives=Objectives(
            rto_s=project.objectives.rto_seconds,
            max_error_rate=project.objectives.max_error_rate,
        ),
    )


def _path(text: str | None, folder: Path) -> Path | None:
    return None if text is None else folder / Path(text).expanduser()


def _member(part: MemberPart, folder: Path) -> MemberCluster:
    access = KubeAccess(kubeconfig=_path(part.kubeconfig, folder), context=part.context)
    return MemberCluster(id=part.id, name=part.name, zone=part.zone, access=access)


def _gateway(part: GatewayPart, folder: Path) -> Gateway:
    return Gateway(
        name=part.name,
        ingress_class=part.ingress_class,
        load_balancer_name=part.load_balancer_name,
        address_type=AddressType(part.address_type),
        address_allocated_mode=AddressAllocatedMode(part.address_allocated_mode),
        zone_mappings=tuple(
            ZoneMapping(vswitch_id=z.v_switch_id, zone_id=z.zone_id) for z in part.zone_mappings
        ),
        listeners=tuple(
            Listener(port=x.port, protocol=Protocol(x.protocol), certificate_id=x.certificate_id)
            for x in part.listeners
        ),
        hosts_file=_path(part.hosts_file, folder),
    )


def _ingress(part: IngressPart) -> WeightedIngress:
    ((protocol, port),) = part.listen_port.items()
    return WeightedIngress(
        name=part.name,
        namespace=part.namespace,
        host=part.host,
        path=part.path,
        path_type=PathType(part.path_type),
        backend=Backend(service=part.service.name, port=part.service.port),
        listen_protocol=Protocol(protocol),
        listen_port=port,
        health_check=_health_check(part.health_check, part.path),
    )


def _health_check(part: HealthCheckPart, path: str) -> HealthCheck:
    return HealthCheck(
        enabled=part.enabled,
        protocol=part.protocol,
        path=part.path or path,
        method=part.method,
        codes=tuple(part.codes),
        interval_s=part.interval_seconds,
        timeout_s=part.timeout_seconds,
        healthy_threshold=part.healthy_threshold,
        unhealthy_threshold=part.unhealthy_threshold,
    )


def _application(part: ApplicationPart, namespace: str, profile: Profile) -> Application:
    preserve = part.preserve_resources_on_deletion
    return Application(
        method=DistributionMethod(part.method),
        name=part.name,
        namespace=namespace,
        argocd_namespace=part.argocd_namespace,
        project=part.project,
        repository=part.repository,
        path=part.path,
        revision=part.revision,
        parameters=dict(part.parameters),
        workload=WorkloadRef(kind=part.workload.kind, name=part.workload.name),
        identity=IdentityRule(
            source=IdentitySource(part.identity.source), expression=part.identity.expression
        ),
        preserve_on_deletion=profile is Profile.SAFE if preserve is None else preserve,
        create_update_only=profile is Profile.SAFE,
        policy=None if part.policy is None else _policy(part.policy),
    )


def _policy(part: PolicyPart) -> PolicyWorkload:
    return PolicyWorkload(
        image=part.image,
        container_port=part.container_port,
        replicas=part.replicas,
        member_variable=part.member_variable,
        group=part.group,
        propagate_namespace=part.propagate_namespace,
        propagate_dependencies=part.propagate_dependencies,
    )
