"""RBAC in the embedded API: what a rule allows, where, and for which names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alb_dr.sandbox.kube.access import ANONYMOUS, Access, Request
from alb_dr.sandbox.kube.rbac import granted


def a_role(*rules: dict[str, Any], namespace: str | None = None) -> dict[str, Any]:
    """A Role of a namespace, or a ClusterRole."""
    metadata = {"name": "r"} | ({"namespace": namespace} if namespace else {})
    kind = "Role" if namespace else "ClusterRole"
    return {"kind": kind, "metadata": metadata, "rules": list(rules)}


def a_rule(**changes: Any) -> dict[str, Any]:
    """A rule that allows reading Deployments, changed."""
    return {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"], **changes}


def asked(*roles: dict[str, Any], **changes: str) -> bool:
    """Whether Deployment ``web`` of namespace ``demo`` may be read, changed."""
    values = {
        "verb": "get", "group": "apps", "resource": "deployments", "namespace": "demo",
        "name": "web",
    }  # fmt: skip
    return granted(roles, **(values | changes))


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (a_role(a_rule()), True),
        (a_role(a_rule(), namespace="demo"), True),
        (a_role(a_rule(), namespace="other"), False),
        (a_role(a_rule(resourceNames=["web"])), True),
        (a_role(a_rule(resourceNames=["other"])), False),
        (a_role(a_rule(verbs=["list"])), False),
        (a_role(a_rule(verbs=["*"])), True),
        (a_role(a_rule(apiGroups=[""])), False),
        (a_role(a_rule(resources=["deployments/scale"])), False),
        (a_role(), False),
    ],
)
def test_a_rule_allows_what_it_names_where_it_stands(role: dict[str, Any], allowed: bool) -> None:
    assert asked(role) is allowed


def test_a_role_says_nothing_about_all_namespaces() -> None:
    assert not asked(a_role(a_rule(verbs=["list"]), namespace="demo"), verb="list", namespace="")


def test_everybody_may_ask_about_himself() -> None:
    access = Access()
    access.roles = ()
    known = Request(
        user="ann",
        verb="create",
        group="authorization.k8s.io",
        resource="selfsubjectaccessreviews",
        namespace="",
        name="",
    )
    assert access.allowed(known)
    assert not access.allowed(replace(known, resource="secrets"))
    assert not access.allowed(replace(known, user=ANONYMOUS))
