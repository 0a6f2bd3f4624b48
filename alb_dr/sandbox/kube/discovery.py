"""Discovery: which groups, versions and kinds are served, and the least OpenAPI kubectl needs."""

from __future__ import annotations

from alb_dr.sandbox.kube.resources import ALL_VERBS, CUSTOM_VERBS, REVIEWS, Registry, Resource
from alb_dr.sandbox.kube.status import Json, no_such_path

VERSION: Json = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.0-sandbox",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}


def group_document(name: str, versions: list[str]) -> Json:
    """One APIGroup."""
    listed = [{"groupVersion": f"{name}/{v}", "version": v} for v in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def group_list(registry: Registry) -> Json:
    """All groups but the core group."""
    groups = [group_document(n, v) for n, v in registry.groups().items() if n]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def resource_list(registry: Registry, group: str, version: str) -> Json:
    """The kinds of one group and version; 404 when there are none."""
    listed: list[Json] = []
    for resource in sorted(registry.of(group, version), key=lambda r: r.plural):
        listed.append(_resource(resource))
        listed += [_subresource(resource, sub) for sub in resource.subresources]
    if not listed:
        raise no_such_path()
    group_version = f"{group}/{version}" if group else version
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": listed,
    }


def _resource(resource: Resource) -> Json:
    entry: Json = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _verbs(resource),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    return entry


def _verbs(resource: Resource) -> list[str]:
    """In the order in which a real API names them, which differs for custom kinds."""
    if resource in REVIEWS:
        return ["create"]
    return list(ALL_VERBS if resource.typed else CUSTOM_VERBS)


SUBRESOURCE_VERBS = {"binding": ("create",), "finalize": ("update",), "token": ("create",)}
"""Of the subresources that are only written."""
SUBRESOURCE_KINDS: dict[str, Json] = {
    "scale": {"group": "autoscaling", "version": "v1", "kind": "Scale"},
    "binding": {"kind": "Binding"},
    "token": {"group": "authentication.k8s.io", "version": "v1", "kind": "TokenRequest"},
}
"""Of the subresources whose kind is not their object's."""


def _subresource(resource: Resource, name: str) -> Json:
    return {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "verbs": _subresource_verbs(name),
        **_subresource_kind(resource, name),
    }


def _subresource_kind(resource: Resource, name: str) -> Json:
    return SUBRESOURCE_KINDS.get(name, {"kind": resource.kind})


def _subresource_verbs(name: str) -> list[str]:
    return list(SUBRESOURCE_VERBS.get(name, ("get", "patch", "update")))


def aggregated(registry: Registry, *, core: bool) -> Json:
    """Every group with its versions and kinds in one answer: of ``/api``, or of ``/apis``."""
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": [
            {
                "metadata": {"name": group} if group else {},
                "versions": [_aggregated_version(registry, group, v) for v in versions],
            }
            for group, versions in registry.groups().items()
            if bool(group) != core
        ],
    }


def _aggregated_version(registry: Registry, group: str, version: str) -> Json:
    kinds = sorted(registry.of(group, version), key=lambda r: r.plural)
    return {
        "version": version,
        "resources": [_aggregated_kind(resource) for resource in kinds],
        "freshness": "Current",
    }


def _aggregated_kind(resource: Resource) -> Json:
    # What belongs to the list's own group and version says so by leaving them empty.
    entry: Json = {
        "resource": resource.plural,
        "responseKind": {"group": "", "version": "", "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": _verbs(resource),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {
                "subresource": name,
                "responseKind": {
                    "group": "",
                    "version": "",
                    **_subresource_kind(resource, name),
                },
                "verbs": _subresource_verbs(name),
            }
            for name in resource.subresources
        ]
    return entry


def openapi_index(registry: Registry) -> Json:
    """Where the OpenAPI v3 document of each group and version is."""
    paths = {
        _root(group, version): {"serverRelativeURL": f"/openapi/v3/{_root(group, version)}"}
        for group, versions in registry.groups().items()
        for version in versions
    }
    return {"paths": paths}


def _root(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def openapi(registry: Registry, group: str, version: str) -> Json:
    """Just enough for kubectl to leave the validation of fields to the server."""
    paths: Json = {}
    schemas: Json = {}
    for resource in registry.of(group, version):
        gvk = {"group": group, "version": version, "kind": resource.kind}
        scope = "/namespaces/{namespace}" if resource.namespaced else ""
        base = f"/{_root(group, version)}{scope}/{resource.plural}"
        paths[base] = {"post": _operation("post", resource.kind, gvk)}
        paths[base + "/{name}"] = {
            verb: _operation(verb, resource.kind, gvk) for verb in ("patch", "put")
        }
        schemas[f"{group or 'core'}.{version}.{resource.kind}"] = {
            "type": "object",
            "x-kubernetes-preserve-unknown-fields": True,
            "x-kubernetes-group-version-kind": [gvk],
            "properties": {
                name: {"type": "string" if name in {"apiVersion", "kind"} else "object"}
                for name in ("apiVersion", "kind", "metadata", "spec", "status")
            },
        }
    info = {"title": "alb-dr sandbox", "version": VERSION["gitVersion"]}
    return {
        "openapi": "3.0.0",
        "info": info,
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(action: str, kind: str, gvk: Json) -> Json:
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
        for name in ("dryRun", "fieldManager", "fieldValidation")
    ]
    return {
        "operationId": f"{action}{kind}",
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": gvk,
    }
