"""Who may do what: bearer tokens, and deny rules that a test or a drill can set."""

from __future__ import annotations

from dataclasses import dataclass

from alb_dr.sandbox.kube.accounts import OPEN_PATHS, PREFIX, Accounts, groups_of
from alb_dr.sandbox.kube.rbac import granted
from alb_dr.sandbox.kube.status import ApiError, Json, details_of

ANONYMOUS = "system:anonymous"
REVIEWS = frozenset({"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"})
"""Questions about oneself, which whoever is known may ask unless a rule names them."""
ADMIN = "admin"
"""The user of the kubeconfigs that the sandbox writes."""


ABOUT_OTHERS = frozenset({"SubjectAccessReview", "LocalSubjectAccessReview"})
"""Questions about the user they name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """A rule that forbids; None matches everything. ``resource`` may be ``deployments/scale``."""

    verb: str | None = None
    resource: str | None = None
    namespace: str | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks to do."""

    user: str
    verb: str
    group: str
    resource: str
    namespace: str
    name: str


class Access:
    """Authentication by token; authorisation by deny rules and RBAC."""

    def __init__(self, accounts: Accounts | None = None) -> None:
        self.accounts = accounts
        self.tokens: dict[str, str] = {}
        self.deny: list[Deny] = []
        self.roles: list[Json] | None = None
        """RBAC documents that are bound to everybody; None lets everybody do everything. Of service
        accounts the stored bindings count, always."""

    def user_of(self, authorization: str | None) -> str:
        """The user behind an Authorization header; 401 for an unknown token."""
        if not authorization:
            return ANONYMOUS
        kind, _, token = authorization.partition(" ")
        user = self._holder(token.strip()) if kind.lower() == "bearer" else None
        if user is None:
            raise ApiError(401, "Unauthorized", "Unauthorized")
        return user

    def _holder(self, token: str) -> str | None:
        if self.accounts is not None and token not in self.tokens:
            return self.accounts.holder(token)
        return self.tokens.get(token)

    def accounts_of(self, user: str) -> Accounts | None:
        """The service accounts, if the user is one of them."""
        return self.accounts if user.startswith(PREFIX) else None

    def allowed(self, request: Request) -> bool:
        """Whether nothing forbids it. Anonymous users may do nothing."""
        if request.user == ANONYMOUS:
            return False
        if any(_matches(rule, request) for rule in self.deny):
            return False
        if request.resource in REVIEWS:
            # The default role system:basic-user.
            return True
        accounts = self.accounts_of(request.user)
        roles = self.roles if accounts is None else accounts.roles(request.user)
        return roles is None or granted(
            roles,
            verb=request.verb,
            group=request.group,
            resource=request.resource,
            namespace=request.namespace,
            name=request.name,
        )

    def check(self, request: Request) -> None:
        """403 in Kubernetes' words when it is forbidden."""
        if self.allowed(request):
            return
        plural = request.resource
        where = f' in the namespace "{request.namespace}"' if request.namespace else ""
        scope = where or " at the cluster scope"
        subject = (
            f'{plural}.{request.group} "{request.name}"'
            if request.group
            else (f'{plural} "{request.name}"')
        )
        if not request.name:
            subject = f"{plural}.{request.group}" if request.group else plural
        message = (
            f'{subject} is forbidden: User "{request.user}" cannot {request.verb} resource '
            f'"{plural}" in API group "{request.group}"{scope}'
        )
        details = details_of(plural, request.group, request.name)
        raise ApiError(403, "Forbidden", message, details)


def _matches(rule: Deny, request: Request) -> bool:
    every = rule.resource in {None, "*"} and request.resource not in REVIEWS
    return (
        rule.verb in {None, "*", request.verb}
        and (every or rule.resource == request.resource)
        and rule.namespace in {None, request.namespace}
        and rule.user in {None, request.user}
    )


def answer(access: Access, user: str, document: Json) -> Json:
    """A review of any kind, answered: about whoever asks, or about the user it names."""
    if document["kind"] == "SelfSubjectReview":
        return who_am_i(user, document)
    if document["kind"] == "SelfSubjectRulesReview":
        return _rules(access, user, document)
    asked = document["spec"].get("user", "") if document["kind"] in ABOUT_OTHERS else user
    return review(access, asked, document)


def _rules(access: Access, user: str, document: Json) -> Json:
    """What an account may do; everything for others: rules that forbid cannot be told so."""
    accounts = access.accounts_of(user)
    if accounts is not None:
        namespace = str((document.get("spec") or {}).get("namespace") or "")
        status = {
            "resourceRules": accounts.rules(user, namespace),
            "nonResourceRules": [
                {"verbs": ["get"], "nonResourceURLs": list(paths)} for paths in OPEN_PATHS
            ],
            "incomplete": False,
        }
        return {**document, "metadata": {}, "spec": {}, "status": status}
    everything: Json = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    others: Json = {"verbs": ["*"], "nonResourceURLs": ["*"]}
    status = {
        "resourceRules": [everything],
        "nonResourceRules": [others],
        "incomplete": any(rule.user in {None, user} for rule in access.deny),
    }
    return {**document, "metadata": {}, "spec": {}, "status": status}


def review(access: Access, user: str, document: Json) -> Json:
    """An access review about a user, answered."""
    wanted = document["spec"]["resourceAttributes"]
    resource = wanted.get("resource", "")
    if wanted.get("subresource"):
        resource = f"{resource}/{wanted['subresource']}"
    request = Request(
        user=user,
        verb=wanted.get("verb", ""),
        group=wanted.get("group", ""),
        resource=resource,
        namespace=wanted.get("namespace", ""),
        name=wanted.get("name", ""),
    )
    allowed = access.allowed(request)
    return {**document, "status": {"allowed": allowed}}


def reviewed(document: Json) -> Json:
    """An access review as it is kept: what was left empty is not there."""
    given = document.get("spec") or {}
    attributes = given.get("resourceAttributes") or {}
    spec = {**given, "resourceAttributes": {k: v for k, v in attributes.items() if v}}
    return {**document, "metadata": {}, "spec": spec}


def who_am_i(user: str, document: Json) -> Json:
    """A SelfSubjectReview, answered."""
    groups = ["system:authenticated"]
    if user == ADMIN:
        groups.insert(0, "system:masters")
    if user.startswith(PREFIX):
        groups = groups_of(user)
    info = {"username": user, "groups": groups}
    return {**document, "metadata": {}, "status": {"userInfo": info}}
