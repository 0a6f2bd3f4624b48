"""The project file's shape: pydantic models with the keys as they are written."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from alb_dr.config.grammar import (
    ClusterId,
    DnsLabel,
    DnsName,
    FilePath,
    MemberName,
    NameText,
    PlainText,
    Region,
    Repository,
    RepositoryPath,
    Revision,
    Text,
    UrlPath,
    VSwitchId,
    check_expression,
)

Port = Annotated[int, Field(ge=1, le=65_535)]


class Part(BaseModel):
    """A part of the file: camelCase keys, nothing unknown, no silent conversions."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=False,
        extra="forbid",
        strict=True,
        frozen=True,
        use_attribute_docstrings=True,
    )


class FleetPart(Part):
    """The Fleet instance's Kubernetes API."""

    kubeconfig: FilePath | None = None
    """Path of the kubeconfig, relative to this file; without it, KUBECONFIG and ~/.kube/config."""
    context: NameText | None = None
    """A context of it; without it, its current one."""


class MemberPart(Part):
    """One ACK cluster associated with the Fleet."""

    id: ClusterId
    """The cluster id, as the console shows it."""
    name: MemberName
    """What an answer of this cluster names (the tutorial's demo prints ENV_NAME)."""
    zone: DnsLabel | None = None
    """Its availability zone."""
    kubeconfig: FilePath | None = None
    """Path of the member's kubeconfig, relative to this file."""
    context: NameText | None = None
    """A context of it; without it, its current one."""


class ZoneMappingPart(Part):
    """A vSwitch of the ALB."""

    v_switch_id: VSwitchId
    """The vSwitch id; it must be in the members' VPC and in a zone that ALB supports."""
    zone_id: DnsLabel | None = None
    """Its zone; lets alb-dr refuse two vSwitches in one zone."""


class ListenerPart(Part):
    """A port of the gateway."""

    port: Port
    """The port."""
    protocol: Literal["HTTP", "HTTPS", "QUIC"] = "HTTP"
    """What it speaks."""
    certificate_id: NameText | None = None
    """The certificate of an HTTPS listener."""


class GatewayPart(Part):
    """AlbConfig and IngressClass: every parameter of the tutorial's table."""

    name: DnsLabel = "ackone-gateway-demo"
    """metadata.name of the AlbConfig."""
    ingress_class: DnsLabel = "alb"
    """Name of the IngressClass."""
    load_balancer_name: NameText | None = None
    """spec.config.name: the ALB instance's name."""
    address_type: Literal["Internet", "Intranet"] = "Internet"
    """Public (costs an EIP per zone) or VPC-internal; fixed at creation."""
    address_allocated_mode: Literal["Fixed", "Dynamic"] = "Fixed"
    """One address per zone, or more under load."""
    zone_mappings: Annotated[list[ZoneMappingPart], Field(min_length=2)]
    """At least two vSwitches in different zones."""
    listeners: Annotated[list[ListenerPart], Field(min_length=1)]
    """The ports; without one no Ingress can route."""
    hosts_file: FilePath | None = None
    """A file like /etc/hosts, asked for the gateway's name before the name server is."""


class ServicePart(Part):
    """The Service in every member."""

    name: DnsLabel
    """Its name."""
    port: Port
    """Its port."""


class HealthCheckPart(Part):
    """ALB health checks; off in ALB by default, on here: a dead zone removes no endpoints."""

    enabled: bool = True
    """Whether ALB asks the pods."""
    protocol: Literal["HTTP", "HTTPS", "TCP", "GRPC"] = "HTTP"
    """How it asks."""
    path: UrlPath | None = None
    """What it asks for; the Ingress path unless said otherwise."""
    method: Literal["GET", "HEAD", "POST"] = "GET"
    """With which method."""
    codes: list[Annotated[str, Field(pattern="^http_[2345]xx$")]] = ["http_2xx"]
    """Which answers are healthy."""
    interval_seconds: Annotated[int, Field(ge=1, le=50)] = 2
    """Between two checks."""
    timeout_seconds: Annotated[int, Field(ge=1, le=300)] = 2
    """For one check."""
    healthy_threshold: Annotated[int, Field(ge=2, le=10)] = 2
    """Good checks until a server is used again."""
    unhealthy_threshold: Annotated[int, Field(ge=2, le=10)] = 2
    """Bad checks until a server is left out."""


