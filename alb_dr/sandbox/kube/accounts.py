"""Service accounts: tokens that expire, and the roles that are bound to whoever holds one."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alb_dr.sandbox.kube.address import Address
from alb_dr.sandbox.kube.instants import now_text
from alb_dr.sandbox.kube.ownership import updated
from alb_dr.sandbox.kube.records import Write
from alb_dr.sandbox.kube.resources import Resource
from alb_dr.sandbox.kube.status import Json, invalid
from alb_dr.sandbox.kube.store import Store

PREFIX = "system:serviceaccount:"
AUDIENCE = "https://kubernetes.default.svc"
"""Who issues the tokens, and for whom."""
DEFAULT_S, SHORTEST_S = 3600, 600
"""Life of a token nobody asked a life for, and the shortest that may be asked for, as real."""
GROUP = "authentication.k8s.io"
TOKEN_REQUEST = Resource(
    group=GROUP, version="v1", plural="tokenrequests", kind="TokenRequest", namespaced=True
)
BASIC: tuple[Json, ...] = (
    {
        "verbs": ["create"],
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    },
    {"verbs": ["create"], "apiGroups": [GROUP], "resources": ["selfsubjectreviews"]},
)
"""The rules of system:basic-user, which every API binds to everybody it knows."""
_CONFIGURATION = "/.well-known/openid-configuration"
OPEN_PATHS: tuple[tuple[str, ...], ...] = (
    ("/healthz", "/livez", "/readyz", "/version", "/version/"),
    (
        *("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*"),
        *("/readyz", "/version", "/version/"),
    ),
    ("/.well-known", "/.well-known/*"),
    (_CONFIGURATION, f"{_CONFIGURATION}/", "/openid/v1/jwks", "/openid/v1/jwks/"),
)
"""The paths of the roles every API binds to everybody it knows, role by role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issued:
    """One token: whose it is, of which incarnation of the account, until when."""

    namespace: str
    name: str
    uid: str
    until: datetime


class Accounts:
    """The service accounts of one API."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._issued: dict[str, _Issued] = {}

    def issue(self, at: Address, body: Json, write: Write) -> Json:
        """A TokenRequest for an account, answered; 404 without the account, 422 when too short."""
        account = self._store.get(at.resource, at.namespace, at.name)["metadata"]
        asked = dict(body.get("spec") or {})
        life_s = int(asked.get("expirationSeconds") or DEFAULT_S)
        if life_s < SHORTEST_S:
            words = f"Invalid value: {life_s}: may not specify a duration less than 10 minutes"
            cause = ("FieldValueInvalid", "spec.expirationSeconds", words)
            raise invalid("TokenRequest", GROUP, "", [cause])
        request: Json = {
            "kind": "TokenRequest",
            "apiVersion": TOKEN_REQUEST.group_version,
            "metadata": {"name": at.name, "namespace": at.namespace},
            "spec": asked,
        }
        owner = (write.manager, "Update", "token")
        updated(None, request, resource=TOKEN_REQUEST, owner=owner, now=now_text)
        request["metadata"] |= {"uid": account["uid"], "creationTimestamp": now_text()}
        audiences = asked.get("audiences") or [AUDIENCE]
        bound = asked.get("boundObjectRef")
        request["spec"] = {
            "audiences": audiences,
            "expirationSeconds": life_s,
            "boundObjectRef": bound,
        }
        until = datetime.now(UTC) + timedelta(seconds=life_s)
        issued = _Issued(namespace=at.namespace, name=at.name, uid=account["uid"], until=until)
        token = _token(issued, audiences)
        if not write.dry_run and AUDIENCE in audiences:
            self._issued[token] = issued
        expires = until.strftime("%Y-%m-%dT%H:%M:%SZ")
        request["status"] = {"token": token, "expirationTimestamp": expires}
        return request

    def holder(self, token: str) -> str | None:
        """The user a token stands for; None when it is unknown, expired, or its account gone."""
        found = self._issued.get(token)
        if found is None or found.until <= datetime.now(UTC):
            return None
        accounts = self._store.registry.named("serviceaccounts")
        live = self._store.find(accounts, found.namespace, found.name)
        if live is None or live["metadata"]["uid"] != found.uid:
            return None
        return f"{PREFIX}{found.namespace}:{found.name}"

    def roles(self, user: str) -> list[Json]:
        """The roles bound to an account, a cluster-wide one in its binding's namespace only."""
        return [
            *self._bound(user, "rolebindings.rbac.authorization.k8s.io"),
            *self._bound(user, "clusterrolebindings.rbac.authorization.k8s.io"),
        ]

    def rules(self, user: str, namespace: str) -> list[Json]:
        """What an account may do in a namespace, as a SelfSubjectRulesReview lists it."""
        bound = [
            rule
            for role in self.roles(user)
            if role["kind"] == "ClusterRole" or role["metadata"]["namespace"] == namespace
            for rule in role.get("rules") or []
        ]
        return [*BASIC, *bound]

    def _bound(self, user: str, bindings: str) -> Iterator[Json]:
        registry = self._store.registry
        for binding in self._store.all(registry.named(bindings)):
            namespace = binding["metadata"].get("namespace", "")
            if not any(_is(user, s, namespace) for s in binding.get("subjects") or []):
                continue
            reference = binding["roleRef"]
            kind = f"{reference['kind'].lower()}s.rbac.authorization.k8s.io"
            role = self._store.find(registry.named(kind), namespace, reference["name"])
            if role is not None:
                scope = "Role" if namespace else "ClusterRole"
                yield {**role, "kind": scope, "metadata": {"namespace": namespace}}


def groups_of(user: str) -> list[str]:
    """The groups of a service account."""
    namespace = user.removeprefix(PREFIX).partition(":")[0]
    return [
        "system:serviceaccounts",
        f"system:serviceaccounts:{namespace}",
        "system:authenticated",
    ]


def _is(user: str, subject: Json, namespace: str) -> bool:
    """Whether a binding's subject means an account."""
    if subject["kind"] == "ServiceAccount":
        return user == f"{PREFIX}{subject.get('namespace') or namespace}:{subject['name']}"
    if subject["kind"] == "Group":
        return subject["name"] in groups_of(user)
    return bool(subject["name"] == user)


def _token(issued: _Issued, audiences: list[str]) -> str:
    """A token with the claims of a real one; what stands for the signature is random."""
    claims = {
        "aud": audiences,
        "exp": int(issued.until.timestamp()),
        "iss": AUDIENCE,
        "kubernetes.io": {
            "namespace": issued.namespace,
            "serviceaccount": {"name": issued.name, "uid": issued.uid},
        },
        "sub": f"{PREFIX}{issued.namespace}:{issued.name}",
    }
    parts = (json.dumps({"alg": "none", "typ": "JWT"}).encode(), json.dumps(claims).encode())
    encoded = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts]
    return ".".join((*encoded, secrets.token_urlsafe(32)))
