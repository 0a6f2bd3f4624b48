"""Service accounts: tokens, and what the roles bound to them allow; as ``guard`` lives by them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alb_dr.fleet.expiry import expires
from tests.contract.raw import Raw
from tests.contract.servers import until

GROUP = "rbac.authorization.k8s.io"
NAME = "robot"


@pytest.fixture
def account(http: Raw, namespace: str) -> str:
    """The path of an account."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    document = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME}}
    assert http.post(path, document).status == 201
    return f"{path}/{NAME}"


def asked(account: str, http: Raw, **spec: Any) -> Any:
    """The answer to a request for a token."""
    kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
    return http.post(f"{account}/token", {**kind, "spec": spec})


@pytest.fixture
def robot(http: Raw, account: str) -> Raw:
    """The API as the account uses it."""
    return http.as_user(asked(account, http).body["status"]["token"])


def bind(http: Raw, namespace: str, *rules: dict[str, Any]) -> None:
    """Bind a role of these rules to the account."""
    base = f"/apis/{GROUP}/v1/namespaces/{namespace}"
    role = {"apiVersion": f"{GROUP}/v1", "kind": "Role", "metadata": {"name": NAME}}
    assert http.post(f"{base}/roles", {**role, "rules": list(rules)}).status == 201
    binding = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": NAME},
        "roleRef": {"apiGroup": GROUP, "kind": "Role", "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": namespace}],
    }
    assert http.post(f"{base}/rolebindings", binding).status == 201


def test_a_token_says_when_it_ends(http: Raw, account: str) -> None:
    answer = asked(account, http, expirationSeconds=1200)
    assert answer.status == 201
    told = datetime.fromisoformat(answer.body["status"]["expirationTimestamp"])
    carried = expires(token=answer.body["status"]["token"], client_cert=None)
    in_twenty_minutes = datetime.now(UTC) + timedelta(seconds=1200)
    assert carried is not None
    assert abs(told - in_twenty_minutes) < timedelta(seconds=60)
    assert abs(carried - told) < timedelta(seconds=2)


def test_a_token_of_less_than_ten_minutes_is_not_issued(http: Raw, account: str) -> None:
    answer = asked(account, http, expirationSeconds=60)
    assert answer.status == 422
    assert "may not specify a duration less than 10 minutes" in answer.body["message"]


def test_an_account_that_is_not_there_has_no_token(http: Raw, account: str) -> None:
    assert asked(f"{account}-2", http).status == 404


def test_an_account_may_nothing_until_a_role_is_bound_to_it(
    http: Raw, robot: Raw, maps: str, namespace: str
) -> None:
    before = robot.get(maps)
    assert before.status == 403
    assert f'"system:serviceaccount:{namespace}:{NAME}" cannot list' in before.body["message"]
    bind(http, namespace, {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]})
    until(lambda: robot.get(maps).status == 200, "the role is in force")
    assert robot.get(f"{maps}/settings").status == 403
    assert robot.get("/api/v1/configmaps").status == 403


def test_it_knows_itself_and_what_it_may_do(http: Raw, robot: Raw, namespace: str) -> None:
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["patch"]}
    bind(http, namespace, {**rule, "resourceNames": ["web-demo"]})
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    me = robot.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
    assert me.body["status"]["userInfo"]["username"].endswith(f":{namespace}:{NAME}")
    assert f"system:serviceaccounts:{namespace}" in me.body["status"]["userInfo"]["groups"]
    wanted = {"verb": "patch", "group": "apps", "resource": "deployments", "namespace": namespace}

    def may(**more: str) -> bool:
        document = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {**wanted, **more}},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        return bool(robot.post(path, document).body["status"]["allowed"])

    until(lambda: may(name="web-demo"), "the role is in force")
    assert not may(name="another")
    assert not may(name="web-demo", verb="delete")


def test_the_token_of_a_deleted_account_is_worth_nothing(
    http: Raw, robot: Raw, account: str, maps: str
) -> None:
    assert robot.get(maps).status == 403
    assert http.delete(account).status == 200
    until(lambda: robot.get(maps).status == 401, "the token is refused")