class IngressPart(Part):
    """The weighted Ingress on the Fleet."""

    name: DnsLabel = "web-demo"
    """Its name."""
    namespace: DnsLabel = "gateway-demo"
    """Its namespace: the one of the Service in the members."""
    host: DnsName
    """The host it answers for."""
    path: UrlPath = "/"
    """The path it answers for."""
    path_type: Literal["Prefix", "Exact", "ImplementationSpecific"] = "Prefix"
    """How the path is matched."""
    service: ServicePart
    """Who answers in each member."""
    listen_port: Annotated[
        dict[Literal["HTTP", "HTTPS", "QUIC"], Port], Field(min_length=1, max_length=1)
    ]
    """One of the gateway's listeners, like {HTTP: 8001}."""
    health_check: HealthCheckPart = HealthCheckPart()
    """ALB health checks of the pods."""


class WorkloadPart(Part):
    """What a drill scales."""

    kind: Literal["Deployment"] = "Deployment"
    """Only Deployments can be drilled."""
    name: DnsLabel
    """Its name in every member."""


class IdentityPart(Part):
    """How an answer names its member."""

    source: Literal["body", "header", "json", "regex"] = "body"
    """Where the name stands: member names as whole words, a header, a JSON pointer, a pattern."""
    expression: PlainText = ""
    """The header's name, the JSON pointer, or the anchored pattern with one group."""

    @model_validator(mode="after")
    def _expression_fits(self) -> IdentityPart:
        check_expression(self.source, self.expression)
        return self


class PolicyPart(Part):
    """What distribution by policy places in every member; it uses no chart."""

    image: Annotated[PlainText, Field(min_length=1, max_length=300)]
    """The container's image."""
    container_port: Port = 8080
    """Where the container listens."""
    replicas: Annotated[int, Field(ge=1, le=1000)] = 2
    """Pods in each member."""
    member_variable: Annotated[
        PlainText, Field(pattern="^[A-Za-z_][A-Za-z0-9_]*$", max_length=128)
    ] = "ENV_NAME"
    """The environment variable that holds the member's name; the OverridePolicy sets it."""
    group: Literal["policy.one.alibabacloud.com", "one.alibabacloud.com"] | None = None
    """The API group of the policies; unless said, the one the Fleet serves, the newer first."""
    propagate_namespace: bool = True
    """Whether a ClusterPropagationPolicy makes the namespace in the members."""
    propagate_dependencies: bool = True
    """Whether ConfigMaps and Secrets the workload names go with it (propagateDeps)."""


class ApplicationPart(Part):
    """What is distributed to the members."""

    method: Literal["gitops", "policy"] = "gitops"
    """How: an Argo CD ApplicationSet, or a PropagationPolicy with an OverridePolicy."""
    name: DnsLabel = "web-demo"
    """ApplicationSet appset-<name>, Applications <cluster id>-<name>."""
    argocd_namespace: DnsLabel = "argocd"
    """Where Argo CD watches for ApplicationSets."""
    project: DnsLabel = "default"
    """The Argo CD project."""
    repository: Repository
    """Where the chart is."""
    path: RepositoryPath
    """The chart's folder."""
    revision: Revision = "main"
    """Branch, tag or commit; a branch moves under a drill's feet."""
    parameters: dict[PlainText, Text] = {}
    """Helm parameters; Go-template braces are filled in by Argo CD."""
    workload: WorkloadPart
    """What a drill scales."""
    identity: IdentityPart = IdentityPart()
    """How an answer names its member."""
    preserve_resources_on_deletion: bool | None = None
    """Whether workloads survive the ApplicationSet; unless said, true (tutorial profile: false)."""
    policy: PolicyPart | None = None
    """What distribution by policy places; needed for method: policy."""

    @model_validator(mode="after")
    def _policy_is_described(self) -> ApplicationPart:
        if self.method == "policy" and self.policy is None:
            raise ValueError("method: policy needs application.policy, with the image")
        return self


class ObjectivesPart(Part):
    """What a drill must achieve."""

    rto_seconds: Annotated[float, Field(gt=0, le=86_400)] = 30.0
    """Recovery time objective."""
    max_error_rate: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Share of requests that may be lost."""


class ProjectPart(Part):
    """The whole project file."""

    schema_: Annotated[Literal[1], Field(alias="schema")] = 1
    """Version of this format."""
    mode: Literal["active-active", "primary-secondary"] = "active-active"
    """Both serve, or one stands by."""
    profile: Literal["safe", "tutorial"] = "safe"
    """Safe defaults, or the tutorial's own choices (render --explain says where they differ)."""
    region: Region
    """The region of Fleet, members and ALB."""
    fleet: FleetPart = FleetPart()
    """The Fleet instance."""
    members: Annotated[list[MemberPart], Field(min_length=2)]
    """The member clusters; positional weights follow this order."""
    weights: dict[str, int]
    """Percentage per member, by name or id; they sum to 100."""
    gateway: GatewayPart
    """The gateway."""
    ingress: IngressPart
    """The weighted Ingress."""
    application: ApplicationPart
    """The application."""
    objectives: ObjectivesPart = ObjectivesPart()
    """What a drill must achieve."""
