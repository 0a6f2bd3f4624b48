"""RBAC as an API server evaluates it: roles that are all bound to whoever asks."""

from __future__ import annotations

from collections.abc import Iterable

from alb_dr.sandbox.kube.status import Json


def granted(
    roles: Iterable[Json], *, verb: str, group: str, resource: str, namespace: str, name: str
) -> bool:
    """Whether any rule of the roles allows it; a Role counts in its own namespace only."""
    return any(
        _allows(rule, verb=verb, group=group, resource=resource, name=name)
        for role in roles
        if role["kind"] == "ClusterRole" or role["metadata"].get("namespace") == namespace
        for rule in role.get("rules") or []
    )


def _allows(rule: Json, *, verb: str, group: str, resource: str, name: str) -> bool:
    names = rule.get("resourceNames")
    return (
        bool({group, "*"} & set(rule.get("apiGroups") or []))
        and bool({resource, "*"} & set(rule.get("resources") or []))
        and bool({verb, "*"} & set(rule.get("verbs") or []))
        and (not names or name in names)
    )
