"""The application that is distributed to the members and answers the requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class DistributionMethod(StrEnum):
    """How the workload reaches the members."""

    GITOPS = "gitops"
    POLICY = "policy"


class IdentitySource(StrEnum):
    """Where an answer says which member gave it."""

    BODY = "body"
    HEADER = "header"
    JSON = "json"
    REGEX = "regex"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRule:
    """How to read the member's name from an answer.

    ``expression`` is the header's name, the JSON pointer or the anchored regular expression;
    it is empty for BODY, where the member names are looked for as whole words.
    """

    source: IdentitySource = IdentitySource.BODY
    expression: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadRef:
    """The workload a drill scales, in the application's namespace of a member."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWorkload:
    """What distribution by policy places: no chart says it, so the project file does.

    ``member_variable`` is the container's environment variable that holds each member's own name.
    ``group`` is the API group of the policies; None as long as the Fleet was not asked.
    """

    image: str
    container_port: int
    replicas: int
    member_variable: str
    group: str | None
    propagate_namespace: bool
    propagate_dependencies: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What the ApplicationSet (or the propagation policy) delivers to every member."""

    method: DistributionMethod
    name: str
    namespace: str
    argocd_namespace: str
    project: str
    repository: str
    path: str
    revision: str
    parameters: Mapping[str, str]
    workload: WorkloadRef
    identity: IdentityRule
    preserve_on_deletion: bool
    create_update_only: bool
    policy: PolicyWorkload | None = None
